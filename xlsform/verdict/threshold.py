"""What a batch is to fail on."""

from __future__ import annotations

from typing import Literal

from xlsform.findings import Severity
from xlsform.verdict.verdict import Verdict

FailOn = Literal["error", "warning", "never"]


def fails(verdict: Verdict, fail_on: FailOn) -> bool:
    """Whether a verdict lets a batch fail: the file cannot be read, or a finding is as severe as that."""
    if fail_on == "never":
        return False
    least = Severity.ERROR if fail_on == "error" else Severity.WARNING
    return verdict.status == "unreadable" or any(each.severity.rank <= least.rank for each in verdict.findings)
