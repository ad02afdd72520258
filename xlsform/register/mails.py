"""Drafts and deliveries, as a register keeps them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from xlsform.register import rows
from xlsform.register.records import MailKind, MailRecord, Purpose
from xlsform.register.store import Store


class Mails:
    """The mails of a register."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        purpose: Purpose,
        kind: MailKind,
        *,
        unit: str,
        email: str,
        message_id: str,
        attachments: Sequence[str],
        about: Sequence[str],
    ) -> int:
        """Record a draft, or that delivery begins; return the number by which `settle` tells how that ended.

        The arguments are the fields of a `MailRecord`.
        """
        with self._store.change():
            self._store.run(
                "INSERT INTO mails (purpose, kind, unit, email, message_id, attachments, about, recorded, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
                *(purpose, kind, unit, email, message_id, json.dumps(list(attachments)), json.dumps(list(about))),
                rows.stamp(None),
            )
            number: int = self._store.rows("SELECT max(id) FROM mails")[0][0]
        return number

    def settle(self, number: int, error: str) -> None:
        """Record what became of a delivery: why it failed, or, with a blank, that it did not."""
        kind: MailKind = "failed" if error else "sent"
        self._store.run("UPDATE mails SET kind = ?, error = ? WHERE id = ?", kind, error, number)

    def all(self) -> list[MailRecord]:
        """Return every draft and every attempt, in the order in which they were recorded."""
        found = self._store.rows(f"SELECT {rows.MAILED} FROM mails ORDER BY id")
        return [self._store.understood(rows.mailed, row) for row in found]

    def outcomes(self, purpose: Purpose) -> dict[tuple[str, str], MailKind]:
        """Return what became of mails, by address and what they were about.

        A mail that was sent stays sent. One whose delivery was interrupted stays uncertain until a later attempt
        succeeds. Of all others the last attempt counts.
        """
        kinds: dict[tuple[str, str], MailKind] = {}
        for mail in self.all():
            for about in mail.about if mail.purpose == purpose else ():
                if mail.kind == "sent" or kinds.get((mail.email, about)) not in ("sent", "sending"):
                    kinds[mail.email, about] = mail.kind
        return kinds

    def uncertain(self, purpose: Purpose) -> set[str]:
        """Return what mails were about whose delivery had begun when the program ended: nobody knows."""
        return {about for (_, about), kind in self.outcomes(purpose).items() if kind == "sending"}
