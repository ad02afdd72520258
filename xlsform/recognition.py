"""Which form a workbook is: by the identity that it was issued with, else by what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from xlsform.errors import UsageError
from xlsform.figures import fold
from xlsform.form import Form, bundled, load
from xlsform.identity import Identity
from xlsform.layout import MAX_ROWS, Layout, block_sizes, lay_out
from xlsform.reading.contents import Sheet, Workbook
from xlsform.submission import Submission, identities_in

_ENOUGH = 0.7
"""Share of a form's printed labels that a sheet must show to be taken for it."""


@lru_cache(maxsize=1)
def known_forms() -> tuple[Form, ...]:
    """Return the forms that come with xlsform."""
    return tuple(load(name) for name in bundled())


def recognise(path: Path, workbook: Workbook, form: Form | None = None) -> Submission | None:
    """Return the submission that a workbook is, None where no form is recognised.

    Args:
        path: where it was read from.
        workbook: what it holds.
        form: the form that the reviewer named; its sheet is still looked for.
    """
    found = identities_in(workbook)
    if form is None:
        named = {identity.template for identity in found.values()}
        form = next((each for each in known_forms() if each.id in named), None)
    candidates = [form] if form is not None else known_forms()
    chosen = _best(candidates, workbook)
    if chosen is None:
        if form is None or not found:
            return None
        return Submission(path, workbook, lay_out(form), None, found)
    form, sheet = chosen
    return Submission(path, workbook, _layout(form, sheet, found.get("sheet") or found.get("properties")), sheet, found)


def _best(forms: Sequence[Form], workbook: Workbook) -> tuple[Form, Sheet] | None:
    """Return the form and the sheet that agree in most labels; a sheet of the form's own name goes first."""
    scored = []
    for form in forms:
        labels = _labels(form)
        for index, sheet in enumerate(workbook.sheets):
            if sheet.state == "veryHidden":
                continue
            common = len(labels & _texts(sheet))
            if common >= _ENOUGH * len(labels):
                named = sheet.name.casefold() == form.sheet.casefold()
                scored.append((named, common, -len(labels), -index, form, sheet))
    if not scored:
        return None
    *_, form, sheet = max(scored, key=lambda each: each[:4])
    return form, sheet


@lru_cache(maxsize=64)
def _labels(form: Form) -> frozenset[str]:
    return frozenset(text for label in lay_out(form).labels if (text := fold(label.text)))


def _texts(sheet: Sheet) -> set[str]:
    return {fold(value) for value in sheet.values.values() if isinstance(value, str)}


def _layout(form: Form, sheet: Sheet, identity: Identity | None) -> Layout:
    if identity is not None and identity.rows:
        try:
            return lay_out(form, identity.rows)
        except UsageError:
            pass
    return lay_out(form, _rows_shown(form, sheet))


def _rows_shown(form: Form, sheet: Sheet) -> tuple[int, ...]:
    """Return the rows of each level-2 block by where its name stands, the printed number where that is unclear."""
    printed = block_sizes(form, None)
    layout = lay_out(form)
    labels = [label for label in layout.labels if label.level == 2]
    if not labels:
        return printed
    after = min(
        (label for label in layout.labels if label.range.top > labels[-1].range.bottom and label.text),
        key=lambda label: label.range.anchor,
        default=None,
    )
    wanted = [fold(label.text) for label in labels] + ([fold(after.text)] if after else [])
    starts: list[int] = []
    by_row = sorted((row, fold(value)) for (row, _), value in sheet.values.items() if isinstance(value, str))
    for text in wanted:
        row = next((row for row, found in by_row if found == text and row > (starts[-1] if starts else 0)), None)
        if row is None:
            return printed
        starts.append(row)
    if after is None:
        starts.append(starts[-1] + printed[-1])
    sizes = tuple(end - start for start, end in pairwise(starts))
    return sizes if all(1 <= size <= MAX_ROWS for size in sizes) else printed
