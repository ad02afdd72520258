"""Project lists: what is to be issued, and to whom."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from xlsform.form.definition import Form
from xlsform.messages import say
from xlsform.projects.accounts import read_accounts
from xlsform.projects.approved import ApprovedProjects
from xlsform.projects.file_names import file_name, folder_name, places, safe_name
from xlsform.projects.lists.files import ListFile, ListTable, open_list
from xlsform.projects.lists.headings import (
    Columns,
    Heading,
    columns_of,
    indicator_headings,
    project_headings,
    recognised,
)
from xlsform.projects.lists.indicator_rows import IndicatorReader
from xlsform.projects.lists.project_rows import projects_in
from xlsform.projects.prefill import rows_needed, values
from xlsform.projects.project import ListedIndicator, ListProblem, Project, ProjectList
from xlsform.quantities import normalize_text
from xlsform.spreadsheet.a1 import column_number

__all__ = [
    "ApprovedProjects",
    "ListProblem",
    "ListedIndicator",
    "Project",
    "ProjectList",
    "file_name",
    "folder_name",
    "places",
    "read_accounts",
    "read_projects",
    "rows_needed",
    "safe_name",
    "values",
]


def read_projects(path: Path, form: Form, indicators: Path | None = None) -> ProjectList:
    """Return the projects of a list, and everything that is wrong with it.

    Args:
        path: a workbook (the first sheet has the projects, another the indicators), CSV or JSON.
        form: the form that is to be issued; its levels, weights and unit of money hold.
        indicators: another file with the indicators; without it one is looked for in the list, then beside it.

    Raises:
        UsageError: a file cannot be opened or is no list at all.
    """

    def recognise(headings: Iterable[str], *, indicators: bool) -> int:
        return recognised(headings, indicator_headings() if indicators else project_headings(form))

    source = open_list(path, indicators, recognise)
    problems = [ListProblem(name, 0, "", say("this part of the workbook is damaged")) for name in source.damaged]
    if not source.projects.rows:
        problems.append(ListProblem(source.projects.sheet, 0, "", say("the list has no projects")))
        return ProjectList(path, (), tuple(problems))
    columns = _columns(source.projects, project_headings(form), problems)
    tables = [(grid, _columns(grid, indicator_headings(), problems)) for grid in source.indicators if grid.rows]
    # With a wrong heading nobody knows what is missing: no project is sound then.
    whole = not problems
    listed = projects_in(source.projects, columns, form, problems)
    reader = IndicatorReader(form, listed, problems)
    # Without codes every indicator would be without its project: only the first of the two is to be said.
    for grid, known in tables if "project_code" in columns.names else ():
        if grid.owner is not None or "project_code" in known.names:
            reader.read(grid, known)
    reader.finish()
    if not any(row > columns.row for row in source.projects.rows):
        problems.append(ListProblem(source.projects.sheet, columns.row + 1, "", say("the list has no projects")))
    faulty = {normalize_text(problem.project) for problem in problems if problem.project}
    sound = [project for project in listed if whole and normalize_text(project.code) not in faulty]
    return ProjectList(
        path,
        tuple(replace(project, indicators=reader.indicators(project.code)) for project in sound),
        tuple(sorted(problems, key=_place(source))),
    )


def _columns(grid: ListTable, known: tuple[Heading, ...], problems: list[ListProblem]) -> Columns:
    columns = columns_of(grid, known)
    problems += [ListProblem(grid.sheet, columns.row, place, message) for place, message in columns.problems]
    return columns


def _place(source: ListFile) -> Callable[[ListProblem], tuple[int, int, int]]:
    """Return the order of problems: table by table, row by row, column by column."""
    sheets = {
        grid.sheet: number for number, grid in reversed(list(enumerate((source.projects, *source.indicators), 1)))
    }

    def place(problem: ListProblem) -> tuple[int, int, int]:
        column = 0
        with contextlib.suppress(ValueError):
            column = column_number(problem.column)
        return sheets.get(problem.sheet, 0), problem.row, column

    return place
