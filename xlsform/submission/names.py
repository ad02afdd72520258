"""Where the defined names of a returned workbook point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from xlsform.form.layout import Layout
from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.a1 import Position, position

_REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Z]{1,3}\$?\d+)(?::.*)?\Z")


def named_places(layout: Layout, workbook: Workbook, sheet: str) -> Mapping[str, Position]:
    """Return where the defined names of fields point on the form's sheet, by field.

    Args:
        layout: the form as issued.
        workbook: what came back.
        sheet: the name of its form's sheet. Where that was renamed by a program that does not rename it in formulas,
            the old name still means it.
    """
    names, wanted = workbook.names, layout.fields
    if not wanted.keys() <= names.keys():
        folded = {name.casefold(): target for name, target in names.items()}
        names = {name: names.get(name) or folded.get(name.casefold(), "") for name in wanted}
    sheets = {sheet.casefold()}
    if workbook.sheet(layout.form.sheet) is None:
        sheets.add(layout.form.sheet.casefold())
    return _places(layout, frozenset(sheets), tuple([names[name] for name in wanted]))


# Most returns of one layout have the same names.
@lru_cache(maxsize=8)
def _places(layout: Layout, sheets: frozenset[str], targets: tuple[str, ...]) -> Mapping[str, Position]:
    """Return where the names of fields point, given what they refer to, of those that point at one of the sheets."""
    pointed = zip(layout.fields, map(_pointed, targets), strict=True)
    return {name: place for name, (sheet, place) in pointed if place is not None and sheet in sheets}


@lru_cache(maxsize=4096)
def _pointed(target: str) -> tuple[str, Position | None]:
    """Return what a defined name points at: the sheet, its case folded, and the first cell."""
    match = _REFERENCE.match(target)
    if match is None:
        return "", None
    try:
        return (match[1] or match[2]).replace("''", "'").casefold(), position(match[3])
    except ValueError:
        return "", None
