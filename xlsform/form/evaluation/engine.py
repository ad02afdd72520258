"""What the template's formulas give for the values that were typed.

A spreadsheet engine evaluates the template's own formulas. Nothing that came from a returned file but
its typed values ever gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import ironcalc

from xlsform import quantities
from xlsform.form.definition import Form
from xlsform.form.field_types import Cast
from xlsform.form.formula import unrounded
from xlsform.form.layout import Field, Layout, PlacedCheck
from xlsform.spreadsheet.a1 import Position, letters
from xlsform.spreadsheet.cell_text import paired

_SHEET = 0
_LARGEST = 9.99999999999999e307
"""The largest number that a cell holds; only a file that no spreadsheet program wrote has more."""
_ASKED_COLUMN = 60
"""The column, right of any form, that says whether a row's own checks are asked."""
_CHECKS = 61
"""First of the columns behind it that hold the checks of fields in the same row, three for each: `_PARTS`."""
_PARTS = ("formula", "expected", "when")
_MOST_KEPT = 40_000
"""Characters of text after which a model that judges is made anew: every process that judges has some."""
_MOST_SHOWN = 150_000
"""Characters of text and formulas after which the sheet of which workbooks are made is begun anew."""

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

    def __init__(self, layout: Layout, models: dict[bool, _Model] | None = None) -> None:
        """Prepare the formulas of a layout.

        Args:
            layout: the form, laid out.
            models: what an engine of another layout of the form has in hand and needs no more; without, they are made.
        """
        self.layout = layout
        self.models = {} if models is None else models
        """With rounding, and without."""

    def _given(self, values: Mapping[str, Cast], *, rounding: bool) -> _Model:
        """Return the model with these values in it, evaluated."""
        # Taken out while it is laid out: one in which that failed half-way must not be met again.
        model = self.models.pop(rounding, None)
        if model is not None and model.kept > _MOST_KEPT:
            # Let go of before there is another: the memory of one is all that it takes.
            model = None
        if model is None:
            model = _Model(self.layout, str if rounding else unrounded, with_checks=rounding)
        elif model.layout is not self.layout:
            model.lay(self.layout)
        self.models[rounding] = model
        model.put(values)
        return model

    def evaluate(self, values: Mapping[str, Cast]) -> Results:
        """Return what every formula and check gives.

        Args:
            values: typed values by field name; an unusable one as the text it is. Missing means blank.
        """
        model = self._given(values, rounding=True)
        failing = model.failing()
        return Results(model.computed(), tuple(failing), model.expected(), model.undecided(failing))

    def exact(self, values: Mapping[str, Cast]) -> Mapping[str, Result]:
        """Return what the computed fields would hold if their formulas did not round."""
        return self._given(values, rounding=False).computed()

    def faults(self) -> list[Fault]:
        """Return the formulas that give an error on a blank form, and checks that do not say TRUE or FALSE."""
        return list(self._given({}, rounding=True).faults())


_MOST_ENGINES = 8
"""One takes two megabytes, in every process that judges."""
_engines: dict[Layout, Engine] = {}
"""Those that are kept, least lately used first."""


def engine_for(layout: Layout) -> Engine:
    """Return the engine of a layout, made once and kept for a while.

    Where there are more layouts than are kept, the oldest one's formulas are changed into the new one's: most of them
    are the same, and reading them takes the engine longer than all else.
    """
    found = _engines.pop(layout, None)
    if found is None:
        oldest = _engines.pop(next(iter(_engines))) if len(_engines) == _MOST_ENGINES else None
        found = Engine(layout, oldest.models if oldest is not None and oldest.layout.form == layout.form else None)
    _engines[layout] = found
    return found


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
    model.inputs = {item.name for item in layout.inputs}
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


class ScratchSheet:
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
        if self._kept > _MOST_SHOWN:
            del self._model
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
def scratch_sheet(form: Form) -> ScratchSheet:
    """Return the sheet of a form, made once and kept for a while."""
    return ScratchSheet()


def _put(model: ironcalc.Model, place: Position, content: Content) -> int:
    """Put something into a cell, and return how many characters of it the model will not forget."""
    if isinstance(content, Formula):
        model.update_cell_with_formula(_SHEET, *place, f"={content.text}")
        return len(content.text)
    if isinstance(content, str):
        # Halves of characters, which JSON can spell, are nothing that the engine takes.
        text = content if content.isprintable() else paired(content)
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
        return quantities.number_of(value)
    return None if value is None or _is_error(value) else value


def _is_error(value: object) -> bool:
    return isinstance(value, str) and value.startswith("#") and (value[-1] in "!?" or value == "#N/A")


class _Model:
    """One spreadsheet, kept and given new formulas and new values again and again."""

    def __init__(self, layout: Layout, transform: Callable[[str], str], *, with_checks: bool) -> None:
        self.transform = transform
        self.with_checks = with_checks
        self.model = ironcalc.create("form", "en", "UTC", "en")
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
        rows = layout.indicator_rows if self.with_checks else ()
        self.rows = {next(iter(row.values())).range.top: {item.name for item in row.values()} for row in rows}
        """The fields of each row of indicators, by its number in the sheet."""
        self.skipped: set[int] = set()
        """Rows of indicators, all blank, whose own checks are known to be TRUE then: most of what is evaluated."""
        self.asked = self._asked()
        self._hold({self.places[name]: self.transform(text) for name, text in layout.computed.items()})
        for name, item in layout.fields.items():
            if item.spec.value is not None or item.placeholder:
                self._set(self.places[name], item.placeholder if item.spec.value is None else item.spec.value)
        for row in self.rows:
            self._set((row, _ASKED_COLUMN), 1)

    def _looked_at(self) -> frozenset[str]:
        """Return the fields that any formula refers to: no other has to be there."""
        references = [*self.layout.computed_references.values()]
        references += [check.references for check in self.layout.checks] if self.with_checks else []
        return frozenset().union(*references)

    def _asked(self) -> list[tuple[Position, PlacedCheck, int | None]]:
        """Return every check with its place, and the row of indicators if it looks at what is typed there alone."""
        row_of = {name: row for row, names in self.rows.items() for name in names - self.layout.computed.keys()}
        asked: list[tuple[Position, PlacedCheck, int | None]] = []
        columns: dict[int, int] = {}
        for check in self.layout.checks if self.with_checks else ():
            row = check.field.range.top
            columns[row] = columns.get(row, _CHECKS - len(_PARTS)) + len(_PARTS)
            own = check.expected is None and {row_of.get(name) for name in check.references} == {row}
            asked.append(((row, columns[row]), check, row if own else None))
        return asked

    def _hold(self, formulas: dict[Position, str]) -> None:
        """Hold formulas beside those of the checks, and nothing else; those that are there already are left alone."""
        for (row, column), check, own in self.asked:
            for offset, part in enumerate(_PARTS):
                text = getattr(check, part)
                if text is not None:
                    gated = own is not None and part == "formula"
                    text = f"IF({letters(_ASKED_COLUMN)}{row},{text},TRUE)" if gated else text
                    formulas[row, column + offset] = self.transform(text)
        for place in [*self.valued, *(self.formulas.keys() - formulas.keys())]:
            self.model.clear_cell_contents(_SHEET, *place)
        self.valued.clear()
        for place, text in formulas.items():
            if self.formulas.get(place) != text:
                self.model.update_cell_with_formula(_SHEET, *place, f"={text}")
        self.formulas = formulas

    def put(self, values: Mapping[str, Cast]) -> None:
        """Hold these values and no others, and evaluate."""
        for row in [row for row in self.skipped if not values.keys().isdisjoint(self.rows[row])]:
            self.skipped.remove(row)
            self._set((row, _ASKED_COLUMN), 1)
        for name in [name for name in self.held if name not in values]:
            del self.held[name]
            placeholder = self.layout.fields[name].placeholder
            if placeholder:
                self._set(self.places[name], placeholder)
            else:
                self.model.clear_cell_contents(_SHEET, *self.places[name])
        for name, value in values.items():
            if name in self.inputs and value != self.held.get(name):
                self._set(self.places[name], value)
                self.held[name] = value
        self.model.evaluate()

    def _set(self, place: Position, value: Cast | int | float) -> None:
        self.valued.add(place)
        self.kept += _put(self.model, place, value)

    def computed(self) -> dict[str, Result]:
        return {name: _result(self.model, *self.places[name]) for name in self.layout.computed}

    def failing(self) -> dict[PlacedCheck, object]:
        """Return the checks that are not TRUE, with what they are."""
        failing: dict[PlacedCheck, object] = {}
        for place, check, row in self.asked:
            if row not in self.skipped:
                value = self.model.get_cell_value(_SHEET, *place)
                if value is not True:
                    failing[check] = value
        self._skip_blank({row for _, check, row in self.asked if check in failing} if failing else set())
        return failing

    def _skip_blank(self, unsound: Set[int | None]) -> None:
        """Ask no more of the rows in which nothing fails and that are blank, until something is put there."""
        for row in self.rows.keys() - self.skipped - unsound:
            if self.held.keys().isdisjoint(self.rows[row]):
                self.skipped.add(row)
                self._set((row, _ASKED_COLUMN), 0)

    @staticmethod
    def undecided(failing: Mapping[PlacedCheck, object]) -> frozenset[PlacedCheck]:
        return frozenset(check for check, value in failing.items() if value is not False)

    def expected(self) -> dict[PlacedCheck, Decimal]:
        found: dict[PlacedCheck, Decimal] = {}
        for (row, column), check, _ in self.asked:
            if check.expected is None:
                continue
            applies = check.when is None or self.model.get_cell_value(_SHEET, row, column + 2) is True
            value = _result(self.model, row, column + 1)
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
        for (row, column), check, _ in self.asked:
            formula, expected, when = (self.model.get_cell_value(_SHEET, row, column + offset) for offset in range(3))
            own = "formula" if check.check.formula is not None else "expected"
            if errors & self.layout.needed_by(check):
                continue
            if check.expected is not None and not (expected is None or isinstance(expected, float)):
                yield Fault(None, check, "expected", expected, "not a number")
            elif check.when is not None and not isinstance(when, bool):
                yield Fault(None, check, "when", when, "neither TRUE nor FALSE")
            elif not isinstance(formula, bool):
                yield Fault(None, check, own, formula, "neither TRUE nor FALSE")
