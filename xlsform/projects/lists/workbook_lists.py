"""Project lists as workbooks: which sheet holds what, and its cells."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path

from xlsform.messages import Message, say
from xlsform.projects.lists.tables import Cell, ListFile, ListTable, Recognise, unreadable
from xlsform.quantities import normalize_text
from xlsform.reading import Limits, read_bytes
from xlsform.reading.workbook import Reason, Sheet, Unreadable, Workbook
from xlsform.spreadsheet.a1 import letters
from xlsform.spreadsheet.values import CellError

#: A list comes from the office itself and holds a whole year: six thousand projects with a dozen indicators each.
_LIMITS = Limits(cells=600_000, markup=6_000_000, strings=300_000, texts=20_000_000)
#: Rows in which the headings of a table of indicators are looked for.
_SEARCHED = 30

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


def workbook_tables(path: Path, data: bytes, recognise: Recognise, alone: bool) -> ListFile:
    """Return the tables of a workbook: the first sheet has the projects, one that is named for it the indicators.

    Args:
        path: the file, for messages.
        data: its content.
        recognise: counts known headings.
        alone: whether it holds indicators only.

    Raises:
        UsageError: it cannot be read, or nothing is in it.
    """
    workbook = _read(path, data)
    visible = [sheet for sheet in workbook.sheets if sheet.state == "visible" and sheet.values]
    if not visible:
        raise unreadable(path, say("none of its sheets holds anything"))
    named = [sheet for sheet in visible if _is_named_for_indicators(sheet)]
    if alone:
        sheet = (named or visible)[0]
        table = _table(sheet, f"{path.name} {sheet.name}", fill=True)
        return ListFile(table, (table,), workbook.damaged)
    projects = next((sheet for sheet in visible if sheet not in named), visible[0])
    others = [sheet for sheet in named if sheet is not projects][:1]
    second = [sheet for sheet in visible if sheet is not projects][:1]
    # A second sheet of another name may as well be notes: it must have at least two headings of indicators.
    if not others and second and _looks_like_indicators(_table(second[0], "", fill=True), recognise):
        others = second
    tables = tuple(_table(sheet, sheet.name, fill=True) for sheet in others)
    return ListFile(_table(projects, projects.name, fill=False), tables, workbook.damaged)


def _read(path: Path, data: bytes) -> Workbook:
    workbook = read_bytes(data, _LIMITS)
    if isinstance(workbook, Unreadable):
        reason = _REASONS.get(workbook.reason, _REASONS["damaged"])
        detail = workbook.detail
        raise unreadable(path, say("{what} ({detail})", what=reason, detail=detail) if detail else reason)
    return workbook


def _is_named_for_indicators(sheet: Sheet) -> bool:
    return "指标" in sheet.name or "indicators" in normalize_text(sheet.name).casefold()


def _looks_like_indicators(table: ListTable, recognise: Recognise) -> bool:
    rows = list(table.rows.values())[:_SEARCHED]
    return any(recognise((str(cell.raw) for cell in row.values()), indicators=True) > 1 for row in rows)


def _table(sheet: Sheet, name: str, *, fill: bool) -> ListTable:
    """Return a sheet's cells; a cell that is merged over several rows stands in each of them.

    Args:
        sheet: the sheet.
        name: how messages name it.
        fill: whether that holds for numbers, too: an amount merged over two projects must not count twice.
    """
    rows: dict[int, dict[str, Cell]] = {}
    # The cells come in the order of the file, which is nearly always that of the sheet: sorting them takes no time.
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
