"""What the formulas of a laid out form cost together: how much they look at, and how long the texts become they give.

That they are written in a way that can be bounded is seen to before (`xlsform.form.check.bounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xlsform.form import formula as formulas
from xlsform.form.check.anatomy import dissect
from xlsform.form.evaluation.hints import hint_formulas
from xlsform.form.layout import MAX_ROWS, PRINTED_ROWS, Field, Layout
from xlsform.form.layout.formula_refs import spelled_out

_LONGEST = 8_192
"""Characters of a formula that Excel takes."""
_MOST_HINTS = 60
"""Checks of one row: its hint asks one within the other, and Excel takes 64."""
_LONGEST_CHAIN = 50
"""Computed fields that depend on one another."""
_MOST_COPIES = 50
"""Times that a computed text may hold what was typed into one field."""
_MOST_CELLS = 20_000_000
"""Cells that all formulas look at in a form with as many rows as can be asked for: ten seconds at most."""
_FEW_OPERATORS = 50

_JOINING = frozenset({"CONCATENATE", "REPLACE"})


def cost_problems(layout: Layout, placed: Iterable[tuple[str, str, Field]]) -> Iterator[str]:
    """Yield where a form costs more than any does.

    Args:
        layout: the form with its usual number of rows, its references sound.
        placed: each formula with its JSON path and each field that it is about.
    """
    yield from _length_problems(layout)
    yield from _chain_problems(layout)
    yield from _cell_problems(layout, placed)


def _length_problems(layout: Layout) -> Iterator[str]:
    """Yield formulas that no Excel file can hold, written in addresses."""
    for name, text in layout.computed.items():
        if len(text) > _LONGEST:
            yield f"the formula of {name} has {len(text):,} characters in the sheet; Excel takes {_LONGEST:,}"
            return
    for row, checks in layout.checks_by_row.items():
        if len(checks) > _MOST_HINTS:
            yield f"$.checks: {len(checks)} checks on fields of row {row}; at most {_MOST_HINTS} in a row"
            return
    for row, text in hint_formulas(layout).items():
        if len(text) > _LONGEST:
            yield (
                f"$.checks: the hint beside row {row} asks all checks of the row in a formula of {len(text):,} "
                f"characters; Excel takes {_LONGEST:,}"
            )
            return


class _Computed(NamedTuple):
    """A computed field, all those that it depends on being known."""

    level: int
    """How many stand one behind the other, this one included."""
    copies: int
    """How often its text may hold what was typed into one field."""


def _chain_problems(layout: Layout) -> Iterator[str]:
    """Yield the first computed field that depends on too many others, or whose text may grow too long.

    Those in a circle are left out: the engine tells them.
    """
    form = layout.form
    sources = {item.name: spelled_out(form, item.spec.formula) for item in _computed_fields(layout)}
    uses = {name: layout.resolver.names_in(source, layout.fields[name]) for name, source in sources.items()}
    known: dict[str, _Computed] = {}
    for name in _in_order(uses):
        below = [known[other] for other in uses[name] if other in known]
        level = 1 + max((each.level for each in below), default=0)
        copies = max((each.copies for each in below), default=1)
        found = dissect(sources[name])
        if "&" in sources[name] or any(call.name in _JOINING for call in found.calls):
            copies *= max(1, len(list(formulas.references(sources[name]))))
        known[name] = _Computed(level, copies)
        if level > _LONGEST_CHAIN:
            yield f"{name}: more than {_LONGEST_CHAIN} computed fields depend on one another"
            return
        if copies > _MOST_COPIES:
            yield f"{name}: its text may hold that of a field {copies} times; at most {_MOST_COPIES}"
            return


def _computed_fields(layout: Layout) -> Iterator[Field]:
    return (item for item in layout.fields.values() if item.spec.formula is not None)


def _in_order(uses: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield names behind all those that they use; those in circles, and what uses them, not at all."""
    waiting = {name: {other for other in others if other in uses} for name, others in uses.items()}
    users: dict[str, list[str]] = {}
    for name, others in waiting.items():
        for other in others:
            users.setdefault(other, []).append(name)
    ready = [name for name, others in waiting.items() if not others]
    while ready:
        name = ready.pop()
        yield name
        for user in users.get(name, ()):
            waiting[user].discard(name)
            if not waiting[user]:
                ready.append(user)


def _cell_problems(layout: Layout, placed: Iterable[tuple[str, str, Field]]) -> Iterator[str]:
    """Yield the formula that looks at the most cells, if all look at too many."""
    form = layout.form
    numbered = form.repeated.name if form.repeated else ""
    rows = len(layout.indicator_rows) * MAX_ROWS // PRINTED_ROWS
    costs: dict[str, int] = {}
    each: dict[tuple[str, str], int] = {}
    for path, source, item in placed:
        if (path, source) not in each:
            each[path, source] = _cells(spelled_out(form, source), rows)
        times = MAX_ROWS // PRINTED_ROWS + 1 if item.table == numbered and item.row is not None else 1
        costs[path] = costs.get(path, 0) + each[path, source] * times
    if sum(costs.values()) > _MOST_CELLS:
        path = max(costs, key=lambda name: costs[name])
        yield (
            f"{path}: with {MAX_ROWS} rows of each kind it looks at {costs[path]:,} cells, all formulas at "
            f"{sum(costs.values()):,}; at most {_MOST_CELLS:,}"
        )


def _cells(source: str, rows: int) -> int:
    """Return how many cells a formula looks at, each counted as often as it is calculated with."""
    references = list(formulas.references(source))
    columns = sum("*" in reference for reference in references)
    found = dissect(source)
    work = max(1, found.operators // _FEW_OPERATORS) * (1 + found.elements)
    return len(references) - columns + columns * rows * work
