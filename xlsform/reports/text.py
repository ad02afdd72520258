"""Verdicts as text for a terminal: grouped by file, worst first, a last line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xlsform.files.spool import Spool
from xlsform.findings import Finding, Severity
from xlsform.messages import Message, render, say
from xlsform.reports.labels import WORST_FIRST, not_compared
from xlsform.reports.sanitize import harmless
from xlsform.verdict.verdict import Standing, Verdict

_SHOWN = 30
"""Findings of one file that are shown; the rest is counted."""

_ALIKE = 4
"""Warnings or notes of one rule in a file from which they are told together."""

#: Counts returns that nothing was compared with.
_UNCOMPARED = "uncompared"

_STANDING: Mapping[Standing, Message] = {
    "passed": say("PASSED"),
    "failed": say("FAILED"),
    "unreadable": say("UNREADABLE"),
    "outstanding": say("NOT RETURNED"),
    "overdue": say("OVERDUE"),
}


def render_text(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield the report. The worst comes first, so that all wait in a temporary file until the last has come in."""
    places: list[tuple[int, int, int, int]] = []
    counts: Counter[str] = Counter()
    with Spool[str]() as spool:
        for verdict in verdicts:
            lines = [_heading(verdict, language), *(f"  {line}" for line in _lines(verdict.findings, language))]
            places.append((*_badness(verdict), spool.add("".join(f"{_safe(line)}\n" for line in lines))))
            if verdict.path:
                counts[verdict.status] += 1
                counts.update(finding.severity for finding in verdict.findings)
                counts[_UNCOMPARED] += verdict.uncompared
        yield from (spool.at(place) for *_, place in sorted(places))
    outstanding = len(places) - sum(counts[status] for status in ("passed", "failed", "unreadable"))
    yield ("\n" if places else "") + render(_summary(counts, outstanding), language) + "\n"
    if counts[_UNCOMPARED]:
        yield render(not_compared(counts[_UNCOMPARED]), language) + "\n"


def _badness(verdict: Verdict) -> tuple[int, int, int]:
    return WORST_FIRST.index(verdict.standing), -verdict.count(Severity.ERROR), -verdict.count(Severity.WARNING)


def _heading(verdict: Verdict, language: str) -> str:
    parts = [render(_STANDING[verdict.standing], language), *filter(None, [verdict.path])]
    if verdict.project_name:
        parts.append(verdict.project_name + (f"（{verdict.unit}）" if verdict.unit else ""))
    if verdict.score is not None:
        parts.append(render(say("score {score}", score=verdict.score), language))
    return "  ".join(parts)


def _lines(findings: Sequence[Finding], language: str) -> Iterator[str]:
    """Yield a line a finding; of many warnings or notes alike, the first, and where the others stand."""
    counts = Counter(each.code for each in findings if each.severity is not Severity.ERROR)
    grouped: dict[str, list[Finding]] = {}
    shown: list[Finding] = []
    for finding in findings:
        alike = grouped.get(finding.code)
        if alike is not None and finding.severity is not Severity.ERROR:
            alike.append(finding)
            continue
        shown.append(finding)
        if counts[finding.code] >= _ALIKE and finding.severity is not Severity.ERROR:
            grouped[finding.code] = []
    for finding in shown[:_SHOWN]:
        yield _finding(finding, language)
        if finding.severity is not Severity.ERROR and (others := grouped.get(finding.code)):
            cells = [each.cell.rpartition("!")[2] for each in others if each.cell]
            yield "    " + render(say("… and {count} more like it: {cells}", count=len(others), cells=cells), language)
    if len(shown) > _SHOWN:
        left = len(shown) - _SHOWN + sum(len(grouped.get(each.code, ())) for each in shown[_SHOWN:])
        yield render(say("… and {count} more findings", count=left), language)


def _finding(finding: Finding, language: str) -> str:
    severity = render(finding.severity.label, language)
    place = f"{finding.cell}  " if finding.cell else ""
    return f"{severity} {finding.code}  {place}{render(finding.message, language)}"


def _summary(counts: Mapping[str, int], outstanding: int) -> Message:
    files = say(
        "{files} files: {passed} passed, {failed} failed, {unreadable} unreadable; "
        "{errors} errors, {warnings} warnings, {notes} notes",
        files=counts["passed"] + counts["failed"] + counts["unreadable"],
        passed=counts["passed"],
        failed=counts["failed"],
        unreadable=counts["unreadable"],
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.NOTE],
    )
    return say("{files}; {count} projects not returned", files=files, count=outstanding) if outstanding else files


def _safe(line: str) -> str:
    """Return a line that cannot move the cursor, colour the terminal or turn the writing round."""
    return harmless(line.replace("\n", " "))
