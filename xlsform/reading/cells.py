"""The cells of a worksheet part: values, formulas, and which of them are locked."""

from __future__ import annotations

import math
from collections.abc import Iterable

from xlsform.messages import say
from xlsform.reading.formulas import Pieces, outside_references, spell_out, take_apart
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.parts import is_zero, whole
from xlsform.reading.rows import Cell, Row
from xlsform.reading.surroundings import Surroundings
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import MAX_ROW, Position, a1, position
from xlsform.spreadsheet.cell_text import unescape
from xlsform.spreadsheet.values import CellError, Value
from xlsform.spreadsheet.xml_trees import TRUE


def read_cells(rows: Iterable[Row], sheet: Sheet, around: Surroundings) -> None:
    """Fill in what the rows of a sheet hold.

    Raises:
        UnreadableError: it goes beyond the limits.
    """
    _CellReader(sheet, around).read(rows)


class _CellReader:
    """The cells of one sheet, in the order of the file; shared formulas depend on what came before."""

    def __init__(self, sheet: Sheet, around: Surroundings):
        self.sheet = sheet
        self.around = around
        self.shared: dict[str, tuple[Position, Pieces]] = {}
        self.waiting: list[tuple[Position, str]] = []

    def read(self, rows: Iterable[Row]) -> None:
        around = self.around
        hidden: list[int] = []
        number = 0
        for written, is_hidden, height, cells in rows:
            number = min(whole(written) or number + 1, MAX_ROW)
            if is_hidden in TRUE or is_zero(height):
                hidden.append(number)
            around.cells += len(cells)
            if around.cells > around.limits.cells:
                raise UnreadableError("oversized", say("more than {cells} cells", cells=f"{around.limits.cells:,}"))
            self.row(cells, number)
        self.sheet.hidden_rows = frozenset(hidden)
        for place, shared in self.waiting:
            self.spell(place, shared)

    # A third of the time of reading is spent here: hence the local names, and few calls.
    def row(self, cells: list[Cell], number: int) -> None:
        unlocked_styles, unlocked = self.around.styles.unlocked, self.sheet.unlocked
        column = 0
        for reference, style, kind, has_formula, formula_kind, formula_range, shared, formula, has_value, text in cells:
            try:
                place = position(reference or a1(number, column + 1))
            except ValueError:
                self.around.left_out(f"{self.sheet.name}!{(reference or str(number))[:40]}")
                continue
            column = place[1]
            if (style or "0") in unlocked_styles:
                unlocked.add(place)
            if has_formula:
                self.formula(place, formula_kind, formula_range, shared, unescape(formula))
            if has_value:
                self.value(place, kind or "n", text, style or "0")

    def value(self, place: Position, kind: str, text: str, style: str) -> None:
        sheet, around = self.sheet, self.around
        try:
            value = around.strings[text] if kind == "s" else _value(kind, text, around.limits)
        except (KeyError, ValueError):
            around.left_out(f"{sheet.name}!{a1(*place)}")
            return
        if value is None or (value == "" and place not in sheet.formulas):
            return
        sheet.values[place] = around.text(value) if type(value) is str else value
        if type(value) is float and style in around.styles.number_formats:
            sheet.number_formats[place] = around.styles.number_formats[style]

    def formula(self, place: Position, kind: str, cells: str, shared: str, text: str) -> None:
        if kind == "shared":
            if not text:
                self.spell(place, shared) if shared in self.shared else self.waiting.append((place, shared))
                # Noted as a formula before its text is known, so that an empty result counts as one.
                self.sheet.formulas.setdefault(place, "")
                return
            if cells:
                self.shared[shared] = place, take_apart(text[: self.around.limits.text_length])
        if text:
            self.put(place, text)

    def spell(self, place: Position, shared: str) -> None:
        if shared not in self.shared:
            self.around.left_out(f"{self.sheet.name}!{a1(*place)}")
            return
        origin, pieces = self.shared[shared]
        self.put(place, spell_out(pieces, place[0] - origin[0], place[1] - origin[1]))

    def put(self, place: Position, text: str) -> None:
        around = self.around
        text = text[: around.limits.text_length]
        around.spelled += len(text)
        # One long shared formula and many cells would make gigabytes of a small file.
        if around.spelled > around.limits.formulas:
            raise UnreadableError(
                "oversized", say("more than {formulas} characters of formulas", formulas=f"{around.limits.formulas:,}")
            )
        self.sheet.formulas[place] = text
        if "[" in text or "|" in text:
            around.outside.update(outside_references(text))


def _value(kind: str, text: str, limits: Limits) -> Value | None:
    """Return what a ``v`` element holds, other than the number of a shared string.

    Raises:
        ValueError: it cannot be what the cell's type says.
    """
    if kind == "n":
        # float() also takes 1_000, digits of other scripts and nan.
        number = float(text) if text and text.isascii() and "_" not in text else math.nan
        if math.isfinite(number):
            return number
        if not text:
            return None
        raise ValueError("not a number")
    if kind in ("str", "inlineStr", "d"):
        return unescape(text)[: limits.text_length]
    if kind == "b":
        return text.strip().lower() in TRUE
    if kind == "e":
        return CellError(text[:40])
    raise ValueError("there is no such type of cell")
