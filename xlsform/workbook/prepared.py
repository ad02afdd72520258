"""The workbook of one layout before it is anybody's: what is the same in every project's is made once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from xlsform.files.atomic import creation_time
from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.evaluation.engine import Content, Formula, Result, scratch_sheet
from xlsform.form.evaluation.hints import TO_DO_CELL, UNDECIDED, hint_formulas, outcome_formulas, to_do, to_do_formula
from xlsform.form.evaluation.measures import measures
from xlsform.form.field_types import FIGURE, Cast
from xlsform.form.formula import quote
from xlsform.form.identity import Identity
from xlsform.form.layout import HINTS_TITLE, Field, Layout
from xlsform.spreadsheet.a1 import Position, Range, a1, letters, quoted
from xlsform.spreadsheet.cell_text import text_xml
from xlsform.spreadsheet.zip_archive import ZipArchive
from xlsform.workbook.base import COLOURS, HINT, HINTS_HEADING, Look, look_of, looks
from xlsform.workbook.cell_xml import Rows, formula_xml, put, value_xml
from xlsform.workbook.shared_tables import LookTable, StringTable
from xlsform.workbook.validations import conditions, validations

_FORM, _INSTRUCTIONS, _IDENTITY = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3))
_BOOK, _STRINGS, _STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"
_CORE, _CUSTOM = "docProps/core.xml", "docProps/custom.xml"

_SHEET = re.compile(
    r"(?P<head>.*)<dimension [^>]*/>(?P<view>.*)/></sheetViews>(?P<columns>.*)<sheetData>(?P<samples>.*)</sheetData>"
    r"(?P<protection><sheetProtection [^>]*/>)(?P<colours><conditionalFormatting.*</conditionalFormatting>)"
    r"(?P<paper>.*)</worksheet>",
    re.DOTALL,
)
_TIME = re.compile(r'(<dcterms:\w+ xsi:type="dcterms:W3CDTF">)[^<]*')
_BLANK_SHEET = re.compile(r"<dimension [^>]*/>(.*)<sheetData/>", re.DOTALL)
_FMTID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"


def cached(result: Result) -> str | float | bool:
    """Return a result as a formula cell stores it."""
    return "" if result is None else float(result) if isinstance(result, Decimal) else result


class BaseWorkbook:
    """A form's base workbook (`xlsform.workbook.base.base_workbook`) under a lock, taken apart."""

    def __init__(self, form: Form, data: bytes) -> None:
        self.archive = ZipArchive(data)
        self.parts = {
            name: self.archive.read(name).decode()
            for name in (_FORM, _INSTRUCTIONS, _IDENTITY, _BOOK, _STRINGS, _STYLES, _CORE, _CUSTOM)
        }
        sheet = _SHEET.fullmatch(self.parts[_FORM])
        assert sheet is not None, "the base workbook is as it was written"
        self.sheet = sheet.groupdict()
        samples = re.findall(r' s="(\d+)"', self.sheet["samples"])
        colours = re.findall(r'dxfId="(\d+)"', self.sheet["colours"])
        self.styles = LookTable.of(self.parts[_STYLES], dict(zip(looks(form), map(int, samples), strict=True)))
        self.colours = dict(zip(COLOURS, map(int, colours), strict=True))
        self.strings = StringTable.of(self.parts[_STRINGS])


class PreparedWorkbook:
    """The workbook of a layout, to be stamped for one project after another."""

    def __init__(self, layout: Layout, base: BaseWorkbook) -> None:
        self.layout = layout
        self.base = base
        self.strings = base.strings.copy()
        self.formulas = hint_formulas(layout)
        self.merges = _merges(layout)
        self.conditions = conditions(layout, base.colours)
        self.locked = {name: base.styles.number(look_of(item, locked=True)) for name, item in layout.fields.items()}
        self.computed = {
            name: (layout.fields[name].range, self.locked[name], text_xml(formula))
            for name, formula in layout.computed.items()
        }
        self.hint_style = base.styles.number(HINT)
        self.hint_xml = {row: _hint_xml(formula) for row, formula in self.formulas.items()}
        cells = self._cells()
        self.cells = {row: dict(sorted(cells[row].items())) for row in sorted(cells)}
        self.rows = {row: "".join(each.values()) for row, each in self.cells.items()}
        self.asked = [layout.fields[name].range.anchor for name in layout.computed]
        self.asked += [(row, layout.hint_column) for row in self.formulas]
        self.blank = self._blank()
        self.to_do_formula = text_xml(to_do_formula(layout).removeprefix("="))
        self.book = self._book()

    def issued(self, values: Mapping[str, Cast], identity: Identity) -> bytes:
        """Return the workbook with values prefilled and locked, and with what it says of itself.

        Args:
            values: prefilled values by field name.
            identity: what it says of itself.
        """
        own = _ProjectParts(self, values)
        parts = {
            _FORM: own.sheet(),
            _INSTRUCTIONS: self._instructions(to_do(own.hints.values())),
            _IDENTITY: self._identity(identity, own.strings),
            _BOOK: text_xml(quote(identity.name_text())).join(self.book),
            _CUSTOM: self._properties(identity),
            _CORE: _TIME.sub(rf"\g<1>{creation_time():%Y-%m-%dT%H:%M:%SZ}", self.base.parts[_CORE]),
            _STRINGS: own.strings.xml(),
            _STYLES: own.styles.xml(),
        }
        return self.base.archive.to_bytes(instead={name: part.encode() for name, part in parts.items()})

    # --- the sheet of the form

    def _blank(self) -> dict[Position, Content]:
        """Return what stands in the cells of the blank form, as far as formulas look at it."""
        layout = self.layout
        contents: dict[Position, Content] = {place: self.content(item) for _, item, place in layout.anchors}
        found = {place: content for place, content in contents.items() if content != ""}
        found |= {layout.fields[name].range.anchor: Formula(formula) for name, formula in layout.computed.items()}
        return found | {(row, layout.hint_column): Formula(formula) for row, formula in self.formulas.items()}

    def _cells(self) -> Rows:
        layout, styles, strings = self.layout, self.base.styles, self.strings
        cells: Rows = {}
        for label in layout.labels:
            put(cells, label.range, styles.number(Look(label.style)), value_xml(label.text, strings))
        for item in layout.fields.values():
            style = styles.number(look_of(item, locked=item.spec.kind != "input"))
            put(cells, item.range, style, value_xml(self.content(item), strings))
        if 1 not in layout.checks_by_row:
            heading = Range(1, layout.hint_column, 1, layout.hint_column)
            put(cells, heading, styles.number(HINTS_HEADING), value_xml(HINTS_TITLE, strings))
        # Each project has results of its own; here only the place of their cells is kept.
        for row in self.formulas:
            cells.setdefault(row, {})[layout.hint_column] = ""
        return cells

    @staticmethod
    def content(item: Field) -> Cast | int | float:
        """Return what the blank form prints in a field."""
        return "" if item.spec.formula is not None else item.placeholder if item.spec.value is None else item.spec.value

    # --- the other parts

    def _instructions(self, text: str) -> str:
        cell = a1(*TO_DO_CELL)
        return re.sub(
            rf'<c r="{cell}" s="(\d+)"/>',
            lambda match: f'<c r="{cell}" s="{match[1]}"{formula_xml(self.to_do_formula, text)}</c>',
            self.base.parts[_INSTRUCTIONS],
        )

    def _identity(self, identity: Identity, strings: StringTable) -> str:
        number_of = strings.number
        rows = [
            f'<row r="{row}"><c r="A{row}" s="0" t="s"><v>{number_of(key)}</v></c>'
            f'<c r="B{row}" s="0" t="s"><v>{number_of(value)}</v></c></row>'
            for row, (key, value) in enumerate(identity.sheet_rows(), 1)
        ]
        return _BLANK_SHEET.sub(
            lambda match: f'<dimension ref="A1:B{len(rows)}"/>{match[1]}<sheetData>{"".join(rows)}</sheetData>',
            self.base.parts[_IDENTITY],
        )

    def _book(self) -> tuple[str, str]:
        """Return the part of the workbook, parted where the identity goes among the names."""
        layout = self.layout
        sheet = quoted(layout.form.sheet)
        names = {name: f"{sheet}!${letters(item.range.left)}${item.range.top}" for name, item in layout.fields.items()}
        found = {name: f'<definedName name="{name}">{text_xml(target)}</definedName>' for name, target in names.items()}
        paper = {"Print_Area": f"{sheet}!$A$1:${letters(layout.column_count)}${layout.row_count}"}
        if layout.headers:
            paper["Print_Titles"] = f"{sheet}!${layout.headers[0]}:${layout.headers[-1]}"
        for name, target in paper.items():
            found[name] = f'<definedName name="_xlnm.{name}" localSheetId="0">{text_xml(target)}</definedName>'
        # In Excel's order, that of the alphabet.
        listed = sorted([*found, identities.NAME], key=str.lower)
        place = listed.index(identities.NAME)
        before, after = ("".join(map(found.__getitem__, some)) for some in (listed[:place], listed[place + 1 :]))
        head, tail, rest = self.base.parts[_BOOK].partition("<calcPr")
        name = f'<definedName name="{identities.NAME}">'
        return f"{head}<definedNames>{before}{name}", f"</definedName>{after}</definedNames>{tail}{rest}"

    def _properties(self, identity: Identity) -> str:
        head = self.base.parts[_CUSTOM].partition("<property ")[0]
        own = [
            f'<property fmtid="{_FMTID}" pid="{number}" name="{identities.PROPERTY_PREFIX}{key}">'
            f"<vt:lpwstr>{text_xml(value)}</vt:lpwstr></property>"
            for number, (key, value) in enumerate(identity.pairs().items(), 2)
        ]
        return f"{head}{''.join(own)}</Properties>"


class _ProjectParts:
    """What one project's form has of its own."""

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
        # The actual values that the rest of a hint speaks of are blank.
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
            put(self.cells, area, style, formula_xml(formula, cached(result)))
        column = prepared.layout.hint_column
        outcomes = outcome_formulas(prepared.layout, self.measured)
        for row, text in self.hints.items():
            formula = prepared.hint_xml[row]
            if row in outcomes:
                formula += text_xml(f"&{outcomes[row]}")
            put(self.cells, Range(row, column, row, column), prepared.hint_style, formula_xml(formula, text))

    def sheet(self) -> str:
        """Return the sheet of the form."""
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
            # Excel rounds to whole pixels, and a height that it would round is changed by saving.
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


# That of a row which stands alike in many layouts is one text in all of them.
@lru_cache(maxsize=512)
def _hint_xml(formula: str) -> str:
    return text_xml(formula)


def _merges(layout: Layout) -> str:
    areas = [each.range for each in layout.labels] + [each.range for each in layout.fields.values()]
    areas = [area for area in areas if not area.single]
    merged = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    return f'<mergeCells count="{len(areas)}">{merged}</mergeCells>' if areas else ""
