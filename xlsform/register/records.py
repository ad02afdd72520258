"""What a register holds."""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from xlsform.form.identity import Identity
from xlsform.projects import Project
from xlsform.verdict.verdict import Status as Outcome
from xlsform.verdict.verdict import Verdict

Purpose = Literal["issue", "reply"]
"""Why a mail is written: it brings workbooks to be filled, or sends a faulty return back."""

MailKind = Literal["draft", "sending", "sent", "failed"]
"""``sending`` is recorded before delivery. Where nothing else was recorded afterwards, the program ended in the middle,
and nobody knows whether the mail was delivered."""

Why = Literal["unknown", "withdrawn", "forged"]
"""Why a return counts for no project: none of that code was issued, it was withdrawn, the identity is not its own."""


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
    withdrawn: dt.datetime | None = None
    """When the project was withdrawn, in UTC."""
    reason: str = ""
    """Why it was withdrawn."""
    identity: Identity | None = None
    """What it says of itself, with its rows and the values that it was issued with; None where it was issued by a
    version of xlsform that did not record that."""
    lock_hash: str = ""
    """What identifies the lock of its sheets (`Lock.as_json`); blank as above."""
    form: str = ""
    """Digest of the form's template, by which the register has its content; blank as above."""


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
class MailRecord:
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


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one project, each in the order in which it came to pass."""

    issued: tuple[Issued, ...]
    returns: tuple[Return, ...]
    mails: tuple[MailRecord, ...]
    """Drafts and attempts to deliver what was issued for it, or to answer what came back."""


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
    WITHDRAWN = "withdrawn"
    """撤销: nothing is expected any more."""


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
    mailed: MailKind | None = None
    """What became of the mail with its newest workbook: once sent it stays so; None where there was none."""
    reason: str = ""
    """Why it was withdrawn."""


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
    """Those withdrawn left out, here and in all that follows."""
    mailed: int
    drafted: int
    """Not mailed, as far as is known here."""
    returned: int
    passed: int
    sent_back: int
    outstanding: int
    """Not returned, overdue or not."""
    overdue: int
    withdrawn: int

    @classmethod
    def of(cls, projects: Iterable[ProjectStatus]) -> Counts:
        """Count projects."""
        states, mails = Counter[State](), Counter[MailKind | None]()
        for project in projects:
            states[project.state] += 1
            if project.state is not State.WITHDRAWN:
                mails[project.mailed] += 1
        overdue, returned = states[State.OVERDUE], states[State.PASSED] + states[State.SENT_BACK]
        outstanding = states[State.OUTSTANDING] + overdue
        return cls(
            issued=returned + outstanding,
            mailed=mails["sent"],
            drafted=mails["draft"],
            returned=returned,
            passed=states[State.PASSED],
            sent_back=states[State.SENT_BACK],
            outstanding=outstanding,
            overdue=overdue,
            withdrawn=states[State.WITHDRAWN],
        )


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that came back and counts for no project; names are as the file states them."""

    code: str
    """Blank where the file names none."""
    name: str
    unit: str
    status: Outcome
    received: dt.datetime
    origin: str
    why: Why


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
