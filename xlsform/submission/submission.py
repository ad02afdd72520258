"""A workbook that came back, as the rules see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xlsform import quantities
from xlsform.form.definition import Form
from xlsform.form.evaluation.engine import Results, engine_for
from xlsform.form.evaluation.ironcalc_cells import Result
from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.form.layout import Field, Layout, PlacedCheck
from xlsform.form.vocabulary import PROJECT_CODE, PROJECT_NAME, UNIT, YEAR, Role
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Position, a1
from xlsform.submission.alignment import Alignment, align, in_place
from xlsform.submission.approval import Approval
from xlsform.submission.carriers import broken_in
from xlsform.submission.entries import Entry, blank_entries, changed_entries
from xlsform.submission.names import named_places
from xlsform.submission.office_records import NO_RECORDS, OfficeRecords

if TYPE_CHECKING:
    from xlsform.projects import Project

T = TypeVar("T")


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
        """The code of the project that it says it is of: its identity, else the form; None where neither names one."""
        named = self.identity.project_code if self.identity else ""
        return named or self.stated(PROJECT_CODE)

    @cached_property
    def broken_carriers(self) -> frozenset[str]:
        """The carriers of its identity into which something else was written."""
        return broken_in(self.workbook, self.identities)

    @property
    def by_labels(self) -> bool:
        """Whether nothing but what it prints tells which form it is: it has no identity, not even a broken one."""
        return not self.identities and not self.broken_carriers

    @property
    def shows_formulas(self) -> bool:
        """Whether its formulas can be seen, and are to be those that we issued."""
        return self.workbook.complete and not self.by_labels

    @cached_property
    def approval(self) -> Approval:
        """What was approved for its project, and whether it is the workbook that was issued for it."""
        match = self.records.project_of(self.project_code, self.stated(PROJECT_NAME), self.stated(UNIT))
        return Approval(self.records, match, self.identities.get("sheet"), self.layout)

    @property
    def approved(self) -> Project | None:
        """Its project as the list or the register has it, None where neither was given or knows it."""
        return self.approval.project

    @cached_property
    def accounts(self) -> Mapping[str, Decimal]:
        """The project's final accounts by role (by field name where it has none); empty where none were given."""
        if not self.records.accounts:
            return {}
        code = self.project_code or (self.approved.code if self.approved else "")
        return self.records.accounts.get(code, {})

    @cached_property
    def sealed(self) -> Identity | None:
        """The identity that the hidden sheet gives, None where its digest tells that it was edited."""
        identity = self.identities.get("sheet")
        return identity if identity is not None and identity.intact else None

    @cached_property
    def named(self) -> Mapping[str, Position]:
        """Where the defined names of fields point on the form's sheet."""
        return named_places(self.layout, self.workbook, self.sheet.name)

    @cached_property
    def alignment(self) -> Alignment:
        """Where the form's rows and columns stand in the sheet."""
        return in_place(self.layout) if self.sheet_gone else align(self.layout, self.sheet, self.named)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """What stands in each field, by name, in reading order."""
        return {**blank_entries(self.layout), **self._changed}

    @cached_property
    def _changed(self) -> dict[str, Entry]:
        return changed_entries(self.layout, self.sheet, self.alignment)

    def cell(self, name: str) -> str:
        """Return a field's address in the returned sheet; where it stood when its row is gone."""
        entry = self.entries[name]
        return a1(*entry.position) if entry.position else entry.field.cell

    # --- what rules ask for by role, whatever the form calls it

    def entry(self, role: Role) -> Entry | None:
        """Return what stands in the field of a role, None where the form has none."""
        item = self._field_of(role)
        return self.entries[item.name] if item else None

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
        """Return what the form calls the fields of some roles; roles that it lacks are left out."""
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
            wanted: whether a field is of that kind. A function of a module: the layout keeps what it chooses.
        """
        entries = self.entries
        return [entries[name] for name in self.layout.names_where(wanted)]

    @cached_property
    def filled(self) -> tuple[Entry, ...]:
        """What stands in the inputs that are not blank, in reading order."""
        inputs = self.layout.input_names
        return tuple([entry for name, entry in self._changed.items() if name in inputs and not entry.blank])

    @cached_property
    def gone_rows(self) -> tuple[Mapping[str, Entry], ...]:
        """The indicator rows that have lost cells."""
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
        telling = zip(self.rows, self.layout.telling_names, strict=True)
        return tuple([row for row, names in telling if not names.isdisjoint(filled)])

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
        """The fields whose content cannot be used: text in place of a number, an error value."""
        return frozenset([name for name, entry in self._changed.items() if entry.problem is not None])

    @property
    def issued(self) -> Mapping[str, object]:
        """The prefilled, locked values that it was issued with, by field; see `Approval.issued`."""
        return self.approval.issued

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


def _is_required(item: Field) -> bool:
    return item.spec.kind == "input" and item.spec.required is not None


def _holds(entry: Entry, issued: object) -> bool:
    """Whether a field holds the value that was issued; figures have the 15 digits that a cell keeps.

    A formula never does, whatever its stored result is: it shows something else once it is worked out.
    """
    if entry.formula is not None:
        return False
    if isinstance(issued, int | float | Decimal) and entry.number is not None:
        return entry.number == quantities.number_of(float(issued))
    return normalize_text(entry.text or str(entry.raw or "")) == normalize_text(str(issued))


def once_per_submission(function: Callable[[Submission], T]) -> Callable[[Submission], T]:
    """Let a function of a submission alone be evaluated once for each: what it gave is kept with the submission."""

    @wraps(function)
    def evaluated(submission: Submission) -> T:
        if function not in submission.kept:
            submission.kept[function] = function(submission)
        found: T = submission.kept[function]
        return found

    return evaluated
