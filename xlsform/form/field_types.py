"""What may stand in a field: its Excel side and its Python side."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from xlsform import quantities
from xlsform.patterns import LazyPattern
from xlsform.spreadsheet.values import CellError, Value

#: A cast value: money in the form's unit, points, a rate from 0 to 1, a year, or text.
Cast = Decimal | str

Problem = Literal["not-a-number", "cell-error"]

#: What a figure in 万元 is worth in each unit of money that people write.
_MONEY = {"元": Decimal(1), "千元": Decimal(1000), "万元": Decimal(10_000), "万": Decimal(10_000)}
_MONEY |= {"百万元": Decimal(1_000_000), "亿元": Decimal(100_000_000), "亿": Decimal(100_000_000)}

#: A year with the words that the form prints around it.
_YEAR_WORDS = LazyPattern(r"[（(]?\s*(.*?)\s*(?:年度?)?\s*[）)]?")


class Reading(NamedTuple):
    """What a cell's content means for its field."""

    value: Cast | None = None
    problem: Problem | None = None
    as_text: bool = False
    """Understood as a number, though it was typed as text."""
    decimals: int = 0
    """Decimals that the figure is printed with; of a rate, those of the percentage plus two."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """A kind of value, and how a cell holds it."""

    name: str
    number_format: str
    numeric: bool
    high: int | None = None
    """The largest number accepted, in the field's own unit."""
    units: tuple[str, ...] = ()
    """Units that people write behind the figure and that change nothing."""

    def read(self, raw: Value | None, number_format: str = "General", money_unit: str = "万元") -> Reading:
        """Return what stands in a cell as this type understands it; never raises.

        Args:
            raw: the cell's content, None when blank.
            number_format: the cell's number format code, which tells how the figure is printed.
            money_unit: the unit that the form's money is in.
        """
        if raw is None or raw == "":
            return Reading()
        if isinstance(raw, CellError):
            return Reading(problem="cell-error")
        if isinstance(raw, bool):
            return Reading(problem="not-a-number") if self.numeric else Reading(value="是" if raw else "否")
        if isinstance(raw, float):
            return _read_number(self.name, self.numeric, raw, number_format)
        return self._read_text(raw, money_unit)

    def _read_text(self, text: str, money_unit: str) -> Reading:
        stripped = text.strip("\u200b\ufeff \t\r\n\u3000\u00a0")
        if not stripped:
            return Reading()
        if not self.numeric or self.name == "figure":
            return Reading(text)
        if self.name == "year" and (match := _YEAR_WORDS.fullmatch(stripped)):
            stripped = match[1]
        number = quantities.read_number(stripped)
        if number is None:
            return Reading(problem="not-a-number")
        value, decimals, unit = number.value, number.decimals, number.unit
        if unit == "%":
            if self.name != "rate":
                return Reading(problem="not-a-number")
            decimals += 2
        elif self.name == "money" and unit in _MONEY:
            value = value * _MONEY[unit] / _MONEY[money_unit]
        elif unit and unit not in self.units:
            return Reading(problem="not-a-number")
        return Reading(value=value, as_text=True, decimals=decimals)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value, as data files hold it; a figure may be text, as people type it."""
        if self.name == "figure":
            return {"type": ["string", "number", "null"]}
        if not self.numeric:
            return {"type": ["string", "null"]}
        if self.name == "year":
            return {"type": ["integer", "null"], "minimum": 1990, "maximum": 2100}
        return {"type": ["number", "string", "null"]}


# Weights and scores are few and come again and again.
@lru_cache(maxsize=512)
def _read_number(kind: str, numeric: bool, raw: float, number_format: str) -> Reading:
    number = quantities.number_of(raw)
    printed = quantities.printed_decimals(number_format)
    percent = "%" in number_format
    if kind == "figure" or not numeric:
        shown = _as_printed(number, printed if percent else None)
        return Reading(value=shown if percent or not numeric else number)
    own = quantities.decimals_of(number)
    if printed is None:
        return Reading(value=number, decimals=own)
    return Reading(value=number, decimals=printed + 2 if percent else max(printed, min(own, 2)))


def _as_printed(number: Decimal, decimals: int | None) -> str:
    """Return a percentage, or a number in a text field, as the sheet shows it."""
    if decimals is None:
        return format(number.normalize() if number else Decimal(0), "f")
    return f"{number * 100:.{decimals}f}%"


TEXT = FieldType("text", "@", numeric=False)
MONEY = FieldType("money", "0.00####", numeric=True)
POINTS = FieldType("points", "General", numeric=True, high=100, units=("分",))
RATE = FieldType("rate", "0.00%", numeric=True)
YEAR = FieldType("year", '"（"0"年度）"', numeric=True, high=2100)
FIGURE = FieldType("figure", "@", numeric=True)

FIELD_TYPES = {kind.name: kind for kind in (TEXT, MONEY, POINTS, RATE, YEAR, FIGURE)}
