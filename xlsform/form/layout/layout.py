"""Where everything of a form stands, and its formulas in cell addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xlsform.form.definition import Form
from xlsform.form.grid_specs import Style
from xlsform.form.layout.fields import HINTS_TITLE, Field, Label, PlacedCheck, UnknownReferenceError
from xlsform.form.layout.formula_refs import closure
from xlsform.form.layout.fragment import Fragment, fits, outcome
from xlsform.form.layout.resolver import Resolver
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, SCORE, TARGET, WEIGHT, Role
from xlsform.spreadsheet.a1 import Position, Range
from xlsform.spreadsheet.text_width import lines_needed

_LINE = 1.32
"""Height of a line of 宋体, as a multiple of the font's size."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A form laid out for so many rows in each level-2 block."""

    form: Form
    rows: tuple[int, ...]
    """Rows of each level-2 block, in the form's order."""
    fragments: tuple[Fragment, ...]
    """The pieces that its fields and labels were taken from; layouts of one form share most of them."""
    fields: Mapping[str, Field]
    """In reading order."""
    labels: tuple[Label, ...]
    row_count: int
    column_count: int
    headers: tuple[int, ...]
    """Rows printed at the top of every page."""
    least_heights: Mapping[int, float]
    widths: Mapping[int, float]
    blocks: Mapping[str, Range] = field(default_factory=dict)

    @property
    def hint_column(self) -> int:
        """The column of the live self-check, beside the form and outside its print area."""
        return self.column_count + 2

    @cached_property
    def inputs(self) -> tuple[Field, ...]:
        """The fields that people type into, in reading order."""
        return tuple(item for item in self.fields.values() if item.spec.kind == "input")

    @cached_property
    def input_names(self) -> frozenset[str]:
        """The names of the fields that people type into."""
        return frozenset(item.name for item in self.inputs)

    @cached_property
    def anchors(self) -> tuple[tuple[str, Field, Position], ...]:
        """Every field with the cell that holds its value, in reading order."""
        return tuple((name, item, item.range.anchor) for name, item in self.fields.items())

    @cached_property
    def places(self) -> Mapping[str, Position]:
        """The cell that holds each field's value."""
        return {name: anchor for name, _, anchor in self.anchors}

    @cached_property
    def printed(self) -> tuple[tuple[Range, str], ...]:
        """The printed texts and their cells, what stands above the hints included."""
        title = Range(1, self.hint_column, 1, self.hint_column)
        labels = [(label.range, label.text) for label in self.labels if label.text]
        return tuple(labels if 1 in self.checks_by_row else [*labels, (title, HINTS_TITLE)])

    @cached_property
    def printed_by_place(self) -> Mapping[Position, str]:
        """The printed texts by the cell that holds them."""
        return {area.anchor: text for area, text in self.printed}

    @cached_property
    def computed(self) -> Mapping[str, str]:
        """The formula of each computed field, in cell addresses, without ``=``."""
        return {
            item.name: self.resolver.render(item.spec.formula, item)
            for item in self.fields.values()
            if item.spec.formula is not None
        }

    @cached_property
    def computed_references(self) -> Mapping[str, tuple[str, ...]]:
        """The fields that each computed field depends on, directly or through other computed ones."""
        direct = {
            item.name: self.resolver.names_in(item.spec.formula, item)
            for item in self.fields.values()
            if item.spec.formula is not None
        }
        return {name: tuple(dict.fromkeys(closure(name, direct))) for name in direct}

    @cached_property
    def outcomes(self) -> Mapping[str, tuple[str, str, str]]:
        """The form's ``value``, ``below`` and ``above`` of each actual value by its field, `TARGET_MARKS` in them."""
        if not self.form.outcome:
            return {}
        known = {name: ready for fragment in self.fragments for name, ready in fragment.outcomes.items()}
        actual = [row[ACTUAL] for row in self.indicator_rows if ACTUAL in row]
        return {item.name: known[item.name] or outcome(self.resolver, self.form, item) for item in actual}

    @cached_property
    def checks(self) -> tuple[PlacedCheck, ...]:
        """Every check of the form in its place, in reading order.

        Raises:
            UnknownReferenceError: a check looks at a field that the form does not have, or no field fits its pattern.
        """
        fitting = frozenset().union(*(fragment.fitting for fragment in self.fragments))
        for pattern in (pattern for check in self.form.checks for pattern in check.at):
            if pattern not in fitting:
                raise UnknownReferenceError(pattern)
        placed = [
            ready or self.resolver.place(check, item)
            for fragment in self.fragments
            for check, item, ready in fragment.checks
        ]
        return tuple(sorted(placed, key=lambda each: (each.field.range.top, each.field.range.left)))

    @cached_property
    def checks_by_row(self) -> Mapping[int, tuple[PlacedCheck, ...]]:
        """The checks whose hints stand beside each row of the sheet."""
        rows: dict[int, list[PlacedCheck]] = {}
        for placed in self.checks:
            rows.setdefault(placed.field.range.top, []).append(placed)
        return {row: tuple(each) for row, each in rows.items()}

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """The fields by their roles, else by their names; those of numbered rows are in `indicator_rows`."""
        table = self.form.repeated
        return {item.key: item for item in self.fields.values() if table is None or item.table != table.name}

    @cached_property
    def indicator_rows(self) -> tuple[Mapping[str, Field], ...]:
        """The fields of each row of the numbered table, by their roles; those without one by their column's name."""
        table = self.form.repeated
        return tuple(row for (name, _), row in self._rows.items() if table is not None and name == table.name)

    @cached_property
    def telling_names(self) -> tuple[frozenset[str], ...]:
        """For each row of indicators, the fields that make it a used row once one of them is filled in.

        A reason alone does not.
        """
        columns = (INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE)
        telling = ([row[each] for each in columns if each in row] or row.values() for row in self.indicator_rows)
        return tuple(frozenset(item.name for item in items) for items in telling)

    @cached_property
    def row_kinds(self) -> tuple[tuple[str, str], ...]:
        """Level 1 and level 2 of each row of indicators."""
        firsts = (next(iter(row.values())) for row in self.indicator_rows)
        return tuple((item.level1 or "", item.level2 or "") for item in firsts)

    @cached_property
    def taken_places(self) -> frozenset[Position]:
        """The cells in which something of the form stands."""
        return frozenset([area.anchor for area, _ in self.printed] + [anchor for _, _, anchor in self.anchors])

    @cached_property
    def merged(self) -> frozenset[Range]:
        """The cells that are merged."""
        ranges = [*(label.range for label in self.labels), *(item.range for item in self.fields.values())]
        return frozenset(area for area in ranges if not area.single)

    def names_where(self, wanted: Callable[[Field], bool]) -> tuple[str, ...]:
        """Return the names of the fields of a kind, in reading order.

        Args:
            wanted: whether a field is of that kind; a function of a module, since what it chooses is kept.
        """
        if wanted not in self._chosen:
            self._chosen[wanted] = tuple(name for name, item in self.fields.items() if wanted(item))
        return self._chosen[wanted]

    @cached_property
    def _chosen(self) -> dict[Callable[[Field], bool], tuple[str, ...]]:
        return {}

    def rows_of(self, table: Role) -> Iterator[Mapping[str, Field]]:
        """Yield the rows of the table of some role, each with its fields by what their columns mean."""
        name = self.form.roles.get(table)
        return (row for (other, _), row in self._rows.items() if other == name)

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], Mapping[str, Field]]:
        """The fields of each row of a table, by the role of their column, else by its name."""
        rows: dict[tuple[str, str], dict[str, Field]] = {}
        for item in self.fields.values():
            if item.table is not None and item.row is not None and item.column is not None:
                rows.setdefault((item.table, item.row), {})[item.spec.role or item.column] = item
        return rows

    def beside(self, item: Field, column: Role) -> Field | None:
        """Return the field of another column in a field's row, None where there is none."""
        return self._rows.get((item.table or "", item.row or ""), {}).get(column)

    def matching(self, patterns: Sequence[str]) -> Iterator[Field]:
        """Yield the fields whose names fit one of the patterns, each once, ``*`` standing for one part.

        Raises:
            UnknownReferenceError: no field fits a pattern.
        """
        fitting: dict[str, Field] = {}
        for pattern in patterns:
            found = {name: item for name, item in self.fields.items() if fits(pattern, name)}
            if not found:
                raise UnknownReferenceError(pattern)
            fitting |= found
        yield from fitting.values()

    @cached_property
    def resolver(self) -> Resolver:
        """Its fields as formulas name them."""
        return Resolver(self.form, self.fields)

    def needed_by(self, check: PlacedCheck) -> frozenset[str]:
        """Return the fields that a check depends on, directly or through computed ones."""
        through = (self.computed_references.get(name, ()) for name in check.references)
        return frozenset(check.references).union(*through)

    def heights(self, values: Mapping[str, Any]) -> dict[int, float]:
        """Return each row's height in points, tall enough for the labels and for the values given by field."""
        result = dict(self._blank_heights)
        texts = {name: text for name, text in values.items() if isinstance(text, str) and name in self.fields}
        items = sorted((self.fields[name].range, name) for name in texts)
        self._grow(result, ((area, texts[name], self.fields[name].style) for area, name in items))
        return result

    @cached_property
    def _blank_heights(self) -> Mapping[int, float]:
        result = {row: self.least_heights.get(row, 20.0) for row in range(1, self.row_count + 1)}
        self._grow(result, ((label.range, label.text, label.style) for label in self.labels))
        return result

    def _grow(self, result: dict[int, float], texts: Iterable[tuple[Range, str, Style]]) -> None:
        for area, text, style in texts:
            needed = self._height(area, text, style)
            have = result[area.top]
            if area.bottom > area.top:
                have = sum(result[row] for row in range(area.top, area.bottom + 1))
            if needed > have:
                share = (needed - have) / (area.bottom - area.top + 1)
                for row in range(area.top, area.bottom + 1):
                    result[row] = min(round(result[row] + share, 2), 409.0)

    def _height(self, area: Range, text: str, style: Style) -> float:
        size = 18.0 if style == "title" else self.form.page.size
        room = self._rooms.get((area.left, area.right, size))
        if room is None:
            room = sum(self.widths[column] for column in range(area.left, area.right + 1)) * 10.5 / size - 1
            self._rooms[area.left, area.right, size] = room
        return lines_needed(text, room) * size * _LINE + 4

    @cached_property
    def _rooms(self) -> dict[tuple[int, int, float], float]:
        """How many half-width characters columns have room for, by the first, the last and the size of the font."""
        return {}
