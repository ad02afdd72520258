"""What the status of a round calls things, and its table: a line for each project, and for each return of none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from xlsform.messages import Message, render, say
from xlsform.register import MailKind, State, Status, Why
from xlsform.reports.sanitize import visible

STATES: Mapping[State, Message] = {
    State.PASSED: say("Passed"),
    State.SENT_BACK: say("Sent back"),
    State.OUTSTANDING: say("Outstanding"),
    State.OVERDUE: say("Overdue"),
    State.WITHDRAWN: say("Withdrawn"),
}
MAILED: Mapping[MailKind, Message] = {
    "sent": say("Mailed"),
    "draft": say("Drafted"),
    "sending": say("Perhaps mailed"),
    "failed": say("Not delivered"),
}
"""What became of a mail."""
STRAYS: Mapping[Why, Message] = {
    "unknown": say("No project of this register"),
    "withdrawn": say("Its project was withdrawn"),
    "forged": say("Not the workbook that was issued (S113)"),
}
COUNTS = (
    say("Issued"),
    say("Mailed"),
    say("Drafted"),
    say("Returned"),
    say("Passed"),
    say("Sent back"),
    say("Outstanding"),
    say("Overdue"),
    say("Withdrawn"),
)
COLUMNS = (
    say("Project code"),
    say("Project name"),
    say("Department"),
    say("Unit"),
    say("E-mail"),
    say("Mail"),
    say("State"),
    say("Due"),
    say("Received"),
    say("Files received"),
    say("Score"),
    say("Errors"),
    say("Warnings"),
    say("Came from"),
)


def rows(status: Status, language: str) -> Iterator[list[Any]]:
    """Yield what stands under `COLUMNS`."""
    for project in status.projects:
        came = project.returns > 0
        yield [
            *(project.code, project.name, project.department, project.unit, project.email),
            render(MAILED[project.mailed], language) if project.mailed else "",
            *(render(STATES[project.state], language), project.due, project.received, project.returns, project.score),
            *((project.errors, project.warnings) if came else (None, None)),
            project.origin,
        ]
    for stray in status.strays:
        state = render(STRAYS[stray.why], language)
        yield [stray.code, stray.name, "", stray.unit, "", "", state, None, stray.received, *[None] * 4, stray.origin]


def written(value: Any) -> Any:
    """Return what a cell shows, as text or figure."""
    if isinstance(value, dt.datetime):
        return minute(value)
    if isinstance(value, str):
        return visible(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def who(name: str, unit: str) -> str:
    """Return a project with its unit."""
    return f"{name}（{unit}）" if name and unit else name or unit


def minute(when: dt.datetime | None) -> str:
    """Return a time as the reader's clock shows it."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M") if when else ""
