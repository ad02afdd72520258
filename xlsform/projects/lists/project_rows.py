"""The table of projects, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from xlsform.form.definition import Form
from xlsform.form.field_types import MONEY
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
#: The row of a table of money that is the sum of the others.
_TOTAL = "total"


def projects_in(table: ListTable, columns: Columns, form: Form, problems: list[ListProblem]) -> list[Project]:
    """Return the projects of a table, without indicators yet, one a row that has a code; problems are added."""
    projects: list[Project] = []
    rows: dict[str, int] = {}
    for line in lines_of(table, columns, problems):
        line.code = line.required("project_code", code_of, "项目编码", "")
        if len(line.code) > _LONGEST_CODE:
            line.problem(
                "project_code",
                say("{length} characters; the form takes {limit}", length=len(line.code), limit=_LONGEST_CODE),
            )
        first = rows.setdefault(normalize_text(line.code), line.number)
        if line.code and first != line.number:
            line.problem("project_code", say("{code} is the code of row {row} already", code=line.code, row=first))
        project = _project(line, columns, form)
        if line.code:
            projects.append(project)
    return projects


def _project(line: ListRow, columns: Columns, form: Form) -> Project:
    amounts = _amounts(line, columns, form)
    _sums(line, amounts, form)
    texts = {
        name: line.text(name, _limit(form, name), lines=True)
        for name in line.cells
        if name in form.fields and name not in ("project_code", "project_name", "department", "unit")
    }
    return Project(
        code=line.code,
        name=line.text("project_name", _limit(form, "project_name"), label="项目名称"),
        department=line.text("department", _limit(form, "department")),
        unit=line.text("unit", _limit(form, "unit"), label="实施单位"),
        email=line.take("email", email_of, ""),
        amounts=amounts,
        indicators=(),
        extra=line.extra(),
        row=line.number,
        texts={name: text for name, text in texts.items() if text},
    )


def _limit(form: Form, name: str) -> int:
    return (form.fields[name].max_length if name in form.fields else None) or _LONGEST_NAME


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
        for column in table.columns if _TOTAL in table.rows else ():
            name = f"{table.name}.{_TOTAL}.{column}"
            parts = [f"{table.name}.{row}.{column}" for row in table.rows if row != _TOTAL]
            given = [amounts[part] for part in parts if part in amounts]
            if name not in amounts or not given:
                continue
            total, summed = amounts[name], sum(given, Decimal(0))
            # A part that the list leaves out is for the unit to fill in.
            if summed > total or (len(given) == len(parts) and summed != total):
                line.problem(name, say("the total is {total}, its parts make {sum}", total=total, sum=summed))
