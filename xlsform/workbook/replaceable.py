"""Which workbooks and data may be written over without anything being lost that a person did."""

from __future__ import annotations

import json
from pathlib import Path

from xlsform.reading import load, read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.spreadsheet.zip_archive import packed_here
from xlsform.spreadsheet.zip_format import ZipEntry
from xlsform.spreadsheet.zip_reader import ZipReader
from xlsform.submission.recognition import recognise

#: Members of the zip of a form; one with more is not ours.
_MOST_MEMBERS = 1_000
#: Tells the form and the project; filling in leaves it as it is.
_IDENTITY = b"docProps/custom.xml"
#: No data of a form are longer.
_LONGEST = 10_000_000


def as_written(path: Path) -> bool:
    """Whether a workbook is as this program wrote it: no office program has saved it since.

    Whoever saves a workbook packs all of it anew, and no office program packs as we do.
    """
    try:
        with path.open("rb") as file:
            reader = ZipReader(file)
            members = reader.directory(_MOST_MEMBERS).entries
            return any(packed_here(each, reader.packed(each)) for each in members if _is_sheet(each))
    except (OSError, ValueError):
        return False


def is_filled(path: Path, blank: Path) -> bool:
    """Whether a workbook was made by filling in this one, or one issued alike, and nobody has saved it since."""
    identity = _identity(blank)
    return identity is not None and identity == _identity(path) and as_written(path)


def _is_sheet(entry: ZipEntry) -> bool:
    return entry.raw_name.startswith(b"xl/worksheets/")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the checksum and the size of the part that tells the form and the project, None where there is none."""
    try:
        with path.open("rb") as file:
            members = ZipReader(file).directory(_MOST_MEMBERS).entries
    except (OSError, ValueError):
        return None
    return next(((each.checksum, each.size) for each in members if each.raw_name == _IDENTITY), None)


def is_blank(path: Path) -> bool:
    """Whether a workbook is one that was issued, and nothing was filled in; it may have been saved."""
    data = load(path)
    contents = data if isinstance(data, Unreadable) else read_bytes(data)
    if isinstance(contents, Unreadable):
        return False
    submission = recognise(path, contents)
    if submission is None or submission.identity is None:
        return False
    issued = submission.issued
    inputs = (submission.entries[each.name] for each in submission.layout.inputs if each.name not in issued)
    return all(each.blank for each in inputs)


def is_extracted(path: Path) -> bool:
    """Whether a file has data that were taken out of a workbook; those written by hand lack what formulas gave."""
    try:
        if path.stat().st_size > _LONGEST:
            return False
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("computed"), dict) and "template" in content
