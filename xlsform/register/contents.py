"""What a register holds."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from xlsform.projects import Project
from xlsform.verdicts import Status as Outcome
from xlsform.verdicts import Verdict

Purpose = Literal["issue", "reply"]
"""Why a mail is written: it brings workbooks to be filled, or sends a faulty return back."""

MailKind = Literal["draft", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class Issued:
    """A workbook that went out."""

    project: Project
    template: str
    edition: str
    year: int | None
    """None where the filler types it."""
    file: str
    """Where it was written, as the caller named it."""
    digest: str
    """SHA-256 of the file, in hexadecimal."""
    password: str = field(repr=False)
    """Of the lock."""
    due: dt.date | None
    """Last day on which it is in time."""
    when: dt.datetime
    """When it was recorded, in UTC."""


@dataclass(frozen=True, slots=True)
class Return:
    """A file that came back, and what was found in it."""

    verdict: Verdict
    origin: str
    """Where it came from: a path, or a mail and its attachment."""
    received: dt.datetime
    """In UTC."""

    @property
    def reference(self) -> str:
        """What a reply is ``about``: the file's digest; of a file that could not be read at all, its origin."""
        return self.verdict.sha256 or self.origin


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was drafted or delivered, or could not be delivered."""

    purpose: Purpose
    unit: str
    email: str
    kind: MailKind
    message_id: str
    attachments: tuple[str, ...]
    """File names."""
    about: tuple[str, ...]
    """Digests of the workbooks that it brings, or `Return.reference` of the returns that it sends back."""
    when: dt.datetime
    """In UTC."""
    error: str
    """Why it failed; else blank."""


class State(enum.StrEnum):
    """How far a project has come; each project is in exactly one state."""

    PASSED = "passed"
    """审核通过: the newest return has no error."""
    SENT_BACK = "sent_back"
    """被退回: the newest return has errors, or cannot be read."""
    OUTSTANDING = "outstanding"
    """未返回, and still in time."""
    OVERDUE = "overdue"
    """未返回, and the due day is past."""


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """How far a project has come."""

    code: str
    name: str
    department: str
    unit: str
    email: str
    due: dt.date | None
    state: State
    returns: int = 0
    """Files that came back for it, different in content or origin; what follows is of the newest one."""
    received: dt.datetime | None = None
    origin: str = ""
    score: Decimal | None = None
    """总分 (points)."""
    errors: int = 0
    warnings: int = 0


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """How far a unit's projects have come."""

    unit: str
    email: str
    """The first address that the list gives for it, or blank."""
    projects: tuple[ProjectStatus, ...]
    """In the order of issue."""

    @property
    def counts(self) -> Counts:
        """How many of its projects are how far."""
        return Counts.of(self.projects)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many projects are how far: ``issued = returned + outstanding``, ``returned = passed + sent_back``."""

    issued: int
    returned: int
    passed: int
    sent_back: int
    outstanding: int
    """Not returned, overdue or not."""
    overdue: int

    @classmethod
    def of(cls, projects: Iterable[ProjectStatus]) -> Counts:
        """Count projects."""
        states = [project.state for project in projects]
        passed, back = states.count(State.PASSED), states.count(State.SENT_BACK)
        returned = passed + back
        return cls(len(states), returned, passed, back, len(states) - returned, states.count(State.OVERDUE))


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that came back and belongs to no project that was issued; names are as the file states them."""

    code: str
    """Blank where the file names none."""
    name: str
    unit: str
    status: Outcome
    received: dt.datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Status:
    """How far a round has come."""

    today: dt.date
    units: tuple[UnitStatus, ...]
    """In the order of issue."""
    strays: tuple[Stray, ...]
    """By time received."""

    @property
    def projects(self) -> tuple[ProjectStatus, ...]:
        """Every project, unit by unit."""
        return tuple(project for unit in self.units for project in unit.projects)
