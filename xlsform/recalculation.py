"""What the template's formulas give for the values that were typed.

A spreadsheet engine evaluates the template's own formulas. Nothing that came from a returned file but
its typed values ever gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import NamedTuple

import ironcalc

from xlsform import figures
from xlsform.field_types import Cast
from xlsform.formula import unrounded
from xlsform.layout import Field, Layout, PlacedCheck
from xlsform.refs import letters

_SHEET = 0
_LARGEST = 9.99999999999999e307
"""The largest number that a cell holds; only a file that no spreadsheet program wrote has more."""
_CHECKS = 60
"""First of the columns, right of any form, that hold the checks."""
_AWAKE = 64
"""The column behind them that says, by number of row of indicators, whether its checks are asked."""
_MOST_KEPT = 500_000
"""Characters of text after which a model is made anew."""

#: What a formula gives: a figure, a text, or None for an error.
Result = Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class Results:
    """What the formulas give for one set of values."""

    computed: Mapping[str, Result]
    """By field, as the issued workbook shows it: rounded where its formula rounds."""
    failing: tuple[PlacedCheck, ...]
    """The checks that are not TRUE, in reading order."""
    expected: Mapping[PlacedCheck, Decimal]
    """What a checked field should hold, for checks that say so and apply."""
    undecided: frozenset[PlacedCheck] = frozenset()
    """Those of the failing whose formula gives an error, as it may where text was typed for a number."""


class Fault(NamedTuple):
    """A formula that gives something of no use on a blank form; of a field, or of a check under a key."""

    field: Field | None
    check: PlacedCheck | None
    key: str
    """``formula``, ``expected`` or ``when``."""
    value: object
    wanted: str


class Engine:
    """The formulas of one layout, ready to be given values."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @cached_property
    def _rounded(self) -> _Model:
        return _Model(self.layout, str, with_checks=True)

    @cached_property
    def _unrounded(self) -> _Model:
        return _Model(self.layout, unrounded, with_checks=False)

    def evaluate(self, values: Mapping[str, Cast]) -> Results:
        """Return what every formula and check gives.

        Args:
            values: typed values by field name; an unusable one as the text it is. Missing means blank.
        """
        if self._rounded.kept > _MOST_KEPT:
            del self._rounded
        model = self._rounded
        model.put(values)
        failing = model.failing()
        return Results(model.computed(), tuple(failing), model.expected(), model.undecided(failing))

    def exact(self, values: Mapping[str, Cast]) -> Mapping[str, Result]:
        """Return what the computed fields would hold if their formulas did not round."""
        if self._unrounded.kept > _MOST_KEPT:
            del self._unrounded
        model = self._unrounded
        model.put(values)
        return model.computed()

    def faults(self) -> list[Fault]:
        """Return the formulas that give an error on a blank form, and checks that do not say TRUE or FALSE."""
        self.evaluate({})
        return list(self._rounded.faults())


# One takes two megabytes, in every process that judges.
@lru_cache(maxsize=8)
def engine(layout: Layout) -> Engine:
    """Return the engine of a layout, made once and kept for a while."""
    return Engine(layout)


def texts_of(layout: Layout, formulas: Mapping[int, str], values: Mapping[str, Cast]) -> dict[int, str]:
    """Return what formulas beside the form give for typed values, by row; each gives a text.

    Args:
        layout: the form, laid out.
        formulas: by row, in cell addresses, without ``=``.
        values: typed values by field name.
    """
    if not formulas:
        return {}
    model = _Model(layout, str, with_checks=False)
    for row, formula in formulas.items():
        model.model.update_cell_with_formula(_SHEET, row, _CHECKS, f"={formula}")
    model.put(values)
    return {row: str(model.model.get_cell_value(_SHEET, row, _CHECKS)) for row in formulas}


def _is_error(value: object) -> bool:
    return isinstance(value, str) and value.startswith("#") and (value[-1] in "!?" or value == "#N/A")


def _rows_of(checks: Iterable[PlacedCheck], rows: Sequence[Set[str]], computed: Set[str]) -> Mapping[PlacedCheck, int]:
    """Return the row of each check that looks at what is typed in one row of indicators and at nothing else."""
    row_of = {name: number for number, names in enumerate(rows) for name in names - computed}
    found = {}
    for check in checks:
        numbers = {row_of.get(name) for name in check.references}
        number = numbers.pop()
        if number is not None and not numbers and check.expected is None:
            found[check] = number
    return found


class _Model:
    """One spreadsheet, kept and given new values again and again."""

    def __init__(self, layout: Layout, transform: Callable[[str], str], *, with_checks: bool) -> None:
        self.layout = layout
        self.model = ironcalc.create("form", "en", "UTC", "en")
        self.inputs = {item.name for item in layout.inputs}
        self.held: dict[str, Cast] = {}
        self.kept = 0
        """Characters of all texts that it was given: it forgets none of them."""
        self.places = {name: item.range.anchor for name, item in layout.fields.items()}
        for name, item in layout.fields.items():
            if item.spec.value is not None:
                self._set(name, item.spec.value)
            elif item.placeholder:
                self._set(name, item.placeholder)
        for name, formula in layout.computed.items():
            self.model.update_cell_with_formula(_SHEET, *self.places[name], "=" + transform(formula))
        self.checks = layout.checks if with_checks else ()
        self.rows = [{item.name for item in row.values()} for row in layout.indicator_rows] if with_checks else []
        self.asleep: set[int] = set()
        """Rows of indicators, all blank, whose checks are known to be TRUE then: most of what is evaluated."""
        about = _rows_of(self.checks, self.rows, layout.computed.keys())
        self.asked = [(row, check, about.get(check)) for row, check in enumerate(self.checks, 1)]
        for row in range(len(self.rows)):
            self.model.update_cell_with_number(_SHEET, row + 1, _AWAKE, 1)
        for row, check, number in self.asked:
            for offset, source in enumerate((check.formula, check.expected, check.when)):
                if source is not None:
                    text = transform(source)
                    if offset == 0 and number is not None:
                        text = f"IF({letters(_AWAKE)}{number + 1},{text},TRUE)"
                    self.model.update_cell_with_formula(_SHEET, row, _CHECKS + offset, "=" + text)

    def put(self, values: Mapping[str, Cast]) -> None:
        """Hold these values and no others, and evaluate."""
        for row in [row for row in self.asleep if not values.keys().isdisjoint(self.rows[row])]:
            self.asleep.remove(row)
            self.model.update_cell_with_number(_SHEET, row + 1, _AWAKE, 1)
        for name in [name for name in self.held if name not in values]:
            del self.held[name]
            placeholder = self.layout.fields[name].placeholder
            if placeholder:
                self._set(name, placeholder)
            else:
                self.model.clear_cell_contents(_SHEET, *self.places[name])
        for name, value in values.items():
            if name in self.inputs and value != self.held.get(name):
                self._set(name, value)
                self.held[name] = value
        self.model.evaluate()

    def _set(self, name: str, value: Cast | int | float) -> None:
        if isinstance(value, str):
            # Halves of characters, which JSON can spell, are nothing that the engine takes.
            text = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            self.model.update_cell_with_text(_SHEET, *self.places[name], text)
            self.kept += len(text)
        else:
            number = max(-_LARGEST, min(float(value), _LARGEST))
            self.model.update_cell_with_number(_SHEET, *self.places[name], number)

    def computed(self) -> dict[str, Result]:
        return {name: self._value(*self.places[name]) for name in self.layout.computed}

    def failing(self) -> dict[PlacedCheck, object]:
        """Return the checks that are not TRUE, with what they are."""
        failing: dict[PlacedCheck, object] = {}
        for row, check, number in self.asked:
            if number not in self.asleep:
                value = self.model.get_cell_value(_SHEET, row, _CHECKS)
                if value is not True:
                    failing[check] = value
        self._lull({number for _, check, number in self.asked if check in failing} if failing else set())
        return failing

    def _lull(self, unsound: Set[int | None]) -> None:
        """Ask no more of the rows in which nothing fails and that are blank, until something is put there."""
        for row in set(range(len(self.rows))) - self.asleep - unsound:
            if self.held.keys().isdisjoint(self.rows[row]):
                self.asleep.add(row)
                self.model.update_cell_with_number(_SHEET, row + 1, _AWAKE, 0)

    @staticmethod
    def undecided(failing: Mapping[PlacedCheck, object]) -> frozenset[PlacedCheck]:
        return frozenset(check for check, value in failing.items() if value is not False)

    def expected(self) -> dict[PlacedCheck, Decimal]:
        found: dict[PlacedCheck, Decimal] = {}
        for row, check in enumerate(self.checks, 1):
            if check.expected is None:
                continue
            applies = check.when is None or self.model.get_cell_value(_SHEET, row, _CHECKS + 2) is True
            value = self._value(row, _CHECKS + 1)
            if applies and isinstance(value, Decimal):
                found[check] = value
        return found

    def faults(self) -> Iterator[Fault]:
        values = {name: self.model.get_cell_value(_SHEET, *self.places[name]) for name in self.layout.computed}
        errors = {name for name, value in values.items() if _is_error(value)}
        # What only passes on another formula's error is left out; in a circle each passes on the others'.
        origins = {name for name in errors if values[name] != "#CIRC!"}
        for name in values:
            if name in errors and not origins & set(self.layout.computed_references[name]):
                yield Fault(self.layout.fields[name], None, "formula", values[name], "an error")
        for row, check in enumerate(self.checks, 1):
            formula, expected, when = (self.model.get_cell_value(_SHEET, row, _CHECKS + offset) for offset in range(3))
            own = "formula" if check.check.formula is not None else "expected"
            if errors & self.layout.needed_by(check):
                continue
            if check.expected is not None and not (expected is None or isinstance(expected, float)):
                yield Fault(None, check, "expected", expected, "not a number")
            elif check.when is not None and not isinstance(when, bool):
                yield Fault(None, check, "when", when, "neither TRUE nor FALSE")
            elif not isinstance(formula, bool):
                yield Fault(None, check, own, formula, "neither TRUE nor FALSE")

    def _value(self, row: int, column: int) -> Result:
        value = self.model.get_cell_value(_SHEET, row, column)
        if isinstance(value, bool):
            return value
        if isinstance(value, float):
            return figures.number_of(value)
        if value is None or value.startswith("#"):
            return None
        return value
