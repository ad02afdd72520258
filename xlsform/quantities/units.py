"""The units that stand behind a figure, and which of them measure the same."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform.patterns import LazyPattern
from xlsform.quantities.text import normalize_text

#: Precise enough for any figure that is read (`numbers.MOST_DIGITS`) times any scale: only quotients are inexact.
ARITHMETIC = Context(prec=100)

#: Powers of ten that stand before a unit: 万元, 千人次, 百万元; alone (``5万``) they scale a figure without a unit.
_SCALES = {"百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8}

#: Names of a rate, with the power of ten that makes 1 of them a rate; 比例 names a rate of either writing.
RATES = {"%": -2, "百分比": -2, "百分点": -2, "个百分点": -2, "‰": -3, "比例": 0}

_NAMES = {
    "time": "个工作日 工作日 天 日 个小时 小时 分钟 秒 个月 月 年 周 个季度 季度 个学期 学期",
    "counters": "人次 人天 人 名 位 个 场次 批次 班次 车次 架次 课时 学时 床位 网点 站点 社区 "
    "次 家 户 件 项 套 台 辆 座 栋 幢 间 所 处 条 份 本 册 篇 幅 张 支 只 头 匹 羽 株 棵 例 种 类 场 期 批 "
    "班 门 节 轮 遍 床 瓶 箱 袋 包 盒 桶 块 片 段 面 盏 部 艘 架 组 队 岗 村 镇 乡 县 市 区 校 站 根 把 双 对 副 "
    "枚 粒 颗 集 档 起 宗 笔 单 票 字 页 版 首 口 眼 尾 孔 柜",
    "measures": "元 公里 千米 延长米 延米 厘米 毫米 米 平方公里 平方千米 平方米 平米 立方米 方 公顷 亩 顷 "
    "吨 公斤 千克 克 斤 升 毫升 度 千瓦时 瓦时 瓦 兆瓦 伏 兆 分 级 倍",
    "latin": "kb mb gb tb pb mg g kg t mm cm m km m2 km2 m3 ml l w kw mw kwh v kv kva min h s db mbps gbps °c",
}
_TIME, _COUNTERS, _MEASURES, _LATIN = (names.split() for names in _NAMES.values())

#: Names that mean one unit.
_SAME = {
    "日": "天",
    "个工作日": "工作日",
    "个小时": "小时",
    "个月": "月",
    "个季度": "季度",
    "个学期": "学期",
    "名": "人",
    "位": "人",
}
#: Units of things that are counted whole.
_WHOLE = frozenset(_SAME.get(name, name) for name in _COUNTERS)
#: Units that count the same things but not alike: comparable, with doubt.
_FAMILIES = {"人": "count", "人次": "count", "个": "count", "天": "day", "工作日": "day"}


def _any(words: list[str]) -> str:
    """Return a pattern of any of the words, longer ones first.

    Those of one character stand in a set. As alternatives they take twice as long to compile, and so does the first
    target of a run: 8 ms instead of 4.
    """
    known = sorted(dict.fromkeys(words), key=len, reverse=True)
    longer = [re.escape(word) for word in known if len(word) > 1]
    single = "".join(re.escape(word) for word in known if len(word) == 1)
    return "|".join([*longer, f"[{single}]"] if single else longer)


_SCALE = _any(list(_SCALES))
_LATIN_PATTERN = f"(?i:{_any(_LATIN)})(?![A-Za-z0-9])"
#: No verb or particle: ``2个项目的检查`` is a sentence, ``2个项目`` a figure.
_NOUN = "(?:(?![的了已未完成达及和与并或等前后内外以上下约左右不无每为在是均全各整至到按])[一-鿿]){1,4}?"
_PLAIN_NAMES = [*_COUNTERS, *_MEASURES, *_TIME]

#: A unit as a regular expression, longest names first.
UNIT = f"(?:{_any(list(RATES))}|(?:{_SCALE})?(?:{_any(_PLAIN_NAMES)})|{_SCALE}|{_LATIN_PATTERN})"
#: The same, and what is counted may follow: ``个项目``, ``名学生``.
UNIT_OF_THINGS = f"(?:(?:{_SCALE})?(?:{_any(_COUNTERS)}){_NOUN}|{UNIT})"
#: What a figure can be for each of: ``1次/月``, ``每人500元``.
PER = f"(?:半年|{_any(_PLAIN_NAMES)})"
#: Units of time as people type them, and by the one name that each has for `unit_of`.
TIME_UNITS = frozenset(_TIME)
TIME_NAMES = frozenset(_SAME.get(name, name) for name in _TIME)

_PARTS = LazyPattern(f"(?P<scale>{_SCALE})?(?:(?P<name>{_any(_PLAIN_NAMES)})(?P<noun>{_NOUN})?)?")


class Unit(NamedTuple):
    """A unit taken apart."""

    scale: int
    """The power of ten before it: 4 for 万元."""
    name: str
    """The unit proper, one name for each: 元, 人 (also for 名, 位), ``%`` for every rate; blank for a bare 万."""
    noun: str
    """What is counted (``项目`` in ``个项目``), or blank."""

    @property
    def family(self) -> str:
        """What units that can be compared have in common."""
        return _FAMILIES.get(self.name, self.name)


@lru_cache(maxsize=512)
def unit_of(text: str) -> Unit:
    """Return a unit taken apart; one that is not known is its own name, in lower case."""
    text = normalize_text(text)
    if text in RATES:
        return Unit(0, "%", "")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return Unit(0, text.lower(), "")
    name = parts["name"] or ""
    return Unit(_SCALES.get(parts["scale"] or "", 0), _SAME.get(name, name), parts["noun"] or "")


def counts_things(text: str) -> bool:
    """Whether a unit counts whole things one by one: 人次, 个项目; not 公里, 天 or 万人."""
    unit = unit_of(text)
    return not unit.scale and unit.name in _WHOLE


def same_family(a: str, b: str) -> bool:
    """Whether figures in two units can be compared: 元 and 万元, 人 and 人次, % and 百分比; 天 and 月 cannot.

    A unit that is absent, or only a scale (``5万``), goes with any. Of counters both of which name what they count
    (``个项目``, ``个村``) the things must be the same.
    """
    one, other = unit_of(a), unit_of(b)
    if a == b or not one.name or not other.name:
        return True
    return one.family == other.family and (not one.noun or not other.noun or one.noun == other.noun)


def same_unit(a: str, b: str) -> bool:
    """Whether two units of a family mean the same thing beyond doubt: 元 and 万元, 人 and 名, but not 人 and 人次."""
    one, other = unit_of(a), unit_of(b)
    return a == b or (same_family(a, b) and (not one.name or not other.name or one.name == other.name))


def in_base(value: Decimal, unit: str) -> Decimal:
    """Return a figure in its family's base unit: money (元, 千元, 万元, 百万元, 亿元) in 元, 万人次 in 人次.

    A rate is 0–1 already, however its unit is named: `read_number` and `read_target` see to that.
    """
    scale = unit_of(unit).scale
    return value.scaleb(scale, ARITHMETIC) if scale else value
