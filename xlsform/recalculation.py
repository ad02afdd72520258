"""What the template's formulas give for the values that were typed.

A spreadsheet engine evaluates the template's own formulas. Nothing that came from a returned file but
its typed values ever gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import NamedTuple

import ironcalc

from xlsform import figures
from xlsform.field_types import Cast
from xlsform.form import Form
from xlsform.formula import unrounded
from xlsform.layout import Field, Layout, PlacedCheck
from xlsform.refs import Position

_SHEET = 0
_LARGEST = 9.99999999999999e307
"""The largest number that a cell holds; only a file that no spreadsheet program wrote has more."""
_CHECKS = 60
"""First of the columns, right of any form, that hold the checks."""
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


class Formula(NamedTuple):
    """What stands in a cell that computes."""

    text: str
    """In cell addresses, without ``=``."""


Content = Cast | int | float | Formula
"""What stands in a cell; a blank one is left out."""


class Sheet:
    """A form's sheet, in one layout after another: what stays where it was need not be parsed again."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._model = ironcalc.create("form", "en", "UTC", "en")
        self._held: dict[Position, Content] = {}
        self._kept = 0

    def show(self, cells: Mapping[Position, Content], asked: Iterable[Position]) -> list[Result]:
        """Return what cells show when these stand in the sheet and no others.

        Args:
            cells: what stands in the sheet.
            asked: the cells that are asked for.
        """
        if self._kept > _MOST_KEPT:
            self._begin()
        for place in self._held.keys() - cells.keys():
            self._model.clear_cell_contents(_SHEET, *place)
            del self._held[place]
        for place, content in cells.items():
            if self._held.get(place) != content:
                self._kept += _put(self._model, place, content)
                self._held[place] = content
        self._model.evaluate()
        return [_result(self._model, *place) for place in asked]


@lru_cache(maxsize=4)
def sheet(form: Form) -> Sheet:
    """Return the sheet of a form, made once and kept for a while."""
    return Sheet()


def _put(model: ironcalc.Model, place: Position, content: Content) -> int:
    """Put something into a cell, and return how many characters of it the model will not forget."""
    if isinstance(content, Formula):
        model.update_cell_with_formula(_SHEET, *place, f"={content.text}")
        return len(content.text)
    if isinstance(content, str):
        text = content
        if not text.isprintable():
            # Halves of characters, which JSON can spell, are nothing that the engine takes.
            text = content.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        model.update_cell_with_text(_SHEET, *place, text)
        return len(text)
    number = max(-_LARGEST, min(float(content), _LARGEST))
    model.update_cell_with_number(_SHEET, *place, number)
    return 0


def _result(model: ironcalc.Model, row: int, column: int) -> Result:
    value = model.get_cell_value(_SHEET, row, column)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return figures.number_of(value)
    return None if value is None or _is_error(value) else value


def _is_error(value: object) -> bool:
    return isinstance(value, str) and value.startswith("#") and (value[-1] in "!?" or value == "#N/A")


class _Model:
    """One spreadsheet, kept and given new values again and again."""

    def __init__(self, layout: Layout, transform: Callable[[str], str], *, with_checks: bool) -> None:
        self.layout = layout
        self.model = ironcalc.create("form", "en", "UTC", "en")
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
        for row, check in enumerate(self.checks, 1):
            for offset, source in enumerate((check.formula, check.expected, check.when)):
                if source is not None:
                    self.model.update_cell_with_formula(_SHEET, row, _CHECKS + offset, "=" + transform(source))

    def put(self, values: Mapping[str, Cast]) -> None:
        """Hold these values and no others, and evaluate."""
        for item in self.layout.inputs:
            name = item.name
            new = values.get(name)
            if new == self.held.get(name):
                continue
            if new is None:
                del self.held[name]
                if item.placeholder:
                    self._set(name, item.placeholder)
                else:
                    self.model.clear_cell_contents(_SHEET, *self.places[name])
            else:
                self._set(name, new)
                self.held[name] = new
        self.model.evaluate()

    def _set(self, name: str, value: Cast | int | float) -> None:
        self.kept += _put(self.model, self.places[name], value)

    def computed(self) -> dict[str, Result]:
        return {name: _result(self.model, *self.places[name]) for name in self.layout.computed}

    def failing(self) -> dict[PlacedCheck, object]:
        """Return the checks that are not TRUE, with what they are."""
        values = {check: self.model.get_cell_value(_SHEET, row, _CHECKS) for row, check in enumerate(self.checks, 1)}
        return {check: value for check, value in values.items() if value is not True}

    @staticmethod
    def undecided(failing: Mapping[PlacedCheck, object]) -> frozenset[PlacedCheck]:
        return frozenset(check for check, value in failing.items() if value is not False)

    def expected(self) -> dict[PlacedCheck, Decimal]:
        found: dict[PlacedCheck, Decimal] = {}
        for row, check in enumerate(self.checks, 1):
            if check.expected is None:
                continue
            applies = check.when is None or self.model.get_cell_value(_SHEET, row, _CHECKS + 2) is True
            value = _result(self.model, row, _CHECKS + 1)
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
