"""Make one project's workbook out of what all have in common, and put values into one that was issued."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from xlsform.form.definition import Form
from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.form.layout import Layout, lay_out
from xlsform.workbook.base import base_workbook
from xlsform.workbook.locks import Lock, locked
from xlsform.workbook.prepared import BaseWorkbook, PreparedWorkbook


def issued_workbook(layout: Layout, values: Mapping[str, Cast], identity: Identity, lock: Lock) -> bytes:
    """Return an issued workbook.

    Args:
        layout: the form, laid out.
        values: prefilled values by field name; their cells are locked.
        identity: what the workbook says of itself.
        lock: the lock of its sheets and its structure.
    """
    return _prepared(layout.form, layout.rows, lock).issued(values, identity)


# Found by what the layout is of: of equal layouts, which are kept for a shorter while, each is an object of its own.
@lru_cache(maxsize=256)
def _prepared(form: Form, rows: tuple[int, ...], lock: Lock) -> PreparedWorkbook:
    return PreparedWorkbook(lay_out(form, rows), _base(form, lock))


@lru_cache(maxsize=16)
def _base(form: Form, lock: Lock) -> BaseWorkbook:
    return BaseWorkbook(form, locked(base_workbook(form), lock))
