"""What a project puts into its workbook beforehand, and how many rows that takes."""

from __future__ import annotations

from collections.abc import Mapping

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.field_types import Cast
from xlsform.form.layout import MAX_ROWS, PRINTED_ROWS, Field, Layout
from xlsform.form.vocabulary import INDICATOR_NAME, TARGET, WEIGHT
from xlsform.messages import say
from xlsform.projects.project import ListedIndicator, Project


def rows_needed(project: Project, form: Form, spare: int = 0) -> tuple[int, ...]:
    """Return the rows of each level-2 block of a project's workbook, in the form's order.

    Args:
        project: the project.
        form: the form that is issued.
        spare: rows beyond its indicators, for the unit to add its own.
    """
    kinds = form.indicator_kinds
    if not project.indicators:
        return (PRINTED_ROWS,) * len(kinds)
    listed = [(each.level1, each.level2) for each in project.indicators]
    # An official form has all its blocks, even if a project has no indicator of some kind.
    return tuple(min(max(listed.count(kind) + spare, 1), MAX_ROWS) for kind in kinds)


def values(project: Project, layout: Layout) -> dict[str, Cast]:
    """Return what is prefilled, and locked, in a project's workbook, by field name; what the list leaves blank is not.

    Raises:
        UsageError: the layout has fewer rows than the project has indicators.
    """
    fields = layout.by_key
    found: dict[str, Cast] = {
        fields[key].name: value
        for key, value in project.head.items()
        if key in fields and fields[key].spec.kind == "input"
    }
    rows: dict[tuple[str, str], list[Mapping[str, Field]]] = {}
    for row in layout.indicator_rows:
        first = next(iter(row.values()))
        rows.setdefault((first.level1 or "", first.level2 or ""), []).append(row)
    for indicator in project.indicators:
        free = rows.get((indicator.level1, indicator.level2))
        if not free:
            raise UsageError(
                say(
                    "{code}: the form has no row left for {name} ({level2})",
                    code=project.code,
                    name=indicator.name,
                    level2=indicator.level2,
                )
            )
        found |= _indicator(indicator, free.pop(0))
    return {name: value for name, value in found.items() if value != ""}


def _indicator(indicator: ListedIndicator, row: Mapping[str, Field]) -> dict[str, Cast]:
    given = {INDICATOR_NAME: indicator.name, TARGET: indicator.target, WEIGHT: indicator.weight}
    return {row[role].name: value for role, value in given.items() if role in row and value is not None}
