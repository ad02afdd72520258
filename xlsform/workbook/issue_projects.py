"""Issue the workbooks of projects: as many rows as each needs, what the list says of it prefilled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xlsform.form.definition import Form
from xlsform.form.layout import lay_out
from xlsform.projects import Project, rows_needed, values
from xlsform.workbook.issue import Plan, plan
from xlsform.workbook.locks import Lock


def plan_projects(
    form: Form,
    projects: Iterable[Project],
    *,
    year: int | None = None,
    rows: int | None = None,
    spare: int = 0,
    key: bytes | None = None,
) -> Iterator[tuple[Project, Plan]]:
    """Yield projects with what their workbooks will hold, those of like size together: what is alike is made once.

    The arguments are those of `issue_project`.
    """
    for project in sorted(projects, key=lambda each: rows_needed(each, form, spare)):
        yield project, _plan_project(form, project, year=year, rows=rows, spare=spare, key=key)


def issue_project(
    form: Form,
    project: Project,
    lock: Lock,
    *,
    year: int | None = None,
    rows: int | None = None,
    spare: int = 0,
    key: bytes | None = None,
) -> bytes:
    """Return a project's workbook, what the list says of it prefilled and locked.

    Args:
        form: the form.
        project: the project.
        lock: the lock of the workbook.
        year: the year of the form.
        rows: rows in each level-2 block at least; as many as the project has indicators, if not given.
        spare: rows beyond the project's indicators.
        key: the register's key, to sign the identity with.
    """
    return _plan_project(form, project, year=year, rows=rows, spare=spare, key=key).workbook(lock)


def _plan_project(
    form: Form, project: Project, *, year: int | None, rows: int | None, spare: int, key: bytes | None
) -> Plan:
    needed = rows_needed(project, form, spare)
    layout = lay_out(form, needed if rows is None else tuple(max(rows, each) for each in needed))
    return plan(layout, year=year, values=values(project, layout), project_code=project.code, key=key)
