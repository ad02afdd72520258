"""Numbers as people type them into a cell, and as Excel holds and prints them."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform.patterns import LazyPattern
from xlsform.quantities.text import figure_text
from xlsform.quantities.units import RATES, UNIT

#: More digits than this are no figure that anybody typed.
MOST_DIGITS = 40

#: A numeral without its sign, as a regular expression: commas group by three, 。 does for a point.
NUMERAL = r"(?:(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:[.。][0-9]*)?|[.。][0-9]+)"

_PLAIN = LazyPattern(r"[+-]?(?:[0-9]+(?:\.([0-9]*))?|\.([0-9]+))")
_TYPED = LazyPattern(rf"['’‘`]?(?:¥|人民币)?(?P<numeral>[+-]?{NUMERAL})(?P<unit>{UNIT})?(?:(?<=元)整)?")
#: What `_TYPED` can begin with; most texts are sentences, and need not be tried.
_BEGINNINGS = frozenset("'’‘`¥人+-.。0123456789")
_NOT_PRINTED = LazyPattern(r'"[^"]*"|[\\!_*].|\[[^\]]*\]', re.DOTALL)
_NUMERIC_FORMAT = LazyPattern(r"[^0#?.,]*(?P<whole>[0#?,]*)(?:\.(?P<part>[0#?]*))?(?P<scaled>,*)[^0#?.,]*")


class Number(NamedTuple):
    """A number that was typed as text."""

    value: Decimal
    """Its value in its unit; of a percentage (or ‰, 百分比, 百分点) the rate: 98 % is 0.98."""
    decimals: int
    """Decimals as printed, trailing zeros too: 2 for ``98.00%``."""
    unit: str
    """The unit behind it (``%`` ``万元`` ``人次`` …), normalized; blank without."""
    plain: bool
    """Whether a number cell would take it as it stands: ASCII digits, at most a sign and a point, nothing else."""


def read_number(text: str) -> Number | None:
    """Return the number that a text is, or None where it is not one and nothing else.

    Width, spaces, zero-width characters, kinds of minus, ``。`` for a point, a leading apostrophe or ¥, a unit (万元,
    万元整, %) and commas that group by three make no difference. Not numbers: ``约4``, ``叁``, ``4-5``, ``4 5``,
    ``4/5``, ``1_000``, ``12,34``, ``٣``, ``①``, ``NaN``, ``1e5`` and ``3.92E-2`` (nobody types scientific notation
    into a form).
    """
    if match := _PLAIN.fullmatch(text):
        if len(text) > MOST_DIGITS:
            return None
        return Number(Decimal(text), len(match[1] or match[2] or ""), "", True)
    normalized = figure_text(text)
    typed = _TYPED.fullmatch(normalized) if normalized[:1] in _BEGINNINGS else None
    if typed is None or len(typed["numeral"]) > MOST_DIGITS:
        return None
    unit = typed["unit"] or ""
    return Number(amount_of(typed["numeral"], unit), printed_places(typed["numeral"]), unit, False)


def amount_of(numeral: str, unit: str) -> Decimal:
    """Return the value of a `NUMERAL`, signed or not, in its unit; the rate where the unit is one of a rate."""
    digits = numeral.replace(",", "").replace("。", ".")
    # The power goes into the literal: dividing by 100 would round to the context's precision.
    return Decimal(f"{digits}e{RATES.get(unit, 0)}")


def printed_places(numeral: str) -> int:
    """Return how many decimals a `NUMERAL` shows: 2 for ``98.00``, 0 for ``4.``."""
    return len(numeral.replace("。", ".").partition(".")[2])


def number_of(value: float) -> Decimal:
    """Return a double as Excel sees it: at 15 significant digits, so that 0.1 + 0.2 is 0.3, and -0 as 0."""
    return Decimal(f"{value + 0.0:.15g}")


@lru_cache(maxsize=512)
def decimals_of(value: Decimal) -> int:
    """Return how many decimals a number needs: 0 for 4.00, 2 for 3.92."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    digits = f"{value:f}".partition(".")[2]
    return len(digits.rstrip("0"))


@lru_cache(maxsize=1024)
def printed_decimals(number_format: str) -> int | None:
    """Return the decimals that an Excel number format always prints, by its first section: 2 for ``#,##0.00##``.

    None where the format leaves them to the value or prints no plain decimal: General, text, dates, fractions,
    scientific notation, thousands scaled away.
    """
    section = _NOT_PRINTED.sub("", number_format).partition(";")[0]
    match = _NUMERIC_FORMAT.fullmatch(section)
    if match is None or re.search(r"[@/A-Za-z年月日时分秒]", section) or "通用" in section:
        return None
    whole, part = match["whole"], match["part"] or ""
    if match["scaled"] or whole.endswith(",") or not whole + part:
        return None
    return part.count("0")
