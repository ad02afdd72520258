"""What a log of events implies, as CONTRACT and documentation have it: the register is compared with this.

Nothing here is taken from the register's code. An event is what happened in the office; `implied` reads the log from
its beginning each time, and keeps nothing between two calls.

A decision (accepted, sent back, reopened) is to be an event beside these: `implied` then gives the states accepted and
sent back by the last one of a project, and a later return leaves an accepted project accepted until it is reopened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from xlsform.register import MailKind, State
from xlsform.register.records import Purpose

DUE = dt.date(2022, 3, 31)


@dataclass(frozen=True)
class Issued:
    """A workbook was issued for a project, for the first time or again."""

    code: str
    year: int
    email: str
    digest: str
    """Of the file: each issue makes another."""
    unit: str


@dataclass(frozen=True)
class Withdrawn:
    """Projects were cancelled."""

    codes: tuple[str, ...]


@dataclass(frozen=True)
class Came:
    """A file came back and was judged; the same file may come again, and be judged again."""

    content: str
    origin: str
    code: str | None
    """What it says that it is of."""
    year: int | None
    errors: int
    forged: bool
    day: int
    by: str
    """What it was judged by: version, options, what was approved."""


@dataclass(frozen=True)
class Mailed:
    """A mail was drafted, or went out, or failed, or nobody knows."""

    purpose: Purpose
    email: str
    about: tuple[str, ...]
    kind: MailKind


Event = Issued | Withdrawn | Came | Mailed


class Line(NamedTuple):
    """How far a project is."""

    code: str
    unit: str
    state: State
    returns: int
    errors: int
    origin: str
    mailed: MailKind | None


@dataclass(frozen=True)
class Implied:
    """The state that a log implies."""

    projects: frozenset[Line]
    strays: tuple[tuple[str, str, str], ...]
    """Code, origin, why; by the time when they came."""
    issued: tuple[str, ...]
    """Codes of what is expected, in the order of the last issue of each."""
    to_mail: frozenset[str]
    """Digests of workbooks that are still to be delivered."""
    to_answer: frozenset[tuple[str, str]]
    """Content and origin of returns that are still to be answered."""
    known: frozenset[tuple[str, str]]
    """Contents that need not be judged again, with what they were judged by."""
    history: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By code, how many workbooks went out and how many files came back."""


@dataclass
class _Return:
    """A file as it was judged last."""

    came: Came
    place: int
    """In the order of first arrival."""
    issues: int
    """How many workbooks of its project had gone out when it was judged last."""


def implied(log: Sequence[Event], today: dt.date) -> Implied:
    """Return the state that events imply."""
    issues: dict[str, list[Issued]] = {}
    withdrawn: set[str] = set()
    returns: dict[tuple[str, str], _Return] = {}
    mails: dict[Purpose, dict[tuple[str, str], MailKind]] = {"issue": {}, "reply": {}}
    for event in log:
        if isinstance(event, Issued):
            # The newest of a project counts, and stands where it was issued; a withdrawn one is expected again.
            issues[event.code] = [*issues.pop(event.code, []), event]
            withdrawn.discard(event.code)
        elif isinstance(event, Withdrawn):
            withdrawn.update(event.codes)
        elif isinstance(event, Came):
            key = event.content, event.origin
            first = returns[key] if key in returns else _Return(event, len(returns), 0)
            # The same bytes from the same place are one return: first seen when first seen, judged anew.
            came = replace(event, day=first.came.day)
            returns[key] = _Return(came, first.place, len(issues.get(event.code or "", [])))
        else:
            _note(mails[event.purpose], event)
    counting, aside = _counting(issues, returns.values())
    lines = []
    for code, issued in issues.items():
        line = _line(issued[-1], code in withdrawn, counting.get(code, []), today)
        lines.append(line._replace(mailed=mails["issue"].get((issued[-1].email, issued[-1].digest))))
    gone = [theirs[-1] for code, theirs in counting.items() if code not in issues or code in withdrawn]
    strays = sorted([*aside, *gone], key=_by_time)
    expected = [issued[-1] for code, issued in issues.items() if code not in withdrawn]
    answered = {about for (_, about), kind in mails["reply"].items() if kind == "sent"}
    newest_returns = [theirs[-1].came for theirs in counting.values()] + [each.came for each in aside]
    return Implied(
        frozenset(lines),
        tuple((each.came.code or "", each.came.origin, _why(each, issues, withdrawn)) for each in strays),
        tuple(each.code for each in expected),
        frozenset(each.digest for each in expected if mails["issue"].get((each.email, each.digest)) != "sent"),
        frozenset(
            (each.content, each.origin)
            for each in newest_returns
            if (each.errors or each.forged) and each.code not in withdrawn and each.content not in answered
        ),
        frozenset(
            (each.came.content, each.came.by)
            for each in returns.values()
            if each.issues == len(issues.get(each.came.code or "", []))
        ),
        {
            code: (len(issued), sum(each.came.code == code for each in returns.values()))
            for code, issued in issues.items()
        },
    )  # fmt: skip


def _note(outcomes: dict[tuple[str, str], MailKind], mail: Mailed) -> None:
    """A mail that was sent stays sent; one that nobody knows of stays so until a later one is sent."""
    for about in mail.about:
        if mail.kind == "sent" or outcomes.get((mail.email, about)) not in ("sent", "sending"):
            outcomes[mail.email, about] = mail.kind


def _counting(
    issues: dict[str, list[Issued]], returns: Iterable[_Return]
) -> tuple[dict[str, list[_Return]], list[_Return]]:
    """Return the returns that count for each project by time received, and those that an own one has set aside.

    A file that names no project stands for itself.
    """
    answering = [
        each for each in sorted(returns, key=_by_time) if _answers(each.came, issues.get(each.came.code or "", []))
    ]
    own = {each.came.code for each in answering if not each.came.forged}
    counting: dict[str, list[_Return]] = {}
    aside = []
    for each in answering:
        if each.came.code and each.came.forged and each.came.code in own:
            # Anybody can make a workbook with a project's code in it.
            aside.append(each)
        else:
            counting.setdefault(each.came.code or f" {each.place}", []).append(each)
    return counting, aside


def _by_time(each: _Return) -> tuple[int, int]:
    return each.came.day, each.place


def _answers(came: Came, issued: list[Issued]) -> bool:
    """Whether a return is one of the project's last workbook: it names its year, or one for which none went out."""
    years = [each.year for each in issued]
    return not years or came.year == years[-1] or came.year not in years


def _why(each: _Return, issues: dict[str, list[Issued]], withdrawn: set[str]) -> str:
    code = each.came.code or ""
    return "unknown" if code not in issues else "withdrawn" if code in withdrawn else "forged"


def _line(issued: Issued, gone: bool, returns: list[_Return], today: dt.date) -> Line:
    if gone:
        state = State.WITHDRAWN
    elif returns:
        faulty = returns[-1].came.errors or returns[-1].came.forged
        state = State.SENT_BACK if faulty else State.PASSED
    else:
        state = State.OVERDUE if today > DUE else State.OUTSTANDING
    counted = [] if gone else returns
    last = counted[-1].came if counted else None
    errors = last.errors + last.forged if last else 0
    return Line(issued.code, issued.unit, state, len(counted), errors, last.origin if last else "", None)
