"""Write the sheet that lists a returned workbook's findings, and read back what it remembers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from xlsform.reports.annotate.first_sheet import active_tab, insert_first, remove_sheet
from xlsform.spreadsheet.a1 import a1, position
from xlsform.spreadsheet.cell_text import MAX_TEXT
from xlsform.spreadsheet.package import Package, SheetEntry
from xlsform.spreadsheet.shared_strings import SharedStrings
from xlsform.spreadsheet.styles import CellStyles
from xlsform.spreadsheet.text_width import lines_needed
from xlsform.spreadsheet.xml_trees import child, children, namespace, parse

SHEET = "退回意见"

_WIDTHS = (6, 8, 20, 52, 44, 9)
_LAST = len(_WIDTHS)
_LINE, _HIGHEST = 15.0, 409.0
#: Rows above the table that may stay in sight while one scrolls; more would leave no room for the table.
_FROZEN = 240.0
#: Opens the hidden memory, and tells our sheet from another of that name.
_MEMORY = "xlsform:marked"
_MEMORY_COLUMN = _LAST + 2
_FONT = '<name val="宋体"/><family val="3"/><charset val="134"/>'


class ListedFinding(NamedTuple):
    """One finding as it is listed."""

    label: str
    color: str
    place: str
    link: str
    """Where the place leads to, such as ``'自评表'!I7``; empty where there is nothing to jump to."""
    problem: str
    how_to_fix: str
    code: str


class Marked(NamedTuple):
    """A cell that was marked, and the style that it had."""

    sheet: str
    cell: str
    style: str


class Memory(NamedTuple):
    """What is needed to take the marks away again."""

    active: int
    """The place of the sheet that was in front."""
    cells: tuple[Marked, ...]


class _Looks(NamedTuple):
    heading: str
    intro: str
    head: str
    text: str
    centred: str
    link: str
    labels: dict[str, str]


def is_annotation_sheet(name: str) -> bool:
    """Whether a sheet of that name is one that lists findings."""
    return re.fullmatch(rf"{SHEET}(\([2-9]\))?", name) is not None


def find_list(package: Package) -> SheetEntry | None:
    """Return the sheet that lists findings, if a workbook has one of ours."""
    named = [entry for entry in package.sheets() if is_annotation_sheet(entry.name)]
    strings = SharedStrings(package) if named else None
    return next((entry for entry in named if strings and _memory(package, entry, strings) is not None), None)


def remove_list(package: Package, entry: SheetEntry) -> Memory:
    """Take the sheet out, and return what it remembered."""
    memory = _memory(package, entry, SharedStrings(package)) or Memory(0, ())
    remove_sheet(package, entry, memory.active)
    return memory


def add_list(
    package: Package,
    styles: CellStyles,
    lines: Sequence[ListedFinding],
    marked: Sequence[Marked],
    *,
    heading: str,
    intro: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Put the sheet in front of a workbook.

    The style that a marked cell had is remembered as the style of a hidden cell: its number changes with every program
    that saves the workbook, what it stands for does not.
    """
    space = namespace(package.xml(package.workbook_part))
    root = parse(f'<worksheet xmlns="{space}"><sheetData/></worksheet>'.encode())
    strings, looks = SharedStrings(package), _looks(styles, lines)
    writer = _FindingListWriter(root[0], strings)
    writer.across(heading, looks.heading, 22.0)
    for text in intro:
        writer.across(text, looks.intro, _LINE)
    writer.row(columns, [looks.head] * _LAST, 20.0)
    head = writer.last
    for number, line in enumerate(lines, 1):
        link = looks.link if line.link else looks.text
        cells = (str(number), line.label, line.place, line.problem, line.how_to_fix, line.code)
        writer.row(cells, [looks.centred, looks.labels[line.color], link, looks.text, looks.text, looks.centred], 20.0)
        if line.link:
            writer.links.append((a1(writer.last, 3), line.link, line.place))
    memory = [Marked(_MEMORY, str(active_tab(package)), "0"), *marked]
    for number, cell in enumerate(memory):
        column, row = divmod(number, writer.last)
        writer.text(row + 1, _MEMORY_COLUMN + column, f"{cell.sheet}!{cell.cell}", cell.style)
    _finish(root, writer, head, -(-len(memory) // writer.last))
    strings.save()
    name = _free_name(package)
    ranges = {"_xlnm.Print_Area": f"$A$1:${a1(1, _LAST)[:-1]}${writer.last}", "_xlnm.Print_Titles": f"${head}:${head}"}
    insert_first(package, name, root, {key: f"'{name}'!{ref}" for key, ref in ranges.items()})


class _FindingListWriter:
    """Rows of text, one below the other; cells are added from left to right."""

    def __init__(self, data: etree._Element, strings: SharedStrings) -> None:
        self._data, self._strings = data, strings
        self._space = f"{{{namespace(data)}}}"
        self.heights = [0.0]
        self.merges: list[str] = []
        self.links: list[tuple[str, str, str]] = []

    @property
    def last(self) -> int:
        return len(self._data)

    def text(self, row: int, column: int, text: str, style: str) -> None:
        cell = etree.SubElement(self._data[row - 1], f"{self._space}c", r=a1(row, column), s=style)
        if text:
            cell.set("t", "s")
            index = self._strings.index(text[: MAX_TEXT // 2])
            etree.SubElement(cell, f"{self._space}v").text = str(index)

    def row(self, texts: Sequence[str], styles: Sequence[str], least: float) -> None:
        needed = max(lines_needed(text, width - 2.5) for text, width in zip(texts, _WIDTHS, strict=True))
        self._next(max(least, needed * _LINE + 6))
        for column, (text, style) in enumerate(zip(texts, styles, strict=True), 1):
            self.text(self.last, column, text, style)

    def across(self, text: str, style: str, line: float) -> None:
        self._next(lines_needed(text, sum(_WIDTHS) * _LINE / line - 4) * line + 4)
        for column in range(1, _LAST + 1):
            self.text(self.last, column, text if column == 1 else "", style)
        self.merges.append(f"A{self.last}:{a1(self.last, _LAST)}")

    def _next(self, height: float) -> None:
        self.heights.append(min(height, _HIGHEST))
        number = str(len(self.heights) - 1)
        etree.SubElement(self._data, f"{self._space}row", r=number, ht=f"{self.heights[-1]:g}", customHeight="1")


def _looks(styles: CellStyles, lines: Sequence[ListedFinding]) -> _Looks:
    font = styles.font(f'<sz val="11"/>{_FONT}')
    bold = styles.font(f'<b/><sz val="11"/>{_FONT}')
    blue = styles.font(f'<u/><sz val="11"/><color rgb="FF0563C1"/>{_FONT}')
    title = styles.font(f'<b/><sz val="16"/>{_FONT}')
    frame = styles.frame("BFBFBF")
    colors = {line.color for line in lines}
    return _Looks(
        heading=styles.add(font=title, centred=True),
        intro=styles.add(font=font),
        head=styles.add(font=bold, fill=styles.fill("D9D9D9"), border=frame, centred=True),
        text=styles.add(font=font, border=frame),
        centred=styles.add(font=font, border=frame, centred=True),
        link=styles.add(font=blue, border=frame),
        labels={
            color: styles.add(font=font, fill=styles.fill(color), border=frame, centred=True)
            for color in sorted(colors)
        },
    )


def _finish(root: etree._Element, writer: _FindingListWriter, head: int, hidden: int) -> None:
    space = namespace(root)
    pane = ""
    if sum(writer.heights[: head + 1]) <= _FROZEN:
        below = f"A{head + 1}"
        pane = (
            f'<pane ySplit="{head}" topLeftCell="{below}" activePane="bottomLeft" state="frozen"/>'
            f'<selection pane="bottomLeft" activeCell="{below}" sqref="{below}"/>'
        )
    widths = "".join(f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate(_WIDTHS, 1))
    memory = f'<col min="{_MEMORY_COLUMN}" max="{_MEMORY_COLUMN + hidden - 1}" width="9" hidden="1" customWidth="1"/>'
    before = (
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}{memory}</cols>'
    )
    merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in writer.merges)
    after = (
        f'<sheetProtection sheet="1" objects="1" scenarios="1"/><mergeCells>{merges}</mergeCells><hyperlinks/>'
        '<printOptions horizontalCentered="1"/>'
        '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C&amp;P / &amp;N</oddFooter></headerFooter>"
    )
    for place, each in enumerate(parse(f'<made xmlns="{space}">{before}</made>'.encode())):
        root.insert(place, each)
    root.extend(list(parse(f'<made xmlns="{space}">{after}</made>'.encode())))
    links = child(root, "hyperlinks")
    assert links is not None, "it was just made"
    for ref, location, display in writer.links:
        etree.SubElement(links, f"{{{space}}}hyperlink", ref=ref, location=location, display=display)
    if not writer.links:
        root.remove(links)


def _free_name(package: Package) -> str:
    taken = {entry.name.casefold() for entry in package.sheets()}
    return next(name for name in (SHEET, *(f"{SHEET}({number})" for number in range(2, 10))) if name not in taken)


def _memory(package: Package, entry: SheetEntry, strings: SharedStrings) -> Memory | None:
    data = child(package.xml(entry.part), "sheetData")
    cells: list[tuple[int, int, Marked]] = []
    for row in () if data is None else children(data, "row"):
        for cell in children(row, "c"):
            place, _, address = strings.shown(cell).rpartition("!")
            line, column = position(cell.get("r", "A1"))
            if column >= _MEMORY_COLUMN and place:
                cells.append((column, line, Marked(place, address, cell.get("s", "0"))))
    cells.sort()
    if not cells or cells[0][2].sheet != _MEMORY:
        return None
    active = cells[0][2].cell
    return Memory(int(active) if active.isdecimal() else 0, tuple(cell for _, _, cell in cells[1:]))
