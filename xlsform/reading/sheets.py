"""One worksheet part: its cells, merges, validations, hidden rows and columns, protection."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from lxml import etree

from xlsform.messages import say
from xlsform.reading.fast_xml import parted, sound
from xlsform.reading.formulas import Pieces, outside_references, spell_out, take_apart
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.parts import count_markup, parse, remembering
from xlsform.reading.rows import Cell, Row, rows_of_text, rows_of_tree
from xlsform.reading.strings import counted, unescape
from xlsform.reading.styles import CellFormats
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import MAX_ROW, Position, Range, a1, parse_range, position
from xlsform.spreadsheet.values import CellError, Value
from xlsform.spreadsheet.xml_trees import TRUE, local

# Programs hide "all the rest" with one element that reaches to XFD; no form is that wide.
_LAST_COLUMN = 256

# Workbooks issued from one template have the same ranges.
_range = lru_cache(maxsize=4096)(parse_range)


#: The longest text that is expected to repeat.
_SHORT = 120


@dataclass(slots=True)
class Surroundings:
    """What the sheets of a workbook share, and what is gathered over all of them."""

    limits: Limits
    strings: Mapping[str, str] = field(default_factory=dict)
    """The shared strings, by number as it is written in a cell: no -1 passes for the last one."""
    styles: CellFormats = field(default_factory=CellFormats)
    cells: int = 0
    characters: int = 0
    spelled: int = 0
    outside: set[str] = field(default_factory=set)
    """References of formulas that lead outside the workbook."""
    locks_known: bool = True
    damaged: list[str] = field(default_factory=list)

    def left_out(self, what: str) -> None:
        """Note damage by its place: a part, a sheet, a cell or a range; a hundred are enough for anyone."""
        if len(self.damaged) < 100:
            self.damaged.append(what)

    def text(self, text: str) -> str:
        """Return a cell's text as it can be worked with, counted: one long text and many cells would cost hours.

        Raises:
            UnreadableError: there are more characters than any form has.
        """
        text, count = counted(text) if len(text) <= _SHORT else counted.__wrapped__(text)
        self.characters += count
        if self.characters > self.limits.texts:
            raise UnreadableError(
                "oversized", say("more than {texts} characters in its cells", texts=f"{self.limits.texts:,}")
            )
        return text


class _Surface(NamedTuple):
    """What a worksheet part says besides its rows."""

    one_block: bool = False
    """Whether a text taken out of it is what its one block of rows holds."""
    hidden_columns: frozenset[int] = frozenset()
    protected: bool = False
    merges: tuple[Range, ...] = ()
    validated: tuple[Range, ...] = ()
    damaged: tuple[str, ...] = ()
    """What should be a range and is none."""


def read_sheet(content: bytes, part: str, sheet: Sheet, around: Surroundings) -> None:
    """Fill in what the part holds.

    Raises:
        UnreadableError: it is damaged, or goes beyond the limits.
    """
    limits = around.limits
    count_markup(content, part, limits)
    rows: Iterable[Row] | None = None
    split = parted(content, b"<sheetData>", b"</sheetData>")
    if split is not None:
        surface = _surface_of(split.left, part, limits)
        if surface.one_block:
            rows = rows_of_text(split.text)
    if rows is None:
        root = parse(content, part, limits)
        surface = _surface(content, root, limits)
        rows = chain.from_iterable(rows_of_tree(block) for block in root.iterchildren("{*}sheetData"))
    _Cells(sheet, around).read(rows)
    sheet.hidden_columns, sheet.protected = surface.hidden_columns, surface.protected
    sheet.merges, sheet.validated = surface.merges, surface.validated
    for reference in surface.damaged:
        around.left_out(f"{sheet.name}!{reference}")


# Returns of one template differ in their rows alone.
@remembering(64)
def _surface_of(content: bytes, part: str, limits: Limits) -> _Surface:
    return _surface(content, parse(content, part, limits), limits)


def _surface(content: bytes, root: etree._Element, limits: Limits) -> _Surface:
    merges: list[str] = []
    validated: list[str] = []
    hidden_columns: frozenset[int] = frozenset()
    blocks, protected = 0, False
    for block in root:
        kind = local(block)
        if kind == "sheetData":
            blocks += 1
        elif kind == "cols":
            hidden_columns = _hidden_columns(block)
        elif kind == "sheetProtection":
            # WPS leaves the element on sheets that are not protected.
            protected = block.get("sheet", "0") in TRUE
        elif kind == "mergeCells":
            merges.extend(element.get("ref", "") for element in block)
        elif kind == "dataValidations":
            validated.extend(element.get("sqref", "") for element in block)
        elif kind == "extLst":
            validated.extend(_extension_validations(block))
    damaged: list[str] = []
    return _Surface(
        one_block=blocks == content.count(b"<sheetData") == 1 and sound(content, root),
        hidden_columns=hidden_columns,
        protected=protected,
        merges=_ranges(merges, limits, damaged),
        validated=_ranges(validated, limits, damaged),
        damaged=tuple(damaged),
    )


def _extension_validations(block: etree._Element) -> list[str]:
    return [
        reference.text or ""
        for validation in block.iter("{*}dataValidation")
        for reference in validation
        if local(reference) == "sqref"
    ]


def _ranges(texts: list[str], limits: Limits, damaged: list[str]) -> tuple[Range, ...]:
    # A text is a list parted by spaces; split() would make millions of one hostile attribute.
    limit = limits.ranges
    references = [reference for text in texts[: limit + 1] for reference in text.split(maxsplit=limit + 1)]
    if len(references) > limit:
        raise UnreadableError(
            "oversized", say("more than {limit} merges or validations in a sheet", limit=f"{limit:,}")
        )
    found = []
    for reference in references:
        try:
            found.append(_range(reference))
        except ValueError:
            damaged.append(reference[:40])
    return tuple(found)


def _hidden_columns(block: etree._Element) -> frozenset[int]:
    hidden: set[int] = set()
    # They do not overlap, unless someone wants them to be many.
    for element in islice(block, 4 * _LAST_COLUMN):
        if element.get("hidden", "0") in TRUE or _is_zero(element.get("width", "")):
            first, last = _whole(element.get("min")), _whole(element.get("max"))
            if first and last:
                hidden.update(range(first, min(last, _LAST_COLUMN) + 1))
    return frozenset(hidden)


def _is_zero(size: str) -> bool:
    return size != "" and size.strip("0.") == ""


def _whole(text: str | None) -> int:
    """Return a whole number of at most seven digits, or 0."""
    return int(text) if text and len(text) <= 7 and text.isascii() and text.isdigit() else 0


class _Cells:
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
            number = min(_whole(written) or number + 1, MAX_ROW)
            if is_hidden in TRUE or _is_zero(height):
                hidden.append(number)
            around.cells += len(cells)
            if around.cells > around.limits.cells:
                raise UnreadableError("oversized", say("more than {cells} cells", cells=f"{around.limits.cells:,}"))
            self.row(cells, number)
        self.sheet.hidden_rows = frozenset(hidden)
        for place, shared in self.waiting:
            self.spell(place, shared)

    # A third of the time that a workbook takes goes by here: hence the local names, and few calls.
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
                # Known to be a formula, whatever it turns out to be: an empty result of it counts.
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
