"""Who has returned what: the newest return of each project, and how far each unit is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xlsform.register.contents import ProjectStatus, State, Status, Stray, UnitStatus
from xlsform.verdicts import Status as Outcome


class Issue(NamedTuple):
    """A workbook that went out, without what stands in it."""

    id: int
    code: str
    name: str
    department: str
    unit: str
    email: str
    due: str | None
    digest: str


class Line(NamedTuple):
    """A return without its findings."""

    id: int
    code: str | None
    name: str | None
    unit: str | None
    year: int | None
    status: Outcome
    score: str | None
    errors: int
    warnings: int
    origin: str
    received: str
    returns: int = 1
    """How many came back for its project."""


def newest(lines: Iterable[Line], years: Mapping[str, Sequence[int | None]], year: int | None) -> list[Line]:
    """Return the newest return of each project and every one that names no project, in the order of recording.

    Args:
        lines: the returns by time received.
        years: of each project's workbooks by its code, in the order of issue.
        year: the year that is asked for; the last that a project was issued for, if None.
    """
    found: dict[str | int, Line] = {}
    for line in lines:
        key = line.code or line.id
        issued = years.get(line.code or "", [])
        if issued:
            # A workbook of a year that was never issued is a faulty return of the last one; of an earlier year it is not.
            answered = line.year if line.year in issued else issued[-1]
            if answered != (issued[-1] if year is None else year):
                continue
        earlier = found.get(key)
        found[key] = line._replace(returns=earlier.returns + 1) if earlier else line
    return sorted(found.values())


def standing(issues: Iterable[Issue], lines: Iterable[Line], due: dt.date | None, today: dt.date) -> Status:
    """Return how far each unit is.

    Args:
        issues: the newest of each project, in the order of issue.
        lines: the newest return of each project, and those of none.
        due: in place of the issues' own.
        today: the day to judge by.
    """
    returned = {line.code or line.id: line for line in lines}
    units: dict[str, list[ProjectStatus]] = {}
    for issue in issues:
        last = due or (dt.date.fromisoformat(issue.due) if issue.due else None)
        line = returned.pop(issue.code, None)
        state = _state(line, last, today)
        project = ProjectStatus(issue.code, issue.name, issue.department, issue.unit, issue.email, last, state)
        units.setdefault(issue.unit, []).append(_with(project, line) if line else project)
    return Status(
        today,
        tuple(UnitStatus(unit, _first_email(projects), tuple(projects)) for unit, projects in units.items()),
        tuple(_stray(line) for line in sorted(returned.values(), key=lambda line: (line.received, line.id))),
    )


def _state(line: Line | None, due: dt.date | None, today: dt.date) -> State:
    if line is None:
        return State.OVERDUE if due is not None and today > due else State.OUTSTANDING
    return State.PASSED if line.status == "passed" else State.SENT_BACK


def _with(project: ProjectStatus, line: Line) -> ProjectStatus:
    return replace(
        project,
        returns=line.returns,
        received=dt.datetime.fromisoformat(line.received),
        origin=line.origin,
        score=Decimal(line.score) if line.score is not None else None,
        errors=line.errors,
        warnings=line.warnings,
    )


def _stray(line: Line) -> Stray:
    received = dt.datetime.fromisoformat(line.received)
    return Stray(line.code or "", line.name or "", line.unit or "", line.status, received, line.origin)


def _first_email(projects: Iterable[ProjectStatus]) -> str:
    return next((project.email for project in projects if project.email), "")
