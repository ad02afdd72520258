"""A workbook that came back, as the rules see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xlsform import quantities
from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.evaluation.engine import Results, engine_for
from xlsform.form.evaluation.ironcalc_cells import Result
from xlsform.form.field_types import Cast, Problem
from xlsform.form.identity import Identity
from xlsform.form.layout import Field, Layout, PlacedCheck
from xlsform.form.vocabulary import (
    ACTUAL,
    FUNDS_TOTAL_WEIGHT,
    FUNDS_WEIGHT,
    INDICATOR_NAME,
    PROJECT_NAME,
    SCORE,
    TARGET,
    WEIGHT,
    YEAR,
    Role,
)
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Position, a1, position
from xlsform.spreadsheet.values import Value
from xlsform.submission.alignment import Alignment, align, in_place
from xlsform.submission.office_records import NO_RECORDS, OfficeRecords

if TYPE_CHECKING:
    from xlsform.projects import Project

_REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Z]{1,3}\$?\d+)(?::.*)?\Z")


T = TypeVar("T")


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


class Submission:
    """A returned workbook whose form is known; complete when it is made, all else is worked out from that."""

    def __init__(
        self,
        path: Path,
        workbook: Workbook,
        layout: Layout,
        sheet: Sheet | None,
        found: Mapping[str, Identity],
        records: OfficeRecords = NO_RECORDS,
    ) -> None:
        """Put a workbook and its form together.

        Args:
            path: where it was read from.
            workbook: what it holds.
            layout: the form as issued.
            sheet: the form's sheet, None where it is gone.
            found: the identities that its carriers gave, by carrier: ``sheet``, ``properties``, ``name``.
            records: what the office knows of its projects.
        """
        self.path = path
        self.workbook = workbook
        self.layout = layout
        self.sheet = sheet or Sheet(layout.form.sheet)
        self.sheet_gone = sheet is None
        self.identities = found
        self.records = records
        self.kept: dict[Callable[[Submission], Any], Any] = {}
        """What functions of the submission gave: see `once_per_submission`."""

    @property
    def form(self) -> Form:
        """The form that was issued."""
        return self.layout.form

    @property
    def identity(self) -> Identity | None:
        """What the workbook says of itself, by the carrier that says most."""
        return next(iter(self.identities.values()), None)

    @property
    def project_code(self) -> str | None:
        """The code of the project that it says it is of; None where its identity names none."""
        return (self.identity.project_code or None) if self.identity else None

    @cached_property
    def approved(self) -> Project | None:
        """Its project as the list or the register has it, None where neither was given or knows it."""
        return self.records.project_of(self.project_code, self.stated(PROJECT_NAME))

    @cached_property
    def accounts(self) -> Mapping[str, Decimal]:
        """The project's final accounts by role (by field name where it has none); empty where none were given."""
        if not self.records.accounts:
            return {}
        code = self.project_code or (self.approved.code if self.approved else "")
        return self.records.accounts.get(code, {})

    @property
    def key(self) -> bytes | None:
        """The register's key, where there is one: then the identity has to be signed with it."""
        return self.records.key

    @cached_property
    def sealed(self) -> Identity | None:
        """The identity that the hidden sheet gives, None where its digest tells that it was edited."""
        identity = self.identities.get("sheet")
        return identity if identity is not None and identity.intact else None

    @cached_property
    def named(self) -> Mapping[str, Position]:
        """Where the defined names of fields point on the form's sheet.

        Where that was renamed by a program that does not rename it in formulas, the old name still means it.
        """
        names, wanted = self.workbook.names, self.layout.fields
        if not wanted.keys() <= names.keys():
            folded = {name.casefold(): target for name, target in names.items()}
            names = {name: names.get(name) or folded.get(name.casefold(), "") for name in wanted}
        sheets = {self.sheet.name.casefold()}
        if self.workbook.sheet(self.form.sheet) is None:
            sheets.add(self.form.sheet.casefold())
        return _places(self.layout, frozenset(sheets), tuple([names[name] for name in wanted]))

    @cached_property
    def alignment(self) -> Alignment:
        """Where the form's rows and columns stand in the sheet."""
        return in_place(self.layout) if self.sheet_gone else align(self.layout, self.sheet, self.named)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """What stands in each field, by name, in reading order."""
        return _blank_entries(self.layout) | self._changed

    @cached_property
    def _changed(self) -> dict[str, Entry]:
        """What stands in the fields that are not as on the blank form: most of a form is left blank."""
        if not self.alignment.unchanged:
            return {name: self._moved_entry(item) for name, item in self.layout.fields.items()}
        values, formulas = self.sheet.values, self.sheet.formulas
        return {
            name: self._entry(blank.field, place, raw, formulas.get(place))
            for name, place, blank in _blank_places(self.layout)
            if (raw := values.get(place)) != blank.raw or place in formulas
        }

    def _moved_entry(self, item: Field) -> Entry:
        place = self._place(item)
        if place is None:
            return Entry(item, None, None, None)
        return self._entry(item, place, self.sheet.values.get(place), self.sheet.formulas.get(place))

    def _entry(self, item: Field, place: Position, raw: Value | None, formula: str | None) -> Entry:
        if raw is None or (isinstance(raw, str) and (raw == item.spec.value or self._is_placeholder(raw, item))):
            return Entry(item, place, raw, None, formula=formula)
        read = item.spec.type.read(raw, self.sheet.number_formats.get(place, "General"), self.layout.form.money_unit)
        return Entry(item, place, raw, read.value, read.problem, read.as_text, read.decimals, formula)

    def _is_placeholder(self, raw: str, item: Field) -> bool:
        """Whether a text is what a field holds while blank: also another row's, where rows may be mistaken for others."""
        if self.alignment.unchanged or item.column is None:
            return raw != "" and raw == item.placeholder
        column = item.role or item.column
        others = (row[column] for row in self.layout.indicator_rows if column in row)
        return any(each.placeholder == raw != "" for each in others if each.level2 == item.level2)

    def _place(self, item: Field) -> Position | None:
        """Return where a field stands that may have moved: what is left of its merged cells may still hold its value."""
        place = self.alignment.place(item.range.anchor)
        if item.range.single:
            return place
        area = self.alignment.area(item.range)
        return place if area is None else next((each for each in area.cells() if each in self.sheet.values), place)

    def cell(self, name: str) -> str:
        """Return a field's address in the returned sheet; where it stood when its row is gone."""
        entry = self.entries[name]
        return a1(*entry.position) if entry.position else entry.field.cell

    # --- what rules ask for by role, whatever the form calls it

    def entry(self, role: Role) -> Entry | None:
        """Return what stands in the field of a role, None where the form has none."""
        return self.find(role)

    def find(self, key: str) -> Entry | None:
        """Return what stands in the field of a key, as office records name it: a role, else the form's own name."""
        item = self._field_of(key)
        return self.entries[item.name] if item else None

    def _field_of(self, key: str) -> Field | None:
        return self.layout.by_key.get(key)

    def number(self, role: Role) -> Decimal | None:
        """Return the figure in a field, None where blank, unusable or not in this form."""
        entry = self.entry(role)
        return entry.number if entry else None

    def stated(self, role: Role) -> str | None:
        """Return the text in a field, None where it is blank or not in this form."""
        entry = self.entry(role)
        return entry.text.strip() or None if entry else None

    def result(self, role: Role, otherwise: Result = None) -> Result:
        """Return what the form's formula for a field gives, None for an error.

        Args:
            role: of the field.
            otherwise: what to return where the form has no such formula.
        """
        item = self._field_of(role)
        return self.results.computed.get(item.name, otherwise) if item else otherwise

    def exact_result(self, role: Role) -> Result:
        """Return the same without rounding."""
        item = self._field_of(role)
        return self.exact.get(item.name) if item else None

    def label(self, role: Role) -> str:
        """Return how messages name a field of this form."""
        return self.layout.by_key[role].label

    def name(self, role: Role) -> str:
        """Return what this form calls a field that it has."""
        return self.layout.by_key[role].name

    def names(self, *roles: Role) -> set[str]:
        """Return the names that the form has for some roles; of those that it lacks none."""
        return {item.name for role in roles if (item := self._field_of(role)) is not None}

    def beside(self, item: Field, column: Role) -> Entry | None:
        """Return what stands in another column of a field's row, None where there is no such column."""
        other = self.layout.beside(item, column)
        return self.entries[other.name] if other else None

    def number_beside(self, item: Field, column: Role) -> Decimal | None:
        """Return the figure in another column of a field's row, None where there is none."""
        entry = self.beside(item, column)
        return entry.number if entry else None

    def where(self, wanted: Callable[[Field], bool]) -> list[Entry]:
        """Return what stands in the fields of a kind, in reading order.

        Args:
            wanted: whether a field is of that kind; a function of a module, since the choice is kept by it and the layout.
        """
        entries = self.entries
        return [entries[name] for name in _names_where(self.layout, wanted)]

    @cached_property
    def filled(self) -> tuple[Entry, ...]:
        """What stands in the inputs that are not blank, in reading order."""
        inputs = _input_names(self.layout)
        return tuple([entry for name, entry in self._changed.items() if name in inputs and not entry.blank])

    @cached_property
    def gone_rows(self) -> tuple[Mapping[str, Entry], ...]:
        """The indicator rows of which cells are gone."""
        if self.alignment.unchanged:
            return ()
        return tuple(row for row in self.rows if any(entry.position is None for entry in row.values()))

    @cached_property
    def rows(self) -> tuple[Mapping[str, Entry], ...]:
        """The entries of each indicator row, by role; those of a column without one by its name."""
        entries = self.entries
        return tuple(
            [{column: entries[item.name] for column, item in row.items()} for row in self.layout.indicator_rows]
        )

    @cached_property
    def used_rows(self) -> tuple[Mapping[str, Entry], ...]:
        """The indicator rows in which something was filled."""
        filled = {name for name, entry in self._changed.items() if not entry.blank}
        telling = _telling_names(self.layout)
        return tuple([row for row, names in zip(self.rows, telling, strict=True) if not names.isdisjoint(filled)])

    @cached_property
    def typed(self) -> dict[str, Cast]:
        """The values that people typed, by field; an unusable one as the text it is."""
        values: dict[str, Cast] = {}
        for entry in self.filled:
            values[entry.field.name] = str(entry.raw) if entry.value is None else entry.value
        return values

    @cached_property
    def results(self) -> Results:
        """What the form's formulas give for the typed values."""
        return engine_for(self.layout).evaluate(self.typed)

    @cached_property
    def exact(self) -> Mapping[str, Result]:
        """The same without rounding."""
        return engine_for(self.layout).exact(self.typed)

    @cached_property
    def missing(self) -> frozenset[str]:
        """The fields that lack what belongs into them, as another rule says.

        Required ones that are blank, all that are gone, and those that do not hold what was issued.
        """
        blank = [entry.field.name for entry in self.where(_is_required) if entry.blank]
        entries = {} if self.alignment.unchanged else self.entries
        return self.altered.union(blank, [name for name, entry in entries.items() if entry.position is None])

    @cached_property
    def unusable(self) -> frozenset[str]:
        """The fields whose content is of no use: text for a number, an error value."""
        return frozenset([name for name, entry in self._changed.items() if entry.problem is not None])

    @property
    def issued(self) -> Mapping[str, object]:
        """The prefilled, locked values that the workbook records, by field."""
        identity = self.identities.get("sheet")
        return identity.issued if identity else {}

    @cached_property
    def altered(self) -> frozenset[str]:
        """The prefilled fields that no longer hold what was issued, as another rule says.

        The year is among them only where there is none: another year than the one issued has a rule of its own.
        """
        return frozenset(
            name
            for name, issued in self.issued.items()
            if (entry := self.entries.get(name)) is not None
            and entry.position is not None
            and not _holds(entry, issued)
            and (entry.field.role != YEAR or entry.number is None)
        )

    @cached_property
    def stated_weights(self) -> Decimal | None:
        """The sum of the execution weight and the indicators' weights as they stand in the form (points).

        None where a weight that is needed is blank, unusable or not the one that was issued, or where one that is
        lacking may have gone with a row that was deleted, or stand in one that was inserted.
        """
        execution = self.entry(FUNDS_TOTAL_WEIGHT)
        weights = [row[WEIGHT].number for row in self.used_rows if WEIGHT in row]
        altered = any(self.layout.fields[name].spec.role in (WEIGHT, FUNDS_WEIGHT) for name in self.altered)
        if None in weights or altered or (execution is not None and execution.number is None):
            return None
        start = execution.number if execution is not None and execution.number is not None else Decimal(0)
        stated = sum((weight for weight in weights if weight is not None), start)
        return None if stated < self.form.full_score and self._rows_unread else stated

    @property
    def _rows_unread(self) -> bool:
        """Whether rows of indicators are gone, or rows among them that were not issued hold something."""
        inserted, last = set(self.alignment.rows.inserted), self.layout.column_count
        return bool(self.gone_rows) or any(row in inserted and column <= last for row, column in self.sheet.values)

    @property
    def weights_off(self) -> bool:
        """Whether the weights that stand in the form do not make the form's total."""
        return self.stated_weights is not None and self.stated_weights != self.form.full_score

    def silenced(self, check: PlacedCheck) -> bool:
        """Whether another rule already says why a check cannot hold: a field it needs is unusable or missing."""
        needed = set(check.references)
        for name in check.references:
            needed.update(self.layout.computed_references.get(name, ()))
        if check.check.name.startswith("required:"):
            return check.field.name in self.unusable or self.entries[check.field.name].position is None
        return bool(needed & (self.unusable | self.missing))

    def failed(self, code: str) -> Iterator[PlacedCheck]:
        """Yield the form's own checks of that code that fail and that no other rule explains."""
        return (check for check in self.results.failing if check.check.code == code and not self.silenced(check))


def once_per_submission(function: Callable[[Submission], T]) -> Callable[[Submission], T]:
    """Let a function of nothing but a submission be evaluated once for each: what it gave is kept with the submission."""

    @wraps(function)
    def evaluated(submission: Submission) -> T:
        if function not in submission.kept:
            submission.kept[function] = function(submission)
        found: T = submission.kept[function]
        return found

    return evaluated


# Most returns of one layout have the same names.
@lru_cache(maxsize=8)
def _places(layout: Layout, sheets: frozenset[str], targets: tuple[str, ...]) -> Mapping[str, Position]:
    """Return where the names of fields point, given what they refer to, of those that point at one of the sheets."""
    pointed = zip(layout.fields, map(_pointed, targets), strict=True)
    return {name: place for name, (sheet, place) in pointed if place is not None and sheet in sheets}


@lru_cache(maxsize=8)
def _blank_entries(layout: Layout) -> dict[str, Entry]:
    return {name: _blank_entry(item) for name, item in layout.fields.items()}


def _blank_entry(item: Field) -> Entry:
    printed = item.spec.value
    return Entry(item, item.range.anchor, printed if isinstance(printed, str) else item.placeholder or None, None)


@lru_cache(maxsize=8)
def _blank_places(layout: Layout) -> tuple[tuple[str, Position, Entry], ...]:
    return tuple((name, entry.field.range.anchor, entry) for name, entry in _blank_entries(layout).items())


@lru_cache(maxsize=8)
def _input_names(layout: Layout) -> frozenset[str]:
    return frozenset(item.name for item in layout.inputs)


@lru_cache(maxsize=8)
def _telling_names(layout: Layout) -> tuple[frozenset[str], ...]:
    """Return the fields of each row of indicators of which one makes the row a used one; a reason alone does not."""
    columns = (INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE)
    telling = ([row[each] for each in columns if each in row] or row.values() for row in layout.indicator_rows)
    return tuple(frozenset(item.name for item in items) for items in telling)


@lru_cache(maxsize=128)
def _names_where(layout: Layout, wanted: Callable[[Field], bool]) -> tuple[str, ...]:
    return tuple(name for name, item in layout.fields.items() if wanted(item))


def _is_required(item: Field) -> bool:
    return item.spec.kind == "input" and item.spec.required is not None


@lru_cache(maxsize=4096)
def _pointed(target: str) -> tuple[str, Position | None]:
    """Return what a defined name points at: the sheet, its case folded, and the first cell."""
    match = _REFERENCE.match(target)
    if match is None:
        return "", None
    try:
        return (match[1] or match[2]).replace("''", "'").casefold(), position(match[3])
    except ValueError:
        return "", None


def _holds(entry: Entry, issued: object) -> bool:
    """Whether a field holds the value that was issued: a figure at the 15 digits that a cell keeps, a text folded."""
    if isinstance(issued, int | float) and entry.number is not None:
        return entry.number == quantities.number_of(float(issued))
    return normalize_text(entry.text or str(entry.raw or "")) == normalize_text(str(issued))


def identities_in(workbook: Workbook) -> dict[str, Identity]:
    """Return the identities that a workbook's carriers give, by carrier."""
    found: dict[str, Identity | None] = {}
    sheet = workbook.sheet(identities.SHEET)
    if sheet is not None:
        rows = {row for row, _ in sheet.values}
        pairs = {str(sheet.values.get((row, 1), "")): _cell_text(sheet.values.get((row, 2))) for row in sorted(rows)}
        found["sheet"] = identities.from_pairs(pairs)
    prefix = identities.PROPERTY_PREFIX
    properties = {
        key.removeprefix(prefix): value for key, value in workbook.properties.items() if key.startswith(prefix)
    }
    found["properties"] = identities.from_pairs(properties)
    target = next((text for name, text in workbook.names.items() if name.casefold() == identities.NAME.casefold()), "")
    found["name"] = identities.from_name_text(target.strip('"'))
    return {carrier: each for carrier, each in found.items() if each is not None}


def _cell_text(value: Value | None) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value)
