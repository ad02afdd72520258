"""Execution: the rate, its weight and its score."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.layout import Field
from xlsform.form.vocabulary import (
    FUNDS,
    FUNDS_BUDGET,
    FUNDS_EXECUTED,
    FUNDS_RATE,
    FUNDS_SCORE,
    FUNDS_TOTAL,
    FUNDS_WEIGHT,
    Role,
)
from xlsform.messages import Message, say
from xlsform.rules.money import disputed
from xlsform.rules.registry import rule
from xlsform.rules.wording import content_of, printed_rate
from xlsform.spreadsheet.values import CellError
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

#: A rate above this may be the figure before a % that was not typed, 98 for 98 %; one of _SURELY or more is.
_LARGEST_RATE = Decimal("1.5")
_SURELY = 10
_LEAST_DECIMALS, _MOST_DECIMALS = 2, 4
"""A rate is compared at whole per cents at least, and at two decimals of a per cent at most."""


def _computed(submission: Submission, column: Role) -> Iterator[Field]:
    """Yield the computed fields of a column of the funds table that can be judged, in files that show no formulas.

    Where formulas can be seen, S106, S107 and S108 speak; of rows with spending and no budget, M104 does.
    """
    if submission.shows_formulas:
        return
    doubtful = disputed(submission) | submission.missing
    for name in submission.layout.computed:
        item = submission.layout.fields[name]
        if item.spec.role != column:
            continue
        typed = {
            other
            for other in submission.layout.computed_references[name]
            if submission.layout.fields[other].spec.kind == "input"
        }
        without_budget = submission.results.computed[name] == "" and submission.number_beside(item, FUNDS_EXECUTED)
        entry = submission.entries[name]
        # A formula that was never calculated has no result to be wrong: F110 tells of it.
        never_calculated = entry.formula is not None and entry.raw is None
        known = entry.position is not None and not without_budget and not never_calculated
        if known and not doubtful & typed:
            yield item


def _blank(entry: Entry) -> bool:
    return entry.blank or (isinstance(entry.raw, str) and quantities.is_blank_mark(entry.raw))


def _shown(entry: Entry) -> object:
    if entry.number is not None:
        return entry.number
    if _blank(entry):
        return say("nothing")
    return entry.raw.text if isinstance(entry.raw, CellError) else str(entry.raw).strip()


def _readings(entry: Entry) -> list[tuple[Decimal, int]]:
    """Return what a stated rate can mean, likeliest first, each with its decimals as a rate."""
    number, decimals = entry.number, entry.decimals
    if number is None:
        return []
    bare = (number.scaleb(-2), decimals + 2)
    if number >= _SURELY:
        return [bare]
    return [(number, decimals), bare] if number > _LARGEST_RATE else [(number, decimals)]


def _rate_agrees(submission: Submission, name: str) -> bool:
    """Whether a stated rate is what the formula gives."""
    entry, result, exact = submission.entries[name], submission.results.computed[name], submission.exact[name]
    readings = _readings(entry)
    if not (isinstance(result, Decimal) and isinstance(exact, Decimal)):
        return not entry.number and not isinstance(entry.raw, CellError)
    if not readings:
        return _blank(entry) and entry.field.row_role != FUNDS_TOTAL
    return any(
        stated == result or quantities.agrees(stated, exact, max(decimals, _LEAST_DECIMALS), _MOST_DECIMALS)
        for stated, decimals in readings
    )


@rule("M105", Severity.ERROR, reads=(FUNDS_RATE,), may_read=(FUNDS_BUDGET, FUNDS_EXECUTED))
def execution_rate_off(submission: Submission) -> Iterator[Violation]:
    """执行率 is not 全年执行数 ÷ 全年预算数.

    Of each row of the funds table. It is the adjusted budget that counts, never 年初预算数 (practice). The rate may be
    rounded or truncated at the decimals that it is printed with: 97.83 % may stand as 97.8 % or 98 %. Without a budget
    it stays blank. On the rows below the total it may be left out.

    Only files whose formulas cannot be seen (.xls, .et, .ods) and forms that were not issued (S116) are judged here;
    elsewhere the cell calculates itself, and S106, S107 or S108 say when it was changed.

    ## Why it matters

    The execution score follows from the rate, and auditors work it out again.

    ## How to fix it

    Divide 全年执行数 by 全年预算数 of the same row. In the workbook as issued this is done by itself.
    """
    for item in _computed(submission, FUNDS_RATE):
        if _rate_agrees(submission, item.name):
            continue
        entry, result = submission.entries[item.name], submission.results.computed[item.name]
        stated = next((number for number, _ in _readings(entry)), None)
        found = printed_rate(stated) if stated is not None else _shown(entry)
        if isinstance(result, Decimal):
            message = say(
                "{field} should be {expected} ({executed} ÷ {budget}); the form says {found}",
                field=item.label,
                expected=printed_rate(result),
                executed=submission.number_beside(item, FUNDS_EXECUTED) or 0,
                budget=submission.number_beside(item, FUNDS_BUDGET) or 0,
                found=found,
            )
        else:
            message = _should_be_blank(item, found)
        expected = result if isinstance(result, Decimal) else None
        yield Violation(
            message, field=item.name, found=content_of(entry) if stated is None else stated, expected=expected
        )


def _should_be_blank(item: Field, found: object) -> Message:
    return say(
        "{field} should be blank, since there is no budget; the form says {found}", field=item.label, found=found
    )


@rule("M106", Severity.ERROR, reads=(FUNDS_SCORE,), may_read=(FUNDS_RATE, FUNDS_WEIGHT, FUNDS_EXECUTED))
def execution_score_off(submission: Submission) -> Iterator[Violation]:
    """The score for execution is not what the execution rate gives.

    执行率得分 is the rate, capped at 100 %, times the 分值 that the form prints, to two decimals. (Law, printed on the
    2016 form: "执行率*该指标分值,最高不得超过分值上限".) A template may give it in steps. A score rounded to a whole
    point (9 for 8.62) is a warning. Without a budget it stays blank. The rule is silent where M105 finds the rate
    itself wrong, since the score follows from it.

    Only files whose formulas cannot be seen (.xls, .et, .ods) and forms that were not issued (S116) are judged here;
    elsewhere the cell calculates itself, and S106, S107 or S108 say when it was changed.

    ## Why it matters

    Ten of the hundred points come from this one figure, and it is the only score that leaves no room for judgement.

    ## How to fix it

    Multiply the execution rate by the 分值 of the row: 98.00% × 10 = 9.80. Not more than the 分值.
    """
    for item in _computed(submission, FUNDS_SCORE):
        name, rate = item.name, submission.beside(item, FUNDS_RATE)
        stated_rate = rate is not None and rate.number is not None and rate.field.name in submission.layout.computed
        if rate is not None and stated_rate and not _rate_agrees(submission, rate.field.name):
            continue
        entry, result, exact = submission.entries[name], submission.results.computed[name], submission.exact[name]
        stated = entry.number
        if not (isinstance(result, Decimal) and isinstance(exact, Decimal)):
            if stated or isinstance(entry.raw, CellError):
                yield Violation(
                    _should_be_blank(item, _shown(entry)),
                    field=name,
                    found=content_of(entry) if stated is None else stated,
                )
        elif stated is None:
            yield _score(submission, item, result)
        elif stated != result and not quantities.agrees(stated, exact, entry.decimals):
            rounded = quantities.whole_point(stated, exact)
            yield _score(submission, item, result, Severity.WARNING if rounded else None)


def _score(submission: Submission, item: Field, expected: Decimal, severity: Severity | None = None) -> Violation:
    """Return the violation of a score that is not as expected; how it follows, where that is a simple product."""
    entry = submission.entries[item.name]
    beside, printed = submission.beside(item, FUNDS_RATE), submission.beside(item, FUNDS_WEIGHT)
    rate = submission.results.computed.get(beside.field.name) if beside else None
    weight = _printed(printed.field) if printed else None
    points, found = f"{expected:.2f}", _shown(entry)
    if submission.form.setting("execution_method") == "proportional" and weight and isinstance(rate, Decimal):
        message = say(
            "{field} should be {expected} ({rate} × {weight}); the form says {found}",
            field=item.label,
            expected=points,
            rate=printed_rate(min(rate, Decimal(1))),
            weight=weight,
            found=found,
        )
    else:
        message = say(
            "{field} should be {expected}; the form says {found}", field=item.label, expected=points, found=found
        )
    return Violation(message, field=item.name, found=content_of(entry), expected=expected, severity=severity)


def _printed(item: Field) -> Decimal | None:
    value = item.spec.value
    return None if value is None or isinstance(value, str) else Decimal(str(value))


def _is_printed_weight(item: Field) -> bool:
    return item.spec.role == FUNDS_WEIGHT and _printed(item) is not None


@rule("M107", Severity.ERROR, reads=(FUNDS_WEIGHT,))
def execution_weight_off(submission: Submission) -> Iterator[Violation]:
    """The 分值 of execution is not the one that the form prints.

    The ministry gives execution 10 points (law: 财预〔2020〕10号); a province's template may print another number. The
    cell is locked, so whatever else stands there was typed over it. The score is still judged by the printed 分值.

    ## Why it matters

    With another weight the points no longer add up to 100, and the score cannot be compared with other projects'.

    ## How to fix it

    Put the printed 分值 back. If your office shares out the points otherwise, ask it for a form that prints them so.
    """
    for entry in submission.where(_is_printed_weight):
        item, name, expected = entry.field, entry.field.name, _printed(entry.field)
        if entry.position is not None and entry.number != expected:
            yield Violation(
                say(
                    "{field} should be {expected}, as the form prints it; the form says {found}",
                    field=item.label,
                    expected=expected,
                    found=_shown(entry),
                ),
                field=name,
                found=content_of(entry),
                expected=expected,
            )


def _is_marked_blank(item: Field) -> bool:
    """Whether a form prints — where only the total row has points."""
    printed = item.spec.value
    return (
        item.spec.role in (FUNDS_WEIGHT, FUNDS_SCORE) and isinstance(printed, str) and quantities.is_blank_mark(printed)
    )


@rule("M108", Severity.WARNING, reads=(FUNDS,))
def score_on_source_row(submission: Submission) -> Iterator[Violation]:
    """A weight or score stands on a row of 其中.

    On 当年财政拨款, 上年结转资金 and 其他资金 the form prints — for 分值 and 得分 (law: the ministry's form). A number
    there is found; another mark for "not applicable" (- or /), or none, is no fault.

    ## Why it matters

    Execution is scored once, on 年度资金总额. Points on the other rows would count it twice.

    ## How to fix it

    Put — back into the cell.
    """
    for entry in submission.where(_is_marked_blank):
        item, name, printed = entry.field, entry.field.name, entry.field.spec.value
        if entry.number is not None:
            yield Violation(
                say(
                    "{field} is {found}; only the total row has a weight and a score, here the form prints {printed}",
                    field=item.label,
                    found=entry.number,
                    printed=printed,
                ),
                field=name,
                found=entry.number,
                expected=printed,
            )
