"""The formulas of one layout in a sheet of the spreadsheet engine, given values again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from decimal import Decimal
from typing import NamedTuple

from xlsform.form.evaluation.ironcalc_cells import SHEET, Result, evaluate, is_error, new_model, put, result
from xlsform.form.evaluation.skipped_rows import ASKED_COLUMN, SkippedRows
from xlsform.form.field_types import Cast
from xlsform.form.layout import Field, Layout, PlacedCheck
from xlsform.spreadsheet.a1 import Position

FIRST_CHECK = ASKED_COLUMN + 1
"""First of the columns behind the form that hold the checks of fields in the same row, three for each: `_PARTS`."""
_PARTS = ("formula", "expected", "when")


class Fault(NamedTuple):
    """A formula that gives something of no use on a blank form; of a field, or of a check under a key."""

    field: Field | None
    check: PlacedCheck | None
    key: str
    """``formula``, ``expected`` or ``when``."""
    value: object
    wanted: str


_Asked = tuple[Position, PlacedCheck, int | None]
"""A check, its place in the sheet, and the row of indicators that it belongs to if it looks at nothing beyond that."""


class Model:
    """One sheet, kept and given new formulas and new values again and again."""

    def __init__(self, layout: Layout, transform: Callable[[str], str], *, with_checks: bool) -> None:
        """Make the sheet.

        Args:
            layout: the form, laid out.
            transform: what is done to each formula first, such as leaving out its rounding.
            with_checks: whether the form's checks are wanted besides its computed fields.
        """
        self.transform = transform
        self.with_checks = with_checks
        self.engine = new_model()
        self.kept = 0
        """Characters of all texts that it was given: it forgets none of them."""
        self.formulas: dict[Position, str] = {}
        self.valued: set[Position] = set()
        """Cells that hold something else."""
        self.lay(layout)

    def lay(self, layout: Layout) -> None:
        """Hold the formulas of a layout and no values, in place of all that was there."""
        self.layout = layout
        self.held: dict[str, Cast] = {}
        self.inputs: Set[str] = self._looked_at() & {item.name for item in layout.inputs}
        self.places = {name: item.range.anchor for name, item in layout.fields.items()}
        self.skipped = SkippedRows(layout.indicator_rows if self.with_checks else (), layout.computed.keys())
        self.asked = self._asked()
        self._hold({self.places[name]: self.transform(text) for name, text in layout.computed.items()})
        for name, item in layout.fields.items():
            if item.spec.value is not None or item.placeholder:
                self._set(self.places[name], item.placeholder if item.spec.value is None else item.spec.value)
        for place in self.skipped.all_cells:
            self._set(place, 1)

    def _looked_at(self) -> frozenset[str]:
        """Return the fields that any formula refers to: no other has to be there."""
        references = [*self.layout.computed_references.values()]
        references += [check.references for check in self.layout.checks] if self.with_checks else []
        return frozenset().union(*references)

    def _asked(self) -> list[_Asked]:
        """Return every check with its place in the sheet."""
        asked: list[_Asked] = []
        columns: dict[int, int] = {}
        for check in self.layout.checks if self.with_checks else ():
            row = check.field.range.top
            columns[row] = columns.get(row, FIRST_CHECK - len(_PARTS)) + len(_PARTS)
            asked.append(((row, columns[row]), check, self.skipped.own_row(check)))
        return asked

    def _hold(self, formulas: dict[Position, str]) -> None:
        """Hold formulas beside those of the checks, and nothing else; those that are there already are left alone."""
        for (row, column), check, own in self.asked:
            for offset, part in enumerate(_PARTS):
                text = getattr(check, part)
                if text is not None:
                    text = self.skipped.gated(text, row) if own is not None and part == "formula" else text
                    formulas[row, column + offset] = self.transform(text)
        for place in [*self.valued, *(self.formulas.keys() - formulas.keys())]:
            self.engine.clear_cell_contents(SHEET, *place)
        self.valued.clear()
        for place, text in formulas.items():
            if self.formulas.get(place) != text:
                self.engine.update_cell_with_formula(SHEET, *place, f"={text}")
        self.formulas = formulas

    def put(self, values: Mapping[str, Cast]) -> None:
        """Hold these values and no others, and evaluate."""
        for place in self.skipped.ask_again(values.keys()):
            self._set(place, 1)
        for name in [name for name in self.held if name not in values]:
            del self.held[name]
            placeholder = self.layout.fields[name].placeholder
            if placeholder:
                self._set(self.places[name], placeholder)
            else:
                self.engine.clear_cell_contents(SHEET, *self.places[name])
        for name, value in values.items():
            if name in self.inputs and value != self.held.get(name):
                self._set(self.places[name], value)
                self.held[name] = value
        evaluate(self.engine)

    def _set(self, place: Position, value: Cast | int | float) -> None:
        self.valued.add(place)
        self.kept += put(self.engine, place, value)

    def computed(self) -> dict[str, Result]:
        """Return what the computed fields show, by name."""
        return {name: result(self.engine, *self.places[name]) for name in self.layout.computed}

    def failing(self) -> dict[PlacedCheck, object]:
        """Return the checks that are not TRUE, with what they are."""
        failing: dict[PlacedCheck, object] = {}
        skipped = self.skipped.now
        for place, check, row in self.asked:
            if row not in skipped:
                value = self.engine.get_cell_value(SHEET, *place)
                if value is not True:
                    failing[check] = value
        unsound = {row for _, check, row in self.asked if check in failing} if failing else set()
        for place in self.skipped.skip(self.held.keys(), unsound):
            self._set(place, 0)
        return failing

    def expected(self) -> dict[PlacedCheck, Decimal]:
        """Return what checked fields should hold, of the checks that say so and apply."""
        found: dict[PlacedCheck, Decimal] = {}
        for (row, column), check, _ in self.asked:
            if check.expected is None:
                continue
            applies = check.when is None or self.engine.get_cell_value(SHEET, row, column + 2) is True
            value = result(self.engine, row, column + 1)
            if applies and isinstance(value, Decimal):
                found[check] = value
        return found

    def faults(self) -> Iterator[Fault]:
        """Yield the formulas that give an error, and the checks that say neither TRUE nor FALSE."""
        values = {name: self.engine.get_cell_value(SHEET, *self.places[name]) for name in self.layout.computed}
        errors = {name for name, value in values.items() if is_error(value)}
        # What only passes on another formula's error is left out; in a circle each passes on the others'.
        origins = {name for name in errors if values[name] != "#CIRC!"}
        for name in values:
            if name in errors and not origins & set(self.layout.computed_references[name]):
                yield Fault(self.layout.fields[name], None, "formula", values[name], "an error")
        for (row, column), check, _ in self.asked:
            formula, expected, when = (self.engine.get_cell_value(SHEET, row, column + offset) for offset in range(3))
            own = "formula" if check.check.formula is not None else "expected"
            if errors & self.layout.needed_by(check):
                continue
            if check.expected is not None and not (expected is None or isinstance(expected, float)):
                yield Fault(None, check, "expected", expected, "not a number")
            elif check.when is not None and not isinstance(when, bool):
                yield Fault(None, check, "when", when, "neither TRUE nor FALSE")
            elif not isinstance(formula, bool):
                yield Fault(None, check, own, formula, "neither TRUE nor FALSE")
