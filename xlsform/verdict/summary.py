"""What the bureau's 汇总表 takes from a submission, and what returns are compared by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from xlsform.form.definition import Form
from xlsform.form.layout.fields import Field
from xlsform.form.vocabulary import (
    ACTUAL,
    DEPARTMENT,
    FILLER_UNIT,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    FUNDS_TOTAL_RATE,
    INDICATOR_NAME,
    PROJECT_NAME,
    REASON,
    SCORE,
    TARGET,
    TOTAL_SCORE,
    UNIT,
    WEIGHT,
    YEAR,
)
from xlsform.messages import plain
from xlsform.quantities import normalize_text
from xlsform.submission.entries import number_in
from xlsform.submission.submission import Submission
from xlsform.verdict.verdict import Figure, MissedTarget, Summary

_SUMMARISED = (FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED, FUNDS_TOTAL_RATE, TOTAL_SCORE)
_LONG_TEXT = 30
"""Characters from which a text is taken for a narrative of its own, when forms are compared."""
_HEAD = frozenset({PROJECT_NAME, DEPARTMENT, UNIT, YEAR, FILLER_UNIT})


def summarized(submission: Submission) -> Summary:
    """Return what the bureau's table takes from a submission."""
    figures: dict[str, Figure] = {}
    for role in _SUMMARISED:
        entry = submission.entry(role)
        if entry is not None:
            value = submission.result(role, entry.number)
            number = value if isinstance(value, Decimal) else None
            figures[role] = Figure(number, f"{submission.sheet.name}!{submission.cell(entry.field.name)}")
    score = figures[TOTAL_SCORE].value if TOTAL_SCORE in figures else None
    return Summary(
        department=submission.stated(DEPARTMENT),
        figures=figures,
        grade=_grade(submission.form, score),
        missed_targets=tuple(_missed_targets(submission)),
        content=_content(submission),
        narratives=dict(_narratives(submission)),
        money_unit=submission.form.money_unit,
    )


def _grade(form: Form, score: Decimal | None) -> str | None:
    bands: Mapping[str, float] = form.setting("grades")
    least = [(Decimal(str(points)), grade) for grade, points in bands.items()]
    return max(
        ((points, grade) for points, grade in least if score is not None and score >= points), default=(0, None)
    )[1]


def _missed_targets(submission: Submission) -> Iterator[MissedTarget]:
    for row in submission.used_rows:
        score, weight = number_in(row, SCORE), number_in(row, WEIGHT)
        if score is not None and weight is not None and score < weight:
            yield MissedTarget(
                *(row[key].text if key in row else "" for key in (INDICATOR_NAME, TARGET, ACTUAL, REASON))
            )


def _content(submission: Submission) -> str:
    claimed, fields = submission.approval.claimed, submission.layout.fields
    typed = {
        name: plain(value)
        for name, value in submission.typed.items()
        if fields[name].role not in _HEAD and name not in claimed
    }
    return _digest(json.dumps(typed, ensure_ascii=False, sort_keys=True)) if typed else ""


def _narratives(submission: Submission) -> Iterator[tuple[str, str]]:
    for entry in submission.where(_may_be_long):
        text = normalize_text(entry.text)
        if len(text) >= _LONG_TEXT:
            yield entry.field.label, _digest(text)


def _may_be_long(item: Field) -> bool:
    return "." not in item.name and item.role not in _HEAD and not item.spec.type.numeric


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
