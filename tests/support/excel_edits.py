"""What Excel makes of a sheet when rows or columns are inserted, deleted or moved: cells, formulas, names, merges.

Written after Excel's behaviour and ignorant of forms. The sheet that is edited is the workbook's first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.a1 import Position, Range, letters, position

Axis = Literal["rows", "columns"]
Moved = Callable[[Position], Position | None]
"""Where a cell stands afterwards; None where it is gone."""
Stretched = Callable[[Range], Range | None]
"""What is left of a range that a formula, a name or a merge names; None where all of it is gone."""
Content = TypeVar("Content")

_REFERENCE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d]\w*)!)?"""
    r"""(?<![\w.$])(?P<first>\$?[A-Z]{1,3}\$?[1-9]\d*)(?::(?P<last>\$?[A-Z]{1,3}\$?[1-9]\d*))?(?![\w.(!])"""
)


def insert(workbook: Workbook, axis: Axis, at: int, count: int = 1) -> None:
    """Insert blank rows or columns before one; they take the locks of what stands before them."""

    def span(first: int, last: int) -> tuple[int, int]:
        return (first + count if first >= at else first), (last + count if last >= at else last)

    sheet = workbook.sheets[0]
    _shift(workbook, axis, span)
    before = [place for place in sheet.unlocked if place[_index(axis)] == at - 1]
    sheet.unlocked |= {_on(axis, place, at + offset) for place in before for offset in range(count)}


def delete(workbook: Workbook, axis: Axis, at: int, *, keep: bool) -> None:
    """Delete a row or column.

    Args:
        workbook: what is changed.
        axis: rows or columns.
        at: the one that goes.
        keep: whether a merged range that loses its first line keeps what it shows. Programs differ.
    """

    def span(first: int, last: int) -> tuple[int, int] | None:
        first, last = (first - 1 if first > at else first), (last - 1 if last >= at else last)
        return None if last < first else (first, last)

    sheet = workbook.sheets[0]
    for area in sheet.merges if keep else ():
        first, last = _ends(axis, area)
        if first == at < last and area.anchor in sheet.values:
            sheet.values[_on(axis, area.anchor, at + 1)] = sheet.values[area.anchor]
    _shift(workbook, axis, span)


def swap(workbook: Workbook, axis: Axis, at: int) -> None:
    """Cut the row or column behind one and insert it before that.

    A merged range that reaches over several of them stays with what it shows: Excel refuses to cut through it, so
    such a form was taken apart, changed and merged again.
    """
    new = {at: at + 1, at + 1: at}
    fixed = [area for area in workbook.sheets[0].merges if len(set(_ends(axis, area))) > 1]
    held = {place for area in fixed for place in _cells(area)}

    def moved(place: Position) -> Position:
        number = place[_index(axis)]
        return place if place in held else _on(axis, place, new.get(number, number))

    def area(old: Range) -> Range:
        # A reference to one cell follows it; one to several stays, unless all of it moved.
        return old if len(set(_ends(axis, old))) > 1 else Range(*moved(old.anchor), *moved((old.bottom, old.right)))

    _apply(workbook, moved, area)


def _shift(workbook: Workbook, axis: Axis, span: Callable[[int, int], tuple[int, int] | None]) -> None:
    def moved(place: Position) -> Position | None:
        found = span(place[_index(axis)], place[_index(axis)])
        return None if found is None else _on(axis, place, found[0])

    def area(old: Range) -> Range | None:
        found = span(*_ends(axis, old))
        if found is None:
            return None
        first, last = found
        return old._replace(top=first, bottom=last) if axis == "rows" else old._replace(left=first, right=last)

    _apply(workbook, moved, area)


def _apply(workbook: Workbook, moved: Moved, area: Stretched) -> None:
    form = workbook.sheets[0]
    form.values, form.number_formats = _placed(form.values, moved), _placed(form.number_formats, moved)
    form.formulas = _placed(form.formulas, moved)
    form.unlocked = set(_placed(dict.fromkeys(form.unlocked), moved))
    form.merges = tuple(sorted(new for old in form.merges if (new := area(old)) is not None and not new.single))
    form.validated = tuple(new for old in form.validated if (new := area(old)) is not None)
    form.hidden_rows = frozenset(place[0] for row in form.hidden_rows if (place := moved((row, 1))))
    form.hidden_columns = frozenset(place[1] for column in form.hidden_columns if (place := moved((1, column))))
    for sheet in workbook.sheets:
        for place, formula in sheet.formulas.items():
            sheet.formulas[place] = _adjusted(formula, sheet is form, form.name, area)
    for name, target in workbook.names.items():
        workbook.names[name] = _adjusted(target, False, form.name, area)


def _placed(cells: Mapping[Position, Content], moved: Moved) -> dict[Position, Content]:
    return {place: content for old, content in cells.items() if (place := moved(old)) is not None}


def _adjusted(text: str, on_form: bool, form: str, area: Stretched) -> str:
    """Return a formula with its references to the form's sheet as they are afterwards."""
    return "".join(
        piece if isinstance(piece, str) else _reference(piece, on_form, form, area) for piece in _pieces(text)
    )


class _Reference(NamedTuple):
    text: str
    sheet: str
    first: str
    last: str
    area: Range


def _reference(old: _Reference, on_form: bool, form: str, area: Stretched) -> str:
    if (old.sheet[:-1].strip("'") != form) if old.sheet else not on_form:
        return old.text
    new = area(old.area)
    if new == old.area:
        return old.text
    if new is None:
        return f"{old.sheet}#REF!"
    start = _address(old.first, new.top, new.left)
    return old.sheet + (f"{start}:{_address(old.last, new.bottom, new.right)}" if old.last else start)


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str | _Reference, ...]:
    """Split a formula into its references and what stands between them."""
    pieces: list[str | _Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if match["text"]:
            continue
        first, last = match["first"], match["last"] or ""
        area = Range(*position(first), *position(last or first))
        pieces += [text[end : match.start()], _Reference(match[0], match["sheet"] or "", first, last, area)]
        end = match.end()
    return (*pieces, text[end:])


def _address(written: str, row: int, column: int) -> str:
    """Return an address with the dollar signs of the one written."""
    return ("$" if written[0] == "$" else "") + letters(column) + ("$" if "$" in written[1:] else "") + str(row)


def _index(axis: Axis) -> int:
    return 0 if axis == "rows" else 1


def _ends(axis: Axis, area: Range) -> tuple[int, int]:
    return (area.top, area.bottom) if axis == "rows" else (area.left, area.right)


def _on(axis: Axis, place: Position, number: int) -> Position:
    return (number, place[1]) if axis == "rows" else (place[0], number)


def _cells(area: Range) -> list[Position]:
    return [(row, column) for row in range(area.top, area.bottom + 1) for column in range(area.left, area.right + 1)]
