"""Figures that narratives tell again, against those of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import NamedTuple

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import (
    FUNDS,
    FUNDS_BUDGET,
    FUNDS_EXECUTED,
    FUNDS_INITIAL,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    FUNDS_TOTAL_RATE,
    GOAL_EXPECTED,
    PROJECT_NAME,
    TOTAL_SCORE,
    YEAR,
    Role,
)
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import Number
from xlsform.rules.narratives import clean, narratives
from xlsform.rules.registry import rule
from xlsform.rules.totals import OF_THE_TOTAL, known, scores_known
from xlsform.rules.wording import printed_rate
from xlsform.submission.submission import Submission


class _Quantity(NamedTuple):
    """A figure of the table that texts like to repeat."""

    role: Role
    columns: tuple[Role, ...]
    """Columns of the funds table in whose other rows it may be found instead, as that of one source of money."""
    words: str
    """What texts call it, as a regular expression."""
    unit: str
    signs: tuple[str, ...]
    """One of these is in every text that gives it; looked for first, since that is quick."""


_MONEY = "(?:百万元|千元|万元|亿元|元|万(?!元)|亿(?!元))"
_QUANTITIES = (
    _Quantity(
        TOTAL_SCORE,
        (),
        "(?:绩效)?(?:自评|评价|综合)(?:绩效)?总?(?:得分|评分|总分|分数)|(?:项目|总)得分",
        "分",
        ("分",),
    ),
    _Quantity(FUNDS_TOTAL_INITIAL, (FUNDS_INITIAL,), "年初预算(?:数|金额|资金|安排)?", _MONEY, ("年初预算",)),
    _Quantity(
        FUNDS_TOTAL_BUDGET,
        (FUNDS_BUDGET,),
        "(?:全年|调整后的?)预算(?:数|金额|资金|总额)?",
        _MONEY,
        ("全年预算", "调整后"),
    ),
    _Quantity(
        FUNDS_TOTAL_BUDGET,
        (FUNDS_BUDGET, FUNDS_INITIAL),
        "(?:预算安排|安排预算)(?:数|金额|资金)?",
        _MONEY,
        ("预算安排", "安排预算"),
    ),
    _Quantity(
        FUNDS_TOTAL_EXECUTED,
        (FUNDS_EXECUTED,),
        "(?:全年|实际|预算)?执行(?:数|金额|资金)?|(?:全年|全年实际|实际|累计)支出(?:数|金额|资金|总额)?|完成预算(?:数|资金)?",
        _MONEY,
        ("执行", "支出", "完成预算"),
    ),
    _Quantity(
        FUNDS_TOTAL_RATE, (), "(?:预算|资金)?执行率|(?:完成|占)(?:全年|调整后)?预算数?的", "%", ("执行率", "预算")
    ),
)

#: What the figures of a text are compared with, and what tells how to read them.
_LOOKED_AT = (*(quantity.role for quantity in _QUANTITIES), *OF_THE_TOTAL, PROJECT_NAME, YEAR)

#: A figure counts only where its clause begins with its name, after a subject that means the project as a whole.
_BEGINNING = "(?:^|(?<=[,。;!?、()])|(?<=(?:情况|分析|结果|结论|如下):))"
_SUBJECT = (
    "(?:(?:本|该|此)?项目|(?:本|我)(?:单位|部门)|20[0-9]{2}年度?|(?:本|当)年度?"
    "|年度|总体|整体|财政|资金|专项|预算|绩效|共|的)"
)
_VERB = "(?:为|是|:|达到?|共计?|合计|了)?"
_NUMERAL = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
#: What follows a figure that is no exact one, or that is only a part.
_INEXACT = "(?!以[上下内]|左右|[多余几]|用于|用来|[至到~-]|[制值]|钟)"
#: A shorter name of a project may stand in a text without meaning it.
_LEAST_NAME = 3
_SENTENCE = LazyPattern("[。;!?]")
#: Words of a sentence that speaks of a part, another time or another unit.
_ELSEWHERE = LazyPattern(
    "其中|子项|分项|分别|人均|平均|部门整体|整体支出|[去往明次来]年|上一?年|下一?年|季度|[上下]半年|预计|结转|结余"
    "|(?<![0-9])(?:[1-9]|1[01])月"
)
_OTHER_PROJECT = LazyPattern(
    "[^,。;:!?、()本该此度年的体]项目(?!实施|管理|绩效|资金|目标|方案|建设|进度|支出|单位|自评)"
)
_YEAR = LazyPattern("(?<![0-9])((?:19|20)[0-9]{2})(?:年|[-~至])")
#: Words of a sentence in which the points are those of a part.
_PART = LazyPattern("指标|产出|效益|满意度|成本|过程|决策|管理|执行")


@rule("T107", Severity.WARNING, may_read=_LOOKED_AT)
def narrative_figure_differs(submission: Submission) -> Iterator[Violation]:
    """A figure that a narrative gives for the total, the budget, the spending or the execution rate is not the table's.

    Read are 实际完成情况 and the narratives, and in them only what is beyond doubt: a clause that begins, after a
    subject such as 本项目, with 自评得分…分, 年初预算数, 全年预算数, 预算安排, 执行数, 全年支出…万元, 执行率 or
    完成预算的…%. Figures after 其中, of another project or year, of a quarter or a month, with 约, 左右, 以上, and
    figures of which a text gives two, are passed over. A figure agrees if it equals the stated or the exact one,
    rounded or truncated at its own decimals, whatever its unit of money; that of one source of money is right as well.
    (Practice: the seed's 综述.)

    ## Why it matters

    Text and table are published side by side. Where they differ one of them is wrong, and nobody can say which.

    ## How to fix it

    Look up which figure is right, in the accounts if need be, and make the other the same.
    """
    for entry in narratives(submission):
        if entry.field.role == GOAL_EXPECTED:
            continue
        for quantity, told, shown in _told(entry.text, submission):
            due = _due(quantity, submission)
            if due and not any(
                _same(told, figure, quantity, submission) for figure in chain(due, _unrounded(quantity, submission))
            ):
                yield Violation(
                    say(
                        "{field} gives {found} for {quantity}; the table has {expected}",
                        field=entry.field.label,
                        found=shown,
                        quantity=submission.label(quantity.role),
                        expected=_printed(due[0], quantity, submission),
                    ),
                    field=entry.field.name,
                    found=shown,
                    expected=due[0],
                )


def _told(text: str, submission: Submission) -> Iterator[tuple[_Quantity, Number, str]]:
    """Yield the figures of a text that are beyond doubt, with their numbers, as the text has them."""
    name = submission.entry(PROJECT_NAME)
    project = quantities.normalize_text(name.text) if name is not None else ""
    folded = clean(text)
    if len(project) >= _LEAST_NAME:
        folded = folded.replace(project, "本项目").replace("本项目项目", "本项目")
    sentences = _SENTENCE.split(folded)
    for quantity in _QUANTITIES:
        if submission.entry(quantity.role) is None or not any(sign in folded for sign in quantity.signs):
            continue
        pattern = _pattern(quantity.words, quantity.unit)
        told = {
            match["figure"]
            for sentence in sentences
            if any(sign in sentence for sign in quantity.signs)
            for match in pattern.finditer(sentence, 0, _end_of_whole(sentence, quantity, submission))
        }
        shown = told.pop() if len(told) == 1 else ""
        number = quantities.read_number(shown)
        if number is not None:
            yield quantity, number, shown


@cache
def _pattern(words: str, unit: str) -> re.Pattern[str]:
    return re.compile(f"{_BEGINNING}{_SUBJECT}{{0,4}}?(?:{words}){_VERB}(?P<figure>{_NUMERAL}{unit}){_INEXACT}")


def _end_of_whole(sentence: str, quantity: _Quantity, submission: Submission) -> int:
    """Return how far a sentence speaks of the project as a whole in the form's year."""
    year = submission.number(YEAR)
    patterns = [_ELSEWHERE, _OTHER_PROJECT, *([_PART] if quantity.role == TOTAL_SCORE else [])]
    ends = [match.start() for pattern in patterns if (match := pattern.search(sentence))]
    ends += [match.start() for match in _YEAR.finditer(sentence) if year is None or int(match[1]) != year]
    return min(ends, default=len(sentence))


def _due(quantity: _Quantity, submission: Submission) -> list[Decimal]:
    """Return the figures that a text may give for a quantity, the table's own first; none where it is not known."""
    role, own = quantity.role, submission.number(quantity.role)
    if quantity.columns:
        found = [own, *_of_any_source(quantity, submission)] if own is not None else []
    elif scores_known(submission) if role == TOTAL_SCORE else known(submission, role):
        found = [own, _figure(submission.result(role))]
    else:
        found = []
    return [figure for figure in found if figure is not None]


def _of_any_source(quantity: _Quantity, submission: Submission) -> Iterator[Decimal | None]:
    """Yield the amounts that stand in the columns of a quantity, row by row."""
    for row in submission.layout.rows_of(FUNDS):
        yield from (submission.entries[row[column].name].number for column in quantity.columns if column in row)


def _unrounded(quantity: _Quantity, submission: Submission) -> Iterator[Decimal]:
    """Yield what a computed quantity is without rounding; asked last, since it has to be worked out."""
    exact = None if quantity.columns else _figure(submission.exact_result(quantity.role))
    if exact is not None:
        yield exact


def _figure(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _same(told: Number, figure: Decimal, quantity: _Quantity, submission: Submission) -> bool:
    """Whether a figure of a text is one of the table, at the text's decimals, in either's unit."""
    if quantity.unit == "%":
        return quantities.agrees(told.value, figure, told.decimals + 2, most=4)
    if quantity.unit != _MONEY:
        return quantities.agrees(told.value, figure, told.decimals)
    theirs, ours = (quantities.in_base(Decimal(1), unit) for unit in (told.unit, submission.form.money_unit))
    converted = told.value * theirs / ours
    return quantities.agrees(told.value, figure * ours / theirs, told.decimals) or quantities.agrees(
        converted, figure, quantities.decimals_of(converted)
    )


def _printed(figure: Decimal, quantity: _Quantity, submission: Submission) -> str:
    if quantity.unit == "%":
        return printed_rate(figure)
    return f"{figure:f}{submission.form.money_unit if quantity.unit == _MONEY else quantity.unit}"
