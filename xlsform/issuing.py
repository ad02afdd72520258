"""Issue a workbook: laid out, prefilled, identified and locked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xlsform.field_types import Cast
from xlsform.findings import plain
from xlsform.identity import Identity
from xlsform.form import Form
from xlsform.layout import Layout, lay_out
from xlsform.projects import Project, rows_needed
from xlsform.projects import values as prefilled_values
from xlsform.stamp import Lock, locked
from xlsform.workbook import write


def issue(
    layout: Layout,
    lock: Lock,
    *,
    year: int | None = None,
    values: Mapping[str, Cast] | None = None,
    project_code: str = "",
) -> bytes:
    """Return a workbook ready to be mailed.

    Args:
        layout: the form, laid out.
        lock: the lock of its sheets and its structure.
        year: the year of the form; printed and locked. Without it the filler types it.
        values: prefilled values by field name; locked.
        project_code: the project that it is issued for.
    """
    prefilled = dict(values or {})
    if year is not None and "year" in layout.fields:
        prefilled["year"] = Decimal(year)
    identity = Identity(
        template=layout.form.id,
        edition=layout.form.edition,
        rows=layout.rows,
        year="" if year is None else str(year),
        project_code=project_code,
        issued={name: plain(value) for name, value in prefilled.items()},
    )
    return locked(write(layout, prefilled, identity.sealed()), lock)


def issue_project(
    form: Form, project: Project, lock: Lock, *, year: int | None = None, rows: int | None = None, spare: int = 0
) -> bytes:
    """Return a project's workbook, what the list says of it prefilled and locked.

    Args:
        form: the form.
        project: the project.
        lock: the lock of the workbook.
        year: the year of the form.
        rows: rows in each level-2 block at least; as many as the project has indicators, if not given.
        spare: rows beyond the project's indicators.
    """
    needed = rows_needed(project, form, spare)
    layout = lay_out(form, needed if rows is None else tuple(max(rows, each) for each in needed))
    return issue(layout, lock, year=year, values=prefilled_values(project, layout), project_code=project.code)
