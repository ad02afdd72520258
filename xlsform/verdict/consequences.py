"""What findings mean for a return: whether it passes, and whether it counts for its project."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TYPE_CHECKING

from xlsform.findings import Finding, Severity
from xlsform.messages import Message, say

if TYPE_CHECKING:
    from xlsform.verdict.verdict import Status

#: The identity is not the one that was issued.
_FORGED = "S113"
#: The project is not in the list.
_NOT_LISTED = "X104"


def status_of(findings: Iterable[Finding], *, readable: bool = True) -> Status:
    """Return the status that findings give: one error fails a return."""
    if not readable:
        return "unreadable"
    return "failed" if any(each.severity is Severity.ERROR for each in findings) else "passed"


def is_forged(findings: Iterable[Finding]) -> bool:
    """Whether a return's identity is not the one that was issued; a waiver makes it good."""
    return any(each.code == _FORGED and each.severity is Severity.ERROR for each in findings)


def genuine(claims: Iterable[tuple[str | None, bool]]) -> frozenset[str]:
    """Return the codes of projects that have a return with the identity that was issued.

    Args:
        claims: of each return, the code of the project that it says it is of, and whether its identity is forged.
    """
    return frozenset(code for code, forged in claims if code and not forged)


def set_aside(code: str | None, forged: bool, genuine_ones: Set[str]) -> bool:
    """Whether a return counts for no project, since its identity is forged and another return's is not.

    Anybody can make a workbook with a project's code in it; it stands for the project only while there is no better
    one.
    """
    return forged and code in genuine_ones


def of_withdrawn_project(finding: Finding, project: str, reason: str | Message) -> Finding:
    """Return a finding on a project that was withdrawn: that it is not in the list is then told as what it is.

    Args:
        finding: any finding on the project.
        project: its name.
        reason: why it was withdrawn; blank where no reason is known.
    """
    if finding.code != _NOT_LISTED:
        return finding
    why = reason or say("no reason given")
    return finding._replace(message=say("“{project}” was withdrawn ({reason})", project=project, reason=why))
