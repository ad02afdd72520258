"""Final accounts by project, to compare returns with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path

from xlsform.errors import DataError
from xlsform.form.definition import Form
from xlsform.form.field_types import MONEY
from xlsform.form.vocabulary import PROJECT_CODE
from xlsform.messages import say
from xlsform.projects.lists.cells import code_of, number_in
from xlsform.projects.lists.columns import columns_of
from xlsform.projects.lists.files import open_list
from xlsform.projects.lists.headings import account_headings, recognised
from xlsform.projects.lists.lines import ListRow, lines_of
from xlsform.projects.project import ListProblem


def read_accounts(path: Path, form: Form) -> dict[str, dict[str, Decimal]]:
    """Return the amounts of each project by its code, in the form's unit of money.

    Each stands under its field's role, or under its name where it has none.

    Args:
        path: a workbook, CSV or JSON with 项目编码 and amounts such as 全年预算数 and 全年执行数.
        form: the form whose amounts they are.

    Raises:
        UsageError: the file cannot be opened or is no list at all.
        DataError: the list is wrong; with every problem.
    """
    known = account_headings(form)

    def recognise(headings: Iterable[str], *, indicators: bool) -> int:
        return 0 if indicators else recognised(headings, known)

    table = open_list(path, None, recognise).projects
    problems: list[ListProblem] = []
    columns = columns_of(table, known, problems)
    accounts: dict[str, dict[str, Decimal]] = {}
    for line in lines_of(table, columns, problems):
        code = line.take(PROJECT_CODE, code_of, "")
        if not code:
            line.problem(PROJECT_CODE, say("{field} is blank", field="项目编码"))
        elif code in accounts:
            line.problem(PROJECT_CODE, say("{code} stands in the list twice", code=code))
        accounts[code] = dict(_amounts(line, columns.units, form))
    if problems:
        raise DataError(str(path), [problem.line for problem in problems])
    return accounts


def _amounts(line: ListRow, units: Mapping[str, str], form: Form) -> Iterator[tuple[str, Decimal]]:
    for heading in account_headings(form):
        if heading.money and heading.name in line.cells:
            read = partial(number_in, kind=MONEY, money_unit=form.money_unit, heading_unit=units.get(heading.name, ""))
            amount = line.take(heading.name, read, None)
            if amount is not None:
                yield heading.name, amount
