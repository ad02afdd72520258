"""Dates and deadlines as people type them: 12月31日前, 2021年底前完成, 2021-12-31."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from xlsform.patterns import LazyPattern

#: Month and day.
Day = tuple[int, int]

_YEAR = "(?P<year>(?:19|20)[0-9]{2})"
_DONE = (
    "(?:(?:全部|全面|按时|如期|及时)?"
    "(?:完成|完工|竣工|到位|支付|拨付|发放|验收|交付|交工|实施|投入使用|执行)(?:完毕|到位)?)?"
)
_UNTIL = "(?:≤|<|=|不晚于|不迟于|截至|截止到?|于|在)?"
_BEFORE = "(?P<before>[之以]?前)?"
_NUMERIC = LazyPattern(
    rf"{_UNTIL}{_YEAR}(?P<mark>[-./])(?P<month>[0-9]{{1,2}})(?:(?P=mark)(?P<day>[0-9]{{1,2}})(?:[_T][0-9:.]{{4,15}})?)?"
    rf"{_BEFORE}(?P<done>{_DONE})"
)
_SPOKEN = LazyPattern(
    rf"{_UNTIL}(?:{_YEAR}年度?|当年|本年度?)?"
    r"(?:(?P<month>[0-9]{1,2})月份?(?:(?P<day>[0-9]{1,2})[日号]|(?P<part>底|末|上旬|中旬|下旬))?"
    r"|(?P<season>年?底|年?末|年?内|上半年|下半年|第?[一二三四1-4]季度[底末]?))?"
    rf"{_BEFORE}{_DONE}"
)
_PARTS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31)}
_QUARTERS = {char: quarter for quarter, chars in enumerate(("一1", "二2", "三3", "四4"), 1) for char in chars}


class When(NamedTuple):
    """A day, or a span of days, as far as a text says it."""

    year: int | None
    """The year, or None where the text has none (12月31日前)."""
    first: Day
    """The earliest day that it can mean; of "before the 31st" 1 January."""
    last: Day
    """The latest day that it can mean: as a target, the day by which it has to be done. ``12月前`` is generously read
    as by the end of December."""

    @property
    def date(self) -> datetime.date | None:
        """Its latest day, or None without a year."""
        if self.year is None:
            return None
        month, day = self.last
        return datetime.date(self.year, month, min(day, _days(self.year, month)))


def read_date(text: str) -> When | None:
    """Return the date or deadline that a figure's text (`figure_text`) is, or None where it is none.

    A bare ``2021.12`` is a number, not December; ``12月`` is December, since twelve months are 12个月.
    """
    match = _NUMERIC.fullmatch(text)
    if match:
        vague = match["mark"] == "." and not (match["day"] or match["before"] or match["done"])
        return None if vague else _span(match["year"], match["month"], match["day"], None, bool(match["before"]))
    match = _SPOKEN.fullmatch(text)
    if match is None:
        return None
    if match["month"]:
        return _span(match["year"], match["month"], match["day"], match["part"], bool(match["before"]))
    season = match["season"] or ""
    if not match["year"] and season in ("", "底", "末", "内"):
        return None
    first, last = _season(season)
    year = int(match["year"]) if match["year"] else None
    return When(year, (1, 1) if match["before"] else first, last)


def _span(year: str | None, month: str, day: str | None, part: str | None, before: bool) -> When | None:
    number, when = int(month), int(year) if year else None
    if not 1 <= number <= 12:
        return None
    # Without a year the 29th of February is allowed.
    length = _days(when or 2000, number)
    if day:
        if not 1 <= int(day) <= length:
            return None
        first, last = int(day), int(day)
    else:
        first, last = _PARTS.get(part or "", (1, length))
    return When(when, (1, 1) if before else (number, first), (number, min(last, length)))


def _days(year: int, month: int) -> int:
    # Without the module calendar, which loads the locale.
    return (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(1)).day


def _season(text: str) -> tuple[Day, Day]:
    if "季度" in text:
        quarter = _QUARTERS[text.removeprefix("第")[0]]
        month = 3 * quarter
        return (month - 2, 1), (month, 31 if quarter in (1, 4) else 30)
    if text == "上半年":
        return (1, 1), (6, 30)
    if text == "下半年":
        return (7, 1), (12, 31)
    return ((12, 1) if text.endswith(("底", "末")) else (1, 1)), (12, 31)
