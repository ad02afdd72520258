"""Points of the indicators: scores against weights, targets and actual values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, REASON, SCORE, TARGET, TOTAL_SCORE, WEIGHT
from xlsform.messages import Message, say
from xlsform.quantities import normalize_text
from xlsform.rules.indicators import OF_A_ROW, Indicator, indicators, shown
from xlsform.rules.registry import rule
from xlsform.rules.wording import percent, points
from xlsform.submission.submission import Submission

_LEAST_MEASURED = 3


class _Result(NamedTuple):
    """What one accepted formula gives."""

    exact: Decimal
    how: str
    """``98.33% × 20``."""


def _results(indicator: Indicator, submission: Submission) -> list[_Result]:
    """Return what the accepted formulas give for a target that was missed, the highest first; none for dates."""
    outcome, weight = indicator.outcome, indicator.weight
    if outcome is None or outcome.excess is None or indicator.target is None:
        return []
    if outcome.ratio is None:
        return [_Result(Decimal(0), f"0% × {weight:f}")] if indicator.target.amount == 0 else []
    shares = [max(outcome.ratio, Decimal(0))]
    if outcome.excess > 0:
        accepted = {"ratio": 1 / outcome.ratio, "linear": max(2 - outcome.ratio, Decimal(0))}
        shares = sorted((accepted[name] for name in submission.form.setting("reverse")), reverse=True)
    return [_Result(share * weight, f"{percent(share)} × {weight:f}") for share in shares]


def _told(results: list[_Result]) -> Message:
    """Return what a score should be: ``19.67 (98.33% × 20)``, or both figures where two formulas are accepted."""
    first, *others = dict.fromkeys((points(result.exact), result.how) for result in results)
    message = say("{score} ({how})", score=first[0], how=first[1])
    for score, how in others:
        message = say("{one} or {other}", one=message, other=say("{score} ({how})", score=score, how=how))
    return message


def _agrees(indicator: Indicator, results: list[_Result]) -> bool:
    decimals = indicator.row[SCORE].decimals
    return any(quantities.agrees(indicator.score, result.exact, decimals) for result in results)


@rule("P101", Severity.ERROR, reads=(WEIGHT,), of_checks=True)
def score_over_weight(submission: Submission) -> Iterator[Violation]:
    """A score is higher than its weight.

    得分 lies between 0 and 分值 of the same row, however far the target was exceeded. Where the weight itself is 0
    or less, W103 speaks instead.

    ## Why it matters

    More points than a row can have lift the total, and can make it more than 100.

    ## How to fix it

    Give at most the weight. If the weight was mistyped, correct the weight.
    """
    for check in submission.failed("P101"):
        score, weight = submission.entries[check.field.name].number, submission.number_beside(check.field, WEIGHT)
        if score is None or weight is None or weight <= 0:
            continue
        message = say(
            "{field} is {score}, more than the weight {weight} of its row",
            field=check.field.label,
            score=score,
            weight=weight,
        )
        yield Violation(message, field=check.field.name, found=score, expected=weight)


@rule("P103", Severity.ERROR, reads=(INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE), may_read=OF_A_ROW)
def full_points_though_missed(submission: Submission) -> Iterator[Violation]:
    """The target is missed, yet the row has full points.

    Compared are figures and dates that can be read beyond doubt, in units of one kind. A bare figure asks for at
    least so much, in a cost or for what should be little (`less_is_better`) for at most so much; = is missed in both
    directions. A bare term under 时效指标, a bare 控制率 and the like (`either_way`) can mean either, and more than a
    range asks for can be welcome: there nothing is said. Nor is it where the share is so near to 1 that full points
    are right to two decimals. Words are P105's affair.

    ## Why it matters

    Points that were not earned are the commonest fault of self-evaluations, and what an audit looks for first.

    ## How to fix it

    Give the points that follow from the result, and say in the last column why the target was missed. If the target
    was met after all, correct the actual value.
    """
    for indicator in indicators(submission):
        if not (indicator.missed and indicator.full) or _by_words(indicator):
            continue
        results = _results(indicator, submission)
        if _agrees(indicator, results):
            continue
        given = {"actual": shown(indicator.row[ACTUAL]), "target": shown(indicator.row[TARGET])}
        field = indicator.row[SCORE].field
        if results:
            message = say(
                "{field} should be {expected}, not full points: {actual} misses the target {target}",
                field=field.label,
                expected=_told(results),
                **given,
            )
        else:
            message = say(
                "{field} should not be full points: {actual} misses the target {target}", field=field.label, **given
            )
        expected = points(results[0].exact) if results else None
        yield Violation(message, field=field.name, found=indicator.score, expected=expected)


def _by_words(indicator: Indicator) -> bool:
    return indicator.actual is not None and indicator.actual.kind == "word"


@rule("P104", Severity.ERROR, reads=(INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE), may_read=OF_A_ROW)
def score_off_ratio(submission: Submission) -> Iterator[Violation]:
    """The target is missed in part, and the score does not follow from the part that was reached.

    Not met gives 完成值 ÷ 指标值 × 分值, to two decimals. Where less is better (≤), practice knows two formulas:
    指标值 ÷ 完成值 × 分值, and 分值 × (1 − overrun ÷ 指标值) down to 0. The template's setting `reverse` names which it
    accepts: `ratio`, `linear` or both. A target of 0 that is missed gives 0.

    An error where the score is above what every accepted formula gives, a warning where it is below, or where it is
    only rounded to a whole point. A score rounded or truncated at the decimals it is written with is right. Full
    points are P103's affair, and what is compared is told there.

    ## Why it matters

    The same result has to give the same points in every unit, or totals cannot be compared.

    ## How to fix it

    Give the points that the message names, and adjust the total.
    """
    for indicator in indicators(submission):
        results = _results(indicator, submission) if indicator.missed and indicator.lost else []
        if not results or _agrees(indicator, results):
            continue
        score = indicator.score
        above, below = score > results[0].exact, score < results[-1].exact
        if not above and not below:
            continue
        rounded = any(quantities.whole_point(score, result.exact) for result in results)
        field = indicator.row[SCORE].field
        message = say(
            "{field} should be {expected} for {actual} against the target {target}; the form says {found}",
            field=field.label,
            expected=_told(results),
            actual=shown(indicator.row[ACTUAL]),
            target=shown(indicator.row[TARGET]),
            found=score,
        )
        yield Violation(
            message,
            field=field.name,
            found=score,
            expected=points(results[0 if above else -1].exact),
            severity=Severity.WARNING if below or rounded else None,
        )


@rule("P105", Severity.WARNING, reads=(WEIGHT, SCORE), may_read=(*OF_A_ROW, REASON))
def score_outside_band(submission: Submission) -> Iterator[Violation]:
    """A grade in words was chosen, and the score lies outside its band.

    The ministry grades what cannot be measured in three steps: 达成年度指标 100–80 % of the weight,
    部分达成年度指标并具有 一定效果 80–60 %, 未达成年度指标且效果较差 60–0 %. The template's setting
    `qualitative_grades` has the wordings and the bands; the ends belong to both neighbours. Only the whole wording
    counts, as the actual value or as the first words of the reason, and not where figures can be compared.

    ## Why it matters

    Grade and points tell the same thing; where they differ one of them is wrong.

    ## How to fix it

    Give points within the band, or choose the grade that fits the points.
    """
    for indicator in indicators(submission):
        grade = _grade(indicator, submission)
        if grade is None or indicator.score > indicator.weight:
            continue
        name, low, high = grade
        least, most = (points(share * indicator.weight).normalize() for share in (low, high))
        if least <= points(indicator.score) <= most:
            continue
        field = indicator.row[SCORE].field
        message = say(
            "“{grade}” gives from {least} to {most} points of {weight}; {field} is {found}",
            grade=name,
            least=least,
            most=most,
            weight=indicator.weight,
            field=field.label,
            found=indicator.score,
        )
        yield Violation(message, field=field.name, found=indicator.score, expected=f"{least:f}–{most:f}")


def _grade(indicator: Indicator, submission: Submission) -> tuple[str, Decimal, Decimal] | None:
    """Return the grade in words of a row, with the band of its points as shares of the weight."""
    if indicator.measured:
        return None
    texts = [indicator.row[column].text for column in (ACTUAL, REASON) if column in indicator.row]
    first_words = [_first_words(text) for text in texts]
    for text in first_words:
        for grade in submission.form.setting("qualitative_grades"):
            if text in grade["words"]:
                return text, _share(grade, "from"), _share(grade, "to")
    return None


def _first_words(text: str) -> str:
    """Return a text folded, up to its first stop; of a comma within a wording the first half is one too."""
    folded = normalize_text(text)
    for stop in ",;。.:!":
        folded = folded.partition(stop)[0]
    return folded


def _share(grade: Mapping[str, Any], end: str) -> Decimal:
    return Decimal(str(grade[end]))


@rule("P115", Severity.NOTE, reads=(INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE), may_read=(*OF_A_ROW, TOTAL_SCORE))
def uniform_perfection(submission: Submission) -> Iterator[Violation]:
    """Every indicator was met exactly, not more and not less, and has full points.

    At least `uniform_rows` rows (5) are in use, three of them at least with figures; each figure equals its target,
    each word answers it, and no row lost a point. A row that cannot be compared silences the rule.

    ## Why it matters

    It can be true of a project that pays fixed sums to fixed numbers of people. More often the targets were copied
    into the column of results.

    ## How to fix it

    Compare the actual values with the records. If they are right, leave them.
    """
    rows = indicators(submission)
    measured = [each for each in rows if each.measured]
    if len(rows) < submission.form.setting("uniform_rows") or len(measured) < _LEAST_MEASURED:
        return
    exactly = all(each.outcome is not None and not each.outcome.excess for each in measured)
    if exactly and all(each.met and each.full for each in rows):
        total = submission.entry(TOTAL_SCORE) or rows[0].row[SCORE]
        message = say(
            "all {count} indicators met their targets exactly, with full points; are these the results?",
            count=len(rows),
        )
        yield Violation(message, field=total.field.name)
