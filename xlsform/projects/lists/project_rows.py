"""The table of projects, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from xlsform.form.definition import Form
from xlsform.form.field_types import MONEY
from xlsform.form.vocabulary import DEPARTMENT, FUNDS_TOTAL, PROJECT_CODE, PROJECT_NAME, UNIT, Role, field_role
from xlsform.messages import say
from xlsform.projects.lists.cells import code_of, email_of, number_in, text_of
from xlsform.projects.lists.columns import Columns
from xlsform.projects.lists.headings import project_headings
from xlsform.projects.lists.lines import ListRow, lines_of
from xlsform.projects.lists.tables import ListTable
from xlsform.projects.project import ListProblem, Project
from xlsform.quantities import normalize_text

_LONGEST_CODE = 60
_LONGEST_NAME = 200


def projects_in(table: ListTable, columns: Columns, form: Form, problems: list[ListProblem]) -> list[Project]:
    """Return the projects of a table, without indicators yet, one a row that has a code; problems are added."""
    projects: list[Project] = []
    rows: dict[str, int] = {}
    for line in lines_of(table, columns, problems):
        line.code = line.required(PROJECT_CODE, code_of, "项目编码", "")
        if len(line.code) > _LONGEST_CODE:
            line.problem(
                PROJECT_CODE,
                say("{length} characters; the form takes {limit}", length=len(line.code), limit=_LONGEST_CODE),
            )
        first = rows.setdefault(normalize_text(line.code), line.number)
        if line.code and first != line.number:
            line.problem(PROJECT_CODE, say("{code} is the code of row {row} already", code=line.code, row=first))
        project = _project(line, columns, form)
        if line.code:
            projects.append(project)
    return projects


def _project(line: ListRow, columns: Columns, form: Form) -> Project:
    amounts = _amounts(line, columns, form)
    _sums(line, amounts, form)
    texts = {
        role: line.text(role, _limit(form, role), lines=True)
        for role in filter(None, map(field_role, line.cells))
        if role in form.roles and role not in (PROJECT_CODE, PROJECT_NAME, DEPARTMENT, UNIT)
    }
    return Project(
        code=line.code,
        name=line.text(PROJECT_NAME, _limit(form, PROJECT_NAME), label="项目名称"),
        department=line.text(DEPARTMENT, _limit(form, DEPARTMENT)),
        unit=line.text(UNIT, _limit(form, UNIT), label="实施单位"),
        email=line.take("email", email_of, ""),
        amounts=amounts,
        indicators=(),
        extra=line.extra(),
        row=line.number,
        texts={role: text for role, text in texts.items() if text},
    )


def _limit(form: Form, role: Role) -> int:
    return (form.fields[form.roles[role]].max_length if role in form.roles else None) or _LONGEST_NAME


def _amounts(line: ListRow, columns: Columns, form: Form) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for heading in project_headings(form):
        if not heading.money or heading.name not in line.cells:
            continue
        unit = columns.units.get(heading.name, "")
        read = partial(number_in, kind=MONEY, money_unit=form.money_unit, heading_unit=unit)
        amount = line.take(heading.name, read, None)
        if amount is None:
            continue
        if amount < 0:
            typed = line.take(heading.name, text_of, "")
            line.problem(heading.name, say("{found} is negative; an amount is 0 or more", found=typed))
        amounts[heading.name] = amount
    return amounts


def _sums(line: ListRow, amounts: Mapping[str, Decimal], form: Form) -> None:
    """Note a total that its parts contradict: it would be locked in the workbook, and nobody could fix it there."""
    for table in form.tables.values():
        whole = next((row for row, role in table.row_roles.items() if role == FUNDS_TOTAL), None)
        for column in table.columns if whole is not None else ():
            name = table.key_of(whole or "", column)
            parts = [table.key_of(row, column) for row in table.rows if row != whole]
            given = [amounts[part] for part in parts if part in amounts]
            if name not in amounts or not given:
                continue
            total, summed = amounts[name], sum(given, Decimal(0))
            # A part that the list leaves out is for the unit to fill in.
            if summed > total or (len(given) == len(parts) and summed != total):
                line.problem(name, say("the total is {total}, its parts make {sum}", total=total, sum=summed))
