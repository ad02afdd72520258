"""Issue a workbook: prefilled, identified and locked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.form.layout import Layout
from xlsform.form.vocabulary import YEAR
from xlsform.messages import plain
from xlsform.spreadsheet.cell_text import MAX_TEXT
from xlsform.workbook.issued import issued_workbook
from xlsform.workbook.locks import Lock

#: What no cell, and no file of XML, can hold: control characters, halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Plan(NamedTuple):
    """What a workbook will hold; known at once, while making the workbook takes milliseconds."""

    layout: Layout
    values: Mapping[str, Cast]
    """Prefilled values by field name, as cells can hold them."""
    identity: Identity
    """Sealed, and signed where there is a key."""

    def workbook(self, lock: Lock) -> bytes:
        """Return the workbook, its sheets and its structure locked."""
        return issued_workbook(self.layout, self.values, self.identity, lock)


def issue(
    layout: Layout,
    lock: Lock,
    *,
    year: int | None = None,
    values: Mapping[str, Cast] | None = None,
    project_code: str = "",
    key: bytes | None = None,
) -> bytes:
    """Return a workbook ready to be mailed.

    Args:
        layout: the form, laid out.
        lock: the lock of its sheets and its structure.
        year: the year of the form; printed and locked. Without it the filler types it.
        values: prefilled values by field name; locked.
        project_code: the project that it is issued for.
        key: the register's key, to sign the identity with.

    Raises:
        ValueError: a text that is longer than a cell can hold.
    """
    return plan(layout, year=year, values=values, project_code=project_code, key=key).workbook(lock)


def plan(
    layout: Layout,
    *,
    year: int | None = None,
    values: Mapping[str, Cast] | None = None,
    project_code: str = "",
    key: bytes | None = None,
) -> Plan:
    """Return what a workbook will hold; arguments and exceptions are those of `issue`."""
    prefilled = {name: _clean(value) if isinstance(value, str) else value for name, value in (values or {}).items()}
    if year is not None and YEAR in layout.by_key:
        prefilled[layout.by_key[YEAR].name] = Decimal(year)
    identity = Identity(
        template=layout.form.id,
        edition=layout.form.edition,
        rows=layout.rows,
        year="" if year is None else str(year),
        project_code=_clean(project_code),
        issued={name: plain(value) for name, value in prefilled.items()},
    )
    return Plan(layout, prefilled, identity.sealed(key))


def _clean(text: str) -> str:
    """Return a text as a cell can hold it, without what nobody can see or print."""
    cleaned = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(cleaned.encode("utf-16-le")) > 2 * MAX_TEXT:
        raise ValueError(f"a cell holds at most {MAX_TEXT:,} characters, not {len(cleaned):,}")
    return cleaned
