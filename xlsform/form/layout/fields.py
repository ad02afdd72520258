"""What a layout holds: fields, labels and checks, each in its place."""

from __future__ import annotations

from dataclasses import dataclass

from xlsform.form.field_specs import Check, FieldSpec
from xlsform.form.grid_specs import Style
from xlsform.form.vocabulary import Role
from xlsform.spreadsheet.a1 import Range, a1

HINT_WIDTH = 34.0
#: What a formula may name of a target that is a known figure: ``{.target:low}``.
TARGET_PARTS = ("low", "high", "unit")
#: What stands for each part until the target is known.
TARGET_MARKS = {fragment: f"\0{fragment}\0" for fragment in TARGET_PARTS}

#: What stands above the hints; a label of the form like any other.
HINTS_TITLE = "填报提示（不打印）"


class UnknownReferenceError(Exception):
    """A formula names a field that the form does not have; its text is the name."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field in its place."""

    name: str
    spec: FieldSpec
    range: Range
    label: str
    """How a message names it: 年度资金总额·全年预算数, or 数量指标 第 2 行·得分."""
    style: Style
    table: str | None = None
    row: str | None = None
    column: str | None = None
    level1: str | None = None
    level2: str | None = None
    placeholder: str = ""
    role: Role | None = None
    """What it means; of a field in a numbered row, what its column means. None where no rule knows it."""
    table_role: Role | None = None
    row_role: Role | None = None

    @property
    def key(self) -> str:
        """Its role, or its own name where it has none: what it is found by, whatever the form calls it."""
        return self.role or self.name

    @property
    def cell(self) -> str:
        """Its address in the issued form."""
        return a1(self.range.top, self.range.left)


@dataclass(frozen=True, slots=True)
class Label:
    """A printed text in its place."""

    range: Range
    text: str
    style: Style
    level: int | None = None
    """1 or 2 where it names a kind of indicator."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCheck:
    """A check on one field, its formulas in cell addresses, without ``=``."""

    check: Check
    field: Field
    formula: str
    """TRUE when all is well: what the workbook's live self-check evaluates."""
    relative: str
    """The same with ``«r»`` for its own row and ``$`` before all others: equal for rows that differ in nothing else."""
    expected: str | None
    when: str | None
    references: tuple[str, ...]
    """Names of the fields that it looks at, its own included."""
