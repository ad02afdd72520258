"""The trick of writing: what is the same in every project's workbook is made once, as text that is joined.

Why: a round issues thousands of workbooks that differ in a few dozen cells. XlsxWriter, which makes the `base`
workbook of a form, would lay out each of them anew.

What it buys: a workbook takes 3 ms of a processor instead of some 30 with XlsxWriter (``issue …, warm`` of
``benchmarks/bench.py``, here with 300 projects in 150 layouts; Python 3.11).

How it is done: a `BaseWorkbook` is what XlsxWriter made for a form, taken apart; a `PreparedWorkbook` adds all that is
the same for one layout of it; `xlsform.workbook.issued` stamps that for one project after another. Cells are written
by `cell_xml`, the tables that they point into grow in `shared_tables`, data validations are written by `validations`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.evaluation.hints import hint_formulas, to_do_formula
from xlsform.form.evaluation.ironcalc_cells import Content, Formula
from xlsform.form.field_types import Cast
from xlsform.form.layout import HINTS_TITLE, Field, Layout
from xlsform.spreadsheet.a1 import Position, Range, letters, quoted
from xlsform.spreadsheet.cell_text import text_xml
from xlsform.spreadsheet.zip_archive import ZipArchive
from xlsform.workbook.base import COLOURS, HINT, HINTS_HEADING, Look, look_of, looks
from xlsform.workbook.cell_xml import Rows, put, value_xml
from xlsform.workbook.shared_tables import LookTable, StringTable
from xlsform.workbook.validations import conditions

#: The parts of a base workbook: its sheets, what they share, what the workbook says of itself.
FORM, INSTRUCTIONS, IDENTITY = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3))
BOOK, STRINGS, STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"
CORE, CUSTOM = "docProps/core.xml", "docProps/custom.xml"

_SHEET = re.compile(
    r"(?P<head>.*)<dimension [^>]*/>(?P<view>.*)/></sheetViews>(?P<columns>.*)<sheetData>(?P<samples>.*)</sheetData>"
    r"(?P<protection><sheetProtection [^>]*/>)(?P<colours><conditionalFormatting.*</conditionalFormatting>)"
    r"(?P<paper>.*)</worksheet>",
    re.DOTALL,
)


class BaseWorkbook:
    """What all workbooks of a form have in common (`xlsform.workbook.base.base_workbook`), locked, and taken apart."""

    def __init__(self, form: Form, data: bytes) -> None:
        self.archive = ZipArchive(data)
        self.parts = {
            name: self.archive.read(name).decode()
            for name in (FORM, INSTRUCTIONS, IDENTITY, BOOK, STRINGS, STYLES, CORE, CUSTOM)
        }
        sheet = _SHEET.fullmatch(self.parts[FORM])
        assert sheet is not None, "the base workbook is as it was written"
        self.sheet = sheet.groupdict()
        samples = re.findall(r' s="(\d+)"', self.sheet["samples"])
        colours = re.findall(r'dxfId="(\d+)"', self.sheet["colours"])
        self.styles = LookTable.of(self.parts[STYLES], dict(zip(looks(form), map(int, samples), strict=True)))
        self.colours = dict(zip(COLOURS, map(int, colours), strict=True))
        self.strings = StringTable.of(self.parts[STRINGS])


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
        # The results of hints differ from project to project: here their cells only get their places.
        for row in self.formulas:
            cells.setdefault(row, {})[layout.hint_column] = ""
        return cells

    @staticmethod
    def content(item: Field) -> Cast | int | float:
        """Return what the blank form prints in a field."""
        return "" if item.spec.formula is not None else item.placeholder if item.spec.value is None else item.spec.value

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
        # Excel lists names by the alphabet.
        listed = sorted([*found, identities.NAME], key=str.lower)
        place = listed.index(identities.NAME)
        before, after = ("".join(map(found.__getitem__, some)) for some in (listed[:place], listed[place + 1 :]))
        head, tail, rest = self.base.parts[BOOK].partition("<calcPr")
        name = f'<definedName name="{identities.NAME}">'
        return f"{head}<definedNames>{before}{name}", f"</definedName>{after}</definedNames>{tail}{rest}"


# A row's hint has the same formula in many layouts: kept once, its text takes memory once.
@lru_cache(maxsize=512)
def _hint_xml(formula: str) -> str:
    return text_xml(formula)


def _merges(layout: Layout) -> str:
    areas = [each.range for each in layout.labels] + [each.range for each in layout.fields.values()]
    areas = [area for area in areas if not area.single]
    merged = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    return f'<mergeCells count="{len(areas)}">{merged}</mergeCells>' if areas else ""
