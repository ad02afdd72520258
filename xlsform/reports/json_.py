"""Verdicts as JSON, by the published schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from xlsform.findings import Severity
from xlsform.messages import plain, render
from xlsform.reports.sanitize import harmless_json
from xlsform.verdict.verdict import Verdict


def render_json(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield the whole report; files one by one, the summary after them, so that memory does not grow."""
    counts = {"files": 0, "passed": 0, "failed": 0, "unreadable": 0}
    findings = {severity.value: 0 for severity in Severity}
    yield '{"format": "xlsform-report", "version": 1, "files": ['
    for number, verdict in enumerate(verdicts):
        counts["files"] += 1
        counts[verdict.status] += 1
        for severity in Severity:
            findings[severity.value] += verdict.count(severity)
        yield (",\n" if number else "\n") + _dump(as_json(verdict, language))
    yield f'\n], "summary": {_dump(counts | {"findings": findings})}}}\n'


def render_jsonl(verdicts: Iterable[Verdict], language: str) -> Iterator[str]:
    """Yield one file's object a line."""
    for verdict in verdicts:
        yield _dump(as_json(verdict, language)) + "\n"


def as_json(verdict: Verdict, language: str) -> dict[str, Any]:
    """Return a verdict as the report holds it."""
    return {
        "path": verdict.path,
        "sha256": verdict.sha256,
        "status": verdict.status,
        "template": verdict.template,
        "year": verdict.year,
        "project_code": verdict.project_code,
        "project_name": verdict.project_name,
        "unit": verdict.unit,
        "score": plain(verdict.score),
        "read_by": verdict.read_by,
        "approved_by": verdict.approved_by,
        "findings": [
            {
                "code": finding.code,
                "rule": finding.rule,
                "severity": finding.severity.value,
                "message": render(finding.message, language),
                "cell": finding.cell,
                "field": finding.field,
                "found": _value(finding.found),
                "expected": _value(finding.expected),
            }
            for finding in verdict.findings
        ],
    }


def _value(value: Any) -> Any:
    """Return a value found or expected; an error value of a cell by its text."""
    return plain(getattr(value, "text", value))


def _dump(value: Any) -> str:
    # A path or a text may hold a lone surrogate, which no encoding of JSON can carry.
    return harmless_json(json.dumps(value, ensure_ascii=False)).encode("utf-8", "replace").decode("utf-8")
