"""Weights: what each indicator and each level 1 may bring, and that together they make the form's total."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import FUNDS_TOTAL_WEIGHT, FUNDS_WEIGHT, TOTAL_WEIGHT, WEIGHT
from xlsform.messages import Message, say
from xlsform.rules.registry import rule
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission, once_per_submission

#: What tells whether the weights are right.
OF_THE_WEIGHTS = (WEIGHT, FUNDS_TOTAL_WEIGHT, TOTAL_WEIGHT)
#: Without it nothing makes 100 where execution has points of its own.
_WITH_EXECUTION = {"execution_weight": FUNDS_TOTAL_WEIGHT}


@rule("W101", Severity.ERROR, reads=(WEIGHT,), reads_for=_WITH_EXECUTION, may_read=OF_THE_WEIGHTS)
def weights_not_100(submission: Submission) -> Iterator[Violation]:
    """The weights do not make 100.

    The 分值 of execution and those of all indicators in use, as they stand in the form, must add up to its total:
    100, or the template's setting `total`. (Law: 财预〔2020〕10号.) The rule is silent where a weight is blank,
    unusable or not above 0, and where only the weight of execution is off, for other rules say so. It is also silent
    where exactly the weight of the level-1 kinds that have no indicator is lacking: that is told as a missing kind.

    ## Why it matters

    The total score is read as so many of 100 points. With weights that make 90, 110 or 800 it cannot be compared with
    any other project's, and its grade means nothing.

    ## How to fix it

    Add the 分值 column up and set right the weights that differ from the approved ones. If there are none, share out
    what the weight of execution (usually 10) leaves: 50 for outputs, 30 for benefits, 10 for satisfaction.
    """
    weights = _weights(submission)
    if weights is None or not _off(submission):
        return
    total = submission.form.full_score
    execution, indicators = submission.number(FUNDS_TOTAL_WEIGHT), sum(weights, Decimal(0))
    found = indicators + (execution or 0)
    lacking = sum(_lacking(submission).values(), Decimal(0))
    if total - found == lacking or (
        _execution_off(submission) and submission.form.execution_weight == total - indicators
    ):
        return
    place = submission.entry(TOTAL_WEIGHT) or submission.used_rows[0][WEIGHT]
    yield Violation(
        _sum_shown(execution, indicators, total),
        field=place.field.name,
        found=found,
        expected=total,
    )


def _sum_shown(execution: Decimal | None, indicators: Decimal, total: Decimal) -> Message:
    if execution is None:
        return say(
            "the weights of the indicators make {found}; they should make {total}", found=indicators, total=total
        )
    return say(
        "weight of execution {execution} + weights of the indicators {indicators} = {found}; it should be {total}",
        execution=execution,
        indicators=indicators,
        found=execution + indicators,
        total=total,
    )


@rule("W102", Severity.WARNING, reads=(WEIGHT,), reads_for=_WITH_EXECUTION, may_read=OF_THE_WEIGHTS)
def level_weight_off(submission: Submission) -> Iterator[Violation]:
    """The level-1 kinds share the points out otherwise than the template.

    The weights of each level 1 (产出指标, 效益指标 …) are added up and compared with the template's setting
    `level_weights`; one finding names every kind that differs. (Law: execution 10, outputs 50, benefits 30,
    satisfaction 10; "如有特殊情况，一级指标权重可做适当调整".) Nothing is said where the weights as a whole are off,
    where the weight of execution is off, or where a kind has no indicator at all: other rules speak then.

    ## Why it matters

    The ministry lets a unit shift weights between the kinds only for special reasons. A shift is the easiest way to
    hide a weak result.

    ## How to fix it

    Move the weights of single indicators until each kind has its sum. If the split was approved as it stands, answer
    the finding with the approval.
    """
    weights = _weights(submission)
    if weights is None or _off(submission) or _execution_off(submission) or _lacking(submission):
        return
    wanted = submission.form.level_weights
    sums: dict[str, Decimal] = {}
    first: dict[str, Entry] = {}
    for row, weight in zip(submission.used_rows, weights, strict=True):
        level = row[WEIGHT].field.level1 or ""
        first.setdefault(level, row[WEIGHT])
        sums[level] = sums.get(level, Decimal(0)) + weight
    off = [level for level in sums if level in wanted and not quantities.agrees(sums[level], wanted[level], 2)]
    if off:
        yield Violation(
            say(
                "the weights make {found}; the form asks for {expected}",
                found=[f"{level} {sums[level]:f}" for level in off],
                expected=[f"{level} {wanted[level]:f}" for level in off],
            ),
            field=first[off[0]].field.name,
            found=sums[off[0]],
            expected=wanted[off[0]],
        )


@rule("W103", Severity.ERROR, of_checks=True)
def weight_not_positive(submission: Submission) -> Iterator[Violation]:
    """An indicator in use has a weight of 0 or less.

    A blank weight, or one that is no number, is told by another rule.

    ## Why it matters

    An indicator that brings no points is not evaluated, and a negative weight turns a good result into a loss.

    ## How to fix it

    Enter the approved weight. If the indicator does not count, clear its whole row.
    """
    for check in submission.failed("W103"):
        found = submission.entries[check.field.name].number
        yield Violation(
            say("{field} should be more than 0; the form says {found}", field=check.field.label, found=found),
            field=check.field.name,
            found=found,
        )


@rule("W104", Severity.WARNING, reads=(WEIGHT,), reads_for=_WITH_EXECUTION, may_read=OF_THE_WEIGHTS)
def weight_concentrated(submission: Submission) -> Iterator[Violation]:
    """One indicator carries half of all points or more.

    The share is the template's setting `concentrated_weight` (0.5) of its `total`. (Choice of this project.) Nothing is
    said where the weights as a whole are off.

    ## Why it matters

    Where one indicator decides the result, the others no longer count, and a single figure makes or breaks the grade.

    ## How to fix it

    Break the indicator down into what can be measured by itself, or share its points out among the others.
    """
    weights = _weights(submission)
    if weights is None or _off(submission):
        return
    total = submission.form.full_score
    limit = (submission.form.exact_setting("concentrated_weight") * total).normalize()
    for row, weight in zip(submission.used_rows, weights, strict=True):
        if weight >= limit:
            yield Violation(
                say(
                    "{field} is {found} of {total} points in all; a single indicator should carry less than {limit}",
                    field=row[WEIGHT].field.label,
                    found=weight,
                    total=total,
                    limit=limit,
                ),
                field=row[WEIGHT].field.name,
                found=weight,
            )


@once_per_submission
def _weights(submission: Submission) -> tuple[Decimal, ...] | None:
    """Return the weight of each used row; None where one is blank, unusable, not above 0 or gone, or there are none."""
    entries = [row[WEIGHT] for row in submission.used_rows if WEIGHT in row]
    weights = tuple([number for entry in entries if (number := entry.number) is not None and number > 0])
    known = bool(entries) and len(weights) == len(entries) and stated_weights(submission) is not None
    return weights if known else None


@once_per_submission
def stated_weights(submission: Submission) -> Decimal | None:
    """Return the sum of the execution weight and the indicators' weights as they stand in the form (points).

    None where a weight that is needed is blank, unusable or not the one that was issued, or where one that is
    lacking may have gone with a row that was deleted, or stand in one that was inserted.
    """
    execution, fields = submission.entry(FUNDS_TOTAL_WEIGHT), submission.layout.fields
    weights = [row[WEIGHT].number for row in submission.used_rows if WEIGHT in row]
    altered = any(fields[name].spec.role in (WEIGHT, FUNDS_WEIGHT) for name in submission.altered)
    if None in weights or altered or (execution is not None and execution.number is None):
        return None
    start = execution.number if execution is not None and execution.number is not None else Decimal(0)
    stated = sum((weight for weight in weights if weight is not None), start)
    return None if stated < submission.form.full_score and _rows_unread(submission) else stated


def _rows_unread(submission: Submission) -> bool:
    """Whether rows of indicators are gone, or rows among them that were not issued hold something."""
    inserted, last = set(submission.alignment.rows.inserted), submission.layout.column_count
    held = submission.sheet.values
    return bool(submission.gone_rows) or any(row in inserted and column <= last for row, column in held)


def _off(submission: Submission) -> bool:
    """Whether the weights do not make the total, by more than the last decimal of a third or a seventh of it."""
    stated = stated_weights(submission)
    return stated is not None and not quantities.agrees(stated, submission.form.full_score, 2)


def _execution_off(submission: Submission) -> bool:
    """Whether the weight of execution in the form is not the template's: another rule says so."""
    stated, due = submission.number(FUNDS_TOTAL_WEIGHT), submission.form.execution_weight
    return stated is not None and due is not None and stated != due


def _lacking(submission: Submission) -> dict[str, Decimal]:
    """Return the weights of the required kinds without any indicator: another rule says that they are missing."""
    used = {next(iter(row.values())).field.level1 for row in submission.used_rows}
    required, weights = submission.form.required_levels, submission.form.level_weights
    return {
        level: weight for level, weight in weights.items() if weight > 0 and level in required and level not in used
    }
