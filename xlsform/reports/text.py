"""Verdicts as text for a terminal: grouped by file, worst first, a last line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xlsform.findings import Finding, Message, Severity, say
from xlsform.messages import render
from xlsform.reports.tally import Standing, standing
from xlsform.reports.visible import harmless
from xlsform.verdicts import Verdict

_SHOWN = 30
"""Findings of one file that are shown; the rest is counted."""

_ALIKE = 4
"""Warnings or notes of one rule in a file from which they are told together."""

_STANDING: Mapping[Standing, Message] = {
    "passed": say("PASSED"),
    "failed": say("FAILED"),
    "unreadable": say("UNREADABLE"),
    "outstanding": say("NOT RETURNED"),
    "overdue": say("OVERDUE"),
}
_SEVERITY = {Severity.ERROR: say("error"), Severity.WARNING: say("warning"), Severity.NOTE: say("note")}
_WORST_FIRST: tuple[Standing, ...] = ("unreadable", "failed", "overdue", "outstanding", "passed")


def render_text(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield the report. All verdicts are held, since the worst comes first."""
    held = sorted(verdicts, key=_badness)
    for verdict in held:
        yield _safe(_heading(verdict, language)) + "\n"
        for line in _lines(verdict.findings, language):
            yield "  " + _safe(line) + "\n"
    yield ("\n" if held else "") + render(_summary(held), language) + "\n"


def _badness(verdict: Verdict) -> tuple[int, int, int]:
    return _WORST_FIRST.index(standing(verdict)), -verdict.count(Severity.ERROR), -verdict.count(Severity.WARNING)


def _heading(verdict: Verdict, language: str) -> str:
    parts = [render(_STANDING[standing(verdict)], language), *filter(None, [verdict.path])]
    if verdict.project_name:
        parts.append(verdict.project_name + (f"（{verdict.unit}）" if verdict.unit else ""))
    if verdict.score is not None:
        parts.append(render(say("score {score}", score=verdict.score), language))
    return "  ".join(parts)


def _lines(findings: Sequence[Finding], language: str) -> Iterator[str]:
    """Yield a line a finding; of many alike that need not be mended one by one, the first, and where the others stand."""
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
    severity = render(_SEVERITY[finding.severity], language)
    place = f"{finding.cell}  " if finding.cell else ""
    return f"{severity} {finding.code}  {place}{render(finding.message, language)}"


def _summary(verdicts: list[Verdict]) -> Message:
    returned = [verdict for verdict in verdicts if verdict.path]
    outstanding = len(verdicts) - len(returned)
    standings = Counter(map(standing, returned))
    files = say(
        "{files} files: {passed} passed, {failed} failed, {unreadable} unreadable; "
        "{errors} errors, {warnings} warnings, {notes} notes",
        files=standings.total(),
        passed=standings["passed"],
        failed=standings["failed"],
        unreadable=standings["unreadable"],
        errors=sum(verdict.count(Severity.ERROR) for verdict in returned),
        warnings=sum(verdict.count(Severity.WARNING) for verdict in returned),
        notes=sum(verdict.count(Severity.NOTE) for verdict in returned),
    )
    return say("{files}; {count} projects not returned", files=files, count=outstanding) if outstanding else files


def _safe(line: str) -> str:
    """Return a line that cannot move the cursor, colour the terminal or turn the writing round."""
    return harmless(line.replace("\n", " "))
