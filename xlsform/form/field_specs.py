"""What a template says of fields, of the tables that they stand in, and of the form's own checks on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from xlsform.findings import Severity
from xlsform.form import vocabulary
from xlsform.form.field_types import FieldType
from xlsform.form.vocabulary import Role


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
