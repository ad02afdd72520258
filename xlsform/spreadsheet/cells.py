"""Put values into the cells of a sheet's part, each with the style that it has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal

from lxml import etree

from xlsform.spreadsheet.a1 import Position, Range, a1, parse_range, position
from xlsform.spreadsheet.cell_text import MAX_TEXT, escape, number_text
from xlsform.spreadsheet.shared_strings import SharedStrings
from xlsform.spreadsheet.values import CellError
from xlsform.spreadsheet.xml_trees import TRUE, child, children, namespace

#: What can be put into a cell; None takes the value away and leaves the cell.
CellValue = str | int | float | Decimal | bool | CellError | None


class SheetRows:
    """The cells of a sheet's part by their row and column."""

    def __init__(self, root: etree._Element) -> None:
        """Index a sheet by its root element, which is changed in place.

        Raises:
            ValueError: it has no cells at all, as a chart sheet.
        """
        data = child(root, "sheetData")
        if data is None:
            raise ValueError("the sheet has no cells")
        self._root, self._data = root, data
        space = f"{{{namespace(data)}}}"
        self._row_tag, self._cell_tag = f"{space}row", f"{space}c"
        self._rows: dict[int, etree._Element] = {}
        self._cells: dict[int, dict[int, etree._Element]] = {}
        number = 0
        for row in data.iterchildren(self._row_tag):
            given = row.get("r", "")
            number = int(given) if given.isdecimal() else number + 1
            self._rows[number] = row
        self._numbers = sorted(self._rows)

    def find(self, row: int, column: int) -> etree._Element | None:
        """Return a cell's element, or None where it has none."""
        return self._row_cells(row).get(column) if row in self._rows else None

    def cell(self, row: int, column: int) -> etree._Element:
        """Return a cell's element, made in its place and in the style of its row or column where it has none."""
        found = self.find(row, column)
        return self._insert_cell(row, column) if found is None else found

    def row(self, row: int) -> etree._Element:
        """Return a row's element.

        Raises:
            KeyError: it has none.
        """
        return self._rows[row]

    def style(self, row: int, column: int) -> str:
        """Return the index of a cell's style: its own, or that of its row or column where it is not there."""
        found = self.find(row, column)
        if found is not None:
            return found.get("s", "0")
        line = self._rows.get(row)
        if line is not None and line.get("customFormat") in TRUE:
            return line.get("s", "0")
        columns = child(self._root, "cols")
        for span in () if columns is None else children(columns, "col"):
            if int(span.get("min", "0")) <= column <= int(span.get("max", "0")):
                return span.get("style", "0")
        return "0"

    def _row_cells(self, row: int) -> dict[int, etree._Element]:
        if row not in self._cells:
            column, cells = 0, {}
            for cell in self._rows[row].iterchildren(self._cell_tag):
                given = cell.get("r")
                column = position(given)[1] if given else column + 1
                # A file may leave addresses out; written out, they stay right when a cell is put in between.
                cell.set("r", a1(row, column))
                cells[column] = cell
            self._cells[row] = cells
        return self._cells[row]

    def _insert_row(self, number: int) -> None:
        row = etree.Element(self._row_tag, r=str(number))
        place = bisect_left(self._numbers, number)
        if place < len(self._numbers):
            following = self._rows[self._numbers[place]]
            # A file may leave a row's number out; written out, it stays right when a row is put before it.
            following.set("r", str(self._numbers[place]))
            following.addprevious(row)
        else:
            self._data.append(row)
        self._numbers.insert(place, number)
        self._rows[number] = row

    def _insert_cell(self, row: int, column: int) -> etree._Element:
        style = self.style(row, column)
        if row not in self._rows:
            self._insert_row(row)
        cells = self._row_cells(row)
        cell = etree.Element(self._cell_tag, r=a1(row, column))
        if style != "0":
            cell.set("s", style)
        before = max((other for other in cells if other < column), default=None)
        self._rows[row].insert(0 if before is None else self._rows[row].index(cells[before]) + 1, cell)
        cells[column] = cell
        # It is only a hint for readers, and is wrong now that there is another cell.
        self._rows[row].attrib.pop("spans", "")
        self._widen(row, column)
        return cell

    def _widen(self, row: int, column: int) -> None:
        dimension = child(self._root, "dimension")
        if dimension is None:
            return
        try:
            used = parse_range(dimension.get("ref", ""))
        except ValueError:
            return
        wider = Range(min(used.top, row), min(used.left, column), max(used.bottom, row), max(used.right, column))
        if wider != used:
            dimension.set("ref", str(wider))


def set_cells(root: etree._Element, values: Mapping[Position, CellValue], strings: SharedStrings) -> None:
    """Put values into a sheet, given its root element; a formula stays and only gets a new result.

    Raises:
        ValueError: a value that no cell can hold, or a sheet without cells.
    """
    grid = SheetRows(root)
    for (row, column), value in values.items():
        put(grid.cell(row, column), value, strings)


def put(cell: etree._Element, value: CellValue, strings: SharedStrings) -> None:
    """Put a value into one cell, given its element.

    Raises:
        ValueError: a value that no cell can hold.
    """
    space = f"{{{namespace(cell)}}}"
    formula = cell.find(f"{space}f")
    for old in (*cell.findall(f"{space}v"), *cell.findall(f"{space}is")):
        cell.remove(old)
    # The metadata of a value (a picture, a share price) go with the value; those of a formula (a dynamic array) stay.
    for attribute in ("t", "vm") if formula is not None else ("t", "vm", "cm"):
        cell.attrib.pop(attribute, "")
    if value is None:
        return
    kind, text = _stored(value, None if formula is not None else strings)
    if kind:
        cell.set("t", kind)
    stored = etree.Element(f"{space}v")
    stored.text = text
    cell.insert(0 if formula is None else cell.index(formula) + 1, stored)


def _stored(value: CellValue, strings: SharedStrings | None) -> tuple[str, str]:
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, CellError):
        return "e", value.text
    if not isinstance(value, str):
        assert value is not None, "a blank cell holds nothing"
        return "", number_text(value)
    if len(value.encode("utf-16-le", "surrogatepass")) > 2 * MAX_TEXT:
        raise ValueError(f"a cell holds at most {MAX_TEXT:,} characters, not {len(value):,}")
    return ("str", escape(value)) if strings is None else ("s", str(strings.index(value)))
