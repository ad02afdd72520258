"""Targets that are known figures: how the actual value is typed, and what meets the target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform import quantities
from xlsform.form.definition import Form
from xlsform.form.formula import quote
from xlsform.form.layout import Field, Layout
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, TARGET
from xlsform.quantities import Target
from xlsform.quantities.targets import is_rate
from xlsform.quantities.units import TIME_UNITS, counts_things, unit_of


class Measure(NamedTuple):
    """How the actual value of a row is typed and judged, its target being a known figure."""

    number_format: str
    """``0.00%``, ``0"人次"``: the unit is printed, not typed."""
    unit: str
    """What the number format prints behind the figure; blank for a percentage."""
    low: Decimal | None = None
    """The least that meets the target, in its unit (rates 0–1); None without."""
    high: Decimal | None = None
    """The most that meets it."""
    open_above: bool = False
    """Whether more than the target asks for is left to the reader: of a range it may be welcome."""

    @property
    def judged(self) -> bool:
        """Whether what meets the target is beyond doubt."""
        return self.low is not None or self.high is not None

    def parts(self) -> dict[str, str]:
        """Return what a template's formula names as ``{.target:low}`` and so on."""
        return {
            "low": _number(self.low),
            "high": _number(self.high),
            "unit": quote(self.unit),
        }


def _number(value: Decimal | None) -> str:
    return "NA()" if value is None else f"{value.normalize():f}"


def measures(layout: Layout, values: Mapping[str, object]) -> dict[str, Measure]:
    """Return the measures of the rows whose targets are known figures, by the name of the field of the actual value.

    Args:
        layout: the form, laid out.
        values: prefilled values by field name.
    """
    found: dict[str, Measure] = {}
    for row in layout.indicator_rows:
        actual, asked = row.get(ACTUAL), row.get(TARGET)
        target = values.get(asked.name) if asked else None
        if actual is None or actual.name in values or not isinstance(target, str):
            continue
        name = values.get(row[INDICATOR_NAME].name) if INDICATOR_NAME in row else None
        measure = _measure(target, str(name or ""), actual, layout.form)
        if measure is not None:
            found[actual.name] = measure
    return found


def _measure(text: str, name: str, row: Field, form: Form) -> Measure | None:
    measure = _unjudged(text)
    if measure is None:
        return None
    kinds = f"{row.level1} {row.level2}"
    target = directed(quantities.read_target(text), name, kinds, form)
    low, high = target.amount, target.upper
    if not name or low is None or low < 0 or either_way(target, name, kinds, form):
        return measure
    if target.comparator in ("≤", "<"):
        return measure._replace(high=low)
    if target.kind == "range" or target.comparator == "=":
        return measure._replace(low=low, high=low if high is None else high, open_above=target.kind == "range")
    return measure._replace(low=low)


@lru_cache(maxsize=512)
def _unjudged(text: str) -> Measure | None:
    """Return how an actual value is typed beside a target; None where the target is no known figure."""
    target = quantities.read_target(text)
    if target.amount is None or target.kind not in ("number", "range"):
        return None
    if is_rate(target.unit) and target.unit != "%":
        # 5‰ is read as a rate; a figure typed beside it would not be.
        return None
    unit = _unit(target, text)
    return Measure(_number_format(target, unit), unit)


def directed(target: Target, name: str, kinds: str, form: Form) -> Target:
    """Return a target with the direction of a bare figure made explicit where it asks for at most so much.

    Args:
        target: the target.
        name: the indicator's name.
        kinds: its level 1 and level 2.
        form: the form, whose settings say what should be little.
    """
    if target.kind != "number" or target.comparator is not None or target.amount is None:
        return target
    saving = any(word in name for word in form.setting("savings_words"))
    cost = "成本" in kinds and unit_of(target.unit).name != "%"
    little = cost or name.endswith(tuple(form.setting("less_is_better")))
    if target.amount == 0 or (little and not saving):
        return target._replace(comparator="≤")
    return target


def either_way(target: Target, name: str, kinds: str, form: Form) -> bool:
    """Whether a bare figure may ask for as much or for as little: 30天 is a term to keep or a time to reach."""
    return target.comparator is None and (
        name.endswith(tuple(form.setting("either_way"))) or ("时效" in kinds and target.unit in TIME_UNITS)
    )


def _unit(target: Target, text: str) -> str:
    """Return the unit as the target spells it, with what it is for each of."""
    if target.unit == "%":
        return ""
    spelled = re.search(re.escape(target.unit), text, re.IGNORECASE)
    unit = spelled[0] if spelled else target.unit
    return f"{unit}/{target.per}" if target.per else unit


def _number_format(target: Target, unit: str) -> str:
    if target.unit == "%":
        return "0.00%"
    if not unit:
        return "General"
    whole = all(end is None or end == end.to_integral_value() for end in (target.amount, target.upper))
    # Half a person is no figure; half a kilometre is.
    return f"0{quote(unit)}" if whole and counts_things(target.unit) else f"General{quote(unit)}"
