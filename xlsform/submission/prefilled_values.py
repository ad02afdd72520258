"""The values that a workbook says it was issued with, compared with what was approved.

Anybody can write into a workbook what it was issued with. Unless its identity is signed by us, the values that count
are those that the project list or the register has.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from xlsform.form.layout import Field, Layout
from xlsform.form.vocabulary import INDICATOR_NAME, TARGET, WEIGHT
from xlsform.quantities import normalize_text, number_of, same_target
from xlsform.submission.indicator_names import full_name, plain_name

if TYPE_CHECKING:
    from xlsform.projects import ListedIndicator, Project


class Prefilled(NamedTuple):
    """What a workbook claims to have been issued with, set right by what was approved."""

    values: Mapping[str, object]
    """What was approved, by field, for the fields that the workbook claims; its own word where nothing is known."""
    differing: tuple[str, ...]
    """The fields whose claim is not what was approved."""
    missing: tuple[ListedIndicator, ...]
    """The approved indicators that the workbook does not claim."""


def set_right(claims: Mapping[str, object], project: Project, layout: Layout) -> Prefilled:
    """Compare what a workbook claims to have been issued with to what was approved.

    Rows of indicators are told by the names that are claimed for them. Where no approved indicator has that name, what
    is claimed for the row counts for nothing.

    Args:
        claims: the prefilled values that the workbook records, by field.
        project: what was approved.
        layout: the form as the workbook has it.
    """
    values: dict[str, object] = dict(claims)
    differing: list[str] = []

    def settle(item: Field, approved: object) -> None:
        if item.name in claims and not says_the_same(claims[item.name], approved, item):
            values[item.name] = approved
            differing.append(item.name)

    for key, approved in project.head.items():
        item = layout.by_key.get(key)
        if item is not None and approved not in ("", None):
            settle(item, approved)
    left = list(project.indicators)
    for row in layout.indicator_rows if project.indicators else ():
        if not any(item.name in claims for item in row.values()):
            continue
        found = _approved(str(claims.get(row[INDICATOR_NAME].name, "")) if INDICATOR_NAME in row else "", row, left)
        if found is None:
            for item in row.values():
                if values.pop(item.name, None) is not None:
                    differing.append(item.name)
            continue
        left.remove(found)
        if full_name(str(claims.get(row[INDICATOR_NAME].name, ""))) != full_name(found.name):
            settle(row[INDICATOR_NAME], found.name)
        for role, given in ((TARGET, found.target), (WEIGHT, found.weight)):
            if role in row and given not in ("", None):
                settle(row[role], given)
    return Prefilled(values, tuple(differing), tuple(left))


def _approved(name: str, row: Mapping[str, Field], left: list[ListedIndicator]) -> ListedIndicator | None:
    level2 = next(iter(row.values())).level2
    plain = plain_name(name)
    alike = [each for each in left if plain_name(each.name) == plain and each.level2 == level2]
    return next((each for each in alike if full_name(each.name) == full_name(name)), next(iter(alike), None))


def says_the_same(found: object, approved: object, item: Field) -> bool:
    """Whether two values of a field mean the same: figures to the 15 digits of a cell, targets however worded."""
    if isinstance(approved, int | float | Decimal):
        return isinstance(found, int | float | Decimal) and number_of(float(found)) == number_of(float(approved))
    one, other = str(found), str(approved)
    return normalize_text(one) == normalize_text(other) or (item.role == TARGET and same_target(one, other))
