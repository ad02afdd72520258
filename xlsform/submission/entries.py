"""What stands in each field of a returned form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform.form.field_types import Cast, Problem
from xlsform.form.layout import Field, Layout
from xlsform.form.vocabulary import Role
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import Position
from xlsform.spreadsheet.values import Value
from xlsform.submission.alignment import Alignment


class Entry(NamedTuple):
    """What stands in one field of a submission."""

    field: Field
    position: Position | None
    """Where it was found; None where its row or column is gone."""
    raw: Value | None
    value: Cast | None
    """As its type understands it; None where blank or unusable."""
    problem: Problem | None = None
    as_text: bool = False
    decimals: int = 0
    """Decimals that a figure is printed with; of a rate, those of the percentage plus two."""
    formula: str | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was filled in: no content, only spaces, or the printed 指标1：."""
        return self.value is None and self.problem is None

    @property
    def usable(self) -> bool:
        """Whether there is a value to reason with."""
        return self.value is not None

    @property
    def number(self) -> Decimal | None:
        """The value as a figure, None where it is none."""
        return self.value if isinstance(self.value, Decimal) else None

    @property
    def text(self) -> str:
        """The value as text, empty where there is none."""
        return "" if self.value is None else str(self.value)


def number_in(row: Mapping[str, Entry], column: Role) -> Decimal | None:
    """Return the figure in a column of a row, None where it has none or there is no such column."""
    entry = row.get(column)
    return entry.number if entry else None


# Entries belong to this room, so they are kept here and not with the layout, which is of a room below.
@lru_cache(maxsize=8)
def blank_entries(layout: Layout) -> Mapping[str, Entry]:
    """Return what stands in each field of the form while nobody has filled it in, by name, in reading order."""
    return {name: _blank_entry(item) for name, item in layout.fields.items()}


def _blank_entry(item: Field) -> Entry:
    printed = item.spec.value
    return Entry(item, item.range.anchor, printed if isinstance(printed, str) else item.placeholder or None, None)


@lru_cache(maxsize=8)
def _blank_places(layout: Layout) -> tuple[tuple[str, Position, Entry], ...]:
    return tuple((name, entry.field.range.anchor, entry) for name, entry in blank_entries(layout).items())


def changed_entries(layout: Layout, sheet: Sheet, alignment: Alignment) -> dict[str, Entry]:
    """Return what stands in the fields that are not as on the blank form, by name; most of a form is left blank."""
    read = _EntryReader(layout, sheet, alignment)
    if not alignment.unchanged:
        return {name: read.moved(item) for name, item in layout.fields.items()}
    values, formulas = sheet.values, sheet.formulas
    return {
        name: read.entry(blank.field, place, raw, formulas.get(place))
        for name, place, blank in _blank_places(layout)
        if (raw := values.get(place)) != blank.raw or place in formulas
    }


class _EntryReader(NamedTuple):
    """Reads the cells of fields, wherever rows and columns stand now."""

    layout: Layout
    sheet: Sheet
    alignment: Alignment

    def moved(self, item: Field) -> Entry:
        """Return what stands in a field that may have moved, or be gone."""
        place = self._place(item)
        if place is None:
            return Entry(item, None, None, None)
        return self.entry(item, place, self.sheet.values.get(place), self.sheet.formulas.get(place))

    def entry(self, item: Field, place: Position, raw: Value | None, formula: str | None) -> Entry:
        """Return what a cell's content means for its field."""
        if raw is None or (isinstance(raw, str) and (raw == item.spec.value or self._is_placeholder(raw, item))):
            return Entry(item, place, raw, None, formula=formula)
        read = item.spec.type.read(raw, self.sheet.number_formats.get(place, "General"), self.layout.form.money_unit)
        return Entry(item, place, raw, read.value, read.problem, read.as_text, read.decimals, formula)

    def _is_placeholder(self, raw: str, item: Field) -> bool:
        """Whether a text is what a blank field prints; where rows moved, also what another row of its kind prints."""
        if self.alignment.unchanged or item.column is None:
            return raw != "" and raw == item.placeholder
        column = item.role or item.column
        others = (row[column] for row in self.layout.indicator_rows if column in row)
        return any(each.placeholder == raw != "" for each in others if each.level2 == item.level2)

    def _place(self, item: Field) -> Position | None:
        """Return where a field stands that may have moved: any of its merged cells may hold its value now."""
        place = self.alignment.place(item.range.anchor)
        if item.range.single:
            return place
        area = self.alignment.area(item.range)
        return place if area is None else next((each for each in area.cells() if each in self.sheet.values), place)
