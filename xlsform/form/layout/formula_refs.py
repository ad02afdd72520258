"""How references in a template's formulas are spelled: settings and shared formulas, and addresses in a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from xlsform.form import formula as formulas
from xlsform.form.definition import Form
from xlsform.form.layout.fields import Field, UnknownReferenceError
from xlsform.spreadsheet.a1 import Range, a1, letters


@lru_cache(maxsize=4096)
def spelled_out(form: Form, formula: str) -> str:
    """Return a template's formula with what its settings and shared formulas say in place of their names."""
    return formulas.render(formula, lambda reference: _said(form, reference))


def _said(form: Form, reference: str) -> str:
    room, _, name = reference.partition(".")
    if room == "scoring" and name:
        return _setting(form, reference)
    if room not in ("let", "outcome") or not name:
        return f"{{{reference}}}"
    try:
        return f"({spelled_out(form, (form.let if room == 'let' else form.outcome)[name])})"
    except KeyError:
        raise UnknownReferenceError(reference) from None


def _setting(form: Form, reference: str) -> str:
    value: Any = form.scoring
    for fragment in reference.split(".")[1:]:
        if isinstance(value, list):
            return "TRUE" if fragment in value else "FALSE"
        value = value.get(fragment) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, Mapping | list):
        raise UnknownReferenceError(reference)
    return formulas.quote(value) if isinstance(value, str) else str(value)


def closure(name: str, direct: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the fields that a computed one depends on, directly or through others, each once."""
    met: set[str] = set()
    waiting = [iter(direct[name])]
    while waiting:
        other = next(waiting[-1], None)
        if other is None:
            waiting.pop()
        elif other not in met:
            met.add(other)
            yield other
            if other in direct:
                waiting.append(iter(direct[other]))


def addresses(items: Sequence[Field], own_row: int | None) -> str:
    """Return the addresses of fields; with ``own_row`` as `Layout.placed` says."""
    if len(items) == 1:
        return _address(items[0].range.top, items[0].range.left, own_row)
    return ",".join(_areas([item.range for item in items], own_row))


def _areas(ranges: Sequence[Range], own_row: int | None) -> Iterator[str]:
    """Yield addresses of several cells, those below one another joined; with ``own_row`` as `Layout.placed` says."""
    joined: list[Range] = []
    for area in ranges:
        last = joined[-1] if joined else None
        if last is not None and last.left == area.left and last.bottom + 1 == area.top:
            joined[-1] = Range(last.top, last.left, area.bottom, last.right)
        else:
            joined.append(area)
    if own_row is not None:
        own_row = 0  # A column's rows stand fast, whichever of them is asked from.
    for area in joined:
        start, end = (_address(row, area.left, own_row) for row in (area.top, area.bottom))
        yield start if area.top == area.bottom else f"{start}:{end}"


def _address(row: int, column: int, own_row: int | None) -> str:
    if own_row is None:
        return a1(row, column)
    return f"{letters(column)}«r»" if row == own_row else f"{letters(column)}${row}"
