"""Rows of the register's tables as what they mean."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from xlsform.register.codec import decode
from xlsform.register.records import Issued, MailRecord, Return

#: Columns of a row, in the order in which the functions below take them.
ISSUED = (
    "project, template, edition, year, file, digest, password, due, issued, withdrawn, reason, identity, lock_hash,"
    " form"
)
RETURNED = "verdict, origin, received"
MAILED = "purpose, unit, email, kind, message_id, attachments, about, recorded, error"


def stamp(when: dt.datetime | None) -> str:
    """Return a time as the register keeps it: in UTC, written so that texts are in the order of times.

    A time that is yet to come becomes now.
    """
    now = dt.datetime.now(dt.UTC)
    return min(when.astimezone(dt.UTC) if when else now, now).isoformat(timespec="microseconds")


def issued(row: tuple[Any, ...]) -> Issued:
    """Return a workbook that went out."""
    project, template, edition, year, file, digest, password, due, when, withdrawn, reason, *sealed = row
    identity, lock_hash, form = sealed
    return Issued(
        decode(project),
        template,
        edition,
        year,
        file,
        digest,
        password,
        dt.date.fromisoformat(due) if due else None,
        dt.datetime.fromisoformat(when),
        dt.datetime.fromisoformat(withdrawn) if withdrawn else None,
        reason,
        decode(identity) if identity else None,
        lock_hash,
        form,
    )


def returned(row: tuple[Any, ...]) -> Return:
    """Return a file that came back."""
    verdict, origin, received = row
    return Return(decode(verdict), origin, dt.datetime.fromisoformat(received))


def mailed(row: tuple[Any, ...]) -> MailRecord:
    """Return a draft, or an attempt to deliver."""
    purpose, unit, email, kind, message_id, attachments, about, when, error = row
    attached, concerned = tuple(json.loads(attachments)), tuple(json.loads(about))
    return MailRecord(
        purpose, unit, email, kind, message_id, attached, concerned, dt.datetime.fromisoformat(when), error
    )
