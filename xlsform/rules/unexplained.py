"""Money that needs a word of explanation: a low execution rate, a budget much adjusted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import (
    FUNDS_CARRYOVER_BUDGET,
    FUNDS_CARRYOVER_INITIAL,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    FUNDS_TOTAL_RATE,
    REASON,
)
from xlsform.messages import say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.rules.money import disputed
from xlsform.rules.narratives import project_texts
from xlsform.rules.registry import rule
from xlsform.rules.wording import printed_rate
from xlsform.submission.submission import Submission

_MONEY = LazyPattern("执行|预算|支付|支出|资金|经费|拨付|拨款|付款|款项")
_CAUSE = LazyPattern(
    "因|由于|原因|导致|造成|影响|未能|未完|未及|未到|未支|不能|不足|没有|无法|不准|滞后|缓慢|较慢|偏低|疫情|汛期|灾"
    "|节约|节省|节支|结余|结转|结算|减少|压缩|压减|调减|核减|取消|跨年|招标|中标|验收|尚|还需|正在|待|剩余"
)
#: These explain money that was not spent, whatever else a text says.
_DELAYED = LazyPattern(
    "推迟|延期|延迟|延误|滞后|停工|缓建|暂停|未开工|未实施|未完工|尾款|质保金|结转|结余|跨年|未支付|未拨付"
)
_ADJUSTED = LazyPattern("追加|调增|调减|调整|核减|核增|压减|压缩|收回|年中|新增|增加|减少|追减|统筹|上级下达|结转")


def _explained(submission: Submission, at_once: LazyPattern[str]) -> bool:
    """Whether the form says anything that may be the reason; in doubt it does."""
    if any(REASON in row and not quantities.says_nothing(row[REASON].text) for row in submission.rows):
        return True
    texts = [normalize_text(entry.text) for entry in project_texts(submission)]
    return any(at_once.search(text) or (_MONEY.search(text) and _CAUSE.search(text)) for text in texts)


@rule("M109", Severity.WARNING, reads=(FUNDS_TOTAL_RATE,), may_read=(FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED, REASON))
def low_execution_unexplained(submission: Submission) -> Iterator[Violation]:
    """The execution rate is low, and nothing in the form says why.

    Low is below the setting `low_execution_rate`, 90 % (practice). The form says why if any row of indicators has a
    reason that says something, or if a goal or narrative speaks of money (执行, 预算, 支付, 资金 …) together with a
    cause (因, 影响, 滞后, 结转, 节约 …), or of a delay. In doubt the rule is silent.

    ## Why it matters

    Unspent money is the first thing that the reviewing office asks about, and what next year's budget is cut by.

    ## How to fix it

    Say in 实际完成情况 or in a row's 偏差原因 why the money was not spent and what will be done: work delayed, a
    payment due next year, a saving by tender.
    """
    rate = submission.result(FUNDS_TOTAL_RATE)
    least = submission.form.exact_setting("low_execution_rate")
    needed = submission.names(FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED)
    if not isinstance(rate, Decimal) or rate >= least or needed & (disputed(submission) | submission.missing):
        return
    if not _explained(submission, _DELAYED):
        yield Violation(
            say(
                "{field} is {found}, below {least}, and nothing in the form says why",
                field=submission.label(FUNDS_TOTAL_RATE),
                found=printed_rate(rate),
                least=printed_rate(least),
            ),
            field=submission.name(FUNDS_TOTAL_RATE),
            found=rate,
        )


@rule(
    "M110",
    Severity.WARNING,
    reads=(FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET),
    may_read=(FUNDS_CARRYOVER_INITIAL, FUNDS_CARRYOVER_BUDGET, REASON),
)
def budget_adjusted_unexplained(submission: Submission) -> Iterator[Violation]:
    """The budget was adjusted much in the year, and nothing in the form says why.

    Much is more than the setting `budget_adjustment`, 30 % of 年初预算数, up or down (practice: one provincial system
    asks for a reason from there). Money carried over from last year (上年结转资金) explains itself and is not counted.
    Nothing is said where 年初预算数 is 0: money added in the year is normal. What counts as saying why is as for M109,
    and any word of an adjustment (追加, 调减, 压减 …).

    ## Why it matters

    A budget that is far from what was planned means that the plan was not sound, or that the targets no longer fit the
    money.

    ## How to fix it

    Say in 实际完成情况 or in a row's 偏差原因 when and why the budget was raised or cut. If 年初预算数 is wrong,
    correct it.
    """
    initial, budget = submission.number(FUNDS_TOTAL_INITIAL), submission.number(FUNDS_TOTAL_BUDGET)
    most = submission.form.exact_setting("budget_adjustment")
    if initial is None or budget is None or initial <= 0:
        return
    if submission.names(FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET) & disputed(submission):
        return
    change = budget - initial
    own = change - _carried(submission)
    if min(abs(change), abs(own)) <= most * initial or _explained(submission, _ADJUSTED):
        return
    yield Violation(
        say(
            "{field} is {found}, {change} from {initial} at the start of the year, and nothing in the form says why",
            field=submission.label(FUNDS_TOTAL_BUDGET),
            found=budget,
            change=f"{change / initial * 100:+.1f}%",
            initial=initial,
        ),
        field=submission.name(FUNDS_TOTAL_BUDGET),
        found=budget,
    )


def _carried(submission: Submission) -> Decimal:
    """Return how much of a budget's change is money carried over from last year."""
    budget, initial = submission.number(FUNDS_CARRYOVER_BUDGET), submission.number(FUNDS_CARRYOVER_INITIAL)
    return (budget or Decimal(0)) - (initial or Decimal(0))
