"""The definition of an official form, as loaded from a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from xlsform.form.field_specs import Check, FieldSpec, Table
from xlsform.form.grid_specs import CellSpec, Page, RowSpec
from xlsform.form.scoring import DEFAULTS
from xlsform.form.vocabulary import Role


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
    content: str = field(repr=False)
    """That content as JSON."""

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
