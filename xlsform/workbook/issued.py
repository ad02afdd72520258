"""Issue one project's workbook: what is prepared for its layout is stamped with what is the project's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from xlsform.files.atomic import creation_time
from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.evaluation.hints import TO_DO_CELL, UNDECIDED, outcome_formulas, to_do
from xlsform.form.evaluation.measures import measures
from xlsform.form.evaluation.scratch_sheet import scratch_sheet
from xlsform.form.field_types import FIGURE, Cast
from xlsform.form.formula import quote
from xlsform.form.identity import Identity
from xlsform.form.layout import Layout, lay_out
from xlsform.spreadsheet.a1 import Range, a1
from xlsform.spreadsheet.cell_text import text_xml
from xlsform.workbook.base import base_workbook, look_of
from xlsform.workbook.cell_xml import Rows, as_stored, formula_xml, put, value_xml
from xlsform.workbook.locks import Lock, locked
from xlsform.workbook.prepared import (
    BOOK,
    CORE,
    CUSTOM,
    FORM,
    IDENTITY,
    INSTRUCTIONS,
    STRINGS,
    STYLES,
    BaseWorkbook,
    PreparedWorkbook,
)
from xlsform.workbook.shared_tables import StringTable
from xlsform.workbook.validations import validations

_TIME = re.compile(r'(<dcterms:\w+ xsi:type="dcterms:W3CDTF">)[^<]*')
_BLANK_SHEET = re.compile(r"<dimension [^>]*/>(.*)<sheetData/>", re.DOTALL)
_FMTID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"


def issued_workbook(layout: Layout, values: Mapping[str, Cast], identity: Identity, lock: Lock) -> bytes:
    """Return an issued workbook, with values prefilled and with what it says of itself.

    Args:
        layout: the form, laid out.
        values: prefilled values by field name; their cells are locked.
        identity: what the workbook says of itself.
        lock: the lock of its sheets and its structure.
    """
    return _stamped(_prepared(layout.form, layout.rows, lock), values, identity)


# Layouts are equal but not identical, so that the cache is keyed by form and row counts.
@lru_cache(maxsize=256)
def _prepared(form: Form, rows: tuple[int, ...], lock: Lock) -> PreparedWorkbook:
    return PreparedWorkbook(lay_out(form, rows), _base(form, lock))


@lru_cache(maxsize=16)
def _base(form: Form, lock: Lock) -> BaseWorkbook:
    return BaseWorkbook(form, locked(base_workbook(form), lock))


def _stamped(prepared: PreparedWorkbook, values: Mapping[str, Cast], identity: Identity) -> bytes:
    own = _ProjectSheet(prepared, values)
    base = prepared.base
    parts = {
        FORM: own.xml(),
        INSTRUCTIONS: _instructions(prepared, to_do(own.hints.values())),
        IDENTITY: _identity(base, identity, own.strings),
        BOOK: text_xml(quote(identity.name_text())).join(prepared.book),
        CUSTOM: _properties(base, identity),
        CORE: _TIME.sub(rf"\g<1>{creation_time():%Y-%m-%dT%H:%M:%SZ}", base.parts[CORE]),
        STRINGS: own.strings.xml(),
        STYLES: own.styles.xml(),
    }
    return base.archive.to_bytes({name: part.encode() for name, part in parts.items()})


def _instructions(prepared: PreparedWorkbook, text: str) -> str:
    cell = a1(*TO_DO_CELL)
    return re.sub(
        rf'<c r="{cell}" s="(\d+)"/>',
        lambda match: f'<c r="{cell}" s="{match[1]}"{formula_xml(prepared.to_do_formula, text)}</c>',
        prepared.base.parts[INSTRUCTIONS],
    )


def _identity(base: BaseWorkbook, identity: Identity, strings: StringTable) -> str:
    number_of = strings.number
    rows = [
        f'<row r="{row}"><c r="A{row}" s="0" t="s"><v>{number_of(key)}</v></c>'
        f'<c r="B{row}" s="0" t="s"><v>{number_of(value)}</v></c></row>'
        for row, (key, value) in enumerate(identity.sheet_rows(), 1)
    ]
    return _BLANK_SHEET.sub(
        lambda match: f'<dimension ref="A1:B{len(rows)}"/>{match[1]}<sheetData>{"".join(rows)}</sheetData>',
        base.parts[IDENTITY],
    )


def _properties(base: BaseWorkbook, identity: Identity) -> str:
    head = base.parts[CUSTOM].partition("<property ")[0]
    own = [
        f'<property fmtid="{_FMTID}" pid="{number}" name="{identities.PROPERTY_PREFIX}{key}">'
        f"<vt:lpwstr>{text_xml(value)}</vt:lpwstr></property>"
        for number, (key, value) in enumerate(identity.pairs().items(), 2)
    ]
    return f"{head}{''.join(own)}</Properties>"


class _ProjectSheet:
    """The sheet of the form with what one project has of its own."""

    def __init__(self, prepared: PreparedWorkbook, values: Mapping[str, Cast]) -> None:
        self.prepared = prepared
        self.values = values
        self.strings, self.styles = prepared.strings.copy(), prepared.base.styles.copy()
        layout = prepared.layout
        self.measured = measures(layout, values)
        self.given = [(layout.fields[name], value) for name, value in values.items() if name in layout.fields]
        self.given = [(item, value) for item, value in self.given if item.spec.formula is None]
        cells = prepared.blank | {item.range.anchor: value for item, value in self.given}
        shown = iter(scratch_sheet(layout.form).show(cells, prepared.asked))
        self.computed = dict(zip(layout.computed, shown, strict=False))
        # Only this part of a hint has a result yet: the rest speaks of actual values, which are blank.
        self.hints = {
            row: UNDECIDED if result is None else str(result)
            for row, result in zip(prepared.formulas, shown, strict=True)
        }
        self.cells: Rows = {}
        self._prefill()
        self._measure()
        self._results()

    def _prefill(self) -> None:
        for item, value in self.given:
            put(self.cells, item.range, self.prepared.locked[item.name], value_xml(value, self.strings))

    def _measure(self) -> None:
        for name, measure in self.measured.items():
            item = self.prepared.layout.fields[name]
            look = look_of(item, locked=item.spec.kind != "input")._replace(number_format=measure.number_format)
            put(self.cells, item.range, self.styles.number(look), value_xml(self.prepared.content(item), self.strings))

    def _results(self) -> None:
        prepared = self.prepared
        for name, result in self.computed.items():
            area, style, formula = prepared.computed[name]
            put(self.cells, area, style, formula_xml(formula, as_stored(result)))
        column = prepared.layout.hint_column
        outcomes = outcome_formulas(prepared.layout, self.measured)
        for row, text in self.hints.items():
            formula = prepared.hint_xml[row]
            if row in outcomes:
                formula += text_xml(f"&{outcomes[row]}")
            put(self.cells, Range(row, column, row, column), prepared.hint_style, formula_xml(formula, text))

    def xml(self) -> str:
        """Return the part of the sheet."""
        prepared, layout = self.prepared, self.prepared.layout
        base = prepared.base.sheet
        first = next((item.cell for item in layout.inputs if item.name not in self.values), None)
        selection = f'><selection activeCell="{first}" sqref="{first}"/></sheetView>' if first else "/>"
        return "".join(
            (
                base["head"],
                f'<dimension ref="A1:{a1(layout.row_count, layout.hint_column)}"/>',
                f"{base['view']}{selection}</sheetViews>{base['columns']}<sheetData>",
                *self._rows(),
                "</sheetData>",
                base["protection"],
                prepared.merges,
                prepared.conditions,
                validations(layout, self.measured),
                base["paper"],
                self._ignored_errors(),
                "</worksheet>",
            )
        )

    def _rows(self) -> list[str]:
        found = []
        for row, height in self.prepared.layout.heights(self.values).items():
            own = self.cells.get(row)
            cells = "".join((self.prepared.cells[row] | own).values()) if own else self.prepared.rows.get(row, "")
            # In whole pixels: Excel would round any other height, and so change the workbook by saving it.
            pixels = int(height * 4 / 3 + 0.5)
            found.append(f'<row r="{row}" ht="{pixels * 0.75:g}" customHeight="1">{cells}</row>')
        return found

    def _ignored_errors(self) -> str:
        """Return the element that keeps Excel from marking figures typed as text."""
        areas = [
            str(item.range)
            for item in self.prepared.layout.fields.values()
            if item.spec.type is FIGURE and item.name not in self.measured
        ]
        ignored = f'<ignoredError sqref="{" ".join(areas)}" numberStoredAsText="1"/>'
        return f"<ignoredErrors>{ignored}</ignoredErrors>" if areas else ""
