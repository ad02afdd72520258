"""Make one project's workbook out of what all have in common, and put values into one that was issued."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from lxml import etree

from xlsform.field_types import Cast
from xlsform.form import Form
from xlsform.hints import INSTRUCTIONS_SHEET, TO_DO_CELL, hints, to_do
from xlsform.identity import Identity
from xlsform.layout import Layout, lay_out
from xlsform.package_parts import Package, child, children, namespace
from xlsform.plate import Frame, Plate, cached
from xlsform.recalculation import Results, engine
from xlsform.refs import Position
from xlsform.sheet_cells import CellValue, SharedStrings, set_cells
from xlsform.targets import measures
from xlsform.workbook import frame

_SPINS = 100_000
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Lock:
    """A password as a workbook holds it: a salted SHA-512 hash (ECMA-376 part 1, 18.2.29), never the password."""

    salt: str
    hash: str


@lru_cache(maxsize=16)
def lock_for(password: str) -> Lock:
    """Return the lock of a password; made once, since hashing is slow on purpose.

    With SOURCE_DATE_EPOCH set, the same password gives the same lock, so that builds can be repeated. The salt then
    comes from that time, never from the password: it would give away a hash that is quick to try.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    salt = hashlib.sha256(b"xlsform salt " + epoch.encode()).digest()[:16] if epoch else os.urandom(16)
    digest = hashlib.sha512(salt + password.encode("utf-16-le")).digest()
    for spin in range(_SPINS):
        digest = hashlib.sha512(digest + spin.to_bytes(4, "little")).digest()
    return Lock(base64.b64encode(salt).decode(), base64.b64encode(digest).decode())


def stamped(layout: Layout, values: Mapping[str, Cast], identity: Identity, lock: Lock) -> bytes:
    """Return an issued workbook.

    Args:
        layout: the form, laid out.
        values: prefilled values by field name; their cells are locked.
        identity: what the workbook says of itself.
        lock: the lock of its sheets and its structure.
    """
    return _plate(layout.form, layout.rows, lock).stamped(values, identity)


# Found by what the layout is of: of equal layouts, which are kept for a shorter while, each is an object of its own.
@lru_cache(maxsize=256)
def _plate(form: Form, rows: tuple[int, ...], lock: Lock) -> Plate:
    return Plate(lay_out(form, rows), _frame(form, lock))


@lru_cache(maxsize=16)
def _frame(form: Form, lock: Lock) -> Frame:
    return Frame(form, _locked(frame(form), lock))


def _locked(data: bytes, lock: Lock) -> bytes:
    """Return a workbook with its sheets and its structure under the lock."""
    package = Package(data)
    for sheet in package.sheets():
        root = package.xml(sheet.part)
        protection = child(root, "sheetProtection")
        assert protection is not None, "every sheet that we write is protected"
        _set_lock(protection, "", lock)
        package.write_xml(sheet.part, root)
    workbook = package.xml(package.workbook_part)
    protection = etree.Element(f"{{{namespace(workbook)}}}workbookProtection", lockStructure="1")
    _set_lock(protection, "workbook", lock)
    views = child(workbook, "bookViews")
    assert views is not None, "every workbook that we write has a view"
    views.addprevious(protection)
    package.write_xml(package.workbook_part, workbook)
    return package.to_bytes(_EPOCH)


def _set_lock(element: etree._Element, prefix: str, lock: Lock) -> None:
    values = {"AlgorithmName": "SHA-512", "HashValue": lock.hash, "SaltValue": lock.salt, "SpinCount": str(_SPINS)}
    for name, value in values.items():
        element.set(prefix + name if prefix else name[0].lower() + name[1:], value)


def filled(
    data: bytes,
    layout: Layout,
    places: Mapping[str, Position],
    values: Mapping[str, Cast | None],
    issued: Mapping[str, object] = MappingProxyType({}),
) -> bytes:
    """Return a workbook with values in its input cells, every stored result brought up to date.

    Args:
        data: the workbook.
        layout: its form.
        places: where each field stands in it.
        values: what all inputs hold afterwards, by field name; None for a blank.
        issued: what it was prefilled with, by field name.
    """
    held = {name: value for name, value in values.items() if value is not None}
    results = engine(layout).evaluate(held)
    told = hints(layout, results, held, measures(layout, issued))
    package = Package(data)
    strings = SharedStrings(package)
    part = package.sheet_part(layout.form.sheet)
    root = package.xml(part)
    set_cells(root, _cells(layout, places, values, results, told), strings)
    _grow(root, layout.heights(values))
    package.write_xml(part, root)
    names = {sheet.name: sheet.part for sheet in package.sheets()}
    if INSTRUCTIONS_SHEET in names:
        instructions = package.xml(names[INSTRUCTIONS_SHEET])
        set_cells(instructions, {TO_DO_CELL: to_do(told.values())}, strings)
        package.write_xml(names[INSTRUCTIONS_SHEET], instructions)
    strings.save()
    return package.to_bytes(_EPOCH)


def _cells(
    layout: Layout,
    places: Mapping[str, Position],
    values: Mapping[str, Cast | None],
    results: Results,
    told: Mapping[int, str],
) -> dict[Position, CellValue]:
    cells: dict[Position, CellValue] = {}
    for name, value in values.items():
        cells[places[name]] = value if value is not None else layout.fields[name].placeholder or None
    for name, result in results.computed.items():
        cells[places[name]] = cached(result)
    for row, text in told.items():
        cells[row, layout.hint_column] = text
    return cells


def _grow(root: etree._Element, heights: Mapping[int, float]) -> None:
    """Make rows taller where their text needs it; never lower, since somebody may have dragged them."""
    data = child(root, "sheetData")
    for row in () if data is None else children(data, "row"):
        number = int(row.get("r", "0"))
        needed = heights.get(number, 0.0)
        # Heights are written in whole pixels; less than one is no reason.
        if needed > float(row.get("ht", "0")) + 0.75:
            row.set("ht", f"{needed:g}")
            row.set("customHeight", "1")
