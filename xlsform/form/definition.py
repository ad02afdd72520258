"""The definition of an official form, as loaded from a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from xlsform.findings import Severity
from xlsform.form import vocabulary
from xlsform.form.field_types import FieldType
from xlsform.form.scoring import DEFAULTS
from xlsform.form.vocabulary import Role

Style = Literal["title", "subtitle", "label", "plain", "value", "left", "narrative"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a template says of a field, or of a table's column."""

    label: str
    type: FieldType
    formula: str | None = None
    value: str | int | float | None = None
    """What the form prints in the cell: text, or a number such as the weight of execution (points)."""
    required: str | None = None
    """The code of the finding that a blank field gives."""
    placeholder: str = ""
    last_placeholder: str = ""
    max_length: int | None = None
    at_most: str | None = None
    """The column of the same row that this one may not exceed."""
    prompt: str = ""
    role: Role | None = None
    """What it means, in a table what its column means; None where no rule knows it."""

    @property
    def kind(self) -> Literal["input", "computed", "printed"]:
        """Who provides the value: the filler, a formula, or the form itself."""
        if self.formula is not None:
            return "computed"
        return "input" if self.value is None else "printed"


class Group(NamedTuple):
    """A level-1 kind of indicator with its level-2 kinds, as the form prints them."""

    level1: str
    level2: tuple[str, ...]
    subtotal: Mapping[str, str]
    """Formulas of the row that sums this level 1 up, by column; empty where the form prints none."""


class Table(NamedTuple):
    """Fields that stand in rows and columns: named rows, or as many as there are indicators."""

    name: str
    columns: Mapping[str, FieldSpec]
    rows: Mapping[str, str]
    """Label of each named row; empty where the rows are numbered."""
    overrides: Mapping[tuple[str, str], FieldSpec]
    """Fields that differ from their column's, by row and column."""
    groups: tuple[Group, ...]
    role: Role | None = None
    row_roles: Mapping[str, Role | None] = MappingProxyType({})
    """The role of each named row."""

    def spec(self, row: str, column: str) -> FieldSpec:
        """Return what the template says of one field of a named row."""
        return self.overrides.get((row, column), self.columns[column])

    def role_of(self, row: str, column: str) -> Role | None:
        """Return the role of one field of a named row, None where its row or its column has none."""
        row_role, column_role = self.row_roles.get(row), self.columns[column].role
        return vocabulary.cell(row_role, column_role) if row_role and column_role else None

    def key_of(self, row: str, column: str) -> str:
        """Return the role of one field of a named row, or its own name where it has none."""
        return self.role_of(row, column) or f"{self.name}.{row}.{column}"


class CellSpec(NamedTuple):
    """A cell of the grid: what it holds, and how far it reaches."""

    columns: str
    """``B`` or ``B:I``."""
    rows: int | Literal["block"] = 1
    label: str | None = None
    field: str | None = None
    row_label: str | None = None
    level: int | None = None
    column: str | None = None
    style: Style | None = None
    indent: int = 0


class RowSpec(NamedTuple):
    """A row of the grid, or the pattern of a table's rows."""

    cells: tuple[CellSpec, ...]
    height: float | None = None
    """Least height, in points."""
    header: bool = False
    """Printed again at the top of every page."""
    repeat: str | None = None
    """The table whose rows follow this pattern."""
    path: str = ""
    """Where it stands in the template, for messages."""


class Check(NamedTuple):
    """The form's own condition on some of its fields, shown live beside the form and judged on its return."""

    name: str
    code: str
    at: tuple[str, ...]
    hint: Mapping[str, str]
    formula: str | None = None
    """TRUE when all is well."""
    expected: str | None = None
    """What the field should hold, where that can be computed."""
    when: str | None = None
    """Where ``expected`` applies at all."""
    severity: Severity | None = None


class Page(NamedTuple):
    """Widths (characters), font and size (points) of the printed form."""

    columns: Mapping[str, float]
    font: str
    size: float


@dataclass(frozen=True)
class Form:
    """One edition of an official form."""

    id: str
    edition: str
    name: Mapping[str, str]
    title: str
    source: str
    sheet: str
    money_unit: str
    page: Page
    fields: Mapping[str, FieldSpec]
    tables: Mapping[str, Table]
    blocks: Mapping[str, tuple[RowSpec, ...]]
    let: Mapping[str, str]
    checks: tuple[Check, ...]
    outcome: Mapping[str, str]
    """Formulas of what an actual value is against a target that is a known figure: its ``value``, and the share of the
    weight that it earns ``below`` and ``above``; empty where the form does not say."""
    scoring: Mapping[str, Any]
    instructions: tuple[str, ...]
    digest: str
    """SHA-256 of the template's content in its order (rows and cells stand as listed), variants resolved."""

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and other.digest == self.digest

    def setting(self, name: str) -> Any:
        """Return a setting of the scoring, or its default; an empty list where there is none."""
        return self.scoring.get(name, DEFAULTS.get(name, ()))

    def exact_setting(self, name: str) -> Decimal:
        """Return a setting that is a figure."""
        return Decimal(str(self.setting(name)))

    @cached_property
    def full_score(self) -> Decimal:
        """What all weights make, that of execution included (points)."""
        return self.exact_setting("total")

    @cached_property
    def execution_weight(self) -> Decimal | None:
        """The weight of execution (points), None where the template does not say it."""
        weight = self.setting("execution_weight")
        return None if weight is None else Decimal(str(weight))

    @cached_property
    def level_weights(self) -> Mapping[str, Decimal]:
        """The weight (points) of each level 1 of the form for which the template gives one."""
        weights = self.setting("level_weights")
        levels = [group.level1 for group in self.repeated.groups] if self.repeated else []
        return {level: Decimal(str(weights[level])) for level in levels if level in weights}

    @cached_property
    def required_levels(self) -> tuple[str, ...]:
        """The level 1 that need an indicator: those that the template names, else those to which it gives points."""
        weighted = [level for level, weight in self.setting("level_weights").items() if weight > 0]
        return tuple(self.scoring.get("required_levels", weighted))

    @cached_property
    def roles(self) -> Mapping[Role, str]:
        """The roles that it has of whatever kind, each with the name that the template gives to what has it.

        Of a column ``funds.*.budget``, of a row ``funds.total``.
        """
        found = {spec.role: name for name, spec in self.fields.items()}
        for table in self.tables.values():
            found[table.role] = table.name
            found |= {role: f"{table.name}.{row}" for row, role in table.row_roles.items()}
            for column, spec in table.columns.items():
                found[spec.role] = f"{table.name}.*.{column}"
                found |= {table.role_of(row, column): f"{table.name}.{row}.{column}" for row in table.rows}
        return {role: name for role, name in found.items() if role is not None}

    @cached_property
    def check_codes(self) -> frozenset[str]:
        """The codes of its own checks, and those of required fields that are blank."""
        specs = [*self.fields.values()]
        for table in self.tables.values():
            specs += [*table.columns.values(), *table.overrides.values()]
        return frozenset(check.code for check in self.checks).union(spec.required for spec in specs if spec.required)

    @property
    def repeated(self) -> Table | None:
        """The table with numbered rows, if the form has one."""
        return next((table for table in self.tables.values() if table.groups), None)

    @property
    def indicator_kinds(self) -> tuple[tuple[str, str], ...]:
        """The kinds of indicators, as level 1 and level 2, in the form's order."""
        groups = self.repeated.groups if self.repeated else ()
        return tuple((group.level1, level2) for group in groups for level2 in group.level2)


def cell_specs(form: Form) -> Iterator[tuple[str, RowSpec, CellSpec]]:
    """Yield every cell of the grid with its block's name and its row."""
    for name, rows in form.blocks.items():
        for row in rows:
            for cell in row.cells:
                yield name, row, cell
