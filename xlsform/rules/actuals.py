"""Targets and actual values: whether they measure anything, and whether they can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, TARGET
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import Target
from xlsform.quantities.units import TIME_NAMES, TIME_UNITS, unit_of
from xlsform.rules.indicators import OF_A_ROW, indicators, shown
from xlsform.rules.registry import rule
from xlsform.submission.submission import Submission

_DIGIT = LazyPattern("[0-9①-⑳½¼¾]")
_NUMERALS = LazyPattern("[零〇一二两三四五六七八九十百千万亿半壹贰叁肆伍陆柒捌玖拾佰仟]+")

#: How people write that nothing happened, where the target is 0.
_NONE = ("无", "未", "没有", "零")

#: What units measure, for those that cannot be taken for one another; counters (个, 次, 户 …) are all one.
_MEASURED = dict.fromkeys(TIME_NAMES, "time") | {
    name: measured
    for measured, names in {
        "length": "公里 千米 延长米 延米 米 厘米 毫米",
        "area": "平方公里 平方千米 平方米 平米 公顷 亩 顷",
        "weight": "吨 公斤 千克 克 斤",
        "count": "人 人次 个 场次 批次 次 家 户 件 项 套 台 辆 座 栋 间 所 处 份 本 册 场 期 批 班 门 村 例 种 起 宗",
        "money": "元",
        "rate": "%",
        "points": "分",
    }.items()
    for name in names.split()
}


@rule("P109", Severity.WARNING, reads=(ACTUAL,), may_read=OF_A_ROW)
def actual_copies_target(submission: Submission) -> Iterator[Violation]:
    """The actual value is an inequality, so nothing was measured.

    `≥95%`, `不少于3次` or `20万元以内` can be a target. What was reached is one figure.

    ## Why it matters

    Whether the target was met cannot be seen; as a rule the target was simply copied.

    ## How to fix it

    Write the figure that was reached: 96%, 735人次, 19.8万元.
    """
    for indicator in indicators(submission):
        if indicator.copied:
            field = indicator.row[ACTUAL].field
            found = shown(indicator.row[ACTUAL])
            message = say(
                "{field} is “{found}”, a comparison as in a target; it should be the figure that was reached",
                field=field.label,
                found=found,
            )
            yield Violation(message, field=field.name)


@rule("P110", Severity.ERROR, reads=(TARGET, ACTUAL), may_read=OF_A_ROW)
def actual_not_comparable(submission: Submission) -> Iterator[Violation]:
    """The actual value cannot be compared with the target.

    An error where the target is a figure and the actual value words without any (已完成 beside 735人次), a mark such as
    / or — included. A warning where it is a figure in a unit of another kind (97% beside 735人次, 20天 beside 20万元)
    or a date. The ministry's grades in words (达成年度指标 …, setting `qualitative_grades`) are accepted, and words
    with a numeral in them are not judged: 一套, 约100个, 提升12%; nor is 无 or 未发生 beside a target of 0. Counters
    (个, 户, 次 …) are not told apart.

    ## Why it matters

    Points for a figure follow from the figure. Without it they are a matter of taste.

    ## How to fix it

    Write the figure that was reached, in the target's unit.
    """
    for indicator in indicators(submission):
        target, actual = indicator.target, indicator.actual
        if target is None or actual is None or indicator.copied or target.kind not in ("number", "range"):
            continue
        apart = _measured_otherwise(actual, target)
        if actual.kind in ("number", "range") and not apart:
            continue
        field, asked = indicator.row[ACTUAL].field, shown(indicator.row[TARGET])
        given = {"field": field.label, "found": shown(indicator.row[ACTUAL]), "target": asked}
        if actual.kind == "word":
            none = target.amount == 0 and actual.text.startswith(_NONE)
            if not (none or _has_numeral(actual.text) or _is_grade(actual.text, submission)):
                message = say("{field} is “{found}”, but the target {target} asks for a figure", **given)
                yield Violation(message, field=field.name)
        elif actual.kind == "date":
            if target.unit not in TIME_UNITS:
                message = say("{field} is the date {found}, but the target {target} asks for a figure", **given)
                yield Violation(message, field=field.name, severity=Severity.WARNING)
        elif apart:
            message = say("{field} is {found}, in another unit than the target {target}", **given)
            yield Violation(message, field=field.name, severity=Severity.WARNING)


def _has_numeral(text: str) -> bool:
    """Whether a text that is no figure holds one all the same: digits, or Chinese numerals before a unit."""
    if _DIGIT.search(text) or _NUMERALS.fullmatch(text):
        return True
    return any(
        quantities.read_target("1" + text[match.end() : match.end() + length]).kind == "number"
        for match in _NUMERALS.finditer(text)
        for length in (1, 2, 3)
        if match.end() < len(text)
    )


def _is_grade(text: str, submission: Submission) -> bool:
    grades = [word for grade in submission.form.setting("qualitative_grades") for word in grade["words"]]
    return text.startswith(tuple(grades)) if grades else False


def _measured_otherwise(actual: Target, target: Target) -> bool:
    """Whether the units of two figures measure different things, beyond doubt."""
    one, other = (_MEASURED.get(unit_of(figure.unit).name, "") for figure in (actual, target))
    return one != other and bool(one and other)


@rule("P111", Severity.WARNING, reads=(INDICATOR_NAME,), may_read=OF_A_ROW)
def impossible_percentage(submission: Submission) -> Iterator[Violation]:
    """A rate that ends at 100 % is given as more, or as less than 0.

    Which rates these are the setting `capped_rates` says, by the end of their names: 合格率, 覆盖率, 满意度, 及时率 …
    完成率, 增长率 and 使用率 are not among them: they can exceed 100 %. Target and actual value are both looked at.

    ## Why it matters

    Of 100 pieces no more than 100 can be sound: the figure or the indicator's name is wrong.

    ## How to fix it

    Check how the rate was worked out, numerator and denominator. If more than 100 % is meant, name the indicator
    accordingly (完成率).
    """
    capped = tuple(submission.form.setting("capped_rates"))
    for indicator in indicators(submission):
        if not indicator.name.endswith(capped):
            continue
        for column, figure in ((TARGET, indicator.target), (ACTUAL, indicator.actual)):
            if figure is None or not _impossible(figure):
                continue
            entry = indicator.row[column]
            message = say(
                "{field} is {found}, but {name} lies between 0% and 100%",
                field=entry.field.label,
                found=shown(entry),
                name=indicator.name,
            )
            yield Violation(message, field=entry.field.name)


def _impossible(figure: Target) -> bool:
    if figure.amount is None:
        return False
    most = figure.upper or figure.amount
    if not figure.unit:
        return most > 100 or figure.amount < 0
    return unit_of(figure.unit).name == "%" and (most > 1 or figure.amount < 0)


@rule("P112", Severity.NOTE, reads=(TARGET,), may_read=OF_A_ROW)
def vague_target(submission: Submission) -> Iterator[Violation]:
    """A target of a kind that can be measured measures nothing.

    Looked at are the kinds of the setting `quantitative_kinds` (数量指标, 时效指标, 成本指标), where the target has no
    figure and holds one of `vague_words` (提升, 较好 …), and satisfaction, where it has no figure at all. 合格, 及时
    and 12月31日前 can be answered with yes or no, and are left alone.

    ## Why it matters

    Nobody can say of such a target that it was missed.

    ## How to fix it

    The target was approved and stays as it is this year. Name a figure when next year's targets are set.
    """
    kinds, vague = submission.form.setting("quantitative_kinds"), submission.form.setting("vague_words")
    for indicator in indicators(submission):
        target = indicator.target
        if target is None or target.kind != "word" or _has_numeral(target.text):
            continue
        field, given = indicator.row[TARGET].field, shown(indicator.row[TARGET])
        if "满意度" in indicator.kinds:
            message = say(
                "{field} is “{target}”; satisfaction is told as a figure (≥90%)", field=field.label, target=given
            )
            yield Violation(message, field=field.name)
        elif indicator.level2 in kinds and any(word in target.text for word in vague):
            message = say(
                "{field} is “{target}”, which cannot be measured; an indicator of this kind needs a figure or a date",
                field=field.label,
                target=given,
            )
            yield Violation(message, field=field.name)


@rule("P116", Severity.NOTE, reads=(TARGET,), may_read=OF_A_ROW)
def category_mismatch(submission: Submission) -> Iterator[Violation]:
    """An indicator stands under a kind that it does not belong to.

    Under quantity: money, either by the unit of its target or by a name that ends with one of `money_names` (金额 …)
    beside a bare figure; rates of pay (元/人) are left alone. Under cost: a rate whose name has nothing of cost in
    it: the words of `cost_words` (节约, 控制, 超支 …) tell a cost.

    ## Why it matters

    Spending the money is not what the money was given for; as a quantity it hides that no output is named.

    ## How to fix it

    Move the indicator to the kind it belongs to, and name an output (a number of things, people, kilometres) in its
    place. Where the targets are locked, do so next year.
    """
    money, cost = tuple(submission.form.setting("money_names")), submission.form.setting("cost_words")
    kinds = submission.form.setting("quantitative_kinds")
    for indicator in indicators(submission):
        target = indicator.target
        if target is None or target.kind not in ("number", "range") or indicator.level2 not in kinds:
            continue
        unit, field = unit_of(target.unit).name, indicator.row.get(INDICATOR_NAME, indicator.row[TARGET]).field
        amount = unit == "元" or (not unit and indicator.name.endswith(money))
        if "数量" in indicator.level2 and amount and not target.per:
            message = say(
                "“{name}” is an amount of money, not a quantity that the project puts out", name=indicator.name
            )
            yield Violation(message, field=field.name)
        elif "成本" in indicator.level2 and unit == "%" and not any(word in indicator.name for word in cost):
            yield Violation(say("“{name}” is a rate, not a cost", name=indicator.name), field=field.name)
