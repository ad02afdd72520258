"""Random forms filled in as they should be: what a careful clerk may type, in the many ways that clerks type it.

The arithmetic here is this module's own, in fractions: nothing is asked of the program under test but how many rows
its form has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from support.forms import TEMPLATES, layout_of, row_number

from xlsform.form.field_types import Cast

LEVELS: dict[str, list[tuple[int, list[str], int]]] = {
    "mof-2020": [
        (50, ["数量指标", "质量指标", "时效指标", "成本指标"], 4),
        (30, ["经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"], 2),
        (10, ["服务对象满意度指标"], 1),
    ],
    "mof-2021": [
        (20, ["经济成本指标", "社会成本指标", "生态环境成本指标"], 1),
        (40, ["数量指标", "质量指标", "时效指标"], 3),
        (20, ["经济效益指标", "社会效益指标", "生态效益指标"], 1),
        (10, ["服务对象满意度指标"], 1),
    ],
}
LEVELS["shanxi-2021"] = LEVELS["mof-2020"]
"""Weight, level-2 kinds and how many of them at least are in use, for each level 1."""

_WHY = (
    "汛期延误，部分工程推迟到次年；今后提前排定工期。",
    "供应商交货滞后，未按期完成；今后提前采购并约定违约责任。",
    "报名人数少于预期，培训未达到计划人次；下年扩大宣传。",
    "受疫情影响，活动取消两场，今后改为线上线下结合。",
)
_MORE = (
    "上级年中追加任务，实际完成多于年初计划；下年合理设定指标值。",
    "需求大于预期，年初指标值设定偏低；下年据实调整。",
)
_NOTHING = (None, None, None, "", "无", "—", "/", "-", "0", "无偏差")
_HEADS = (
    "农村公路养护",
    "2021年度农村公路养护",
    "中小学校舍维修改造",
    "基层党组织工作经费",
    "村级医疗卫生机构补助（第二批）",
    "老旧小区改造",
)


@dataclass(frozen=True, slots=True)
class Filling:
    """A form as somebody filled it in, without a fault."""

    template: str
    rows: int
    values: Mapping[str, Cast]
    formats: Mapping[str, str]
    """Number formats of cells that the filler formatted, by field."""
    notes: frozenset[str]
    """The notes that the form deserves."""
    maybe: frozenset[str] = field(default_factory=frozenset)
    """Notes that may be made of it."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    target: Cast
    actual: Cast
    share: Fraction | tuple[Fraction, Fraction]
    """The part of the weight that is earned; a range where that is a matter of judgement."""
    format: str = ""
    """The number format of the actual value."""
    explained: bool = False
    """Whether a reason is expected although nothing was lost."""
    exact: bool = False
    """Whether the result is just what was asked for."""


def _decimal(number: Fraction | int) -> Decimal:
    value = Fraction(number)
    return (Decimal(value.numerator) / Decimal(value.denominator)).normalize()


def _plain(number: Fraction | int | Decimal) -> str:
    return f"{number if isinstance(number, Decimal) else _decimal(number):f}"


def _written(rnd: Random, number: Fraction | int, unit: str) -> Cast:
    """An amount as people write it: with its unit, spaced, in full width, with commas, or alone."""
    plain = _plain(number)
    ways: list[Cast] = [f"{plain}{unit}", f"{plain} {unit}", plain, _decimal(number)]
    ways.append(plain.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}) + unit)
    if Fraction(number).denominator == 1:
        ways.append(f"{int(number):,}{unit}")
    return rnd.choice(ways)


def _percentage(rnd: Random, hundredths: int) -> tuple[Cast, str]:
    """A percentage, given in hundredths of a per cent, four ways: 98%, 98％, 98.00%, 0.98 in a % cell."""
    percent = Decimal(hundredths) / 100
    way = rnd.randint(0, 4)
    if way == 0:
        return f"{percent.normalize():f}%", ""
    if way == 1:
        return f"{percent.normalize():f}％".translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}), ""
    if way == 2:
        return f"{percent:.2f}%", ""
    if way == 3:
        return percent / 100, "0.00%"
    return percent / 100, "0%" if hundredths % 100 == 0 else "0.00%"


_AT_LEAST = ("≥{}{}", ">={}{}", "≧{}{}", "不少于{}{}", "不低于{} {}", "{}{}", "{}{}以上", "＞＝{}{}", "至少{}{}")
_AT_MOST = ("≤{}{}", "<={}{}", "≦{}{}", "不超过{}{}", "{}{}以内", "不高于{} {}")


def _counted(rnd: Random, names: tuple[str, ...], units: tuple[str, ...]) -> _Row:
    """At least so much: reached, surpassed with a word why, or missed."""
    unit, asked = rnd.choice(units), rnd.randint(5, 5000)
    target: Cast = rnd.choice(_AT_LEAST).format(asked, unit)
    if rnd.randint(0, 9) == 0:
        target = Decimal(asked)
    over = rnd.choice(("exact", "exact", "above", "far above", "missed", "missed"))
    if over == "exact":
        return _Row(rnd.choice(names), target, _written(rnd, asked, unit), Fraction(1), exact=True)
    if over == "above":
        done = asked + rnd.randint(1, max(1, asked // 6))
        explained = done * 10 >= asked * 12
        return _Row(rnd.choice(names), target, _written(rnd, done, unit), Fraction(1), explained=explained)
    if over == "far above":
        done = asked * rnd.randint(2, 9)
        return _Row(rnd.choice(names), target, _written(rnd, done, unit), Fraction(1), explained=True)
    done = rnd.randint(0, asked - 1)
    return _Row(rnd.choice(names), target, _written(rnd, done, unit), Fraction(done, asked))


def _rate(rnd: Random, names: tuple[str, ...]) -> _Row:
    """At least so many per cent."""
    name, asked = rnd.choice(names), rnd.randint(50, 100)
    target: Cast = rnd.choice(_AT_LEAST).format(asked, "%")
    if rnd.random() < 0.5:
        done = rnd.randint(asked * 100, 10000)
        actual, number_format = _percentage(rnd, done)
        return _Row(name, target, actual, Fraction(1), number_format, exact=done == asked * 100)
    done = rnd.randint(1000, asked * 100 - 1)
    actual, number_format = _percentage(rnd, done)
    return _Row(name, target, actual, Fraction(done, asked * 100), number_format)


def _at_most(rnd: Random, names: tuple[str, ...], units: tuple[str, ...]) -> _Row:
    """At most so much: kept, or passed, scored by either formula."""
    unit, asked = rnd.choice(units), rnd.randint(10, 900)
    target = rnd.choice(_AT_MOST).format(asked, unit)
    if rnd.random() < 0.5:
        done: Fraction | int = rnd.randint(asked // 2, asked)
        return _Row(rnd.choice(names), target, _written(rnd, done, unit), Fraction(1), exact=done == asked)
    done = rnd.randint(asked + 1, asked * 3)
    ratio, linear = Fraction(asked, done), max(2 - Fraction(done, asked), Fraction(0))
    return _Row(rnd.choice(names), target, _written(rnd, done, unit), rnd.choice((ratio, linear)))


def _other_unit(rnd: Random) -> _Row:
    """A target in 万, a result in ones, or the other way round."""
    asked = rnd.randint(2, 90)
    done = Fraction(rnd.randint(asked * 10, asked * 11), 10)
    exact = done == asked
    target, actual = f"≥{asked}万人", f"{_plain(done * 10000)}人"
    if rnd.random() < 0.5:
        target, actual = f"≥{asked}0000人", f"{_plain(done)}万人"
    return _Row("受益群众人数", target, actual, Fraction(1), exact=exact)


def _range(rnd: Random) -> _Row:
    low = rnd.randint(2, 40)
    high = low + rnd.randint(1, 20)
    target = rnd.choice(("{}-{}次", "{}～{}次", "{}至{}次", "{}—{}次")).format(low, high)
    if rnd.random() < 0.5:
        return _Row("督导检查次数", target, f"{rnd.randint(low, high)}次", Fraction(1), exact=True)
    done = rnd.randint(0, low - 1)
    return _Row("督导检查次数", target, f"{done}次", Fraction(done, low))


def _equal(rnd: Random) -> _Row:
    number = rnd.randint(1, 300)
    return _Row("补助村（社区）数量", f"={number}个", _written(rnd, number, "个"), Fraction(1), exact=True)


def _nothing_bad(rnd: Random) -> _Row:
    target, actual = rnd.choice((("0起", "0起"), ("0", "0"), ("≤0起", "0起"), ("0起", "未发生"), ("0起", "无")))
    return _Row("安全事故起数", target, actual, Fraction(1), exact=True)


_WORDS = {
    "质量指标": (("验收合格情况", "合格"), ("资金使用合规性", "严格执行相关制度规定"), ("制度规范性", "规范")),
    "时效指标": (("补助发放及时性", "及时"), ("报告提交及时性", "在计划时间内完成")),
    "成本指标": (("成本控制情况", "不超预算"), ("单项业务成本", "符合相关规定")),
    "可持续影响指标": (("管理机制健全性", "健全"), ("长效机制建设情况", "长期")),
    "": (("带动当地发展", "效果明显"), ("群众生活条件改善情况", "明显改善"), ("环境影响", "良好")),
}
_FULL = ("达成年度指标", "达成预期指标", "已达成年度指标")
_PART = ("部分达成年度指标并具有一定效果", "部分达成预期指标并具有一定效果", "部分达成年度指标")
_NOT = ("未达成年度指标且效果较差", "未达成预期指标且效果较差")


def _in_words(rnd: Random, level2: str) -> _Row:
    """A word, answered by itself or by one of the ministry's three grades."""
    name, target = rnd.choice(_WORDS.get(level2, _WORDS[""]))
    how = rnd.randint(0, 5)
    if how <= 2:
        actual = rnd.choice((target, f"{target}。", *_FULL))
        return _Row(name, target, actual, Fraction(1), exact=True)
    if how == 3:
        return _Row(name, target, rnd.choice(_PART), (Fraction(3, 5), Fraction(4, 5)))
    if how == 4:
        return _Row(name, target, rnd.choice(_NOT), (Fraction(0), Fraction(3, 5)))
    return _Row(name, target, rnd.choice(_FULL), (Fraction(4, 5), Fraction(99, 100)))


def _dated(rnd: Random, year: int) -> _Row:
    name = rnd.choice(("项目完成时间", "资金拨付时间", "验收时间"))
    month, day = rnd.randint(1, 12), rnd.randint(1, 28)
    due = rnd.choice(
        ("{y}年{m}月{d}日前", "{m}月{d}日前", "{y}年{m}月{d}日前完成", "{y}-{m:02}-{d:02}", "{y}.{m}.{d}前")
    )
    target = due.format(y=year, m=month, d=day)
    late = rnd.randint(0, 3) == 0
    when = (year + 1, rnd.randint(1, 3), 9) if late else (year, month, rnd.randint(1, day))
    done = rnd.choice(("{y}年{m}月{d}日", "{y}-{m:02}-{d:02}", "{y}.{m}.{d}", "{y}/{m}/{d}", "{y}年{m}月{d}日完成"))
    actual = done.format(y=when[0], m=when[1], d=when[2])
    share: Any = (Fraction(0), Fraction(99, 100)) if late else Fraction(1)
    return _Row(name, target, actual, share, exact=not late)


def _year_end(rnd: Random, year: int) -> _Row:
    target = rnd.choice((f"{year}年底前完成", "12月31日前", f"{year}年12月底前", "年底前"))
    actual = rnd.choice((f"{year}年11月30日", "11月底", f"{year}年12月", "12月15日", f"{year}年10月完成"))
    return _Row("项目完成时限", target, actual, Fraction(1), exact=True)


def _cost(rnd: Random, budget: Decimal, executed: Decimal) -> _Row:
    """The project's own cost as a whole: what was spent, of what was budgeted."""
    target = rnd.choice(_AT_MOST).format(_plain(budget), "万元")
    actual = f"{_plain(executed)}万元"
    if rnd.random() < 0.5:
        actual = f"{_plain(executed * 10000)}元"
    return _Row("项目总成本", target, actual, Fraction(1), exact=budget == executed)


def _row_of(rnd: Random, level2: str, year: int, budget: Decimal, executed: Decimal) -> _Row:
    """One row as it may stand under a kind."""
    if level2 == "数量指标":
        names = ("养护里程", "培训人次", "采购设备数量", "补助对象人数", "巡查次数")
        kinds = [
            lambda: _counted(rnd, names, ("公里", "人次", "台", "人", "次")),
            lambda: _range(rnd),
            lambda: _equal(rnd),
            lambda: _rate(rnd, ("任务完成率", "覆盖率")),
        ]
    elif level2 == "质量指标":
        kinds = [
            lambda: _in_words(rnd, level2),
            lambda: _rate(rnd, ("验收合格率", "路况优良率", "设备完好率", "达标率")),
            lambda: _nothing_bad(rnd),
        ]
    elif level2 == "时效指标":
        kinds = [
            lambda: _in_words(rnd, level2),
            lambda: _rate(rnd, ("按时完工率", "资金拨付及时率")),
            lambda: _dated(rnd, year),
            lambda: _year_end(rnd, year),
            lambda: _at_most(rnd, ("审批办理时限",), ("天", "个工作日")),
        ]
    elif "成本" in level2:
        kinds = [
            lambda: _in_words(rnd, "成本指标"),
            lambda: _at_most(rnd, ("人均补助成本", "单位面积造价", "每公里养护成本"), ("元/人", "元", "万元")),
        ]
        if budget > 0 and executed > 0 and level2 in ("成本指标", "经济成本指标"):
            kinds.append(lambda: _cost(rnd, budget, executed))
    elif "满意度" in level2:
        kinds = [lambda: _rate(rnd, ("受益群众满意度", "服务对象满意率", "学生满意度"))]
    else:
        kinds = [
            lambda: _in_words(rnd, level2),
            lambda: _counted(rnd, ("增加就业岗位", "带动农户增收户数", "服务企业数"), ("个", "户", "家")),
            lambda: _other_unit(rnd),
            lambda: _rate(rnd, ("垃圾无害化处理率", "政策知晓率")),
        ]
    return rnd.choice(kinds)()


def _parts(rnd: Random, whole: int, count: int) -> list[Decimal]:
    """A weight shared out: alike to two decimals (thirds of points), or unevenly in halves."""
    if rnd.random() < 0.5:
        each = (Decimal(whole) / count).quantize(Decimal("0.01"), ROUND_DOWN)
        return [each] * (count - 1) + [whole - each * (count - 1)]
    cuts = sorted(rnd.sample(range(1, whole * 2), count - 1))
    ends = [0, *cuts, whole * 2]
    return [Decimal(after - before) / 2 for before, after in pairwise(ends)]


def _cut(exact: Fraction, decimals: int, rounding: str) -> Decimal:
    scaled = exact * 10 ** (decimals + 6)
    return Decimal(int(scaled)).scaleb(-decimals - 6).quantize(Decimal(1).scaleb(-decimals), rounding)


def _score(rnd: Random, row: _Row, weight: Decimal) -> Decimal:
    """What a row earns, rounded or truncated at one or two decimals; never to whole points."""
    share = row.share
    if isinstance(share, tuple):
        low, high = (share[0] * Fraction(weight), share[1] * Fraction(weight))
        least, most = -(-(low * 100) // 1), (high * 100) // 1
        hundredths = rnd.randint(int(least), int(most))
        return Decimal(hundredths) / 100
    exact = share * Fraction(weight)
    rounded = _cut(exact, rnd.choice((1, 2, 2)), rnd.choice((ROUND_DOWN, ROUND_HALF_UP)))
    if rounded == rounded.to_integral_value() or rounded > weight:
        rounded = _cut(exact, 2, ROUND_DOWN)
    return rounded


@dataclass(frozen=True, slots=True)
class _Money:
    values: Mapping[str, Decimal | None]
    budget: Decimal
    executed: Decimal
    initial: Decimal | None


def _money(rnd: Random) -> _Money:
    """The funds table: one source or three, or the total alone; all spent, part of it, or nothing there at all."""
    places = rnd.choice((0, 1, 2, 6))
    unit = Decimal(1).scaleb(-places)
    if rnd.randint(0, 9) == 0:
        zeros = {f"total.{column}": Decimal(0) for column in ("initial", "budget", "executed")}
        if rnd.random() < 0.5:
            zeros |= {f"appropriation.{column}": Decimal(0) for column in ("budget", "executed")}
        return _Money(zeros, Decimal(0), Decimal(0), Decimal(0))
    sources = rnd.choice(
        (
            ("appropriation",),
            ("appropriation", "carryover"),
            ("appropriation", "carryover", "other"),
            ("other",),
            ("carryover",),
        )
    )
    spent = rnd.choice((100, 100, 97, 90, 88, 50, 20))
    start = rnd.choice((0, 0, 100, 100, 80, 120, 45, 230))
    values: dict[str, Decimal | None] = {}
    for source in sources:
        budget = Decimal(rnd.randint(10, 900_000)) * unit if places else Decimal(rnd.randint(1, 5000))
        executed = (budget * spent / 100).quantize(unit, ROUND_DOWN)
        initial = Decimal(0) if source == "carryover" else (budget * start / 100).quantize(unit, ROUND_DOWN)
        values |= {f"{source}.budget": budget, f"{source}.executed": executed}
        values[f"{source}.initial"] = rnd.choice((initial, None)) if initial == 0 else initial
    for column in ("initial", "budget", "executed"):
        values[f"total.{column}"] = sum((values[f"{source}.{column}"] or Decimal(0) for source in sources), Decimal(0))
    budget, executed = values["total.budget"] or Decimal(0), values["total.executed"] or Decimal(0)
    initial = values["total.initial"] or Decimal(0)
    if places == 6 and budget > 1 and rnd.random() < 0.5:
        # On paper the total is printed to two decimals.
        rounding = rnd.choice((ROUND_DOWN, ROUND_HALF_UP))
        hundredth = Decimal("0.01")
        initial, budget, executed = (amount.quantize(hundredth, rounding) for amount in (initial, budget, executed))
        values |= {"total.initial": initial, "total.budget": budget, "total.executed": executed}
    if rnd.randint(0, 7) == 0:
        values = {name: amount for name, amount in values.items() if name.startswith("total.")}
    return _Money(values, budget, executed, initial)


def filling(rnd: Random) -> Filling:
    """Return a whole form."""
    template = rnd.choice(TEMPLATES)
    rows = rnd.randint(1, 8)
    year = rnd.randint(2019, 2026)
    money = _money(rnd)
    mood = rnd.choice(("mixed", "mixed", "well", "exactly"))
    values: dict[str, Cast] = {"year": Decimal(year)}
    formats: dict[str, str] = {}
    values |= {f"funds.{name}": amount for name, amount in money.values.items() if amount is not None}
    taken: set[str] = set()
    lost: list[str] = []
    exact, scores, explained = True, Decimal(0), False
    for weight, kinds, least in LEVELS[template]:
        used = rnd.sample(kinds, rnd.randint(least, len(kinds)))
        counts = {kind: rnd.randint(1, min(rows, 3)) for kind in sorted(used, key=kinds.index)}
        shares = _parts(rnd, weight, sum(counts.values()))
        rnd.shuffle(shares)
        for kind, count in counts.items():
            for nth in range(1, count + 1):
                row, own = _row_of(rnd, kind, year, money.budget, money.executed), shares.pop()
                while (mood == "well" and row.share != 1) or (mood == "exactly" and not row.exact):
                    row = _row_of(rnd, kind, year, money.budget, money.executed)
                score = _score(rnd, row, own)
                place = f"indicators.{row_number(layout_of(template, rows), kind, nth)}"
                name = row.name
                while name in taken:
                    # Numbers in front, for what a name ends with says what it measures.
                    name = f"第{len(taken)}类{row.name}"
                taken.add(name)
                prefix = rnd.choice(("", "", f"指标{nth}：", f"{nth}、"))
                values |= {f"{place}.name": prefix + name, f"{place}.target": row.target, f"{place}.actual": row.actual}
                values |= {f"{place}.weight": own, f"{place}.score": score}
                if row.format:
                    formats[f"{place}.actual"] = row.format
                reason = None
                if score < own:
                    reason = rnd.choice(_WHY)
                    lost.append(kind)
                elif row.explained:
                    reason = rnd.choice(_MORE)
                else:
                    reason = rnd.choice(_NOTHING)
                explained |= score < own or row.explained
                if reason:
                    values[f"{place}.reason"] = reason
                exact &= row.exact and score == own
                scores += score
    values |= _texts(rnd, money, scores, bool(lost), year)
    zero = money.budget == 0
    return Filling(
        template,
        rows,
        values,
        formats,
        frozenset({"M104"} if zero else ()),
        frozenset({"P115"} if exact else ()),
    )


def _texts(rnd: Random, money: _Money, scores: Decimal, lost: bool, year: int) -> dict[str, Cast]:
    """Head, goals and narratives that fit the figures."""
    rate = Fraction(money.executed) / Fraction(money.budget) if money.budget else None
    told = ["完成了年度主要工作，群众反映较好。", "按计划组织实施，资料齐全。"]
    if rate is not None:
        percent = _cut(min(rate, Fraction(9)) * 100, 2, ROUND_HALF_UP)
        budget, executed = _plain(money.budget), _plain(money.executed)
        told += [
            f"本项目全年预算数为{budget}万元，执行数为{executed}万元，完成预算的{percent}%。",
            f"全年预算{budget}万元，实际支出{executed}万元，预算执行率{_cut(rate * 100, 1, ROUND_HALF_UP)}%。",
            f"年度预算执行率为{percent}％。",
        ]
        execution = _cut(Fraction(_cut(min(rate, Fraction(1)), 4, ROUND_HALF_UP)) * 10, 2, ROUND_HALF_UP)
        told.append(f"本项目自评得分为{_plain(scores + execution)}分。")
    perfect = not lost and (rate is None or rate == 1)
    if perfect:
        told.append("各项任务已全部完成。")
    goal = rnd.choice(told)
    if rate is not None and rate < Fraction(9, 10):
        goal += rnd.choice(
            ("因招标节约，资金有结余。", "部分工程尾款尚未支付，结转下年。", "受汛期影响工期推迟，资金未全部支出。")
        )
    if money.initial and abs(money.budget - money.initial) > Decimal("0.3") * money.initial:
        goal += rnd.choice(("年中根据上级文件追加预算。", "年中调减预算。"))
    values: dict[str, Cast] = {
        "project_name": rnd.choice(_HEADS).replace("2021", str(year)),
        "department": rnd.choice(("某县交通运输局", "219-某区教育体育局", "某市卫生健康委员会")),
        "unit": rnd.choice(("某县公路养护中心", "219001-某区第三中学", "某镇人民政府")),
        "goal_expected": rnd.choice(
            ("改善农村公路通行条件，方便群众出行。", "目标1：完成年度任务；\n目标2：群众满意。")
        ),
        "goal_actual": goal,
    }
    values |= {
        "filler_unit": "某县公路养护中心",
        "analysis_execution": rnd.choice((*told[:6], "资金按进度拨付，专款专用。")) + "实施过程规范。",
        "analysis_output": rnd.choice(("各项产出按计划推进。", "质量总体可控，验收手续齐全。")),
        "analysis_benefit": rnd.choice(("受益群众较多，社会反响好。", "改善了当地生产生活条件。")),
        "analysis_satisfaction": rnd.choice(("发放问卷200份，满意者居多。", "群众总体满意。")),
        "experience": rnd.choice(("实行项目责任制，定期调度。", "加强部门协作，公开公示。")),
        "problems": rnd.choice(("个别环节管理还不够细致。", "进度安排前松后紧。", *(("无",) if not lost else ()))),
        "improvements": rnd.choice(("细化方案，压实责任。", "加强日常监控，及时纠偏。")),
    }
    return values
