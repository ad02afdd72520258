"""Read a whole project list: every project with its indicators, and everything that is wrong with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from xlsform.form.definition import Form
from xlsform.form.vocabulary import PROJECT_CODE
from xlsform.messages import say
from xlsform.projects.lists.columns import Columns, columns_of
from xlsform.projects.lists.files import open_list
from xlsform.projects.lists.headings import indicator_headings, project_headings, recognised
from xlsform.projects.lists.indicator_rows import IndicatorReader
from xlsform.projects.lists.project_rows import projects_in
from xlsform.projects.lists.tables import ListFile, ListTable, Recognise
from xlsform.projects.project import ListProblem, Project, ProjectList
from xlsform.quantities import normalize_text
from xlsform.spreadsheet.a1 import column_number


def read_projects(path: Path, form: Form, indicators: Path | None = None) -> ProjectList:
    """Return the projects of a list, and everything that is wrong with it.

    Args:
        path: a workbook (the first sheet has the projects, another the indicators), CSV or JSON.
        form: the form that is to be issued; its levels, weights and unit of money hold.
        indicators: another file with the indicators; without it one is looked for in the list, then beside it.

    Raises:
        UsageError: a file cannot be opened or is no list at all.
    """
    source = open_list(path, indicators, _recogniser(form))
    problems = [ListProblem(name, 0, "", say("this part of the workbook is damaged")) for name in source.damaged]
    if not source.projects.rows:
        problems.append(ListProblem(source.projects.sheet, 0, "", say("the list has no projects")))
        return ProjectList(path, (), tuple(problems))
    columns = columns_of(source.projects, project_headings(form), problems)
    tables = [(table, columns_of(table, indicator_headings(), problems)) for table in source.indicators if table.rows]
    complete = not problems
    listed = projects_in(source.projects, columns, form, problems)
    # Without codes every indicator would be without its project: then only that the codes are missing is to be said.
    reader = _read_indicators(tables if PROJECT_CODE in columns.names else [], IndicatorReader(form, listed, problems))
    if not any(row > columns.row for row in source.projects.rows):
        problems.append(ListProblem(source.projects.sheet, columns.row + 1, "", say("the list has no projects")))
    # With a part that is damaged or a heading that is wrong nobody knows what is missing: no project is sound then.
    sound = _sound(listed, problems) if complete else []
    return ProjectList(
        path,
        tuple(replace(project, indicators=reader.indicators(project.code)) for project in sound),
        tuple(sorted(problems, key=_order(source))),
    )


def _recogniser(form: Form) -> Recognise:
    def recognise(headings: Iterable[str], *, indicators: bool) -> int:
        return recognised(headings, indicator_headings() if indicators else project_headings(form))

    return recognise


def _read_indicators(tables: Iterable[tuple[ListTable, Columns]], reader: IndicatorReader) -> IndicatorReader:
    for table, columns in tables:
        if table.owner is not None or PROJECT_CODE in columns.names:
            reader.read(table, columns)
    reader.finish()
    return reader


def _sound(projects: Iterable[Project], problems: Iterable[ListProblem]) -> list[Project]:
    """Return the projects that nothing is wrong with."""
    faulty = {normalize_text(problem.project) for problem in problems if problem.project}
    return [project for project in projects if normalize_text(project.code) not in faulty]


def _order(source: ListFile) -> Callable[[ListProblem], tuple[int, int, int]]:
    """Return what problems are sorted by: the table, the row, the column."""
    tables = {
        table.sheet: number for number, table in reversed(list(enumerate((source.projects, *source.indicators), 1)))
    }

    def place(problem: ListProblem) -> tuple[int, int, int]:
        column = 0
        # Of JSON the column is a key.
        with contextlib.suppress(ValueError):
            column = column_number(problem.column)
        return tables.get(problem.sheet, 0), problem.row, column

    return place
