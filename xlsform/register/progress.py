"""Who has returned what: the newest return of each project, and how far each unit is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xlsform.register.records import MailKind, ProjectStatus, State, Status, Stray, UnitStatus, Why
from xlsform.verdict import consequences
from xlsform.verdict.verdict import Status as Outcome


class IssueLine(NamedTuple):
    """A workbook that went out, without what stands in it."""

    id: int
    code: str
    name: str
    department: str
    unit: str
    email: str
    due: str | None
    digest: str
    withdrawn: str | None
    reason: str


class ReturnLine(NamedTuple):
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
    forged: int
    returns: int = 1
    """How many came back for its project."""
    aside: bool = False
    """Whether it does not count for its project: its identity is not the one issued, but that of another return is."""


def newest(
    lines: Iterable[ReturnLine], years: Mapping[str, Sequence[int | None]], year: int | None
) -> list[ReturnLine]:
    """Return the newest return of each project, and every one that counts for none, in the order of recording.

    A return whose identity is not the one that was issued counts only where its project has no other return: anybody
    can make a workbook with a project's code in it.

    Args:
        lines: the returns by time received.
        years: of each project's workbooks by its code, in the order of issue.
        year: the year that is asked for; the last that a project was issued for, if None.
    """
    lines = [line for line in lines if _answers(line, years.get(line.code or "", ()), year)]
    genuine = consequences.genuine((line.code, bool(line.forged)) for line in lines)
    found: dict[str | int, ReturnLine] = {}
    for line in lines:
        if consequences.set_aside(line.code, bool(line.forged), genuine):
            found[line.id] = line._replace(aside=True)
            continue
        key = line.code or line.id
        earlier = found.get(key)
        found[key] = line._replace(returns=earlier.returns + 1) if earlier else line
    return sorted(found.values())


def _answers(line: ReturnLine, issued: Sequence[int | None], year: int | None) -> bool:
    """Whether a return is of the year that is asked for."""
    if not issued:
        return True
    # A return that states a year of which nothing was issued is a faulty one of the last workbook. One that states an
    # earlier year of the same project is a return of that year's workbook.
    answered = line.year if line.year in issued else issued[-1]
    return answered == (issued[-1] if year is None else year)


def progress(
    issues: Sequence[IssueLine],
    lines: Iterable[ReturnLine],
    mailed: Mapping[tuple[str, str], MailKind],
    due: dt.date | None,
    today: dt.date,
) -> Status:
    """Return how far each unit is.

    Args:
        issues: the newest of each project, in the order of issue.
        lines: the newest return of each project, and those of none.
        mailed: what became of the mails that were to bring workbooks, by address and digest.
        due: in place of the issues' own.
        today: the day to judge by.
    """
    known = {issue.code: issue for issue in issues}
    returned: dict[str | None, ReturnLine] = {}
    strays: list[Stray] = []
    for line in sorted(lines, key=lambda line: (line.received, line.id)):
        issue = known.get(line.code or "")
        if issue is None or issue.withdrawn or line.aside:
            strays.append(_stray(line, "unknown" if issue is None else "withdrawn" if issue.withdrawn else "forged"))
        else:
            returned[line.code] = line
    units: dict[str, list[ProjectStatus]] = {}
    for issue in issues:
        project = _project(issue, returned.get(issue.code), due, today)
        units.setdefault(issue.unit, []).append(replace(project, mailed=mailed.get((issue.email, issue.digest))))
    return Status(
        today,
        tuple(UnitStatus(unit, _first_email(projects), tuple(projects)) for unit, projects in units.items()),
        tuple(strays),
    )


def _project(issue: IssueLine, line: ReturnLine | None, due: dt.date | None, today: dt.date) -> ProjectStatus:
    last = due or (dt.date.fromisoformat(issue.due) if issue.due else None)
    state = State.WITHDRAWN if issue.withdrawn else _state(line, last, today)
    project = ProjectStatus(
        issue.code, issue.name, issue.department, issue.unit, issue.email, last, state, reason=issue.reason
    )
    return _with(project, line) if line else project


def _state(line: ReturnLine | None, due: dt.date | None, today: dt.date) -> State:
    if line is None:
        return State.OVERDUE if due is not None and today > due else State.OUTSTANDING
    return State.PASSED if line.status == "passed" else State.SENT_BACK


def _with(project: ProjectStatus, line: ReturnLine) -> ProjectStatus:
    return replace(
        project,
        returns=line.returns,
        received=dt.datetime.fromisoformat(line.received),
        origin=line.origin,
        score=Decimal(line.score) if line.score is not None else None,
        errors=line.errors,
        warnings=line.warnings,
    )


def _stray(line: ReturnLine, why: Why) -> Stray:
    received = dt.datetime.fromisoformat(line.received)
    return Stray(line.code or "", line.name or "", line.unit or "", line.status, received, line.origin, why)


def _first_email(projects: Iterable[ProjectStatus]) -> str:
    return next((project.email for project in projects if project.email), "")
