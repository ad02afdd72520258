"""The identities that a returned workbook carries: in its hidden sheet, its properties and a defined name."""

from __future__ import annotations

from collections.abc import Collection

from xlsform.form import identity as identities
from xlsform.form.identity import Identity
from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.values import Value


def identities_in(workbook: Workbook) -> dict[str, Identity]:
    """Return the identities that a workbook's carriers give, by carrier."""
    found: dict[str, Identity | None] = {}
    sheet = workbook.sheet(identities.SHEET)
    if sheet is not None:
        rows = {row for row, _ in sheet.values}
        pairs = {str(sheet.values.get((row, 1), "")): _cell_text(sheet.values.get((row, 2))) for row in sorted(rows)}
        found["sheet"] = identities.from_pairs(pairs)
    prefix = identities.PROPERTY_PREFIX
    properties = {
        key.removeprefix(prefix): value for key, value in workbook.properties.items() if key.startswith(prefix)
    }
    found["properties"] = identities.from_pairs(properties)
    found["name"] = identities.from_name_text((_target(workbook) or "").strip('"'))
    return {carrier: each for carrier, each in found.items() if each is not None}


def broken_in(workbook: Workbook, found: Collection[str]) -> frozenset[str]:
    """Return the carriers that are there but are not among those that gave an identity: somebody wrote into them."""
    prefix = identities.PROPERTY_PREFIX
    there = {
        "sheet": workbook.sheet(identities.SHEET) is not None,
        "properties": any(key.startswith(prefix) for key in workbook.properties),
        "name": _target(workbook) is not None,
    }
    return frozenset(carrier for carrier, present in there.items() if present and carrier not in found)


def _target(workbook: Workbook) -> str | None:
    """Return what the defined name holds that carries the identity, None where there is no such name.

    Some programs write names in another case, and an .xls by LibreOffice has _ for the point in them.
    """
    as_issued = workbook.names.get(identities.NAME)
    if as_issued is not None:
        return as_issued
    return next((target for name, target in workbook.names.items() if _folded(name) == _folded(identities.NAME)), None)


def _folded(name: str) -> str:
    return name.casefold().replace(".", "_")


def _cell_text(value: Value | None) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value)
