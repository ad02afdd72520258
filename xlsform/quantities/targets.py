"""Targets (年度指标值) and actual values (实际完成值) as people type them."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from xlsform.patterns import LazyPattern
from xlsform.quantities.dates import When, read_date
from xlsform.quantities.numbers import MOST_DIGITS, NUMERAL, amount_of
from xlsform.quantities.text import figure_text, is_blank_mark, normalize_text, without_ending
from xlsform.quantities.units import ARITHMETIC, PER, TIME_UNITS, UNIT, UNIT_OF_THINGS, in_base, same_unit, unit_of

Kind = Literal["number", "range", "date", "word"]
Comparator = Literal["≥", "≤", "=", ">", "<"]

#: A bare figure up to this is a rate that was typed in a cell formatted as a percentage: 0.98, 1.2; above, it is the
#: figure before the %: 98.
LARGEST_BARE_RATE = Decimal("1.5")

_WORDS: dict[Comparator, str] = {
    "≥": "≥ => 不少于 不低于 不小于 不下于 大于等于 大于或等于 高于等于 高于或等于 至少 最少 最低",
    "≤": "≤ =< 不超过 不超 不多于 不高于 不大于 小于等于 小于或等于 低于等于 低于或等于 至多 最多 最高",
    ">": "> 大于 高于 超过 多于",
    "<": "< 小于 低于 少于",
    "=": "= 等于",
}
_COMPARATORS = {word: sign for sign, words in _WORDS.items() for word in words.split()}
_SUFFIXES: dict[str, Comparator] = {
    **dict.fromkeys(("及以上", "或以上", "以上"), "≥"),
    **dict.fromkeys(("及以下", "或以下", "以下", "以内", "之内", "内"), "≤"),
}

#: Words that may stand before a figure without changing it; also any name of a rate: 合格率, 群众满意度.
_LEAD = "(?:已?完成|达到?|覆盖|实现|控制在|保持在?|为|共计?|累计|[一-鿿]{0,8}?(?:率|满意度)(?:达到?|为|:)?)?"
#: Words that may follow one.
_TAIL = "(?:全?覆盖|完成|到位|达标|合格|满意|及时|通过|优良)?"
_EACH = f"(?:每个?(?P<each>{PER}))?"
_RATIO = f"(?P<per>(?:/每?{PER}){{1,2}})?"
_SIGN = "|".join(sorted(map(re.escape, _COMPARATORS), key=len, reverse=True))

#: One of them stands between the two ends of a range.
_TO = "-~至到"


class _Shape:
    """What a text with a figure looks like; it may say what that is for each of: ``每月1次``, ``1次/月``.

    Few do. The pattern that looks for it knows every unit thrice, and compiling that is half of what the first target
    of a run takes.
    """

    def __init__(self, figure: str, after: str) -> None:
        self._alone = LazyPattern(f"{figure}(?P<each>(?!))?(?P<per>(?!))?{after}")
        self._for_each = LazyPattern(f"{_EACH}{figure}{_RATIO}{after}")

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return (self._for_each if "每" in text or "/" in text else self._alone).fullmatch(text)


_FIGURE = _Shape(
    rf"{_LEAD}(?P<sign>{_SIGN})?¥?(?P<amount>[+-]?{NUMERAL})(?P<unit>{UNIT_OF_THINGS})?",
    rf"(?:(?<=元)整)?(?P<suffix>{'|'.join(_SUFFIXES)})?{_TAIL}",
)
_RANGE = _Shape(
    rf"{_LEAD}(?P<low>[+-]?{NUMERAL})(?P<low_unit>{UNIT})?[{_TO}](?P<high>[+-]?{NUMERAL})"
    rf"(?P<unit>{UNIT_OF_THINGS})?",
    _TAIL,
)
_DIGIT = LazyPattern("[0-9]")
_CALENDAR_YEAR = range(1900, 2100)


class Target(NamedTuple):
    """A target or an actual value, as far as it can be read."""

    kind: Kind
    """``word`` where it is no figure: 合格, 及时, or a sentence, whatever numbers stand in that."""
    comparator: Comparator | None
    """The comparison that it is written with, in signs or words; None for a bare figure. On an actual value it tells
    that no measured value was given (``≥95%``)."""
    amount: Decimal | None
    """The figure in its unit, of a range the lower end; rates 0–1."""
    upper: Decimal | None
    """The upper end of a range."""
    unit: str
    """The unit as typed, normalized; blank without."""
    per: str
    """What it is for each of: 月 in ``1次/月`` and ``每月1次``; blank without."""
    when: When | None
    """The day or deadline of a date."""
    text: str
    """The whole text, normalized."""

    @property
    def date(self) -> datetime.date | None:
        """The day of a date, the last one of a span; None where the text gives no year."""
        return self.when.date if self.when else None


@lru_cache(maxsize=512)
def read_target(text: str, unit_cell: str = "") -> Target:
    """Return what a 年度指标值 or 实际完成值 says; whatever is not wholly understood is a word.

    Args:
        text: the cell's text, such as ``≥95%``, ``不少于3次``, ``20万元以内``, ``3-5次``, ``每月1次``, ``12月31日前``.
        unit_cell: the text of a unit column, if the form has one; a unit behind the figure itself comes first.
    """
    clean = without_ending(figure_text(text))
    unit = "" if is_blank_mark(unit_cell) else normalize_text(unit_cell).strip("()")
    target = None
    if when := read_date(clean):
        target = Target("date", None, None, None, "", "", when, normalize_text(text))
    elif _DIGIT.search(clean):
        target = _read_range(clean, unit, normalize_text(text)) or _read_figure(clean, unit, normalize_text(text))
    return target or Target("word", None, None, None, "", "", None, normalize_text(text))


def target_of(value: Decimal, unit: str = "") -> Target:
    """Return what a number cell says: a bare figure.

    Args:
        value: the number; a rate 0–1 where the unit is %.
        unit: ``%`` for a cell formatted as a percentage, or the text of a unit column.
    """
    return Target("number", None, value, None, normalize_text(unit), "", None, f"{value:f}")


def _read_figure(clean: str, unit_cell: str, text: str) -> Target | None:
    match = _FIGURE.fullmatch(clean)
    if match is None or len(match["amount"]) > MOST_DIGITS:
        return None
    unit, per = _unit(match["unit"], match["per"], match["each"], unit_cell)
    prefix, suffix = _COMPARATORS.get(match["sign"] or ""), _SUFFIXES.get(match["suffix"] or "")
    if suffix and prefix and (prefix in "≥>") != (suffix == "≥"):
        return None
    if match["suffix"] == "内" and unit not in TIME_UNITS:
        return None
    amount = _in_unit(match["amount"], unit)
    return Target("number", prefix or suffix, amount, None, unit, per, None, text)


def _read_range(clean: str, unit_cell: str, text: str) -> Target | None:
    # Most targets have none of these, and need not be tried.
    match = _RANGE.fullmatch(clean) if any(sign in clean for sign in _TO) else None
    if match is None or max(len(match["low"]), len(match["high"])) > MOST_DIGITS:
        return None
    low_unit, high_unit = match["low_unit"], match["unit"]
    if low_unit and high_unit and low_unit != high_unit:
        return None
    unit, per = _unit(high_unit or low_unit, match["per"], match["each"], unit_cell)
    low, high = _in_unit(match["low"], unit), _in_unit(match["high"], unit)
    if low > high or unit == "月" or (unit == "年" and low in _CALENDAR_YEAR):
        return None
    return Target("range", None, low, high, unit, per, None, text)


def _unit(typed: str | None, ratio: str | None, each: str | None, unit_cell: str) -> tuple[str, str]:
    """Return the unit and what it is for each of; from the unit's own cell where the figure has none."""
    unit, per = typed or "", (ratio or "").replace("/每", "/").removeprefix("/") or each or ""
    if not unit and not ratio:
        unit, _, cell_per = unit_cell.partition("/")
        per = per or cell_per.removeprefix("每")
    return unit, per


def _in_unit(numeral: str, unit: str) -> Decimal:
    amount = amount_of(numeral, unit)
    # 比例 says that it is a rate, but not whether 95 or 0.95 is meant.
    return amount.scaleb(-2, ARITHMETIC) if unit == "比例" and abs(amount) > LARGEST_BARE_RATE else amount


def is_rate(unit: str) -> bool:
    """Whether figures in a unit are rates, 0–1."""
    return unit_of(unit).name == "%"


def same_target(one: str, other: str) -> bool:
    """Whether two texts ask for the same: ``≥95%`` and 不低于95% do; a bare figure is a positive target.

    ≥5万人 and ≥50000人 are the same, ≥5万人 and ≥5人 (or ≥5) are not.
    """
    if normalize_text(one) == normalize_text(other):
        return True
    first, second = read_target(one), read_target(other)
    if first.kind == "word" or first.kind != second.kind:
        return False
    same = (first.when, first.per, *_ends(first)) == (second.when, second.per, *_ends(second))
    return same and (first.comparator or "≥") == (second.comparator or "≥") and same_unit(first.unit, second.unit)


def _ends(target: Target) -> tuple[Decimal | None, Decimal | None]:
    """Return the figures of a target in the base unit: 5万人 is 50000."""
    low, high = (None if end is None else in_base(end, target.unit) for end in (target.amount, target.upper))
    return low, high
