"""Open the file that a project list comes in, and take it for a workbook, CSV or JSON."""

from __future__ import annotations

from pathlib import Path

from xlsform.errors import UsageError
from xlsform.files.given import content_of
from xlsform.messages import say
from xlsform.projects.lists.csv_lists import csv_table
from xlsform.projects.lists.json_lists import json_tables
from xlsform.projects.lists.tables import ListFile, Recognise, unreadable
from xlsform.projects.lists.workbook_lists import workbook_tables
from xlsform.reading.text_encodings import decoded_text
from xlsform.reading.workbook import WORKBOOK_EXTENSIONS

#: First bytes of a zip file and of an OLE2 container.
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def open_list(path: Path, indicators: Path | None, recognise: Recognise) -> ListFile:
    """Return the tables of a list; the indicators come from the file named for them, from the list, or from beside it.

    Args:
        path: the list.
        indicators: another file with the indicators, if one was named.
        recognise: counts known headings: by them a delimiter, or a sheet of indicators, is told from others.

    Raises:
        UsageError: a file cannot be opened, or is not a list.
    """
    source = _open(path, recognise, alone=False)
    if indicators is None:
        indicators = _beside(path) if not source.indicators else None
    if indicators is None:
        return source
    other = _open(indicators, recognise, alone=True)
    return ListFile(source.projects, other.indicators, source.damaged + other.damaged)


def _open(path: Path, recognise: Recognise, *, alone: bool) -> ListFile:
    data = _content(path)
    if data.startswith(_MAGIC) or path.suffix.lower() in WORKBOOK_EXTENSIONS:
        return workbook_tables(path, data, recognise, alone)
    text = _text(path, data)
    suffix = path.suffix.lower()
    if suffix == ".json" or (text.lstrip()[:1] in ("[", "{") and suffix not in (".csv", ".tsv", ".txt")):
        return json_tables(path, text, alone)
    table = csv_table(path, text, recognise, alone)
    return ListFile(table, (table,) if alone else ())


def _content(path: Path) -> bytes:
    data = content_of(path)
    if not data.strip(b"\0 \t\r\n"):
        raise unreadable(path, say("the file is empty"))
    return data


def _text(path: Path, data: bytes) -> str:
    text = decoded_text(data)
    if text is None:
        raise unreadable(path, say("it is neither a workbook nor text in UTF-8 or GB18030"))
    return text


def _beside(path: Path) -> Path | None:
    names = (f"{path.stem}.indicators.csv", f"{path.stem}-指标.csv")
    found = [path.with_name(name) for name in names if path.with_name(name).is_file()] if path.suffix else []
    if len(found) > 1:
        first, second = (each.name for each in found)
        raise UsageError(
            say("{path}: both {first} and {second} lie beside it; remove one", path=path, first=first, second=second)
        )
    return found[0] if found else None
