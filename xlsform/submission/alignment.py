"""Where the rows and columns of the issued form stand in a sheet that came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from xlsform.form.layout import Layout
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import Position, Range
from xlsform.submission.anchors import anchors, best_matches, longest_in_order, names_left_behind
from xlsform.submission.evidence import Evidence, gather
from xlsform.submission.gaps import fill_gaps


class Axis(NamedTuple):
    """Rows or columns: where each issued one stands now, and which are new, gone or out of order."""

    found: Mapping[int, int]
    inserted: tuple[int, ...] = ()
    """Numbers in the returned sheet."""
    deleted: tuple[int, ...] = ()
    """Numbers in the issued form."""
    moved: tuple[int, ...] = ()
    """Numbers in the issued form of those that stand out of order."""

    @property
    def unchanged(self) -> bool:
        """Whether everything stands where it was issued."""
        return not (self.inserted or self.deleted or self.moved)

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return where the first and the last of some that are side by side stand now, None if all are gone."""
        left = [self.found[index] for index in range(first, last + 1) if index in self.found]
        return (min(left), max(left)) if left else None


@dataclass(frozen=True, slots=True)
class Alignment:
    """The rows and columns of the issued form in a returned sheet."""

    rows: Axis
    columns: Axis
    unchanged: bool = field(init=False)
    """Whether the form stands where it was issued. Asked for each cell, so worked out once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "unchanged", self.rows.unchanged and self.columns.unchanged)

    def place(self, position: Position) -> Position | None:
        """Return where an issued cell stands now, None if it is gone."""
        row, column = self.rows.found.get(position[0]), self.columns.found.get(position[1])
        return None if row is None or column is None else (row, column)

    def area(self, area: Range) -> Range | None:
        """Return what is left of an issued range and where it stands now, None if all of it is gone."""
        if self.unchanged and area.bottom in self.rows.found and area.right in self.columns.found:
            return area
        rows, columns = self.rows.span(area.top, area.bottom), self.columns.span(area.left, area.right)
        return None if rows is None or columns is None else Range(rows[0], columns[0], rows[1], columns[1])


def in_place(layout: Layout) -> Alignment:
    """Return the alignment of a sheet in which everything stands where it was issued."""
    rows = {row: row for row in range(1, layout.row_count + 1)}
    columns = {column: column for column in range(1, layout.hint_column + 1)}
    return Alignment(Axis(rows), Axis(columns))


def labels_kept(layout: Layout, sheet: Sheet) -> bool:
    """Whether every printed text stands where it was issued, to the letter; so it does in most returns."""
    return layout.printed_by_place.items() <= sheet.values.items()


def align(layout: Layout, sheet: Sheet, named: Mapping[str, Position]) -> Alignment:
    """Find the issued form in a returned sheet by what it prints.

    Args:
        layout: the form as issued.
        sheet: the sheet that came back.
        named: where the defined names of fields point now; they settle what the labels leave open.
    """
    labelled = labels_kept(layout, sheet) or all(_same(sheet, area.anchor, text) for area, text in layout.printed)
    if labelled and named.items() <= layout.places.items():
        return in_place(layout)
    rows, columns = gather(layout, sheet, named)
    return Alignment(_axis(rows), _with_hints(_axis(columns), layout))


def _same(sheet: Sheet, position: Position, text: str) -> bool:
    value = sheet.values.get(position, "")
    return value == text or (isinstance(value, str) and normalize_text(value) == normalize_text(text))


def _axis(evidence: Evidence) -> Axis:
    """Return where each line stands: first what is certain, then what lies between, then what only names tell."""
    labelled = best_matches(evidence.own_labels, evidence.texts)
    if names_left_behind(evidence, labelled):
        evidence = evidence.without_names()
    certain = anchors(evidence, labelled)
    in_order = longest_in_order(certain)
    kept = {line for line, _ in in_order}
    moved = {line: place for line, place in certain.items() if line not in kept}
    found, left_over = fill_gaps(evidence, in_order, moved.keys(), set(moved.values()))
    found |= moved
    for line, named in evidence.named.items():
        if line not in found and named.place not in found.values() and named.place in evidence.occupied:
            found[line] = moved[line] = named.place
    taken = set(found.values())
    return Axis(
        found,
        inserted=tuple(place for place in left_over if place not in taken),
        deleted=tuple(line for line in range(1, evidence.last + 1) if line not in found),
        moved=tuple(sorted(moved)),
    )


def _with_hints(columns: Axis, layout: Layout) -> Axis:
    """Return the columns with a place for the hints, too.

    Nobody fills anything in there, and another rule tells that hints are gone: their column is never a deleted one.
    """
    hints = layout.hint_column
    if hints in columns.found:
        return columns
    taken = set(columns.found.values())
    place = next(place for place in count(columns.found.get(hints - 1, 0) + 1) if place not in taken)
    deleted = tuple(column for column in columns.deleted if column != hints)
    return Axis({**columns.found, hints: place}, columns.inserted, deleted, columns.moved)
