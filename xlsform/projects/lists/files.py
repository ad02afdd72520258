"""The files that a project list comes in: workbook, CSV or JSON, brought into one shape."""

from __future__ import annotations

import stat
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from xlsform.errors import UsageError, reading_failed
from xlsform.messages import Message, say
from xlsform.quantities import normalize_text
from xlsform.reading import Limits, read_bytes
from xlsform.reading.workbook import Reason, Sheet, Unreadable
from xlsform.spreadsheet.a1 import letters
from xlsform.spreadsheet.values import CellError, Value

#: Extensions of files that can only be workbooks, whatever is in them.
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ett", ".ods")
#: First bytes of a zip file and of an OLE2 container.
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

_REASONS: dict[Reason, Message] = {
    "empty": say("the file is empty"),
    "not-a-spreadsheet": say("the file is not a spreadsheet"),
    "damaged": say("the file is damaged"),
    "truncated": say("the file is cut off; it did not arrive whole"),
    "encrypted": say("the file asks for a password before it opens"),
    "oversized": say("the file is larger than any project list can be"),
    "crashed": say("the file made the reader fail"),
    "timeout": say("reading the file took too long"),
}


class Cell(NamedTuple):
    """What stands in one place of a list."""

    raw: Value | Decimal
    """Of JSON a number is a decimal; what is no value at all (an error, a list, a formula never calculated) is a
    ``CellError`` with its text."""
    number_format: str = "General"


@dataclass(frozen=True, slots=True)
class ListTable:
    """A table before its headings are understood."""

    sheet: str
    """How messages name it."""
    rows: Mapping[int, Mapping[str, Cell]]
    """Row number, then column: its letters, of JSON the key. Blank cells are left out."""
    keyed: bool = False
    """Whether the columns are the headings themselves, as in JSON."""
    owner: int | None = None
    """The row of the project whose indicators these are, where JSON has them inside it."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """The tables of a list."""

    projects: ListTable
    indicators: tuple[ListTable, ...]
    damaged: tuple[str, ...] = ()
    """Parts of the workbook that could not be read."""


class Recognise(Protocol):
    """Counts the headings that the table of projects, or that of indicators, knows."""

    def __call__(self, headings: Iterable[str], *, indicators: bool) -> int:
        """Return how many of the headings are known."""


#: A list is the office's own, and as long as its year: six thousand projects with a dozen indicators each.
_LIMITS = Limits(cells=600_000, markup=6_000_000, strings=300_000, texts=20_000_000)


def open_list(path: Path, indicators: Path | None, recognise: Recognise) -> ListFile:
    """Return the tables of a list; indicators from their own file, the second sheet or the file found beside.

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
    if data.startswith(_MAGIC) or path.suffix.lower() in _WORKBOOKS:
        return _workbook(path, data, recognise, alone)
    text = _text(path, data)
    suffix = path.suffix.lower()
    if suffix == ".json" or (text.lstrip()[:1] in ("[", "{") and suffix not in (".csv", ".tsv", ".txt")):
        from xlsform.projects.lists.json_lists import json_tables

        return json_tables(path, text, alone)
    from xlsform.projects.lists.csv_lists import csv_table

    grid = csv_table(path, text, recognise, alone)
    return ListFile(grid, (grid,) if alone else ())


def unreadable(path: Path, reason: Message) -> UsageError:
    """Return the refusal of a file."""
    return UsageError(say("{path}: this project list cannot be read: {reason}", path=path, reason=reason))


def _content(path: Path) -> bytes:
    limit = Limits().file_size
    try:
        status = path.stat()
        # Asked before it is opened: opening a pipe waits for its writer.
        if not stat.S_ISREG(status.st_mode):
            raise unreadable(path, say("this is a folder or a device, not a file"))
        if status.st_size > limit:
            raise unreadable(path, _REASONS["oversized"])
        data = path.read_bytes()
    except OSError as error:
        raise reading_failed(path, error) from None
    except ValueError as error:
        raise unreadable(path, say("{reason}", reason=error)) from None
    if not data.strip(b"\0 \t\r\n"):
        raise unreadable(path, _REASONS["empty"])
    return data


def _text(path: Path, data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise unreadable(path, say("it is neither a workbook nor text in UTF-8 or GB18030"))


def _beside(path: Path) -> Path | None:
    names = (f"{path.stem}.indicators.csv", f"{path.stem}-指标.csv")
    found = [path.with_name(name) for name in names if path.with_name(name).is_file()] if path.suffix else []
    if len(found) > 1:
        first, second = (each.name for each in found)
        raise UsageError(
            say("{path}: both {first} and {second} lie beside it; remove one", path=path, first=first, second=second)
        )
    return found[0] if found else None


def _workbook(path: Path, data: bytes, recognise: Recognise, alone: bool) -> ListFile:
    workbook = read_bytes(data, _LIMITS)
    if isinstance(workbook, Unreadable):
        reason = _REASONS.get(workbook.reason, _REASONS["damaged"])
        detail = workbook.detail
        raise unreadable(path, say("{what} ({detail})", what=reason, detail=detail) if detail else reason)
    visible = [sheet for sheet in workbook.sheets if sheet.state == "visible" and sheet.values]
    if not visible:
        raise unreadable(path, say("none of its sheets holds anything"))
    named = [
        sheet for sheet in visible if "指标" in sheet.name or "indicators" in normalize_text(sheet.name).casefold()
    ]
    if alone:
        sheet = (named or visible)[0]
        grid = _grid(sheet, f"{path.name} {sheet.name}", fill=True)
        return ListFile(grid, (grid,), workbook.damaged)
    projects = next((sheet for sheet in visible if sheet not in named), visible[0])
    others = [sheet for sheet in named if sheet is not projects][:1]
    second = [sheet for sheet in visible if sheet is not projects][:1]
    # A second sheet of another name may as well be notes: it must have at least two headings of indicators.
    if not others and second and _looks_like_indicators(_grid(second[0], "", fill=True), recognise):
        others = second
    grids = tuple(_grid(sheet, sheet.name, fill=True) for sheet in others)
    return ListFile(_grid(projects, projects.name, fill=False), grids, workbook.damaged)


def _looks_like_indicators(grid: ListTable, recognise: Recognise) -> bool:
    rows = list(grid.rows.values())[:30]
    return any(recognise((str(cell.raw) for cell in row.values()), indicators=True) > 1 for row in rows)


def _grid(sheet: Sheet, name: str, *, fill: bool) -> ListTable:
    """Return a sheet's cells; what is merged downwards stands in every row.

    Args:
        sheet: the sheet.
        name: how messages name it.
        fill: numbers too; an amount merged over two projects must not count twice.
    """
    rows: dict[int, dict[str, Cell]] = {}
    # They come in the order of the file, which is nearly always that of the sheet: no work to sort.
    for place in sorted([*sheet.values, *(sheet.formulas.keys() - sheet.values.keys())]):
        row, column = place
        # A formula without a stored result has never been calculated: what it would give is not known.
        raw = sheet.values.get(place, CellError("=" + sheet.formulas.get(place, "")))
        if raw != "":
            rows.setdefault(row, {})[letters(column)] = Cell(raw, sheet.number_formats.get(place, "General"))
    numbers = sorted(rows)
    for area in sheet.merges:
        merged = letters(area.left)
        anchor = rows.get(area.top, {}).get(merged)
        if anchor is None or area.bottom == area.top or not (fill or isinstance(anchor.raw, str)):
            continue
        for row in numbers[bisect_right(numbers, area.top) : bisect_left(numbers, area.bottom + 1)]:
            rows[row].setdefault(merged, anchor)
    return ListTable(name, rows)
