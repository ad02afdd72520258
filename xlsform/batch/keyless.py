"""Verdicts given without the register's key, and how they are verified with it afterwards.

Identities of issued workbooks are signed with the key of the office's register. Whoever has the key can forge such
workbooks, so it is never sent to a cluster. There a workbook is judged as if its signature were genuine, and its
identity comes back with the verdict: here, where the key is, the signature is verified. If it is false, the file is
judged once more, as one whose signature is known to be false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from xlsform.form.identity import Identity
from xlsform.rules.registry import ReceivedFile
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Unverified(Verdict):
    """A verdict that holds if the workbook's identity is signed with the register's key."""

    identity: Identity | None = None


class KeylessJudge(Judge):
    """A judge who does not have the register's key, and passes on what has to be verified with it."""

    signatures_hold = True

    def concluded(self, origin: str, digest: str | None, arrival: ReceivedFile) -> Verdict:
        """Return the verdict on what was read, with the identity where one has to be verified."""
        verdict = super().concluded(origin, digest, arrival)
        identity = arrival.submission.identities.get("sheet") if arrival.submission else None
        if identity is None or not identity.intact:
            return verdict
        return Unverified(**_fields(verdict), identity=replace(identity, issued={}))


def verified(verdict: Verdict, keys: Sequence[bytes]) -> Verdict | None:
    """Return a verdict as it is with the register's keys; None where they show the signature to be false."""
    if not isinstance(verdict, Unverified):
        return verdict
    if verdict.identity is None or not any(verdict.identity.signed_with(key) for key in keys):
        return None
    content = _fields(verdict)
    del content["identity"]
    return Verdict(**content)


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {each.name: getattr(verdict, each.name) for each in fields(verdict)}
