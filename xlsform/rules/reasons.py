"""Reasons: what the last column of an indicator says of lost points and of results far from the target."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, REASON, SCORE, TARGET, WEIGHT
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.quantities.units import unit_of
from xlsform.rules.indicators import OF_A_ROW, Indicator, indicators, shown
from xlsform.rules.registry import rule
from xlsform.rules.wording import percent
from xlsform.submission.submission import Submission

_ENDS = LazyPattern(r"[。;；,，!！?？]|但是?|然而|不过")
#: Before a word of failure in the same clause: it did not happen, or not to this indicator, or is to be prevented.
_DENIED = LazyPattern(
    r"无(?!法)|没有|不存在|不会|不再|未(?:发现|出现|发生|造成|产生|有|因|受)|并非|不影响|避免|防止|杜绝|防范|克服|减少|消除|解决|以免|如果|"
    r"如遇|如有|若(?!干)|上年|去年|往年|以前年度|今后|设定|设置|测算"
)
#: After it: it was made good.
_MADE_GOOD = LazyPattern(
    r"(?<![未没有不能])(?:已|均|最终|仍|后)[^。;；未没不]{0,8}(?:完成|补|解决|整改|到位|赶上|追回|达标)|(?:按期|如期|按时)完成|赶上|追回"
)
#: A target that was set too low explains a result that is far above it.
_SET_LOW = LazyPattern(r"(?:指标|目标|预期|预算|计划|标准)值?(?:的)?[^。;；,，完率]{0,6}\Z")


def _says_nothing(indicator: Indicator, submission: Submission) -> bool:
    """Whether a row's reason is blank or empty words; not where its cell is gone or unusable."""
    reason = indicator.row.get(REASON)
    if reason is None or reason.position is None or reason.problem is not None:
        return False
    return quantities.says_nothing(reason.text) or normalize_text(reason.text) in submission.form.setting(
        "empty_reasons"
    )


@rule("P102", Severity.WARNING, reads=(INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE, REASON), may_read=OF_A_ROW)
def points_lost_though_met(submission: Submission) -> Iterator[Violation]:
    """The target is met, yet points were taken off without a word why.

    Met is a figure or a date at least as good as the target, and the target's own word given as the result. The
    reason is blank or says nothing. P106 and P107, which ask for reasons, are silent then: one cause, one finding.

    ## Why it matters

    Either the unit gave away points, or it knows of a fault that the row does not tell.

    ## How to fix it

    Give full points, or say what was wrong although the figure was reached.
    """
    for indicator in indicators(submission):
        if indicator.lost and indicator.met and _says_nothing(indicator, submission):
            field = indicator.row[SCORE].field
            message = say(
                "{field} is {score} of {weight} and no reason is given, although {actual} meets the target {target}",
                field=field.label,
                score=indicator.score,
                weight=indicator.weight,
                actual=shown(indicator.row[ACTUAL]),
                target=shown(indicator.row[TARGET]),
            )
            yield Violation(message, field=field.name, found=indicator.score, expected=indicator.weight)


@rule("P106", Severity.ERROR, reads=(WEIGHT, SCORE, REASON), may_read=OF_A_ROW, of_checks=True)
def reason_missing(submission: Submission) -> Iterator[Violation]:
    """Points were lost and the reason is blank.

    得分 < 分值 needs a word in 偏差原因分析及改进措施. Where the target is met all the same, P102 speaks instead.

    ## Why it matters

    The reasons are what the evaluation is made for: next year's budget is decided by them.

    ## How to fix it

    Write what kept the target from being reached, and what will be done about it.
    """
    blank = {check.field.name for check in submission.failed("P106")}
    for indicator in indicators(submission):
        reason = indicator.row.get(REASON)
        if reason is None or reason.field.name not in blank or reason.position is None:
            continue
        if indicator.lost and not indicator.met:
            message = say(
                "{field} is blank, although the score is {score} of {weight}: say why, and what will be done about it",
                field=reason.field.label,
                score=indicator.score,
                weight=indicator.weight,
            )
            yield Violation(message, field=reason.field.name)


@rule("P107", Severity.ERROR, reads=(WEIGHT, SCORE, REASON), may_read=OF_A_ROW)
def reason_empty_words(submission: Submission) -> Iterator[Violation]:
    """Points were lost and the reason says nothing.

    无, 0, -, /, 同上, 已完成 and their like are no reason, nor is what the template's setting `empty_reasons` adds.
    Where the target is met all the same, P102 speaks instead.

    ## Why it matters

    As for a blank reason: nobody learns from it why the target was missed.

    ## How to fix it

    Write what kept the target from being reached, and what will be done about it, for each row on its own.
    """
    for indicator in indicators(submission):
        if not indicator.lost or indicator.met or not _says_nothing(indicator, submission):
            continue
        reason = indicator.row[REASON]
        if not reason.blank:
            message = say(
                "{field} says only “{found}”, although the score is {score} of {weight}: say why, and what will be "
                "done about it",
                field=reason.field.label,
                found=shown(reason),
                score=indicator.score,
                weight=indicator.weight,
            )
            yield Violation(message, field=reason.field.name)


@rule("P108", Severity.WARNING, reads=(INDICATOR_NAME, TARGET, ACTUAL, REASON), may_read=OF_A_ROW)
def over_achieved_unexplained(submission: Submission) -> Iterator[Violation]:
    """The result is far above the target, and nothing is said of it.

    From `over_achievement` (1.2: 120 %) times a target that asks for at least so much, a reason is expected. The
    ministry names no figure; Guangxi makes 130 % compulsory; a template sets its own. Not meant are rates that end at
    100 % (`capped_rates`, and a share of up to 100 % against a target from 50 % on), costs, and figures that
    cannot be compared beyond doubt.

    ## Why it matters

    A target that is exceeded several times over was set too low, or the result is a slip: 150 for 15.0.

    ## How to fix it

    Check the actual value. If it is right, say how it came about, and set next year's target accordingly.
    """
    limit = submission.form.exact_setting("over_achievement")
    for indicator in indicators(submission):
        ratio = _over_achieved(indicator, limit, submission)
        reason = indicator.row.get(REASON)
        if ratio is None or reason is None or indicator.lost or not _says_nothing(indicator, submission):
            continue
        message = say(
            "{actual} is {ratio} of the target {target}; from {limit} on a reason is expected in {field}",
            actual=shown(indicator.row[ACTUAL]),
            ratio=percent(ratio),
            target=shown(indicator.row[TARGET]),
            limit=percent(limit),
            field=reason.field.label,
        )
        yield Violation(message, field=reason.field.name)


def _over_achieved(indicator: Indicator, limit: Decimal, submission: Submission) -> Decimal | None:
    """Return actual ÷ target where that is far beyond what is asked for, else None."""
    outcome, target, actual = indicator.outcome, indicator.target, indicator.actual
    if outcome is None or outcome.verdict != "over" or outcome.ratio is None or outcome.ratio < limit:
        return None
    if (
        target is None
        or target.amount is None
        or indicator.name.endswith(tuple(submission.form.setting("capped_rates")))
    ):
        return None
    rates = {unit_of(figure.unit).name for figure in (target, actual) if figure is not None}
    whole = Decimal(1) if "%" in rates else Decimal(100) if rates == {""} and indicator.name.endswith("率") else None
    if whole is not None and target.amount >= whole / 2 and target.amount * outcome.ratio <= whole:
        return None
    return outcome.ratio


@rule("P113", Severity.WARNING, reads=(TARGET, ACTUAL, WEIGHT, SCORE, REASON), may_read=OF_A_ROW)
def reason_contradicts_score(submission: Submission) -> Iterator[Violation]:
    """Full points, yet the reason tells of failure.

    The words are those of the setting `failure_words` (未完成, 未达到, 滞后 …). They do not count where the clause
    denies them (无滞后, 未发现, 避免), speaks of another year, or goes on to say that it was made good; nor where a
    target that was set too low explains a result far above it. Where P103 or P105 finds the points too high already,
    this rule is silent.

    ## Why it matters

    Reason and points contradict each other; a reader will believe the reason.

    ## How to fix it

    Take off the points that the failure cost, or correct the reason if it belongs to another row.
    """
    limit = submission.form.exact_setting("over_achievement")
    words = tuple(submission.form.setting("failure_words"))
    for indicator in indicators(submission):
        reason = indicator.row.get(REASON)
        if reason is None or not indicator.full or indicator.missed:
            continue
        clause = _failure(normalize_text(reason.text), words) if reason.text else None
        if clause is not None and not _over_achieved(indicator, limit, submission):
            message = say(
                "{field} tells of “{clause}”, although the score is the full {weight}",
                field=reason.field.label,
                clause=clause,
                weight=indicator.weight,
            )
            yield Violation(message, field=reason.field.name)


def _failure(text: str, words: tuple[str, ...]) -> str | None:
    """Return the first clause of a reason that tells of failure, or None."""
    if not any(word in text for word in words):
        return None
    start = 0
    for end in [*(match.start() for match in _ENDS.finditer(text)), len(text)]:
        for word in words:
            place = text.find(word, start, end)
            if place < 0:
                continue
            before, after = text[start:place], text[place + len(word) :]
            low = word.endswith("低") and _SET_LOW.search(before)
            if not (low or _DENIED.search(before) or _MADE_GOOD.search(after.partition("。")[0])):
                return _ENDS.sub("", text[start:end])
        start = end
    return None
