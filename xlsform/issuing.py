"""Issue a workbook: laid out, prefilled, identified and locked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xlsform.field_types import Cast
from xlsform.findings import plain
from xlsform.identity import Identity
from xlsform.layout import Layout
from xlsform.stamp import Lock, locked
from xlsform.workbook import write


def issue(
    layout: Layout,
    lock: Lock,
    *,
    year: int | None = None,
    values: Mapping[str, Cast] | None = None,
    project_code: str = "",
) -> bytes:
    """Return a workbook ready to be mailed.

    Args:
        layout: the form, laid out.
        lock: the lock of its sheets and its structure.
        year: the year of the form; printed and locked. Without it the filler types it.
        values: prefilled values by field name; locked.
        project_code: the project that it is issued for.
    """
    prefilled = dict(values or {})
    if year is not None and "year" in layout.fields:
        prefilled["year"] = Decimal(year)
    identity = Identity(
        template=layout.form.id,
        edition=layout.form.edition,
        rows=layout.rows,
        year="" if year is None else str(year),
        project_code=project_code,
        issued={name: plain(value) for name, value in prefilled.items()},
    )
    return locked(write(layout, prefilled, identity.sealed()), lock)
