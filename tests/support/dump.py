"""A workbook as openpyxl, which had no part in writing it, sees it; and a formula carried from cell to cell."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.formula.translate import Translator
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Cell:
    value: Any
    """What is shown: of a formula its stored result."""
    formula: str | None
    locked: bool
    number_format: str
    font: str
    size: float
    bold: bool
    horizontal: str | None
    wrap: bool
    bordered: bool


@dataclass(frozen=True)
class Validation:
    cells: frozenset[str]
    first: str
    """The cell that its formulas are written for."""
    kind: str
    operator: str
    low: str | None
    high: str | None
    prompt_title: str
    prompt: str
    error_title: str
    error: str
    stops: bool

    def high_at(self, cell: str) -> str | None:
        """The upper bound as it reads in a cell."""
        return None if self.high is None else carried(self.high, self.first, cell)


@dataclass(frozen=True)
class Condition:
    cells: frozenset[str]
    first: str
    formula: str
    fill: str
    priority: int
    """Of two that hold at once the one with the lower number is seen."""

    def at(self, cell: str) -> str:
        """The condition as it reads in a cell."""
        return carried(self.formula, self.first, cell)


@dataclass(frozen=True)
class Lock:
    algorithm: str
    salt: str
    hash: str
    spins: int


@dataclass(frozen=True)
class Sheet:
    name: str
    state: str
    cells: dict[str, Cell]
    merges: frozenset[str]
    widths: dict[str, float]
    heights: dict[int, float]
    validations: tuple[Validation, ...]
    conditions: tuple[Condition, ...]
    protected: bool
    may: frozenset[str]
    """What a person may do although the sheet is protected."""
    lock: Lock | None
    paper: int
    orientation: str
    pages: tuple[int, int] | None
    """How many pages wide and high it is fitted to, 0 for as many as it takes; None where it is not fitted."""
    print_area: str
    title_rows: str | None
    active: str
    """The cell that is selected when the workbook is opened."""

    def texts(self) -> dict[str, str]:
        """What is printed in each cell that is no formula, blanks between characters taken out."""
        return {
            where: "".join(str(cell.value).split())
            for where, cell in self.cells.items()
            if cell.value is not None and cell.formula is None
        }


@dataclass(frozen=True)
class Dump:
    sheets: dict[str, Sheet]
    names: dict[str, str]
    properties: dict[str, str]
    structure_locked: bool
    structure_lock: Lock | None


def dump(path: Path) -> Dump:
    book: Any = openpyxl.load_workbook(path)
    shown: Any = openpyxl.load_workbook(path, data_only=True)
    security = book.security
    return Dump(
        sheets={sheet.title: _sheet(sheet, shown[sheet.title]) for sheet in book.worksheets},
        names={name: str(defined.attr_text) for name, defined in book.defined_names.items()},
        properties={item.name: str(item.value or "") for item in book.custom_doc_props.props},
        structure_locked=bool(security.lockStructure),
        structure_lock=Lock(
            str(security.workbookAlgorithmName),
            str(security.workbookSaltValue),
            str(security.workbookHashValue),
            int(security.workbookSpinCount or 0),
        ),
    )


def _sheet(sheet: Worksheet, shown: Worksheet) -> Sheet:
    guard = sheet.protection
    lock = Lock(str(guard.algorithmName), str(guard.saltValue), str(guard.hashValue), int(guard.spinCount or 0))
    # An attribute of this element says what is forbidden.
    forbidden = ("formatCells", "formatColumns", "formatRows", "insertRows", "insertColumns", "deleteRows", "sort")
    return Sheet(
        name=sheet.title,
        state=str(sheet.sheet_state),
        cells={cell.coordinate: _cell(cell, shown[cell.coordinate].value) for row in sheet.iter_rows() for cell in row},
        merges=frozenset(str(area) for area in sheet.merged_cells.ranges),
        widths={
            openpyxl.utils.get_column_letter(column): held.width
            for held in sheet.column_dimensions.values()
            for column in range(held.min or 1, (held.max or 1) + 1)
        },
        heights={number: held.height for number, held in sheet.row_dimensions.items() if held.height is not None},
        validations=tuple(map(_validation, sheet.data_validations.dataValidation)),
        conditions=tuple(_conditions(sheet)),
        protected=bool(guard.sheet),
        may=frozenset(name for name in forbidden if not getattr(guard, name)),
        lock=lock if guard.hashValue else None,
        paper=int(sheet.page_setup.paperSize or 0),
        orientation=str(sheet.page_setup.orientation),
        pages=_pages(sheet),
        print_area=str(sheet.print_area).rpartition("!")[2].replace("$", ""),
        title_rows=sheet.print_title_rows,
        active=str(sheet.sheet_view.selection[0].activeCell),
    )


def _pages(sheet: Worksheet) -> tuple[int, int] | None:
    fitted = sheet.sheet_properties.pageSetUpPr
    if fitted is None or not fitted.fitToPage:
        return None
    # What is not written is 1.
    wide, high = sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight
    return 1 if wide is None else int(wide), 1 if high is None else int(high)


def _cell(cell: Any, shown: Any) -> Cell:
    formula = cell.value if cell.data_type == "f" else None
    sides = (cell.border.left, cell.border.right, cell.border.top, cell.border.bottom)
    return Cell(
        value=shown,
        formula=formula,
        locked=bool(cell.protection.locked),
        number_format=str(cell.number_format),
        font=str(cell.font.name),
        size=float(cell.font.size),
        bold=bool(cell.font.bold),
        horizontal=cell.alignment.horizontal,
        wrap=bool(cell.alignment.wrap_text),
        bordered=all(side is not None and side.style for side in sides),
    )


def _validation(item: Any) -> Validation:
    areas = str(item.sqref).split()
    return Validation(
        cells=frozenset(cell for area in areas for cell in cells_of(area)),
        first=areas[0].partition(":")[0],
        kind=str(item.type),
        operator=str(item.operator or "between"),
        low=item.formula1,
        high=item.formula2,
        prompt_title=item.promptTitle or "",
        prompt=item.prompt or "",
        error_title=item.errorTitle or "",
        error=item.error or "",
        stops=bool(item.showErrorMessage) and (item.errorStyle or "stop") == "stop",
    )


def _conditions(sheet: Worksheet) -> Iterator[Condition]:
    for held in sheet.conditional_formatting:
        areas = str(held.sqref).split()
        cells = frozenset(cell for area in areas for cell in cells_of(area))
        for each in held.rules:
            assert each.type == "expression", each.type
            fill = str(each.dxf.fill.bgColor.rgb)[-6:] if each.dxf.fill else ""
            yield Condition(cells, areas[0].partition(":")[0], each.formula[0], fill, int(each.priority))


def cells_of(area: str) -> Iterator[str]:
    """The address of every cell of a range."""
    left, top, right, bottom = range_boundaries(area)
    for row in range(top or 1, (bottom or 1) + 1):
        for column in range(left or 1, (right or 1) + 1):
            yield f"{openpyxl.utils.get_column_letter(column)}{row}"


@cache
def carried(formula: str, start: str, to: str) -> str:
    """A formula written for one cell as it reads in another, as Excel carries conditions and validations along."""
    return str(Translator("=" + formula.removeprefix("="), start).translate_formula(to))[1:]


def part(path: Path, name: str) -> etree._Element:
    """A part of the package, as it stands in the file."""
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(name))
