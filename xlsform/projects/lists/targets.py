"""A target that a list gives whole, or as sign, value and unit in three columns."""

from __future__ import annotations

from collections.abc import Mapping

from xlsform.form.vocabulary import TARGET
from xlsform.messages import say
from xlsform.projects.lists.cells import CellProblemError, text_of
from xlsform.projects.lists.tables import Cell
from xlsform.quantities import Target, is_blank_mark, normalize_text, read_target

_SIGNS = ("≥", "≤", "=", ">", "<")
#: What stands in the sign's column where the target is words.
_NO_SIGN = ("定性", "定性指标", "文字描述", "无")


def target_in(cells: Mapping[str, Cell]) -> str:
    """Return a row's target as the form prints it, blank where there is none.

    Args:
        cells: the row's cells by column: the target, or ``sign``, ``value`` and ``unit``, or both.

    Raises:
        CellProblemError: the columns contradict one another, or a figure has no sign where signs have their column.
    """
    whole = text_of(cells.get(TARGET))
    value = text_of(cells.get("value"))
    if not value:
        return whole
    joined = _joined(_sign(text_of(cells.get("sign"))), value, _unit(text_of(cells.get("unit"))))
    if whole and _meaning(whole) != _meaning(joined):
        raise CellProblemError(
            say("the target is {whole}, but sign, value and unit make {joined}", whole=whole, joined=joined)
        )
    return whole or joined


def _meaning(target: str) -> tuple[object, ...]:
    read = read_target(target)
    return (read.kind, read.comparator, read.amount, read.upper, read.unit, read.per, read.when) + (
        (read.text,) if read.kind == "word" else ()
    )


def _sign(text: str) -> str | None:
    """Return a sign, None for a blank cell, blank for a target in words.

    Raises:
        CellProblemError: it is no sign.
    """
    if not text:
        return None
    if is_blank_mark(text) or normalize_text(text) in _NO_SIGN:
        return ""
    sign = normalize_text(text) if normalize_text(text) in _SIGNS else read_target(f"{text}1").comparator
    if not sign:
        raise CellProblemError(say("{found} is not a sign; give one of {signs}", found=text, signs=list(_SIGNS)))
    return sign


def _unit(text: str) -> str:
    return "" if is_blank_mark(text) or normalize_text(text) == "无" else text


def _joined(sign: str | None, value: str, unit: str) -> str:
    read = read_target(value)
    if read.comparator and sign is not None and sign != read.comparator:
        raise CellProblemError(say("the sign is {sign}, but the value says {value}", sign=sign or "—", value=value))
    figure = value if _has_unit(read, value, unit) else value + unit
    if read.comparator or not sign:
        if read.kind == "number" and not read.comparator and sign is None:
            raise CellProblemError(
                say("the sign of {value} is missing; give one of {signs}", value=figure, signs=list(_SIGNS))
            )
        return figure
    if read_target(sign + figure).kind == "word":
        # "= 合格" says no more than 合格.
        if sign == "=":
            return figure
        raise CellProblemError(say("{sign} cannot stand before {value}", sign=sign, value=figure))
    return sign + figure


def _has_unit(read: Target, value: str, unit: str) -> bool:
    """Whether a value needs no unit: there is none to add, it has it already, or it is words or a date.

    Raises:
        CellProblemError: it has another one.
    """
    if not unit or read.kind in ("word", "date") or normalize_text(value).endswith(normalize_text(unit)):
        return True
    if read.unit:
        raise CellProblemError(say("the unit is {unit}, but the value says {value}", unit=unit, value=value))
    return False
