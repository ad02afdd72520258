"""Which form a workbook is: by the identity that it was issued with, else by what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.form.layout import MAX_ROWS, Layout, block_sizes, lay_out
from xlsform.form.template import bundled, load
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.submission.alignment import labels_kept
from xlsform.submission.carriers import identities_in
from xlsform.submission.office_records import NO_RECORDS, OfficeRecords
from xlsform.submission.submission import Submission

_ENOUGH = 0.7
"""Share of a form's printed labels that a sheet must show to be taken for it."""


@cache
def known_forms() -> tuple[Form, ...]:
    """Return the forms that come with xlsform."""
    return tuple(load(name) for name in bundled())


@lru_cache(maxsize=64)
def _bundled(template: str) -> Form | None:
    """Return a form by its id alone: what names itself does not need the others loaded."""
    return load(template) if template in bundled() else None


def recognise(
    path: Path, workbook: Workbook, form: Form | None = None, records: OfficeRecords = NO_RECORDS
) -> Submission | None:
    """Return the submission that a workbook is, None where no form is recognised.

    Args:
        path: where it was read from.
        workbook: what it holds.
        form: the form that the reviewer named; its sheet is still looked for.
        records: what the office knows of its projects.
    """
    found = identities_in(workbook)
    if form is None:
        form = next(filter(None, (_bundled(identity.template) for identity in found.values())), None)
    said = found.get("sheet") or found.get("properties")
    if form is not None and said is not None and (issued := _as_issued(form, workbook, said)) is not None:
        return Submission(path, workbook, *issued, found, records)
    candidates = [form] if form is not None else known_forms()
    chosen = _best(candidates, workbook)
    if chosen is None:
        if form is None or not found:
            return None
        return Submission(path, workbook, lay_out(form), None, found, records)
    form, sheet = chosen
    return Submission(path, workbook, _layout(form, sheet, said), sheet, found, records)


def _as_issued(form: Form, workbook: Workbook, said: Identity) -> tuple[Layout, Sheet] | None:
    """Return layout and sheet of a workbook in which every label stands where its identity says, as in most returns."""
    sheet = workbook.sheet(form.sheet)
    if sheet is None or sheet.state == "veryHidden" or said.template != form.id:
        return None
    try:
        layout = lay_out(form, said.rows)
    except UsageError:
        return None
    return (layout, sheet) if labels_kept(layout, sheet) else None


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
    return frozenset(text for label in lay_out(form).labels if (text := normalize_text(label.text)))


def _texts(sheet: Sheet) -> set[str]:
    return {normalize_text(value) for value in sheet.values.values() if isinstance(value, str)}


def _layout(form: Form, sheet: Sheet, identity: Identity | None) -> Layout:
    if identity is not None and identity.template == form.id:
        try:
            return lay_out(form, identity.rows)
        except UsageError:
            pass
    return lay_out(form, _rows_shown(form, sheet))


def _rows_shown(form: Form, sheet: Sheet) -> tuple[int, ...]:
    """Return the rows of each level-2 block, by where its name and what follows it stand; else the printed number."""
    printed, labels = block_sizes(form, None), sorted(lay_out(form).labels, key=lambda label: label.range.anchor)
    by_row = sorted((row, normalize_text(value)) for (row, _), value in sheet.values.items() if isinstance(value, str))

    def row_of(text: str, after: int) -> int | None:
        return next((row for row, found in by_row if found == normalize_text(text) and row > after), None)

    sizes: list[int] = []
    start = 0
    for label, rows in zip([label for label in labels if label.level == 2], printed, strict=True):
        following = next((each for each in labels if each.range.top > label.range.bottom and each.text), None)
        found = row_of(label.text, start)
        if found is None:
            return printed
        start = found
        end = row_of(following.text, start) if following else start + rows
        if end is None or end - start > MAX_ROWS:
            return printed
        sizes.append(end - start)
    return tuple(sizes)
