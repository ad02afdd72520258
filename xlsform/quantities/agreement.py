"""Whether a stated figure is the exact one, and whether an actual value meets its target."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from xlsform.quantities.targets import LARGEST_BARE_RATE, Comparator, Target, is_rate
from xlsform.quantities.text import is_blank_mark, without_ending
from xlsform.quantities.units import ARITHMETIC, in_base, same_family, same_unit, unit_of

Judgement = Literal["met", "missed", "over", "not-comparable"]

#: Figures beyond this power of ten are compared as they stand, not rounded.
_LARGEST_POWER = 60

#: The ministry's grades for what cannot be measured, normalized; 预期指标 and 年度指标 are both printed.
_REACHED = frozenset(f"{mark}{word}" for word in ("达成年度指标", "达成预期指标") for mark in ("", "已"))
_NOT_REACHED = frozenset(
    f"{grade}{word}{effect}"
    for grade, effects in (
        ("部分达成", ("", "并具有一定效果", "且具有一定效果")),
        ("未达成", ("", "且效果较差", "并效果较差")),
    )
    for word in ("年度指标", "预期指标")
    for effect in effects
)


class Outcome(NamedTuple):
    """What a comparison of an actual value with its target gave."""

    verdict: Judgement
    """``over``: met, and beyond a target that asks for at least so much. Beyond a range or off an = is ``missed``."""
    ratio: Decimal | None
    """Actual ÷ target, of a range ÷ the end that was passed; None within a range, for words and dates, and where the
    target is not above 0."""
    excess: Decimal | None
    """Actual − target in the target's unit (rates 0–1), of a range beyond the end that was passed, 0 within."""
    doubt: bool = False
    """Whether the figures could be compared only by taking units for the same that are not (人 and 人次, 天 and
    工作日), or a bare figure up to 1.5 for the figure before a %."""

    @property
    def reached(self) -> bool:
        """Whether the target is met, exceeded or not."""
        return self.verdict in ("met", "over")


_NOT_COMPARABLE = Outcome("not-comparable", None, None)


class _Figures(NamedTuple):
    """Actual and target in one unit."""

    low: Decimal
    high: Decimal
    floor: Decimal
    ceiling: Decimal
    unit: str
    doubt: bool


def agrees(stated: Decimal, exact: Decimal, decimals: int, most: int = 2) -> bool:
    """Whether a stated figure is the exact one, as printed (docs/domain.md#tolerance).

    It is if it equals the exact figure, or that figure rounded (half up or half even) or truncated at the decimals it
    is printed with, `most` at most; with more than that, it is itself cut to `most` in the same way. A whole number is
    held to `most` decimals, for rounding to a whole point is `whole_point`'s affair: 9 is not 8.62, but it is 9.004.

    Args:
        stated: the figure on the form: 万元, points, a rate 0–1.
        exact: the figure that it should be, in the same unit, unrounded.
        decimals: those it is printed with; for a rate those of the percentage and two more.
        most: how many count; 4 for a rate.
    """
    if not (stated.is_finite() and exact.is_finite()):
        return False
    if stated == exact or not (_can_be_rounded(stated) and _can_be_rounded(exact)):
        return stated == exact
    places = max(0, min(decimals, most)) or max(0, most)
    if _cut(stated, places, ROUND_DOWN) == stated and _cut(exact, places, ROUND_HALF_EVEN) == stated:
        return True
    if _cut(stated, places, ROUND_HALF_UP) == _cut(exact, places, ROUND_HALF_UP):
        return True
    # Both -0.004 and 0.004 are truncated to 0, but do not agree.
    opposed = bool(stated and exact) and stated.is_signed() != exact.is_signed()
    return not opposed and _cut(stated, places, ROUND_DOWN) == _cut(exact, places, ROUND_DOWN)


def whole_point(stated: Decimal, exact: Decimal) -> bool:
    """Whether a stated figure is the exact one rounded to a whole number (8.62 → 9): worth a warning, no error."""
    if not (_can_be_rounded(stated) and _can_be_rounded(exact)):
        return False
    return stated in (_cut(exact, 0, ROUND_HALF_UP), _cut(exact, 0, ROUND_HALF_EVEN))


def _can_be_rounded(value: Decimal) -> bool:
    return value.is_finite() and value.adjusted() <= _LARGEST_POWER


def _cut(value: Decimal, places: int, rounding: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-min(places, 30)), rounding, ARITHMETIC)


def compare(actual: Target, target: Target) -> Outcome:
    """Return whether an actual value meets its target.

    - A bare figure is a positive target (≥). ≤: at or under. =: off in either direction is missed. Range: within it.
    - A date is met on or before the day; a missing year is taken from the other side; a span (2021年12月) that
      reaches over the target's day is not comparable.
    - Words are met by the same words, or by an explicit 达成年度指标 / 达成预期指标; the ministry's lower grades are
      missed; all else is not comparable.
    - Units must be of one family, and for each of the same (年 is understood: 12次/年 is 12次). A figure without a unit
      takes the other's. Without a unit against a percentage, up to 1.5 it is a rate typed in a percent cell (0.98, 1),
      above that the figure before the % (98, 100); so it is below, in doubt, where it would be a rate more than ten
      times the target's (1 beside ≤3%).
    - An actual range counts where both its ends give the same verdict.
    """
    if target.kind == "word" or actual.kind == "word":
        return _compare_words(actual, target)
    if target.kind == "date" or actual.kind == "date":
        return _compare_dates(actual, target)
    figures = _in_one_unit(actual, target)
    if figures is None:
        return _NOT_COMPARABLE
    copied = actual.comparator if actual.comparator in ("<", ">") else None
    low = _judge(figures.low, figures, target, copied)
    high = low if actual.upper is None else _judge(figures.high, figures, target, copied)
    return low if low.verdict == high.verdict else _NOT_COMPARABLE


def _compare_words(actual: Target, target: Target) -> Outcome:
    if target.kind != "word" or actual.kind != "word" or is_blank_mark(target.text):
        return _NOT_COMPARABLE
    said, asked = without_ending(actual.text), without_ending(target.text)
    if asked and (said == asked or said in _REACHED):
        return Outcome("met", None, None)
    return Outcome("missed", None, None) if asked and said in _NOT_REACHED else _NOT_COMPARABLE


def _compare_dates(actual: Target, target: Target) -> Outcome:
    done, due = actual.when, target.when
    if done is None or due is None:
        return _NOT_COMPARABLE
    year = 0 if done.year is None or due.year is None else done.year - due.year
    if (year, done.last) <= (0, due.last):
        return Outcome("met", None, None)
    return Outcome("missed", None, None) if (year, done.first) > (0, due.last) else _NOT_COMPARABLE


def _in_one_unit(actual: Target, target: Target) -> _Figures | None:
    """Return both sides in the base unit, or None where their units are of different families."""
    if actual.amount is None or target.amount is None:
        return None
    low, high = actual.amount, _or(actual.upper, actual.amount)
    floor, ceiling = target.amount, _or(target.upper, target.amount)
    unit, theirs, doubt = actual.unit or target.unit, target.unit or actual.unit, False
    if not actual.unit and is_rate(theirs):
        doubt = 10 * abs(ceiling) < abs(high) <= LARGEST_BARE_RATE
        low, high = _rate(low, high, doubt)
    elif not target.unit and is_rate(unit):
        floor, ceiling = _rate(floor, ceiling, False)
    if not same_family(unit, theirs) or not _same_per(actual, target):
        return None
    return _Figures(
        in_base(low, unit),
        in_base(high, unit),
        in_base(floor, theirs),
        in_base(ceiling, theirs),
        theirs,
        doubt or not same_unit(unit, theirs),
    )


def _or(value: Decimal | None, other: Decimal) -> Decimal:
    return other if value is None else value


def _rate(low: Decimal, high: Decimal, percent: bool) -> tuple[Decimal, Decimal]:
    """Return a bare figure or range as rates."""
    if not percent and abs(high) <= LARGEST_BARE_RATE:
        return low, high
    return low.scaleb(-2, ARITHMETIC), high.scaleb(-2, ARITHMETIC)


def _same_per(actual: Target, target: Target) -> bool:
    if not actual.unit and not actual.per:
        return True
    return (actual.per if actual.per != "年" else "") == (target.per if target.per != "年" else "")


def _judge(amount: Decimal, figures: _Figures, target: Target, copied: Comparator | None) -> Outcome:
    """Return what one amount is against the target; `copied` is the strict sign that the actual value came with."""
    bound = figures.floor
    if target.kind == "range":
        bound = min(max(amount, figures.floor), figures.ceiling)
    met = _meets(amount, bound, target.comparator, target.kind == "range") or (
        amount == bound and copied is not None and copied == target.comparator
    )
    positive = target.kind == "number" and target.comparator in (None, "≥", ">")
    verdict: Judgement = "missed" if not met else "over" if positive and amount > bound else "met"
    within = target.kind == "range" and amount == bound
    ratio = ARITHMETIC.divide(amount, bound) if bound > 0 and not within else None
    excess = ARITHMETIC.subtract(amount, bound).scaleb(-unit_of(figures.unit).scale, ARITHMETIC)
    return Outcome(verdict, ratio, excess, figures.doubt)


def _meets(amount: Decimal, bound: Decimal, comparator: Comparator | None, exactly: bool) -> bool:
    if exactly or comparator == "=":
        return amount == bound
    if comparator == "≤":
        return amount <= bound
    if comparator == "<":
        return amount < bound
    return amount > bound if comparator == ">" else amount >= bound
