"""Rows of the register's tables as what they mean; whatever they cannot mean is told as damage."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from xlsform.form.identity import Identity
from xlsform.projects import Project
from xlsform.register.codec import FAULTS, DamagedError, decode
from xlsform.register.progress import IssueLine, ReturnLine
from xlsform.register.records import Issued, MailRecord, Return
from xlsform.register.typed import unfit
from xlsform.verdict.verdict import Verdict

Row = Sequence[Any]
T = TypeVar("T")

#: Columns of a row, in the order in which the functions below take them.
ISSUED = (
    "project, template, edition, year, file, digest, password, due, issued, withdrawn, reason, identity, lock_hash,"
    " form"
)
RETURNED = "verdict, origin, received"
MAILED = "purpose, unit, email, kind, message_id, attachments, about, recorded, error"
ISSUE_LINE = "id, code, name, department, unit, email, due, digest, withdrawn, reason"
RETURN_LINE = "id, code, name, unit, year, status, score, errors, warnings, origin, received, forged"


def stamp(when: dt.datetime | None) -> str:
    """Return a time as the register keeps it: in UTC, written so that texts are in the order of times.

    A time that is yet to come becomes now.
    """
    now = dt.datetime.now(dt.UTC)
    return min(when.astimezone(dt.UTC) if when else now, now).isoformat(timespec="microseconds")


def _understood(function: Callable[[Row], T]) -> Callable[[Row], T]:
    """Let a function of a row raise `DamagedError` for a row that it can make nothing of."""

    @wraps(function)
    def understood(row: Row) -> T:
        try:
            return function(row)
        except FAULTS as error:
            raise DamagedError(f"{type(error).__name__}: {error}") from None

    return understood


def _typed(kind: Callable[..., T], *values: Any) -> T:
    """Return a named tuple or a dataclass of values that its fields can have."""
    names = list(getattr(kind, "_fields", None) or kind.__dataclass_fields__)  # type: ignore[attr-defined]
    given = dict(zip(names, values, strict=False))
    if wrong := unfit(kind, given):
        raise TypeError(f"{wrong}: {given[wrong]!r:.40}")
    return kind(*values)


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its zone: {text:.40}")
    return moment


@_understood
def issued(row: Row) -> Issued:
    """Return a workbook that went out."""
    project, template, edition, year, file, digest, password, due, when, withdrawn, reason, *sealed = row
    identity, lock_hash, form = sealed
    return _typed(
        Issued,
        decode(project, Project),
        template,
        edition,
        year,
        file,
        digest,
        password,
        dt.date.fromisoformat(due) if due else None,
        _moment(when),
        _moment(withdrawn) if withdrawn else None,
        reason,
        decode(identity, Identity) if identity else None,
        lock_hash,
        form,
    )


@_understood
def issue_line(row: Row) -> IssueLine:
    """Return a workbook that went out, without what stands in it."""
    line = _typed(IssueLine, *row)
    if line.due:
        dt.date.fromisoformat(line.due)
    return line


@_understood
def returned(row: Row) -> Return:
    """Return a file that came back."""
    verdict, origin, received = row
    return _typed(Return, decode(verdict, Verdict), origin, _moment(received))


@_understood
def return_line(row: Row) -> ReturnLine:
    """Return a file that came back, without what was found in it."""
    line = _typed(ReturnLine, *row)
    _moment(line.received)
    if line.score is not None and not Decimal(line.score).is_finite():
        raise ValueError(line.score)
    return line


@_understood
def mailed(row: Row) -> MailRecord:
    """Return a draft, or an attempt to deliver."""
    purpose, unit, email, kind, message_id, attachments, about, when, error = row
    attached, concerned = tuple(json.loads(attachments)), tuple(json.loads(about))
    return _typed(MailRecord, purpose, unit, email, kind, message_id, attached, concerned, _moment(when), error)
