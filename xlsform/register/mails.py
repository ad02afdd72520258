"""Drafts and deliveries, as a register keeps them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Literal

from xlsform.register import rows
from xlsform.register.claims import is_alive, own_claim
from xlsform.register.records import MailKind, MailRecord, Purpose
from xlsform.register.store import Store

Taken = Literal["sent", "sending", "uncertain"]
"""Why a mail is not to be delivered: it was; another run is delivering it just now; or an earlier attempt ended without
anybody knowing whether it arrived."""


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
        claim: str = "",
    ) -> int:
        """Record a draft, or that delivery begins; return the number by which `settle` tells how that ended.

        The arguments are the fields of a `MailRecord`; and who is delivering it.
        """
        with self._store.change():
            self._store.run(
                "INSERT INTO mails (purpose, kind, unit, email, message_id, attachments, about, recorded, error, claim)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
                *(purpose, kind, unit, email, message_id, json.dumps(list(attachments)), json.dumps(list(about))),
                *(rows.stamp(None), claim),
            )
            number: int = self._store.rows("SELECT max(id) FROM mails")[0][0]
        return number

    def claim(
        self,
        purpose: Purpose,
        *,
        unit: str,
        email: str,
        message_id: str,
        attachments: Sequence[str],
        about: Sequence[str],
        again: bool = False,
    ) -> int | Taken:
        """Record that this process delivers a mail now, unless it must not; return the number for `settle`.

        Whether it may and that it does is one change: of two runs at once, one alone gets the mail.

        Args:
            purpose, unit, email, message_id, attachments, about: of the mail, as in a `MailRecord`.
            again: whether it may be delivered although an earlier attempt ended without anybody knowing how.
        """
        with self._store.change():
            taken = self._taken(purpose, email, frozenset(about))
            if taken is not None and not (taken == "uncertain" and again):
                return taken
            return self.record(
                purpose,
                "sending",
                unit=unit,
                email=email,
                message_id=message_id,
                attachments=attachments,
                about=about,
                claim=own_claim(),
            )

    def settle(self, number: int, error: str = "", *, certain: bool = True) -> None:
        """Record what became of a delivery, and let go of the claim.

        Args:
            number: as `claim` or `record` returned it.
            error: why it failed, or why nobody knows; blank where it was delivered.
            certain: whether it is known at all what became of it.
        """
        kind: MailKind = "sending" if not certain else "failed" if error else "sent"
        self._store.run("UPDATE mails SET kind = ?, error = ?, claim = '' WHERE id = ?", kind, error, number)

    def release(self, number: int) -> None:
        """Let go of the claim on a mail whose delivery was interrupted: from now on it is uncertain."""
        self._store.run("UPDATE mails SET claim = '' WHERE id = ?", number)

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
        """Return what mails were about that were handed over, or were about to be, and nobody knows what became of.

        Those that another run is delivering just now are left out.
        """
        now = dt.datetime.now(dt.UTC)
        found = self._store.rows("SELECT claim, about FROM mails WHERE purpose = ? AND kind = 'sending'", purpose)
        under_way = {about for claim, concerned in found if is_alive(claim, now) for about in json.loads(concerned)}
        return {about for (_, about), kind in self.outcomes(purpose).items() if kind == "sending"} - under_way

    def _taken(self, purpose: Purpose, email: str, about: frozenset[str]) -> Taken | None:
        # A workbook is mailed anew to a new address; a return is answered once, wherever the answer went.
        found = self._store.rows(
            "SELECT kind, claim, about FROM mails WHERE purpose = ? AND kind IN ('sent', 'sending')"
            " AND (email = ? OR purpose = 'reply')",
            purpose,
            email,
        )
        now = dt.datetime.now(dt.UTC)
        met = [(kind, claim) for kind, claim, concerned in found if not about.isdisjoint(json.loads(concerned))]
        if any(kind == "sent" for kind, _ in met):
            return "sent"
        if any(is_alive(claim, now) for _, claim in met):
            return "sending"
        return "uncertain" if met else None
