"""The part of a workbook that says what its cells look like and which of them are locked."""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lxml import etree

from xlsform.patterns import LazyPattern
from xlsform.spreadsheet.xml_trees import TRUE, child, children, insert_after, namespace, parse

if TYPE_CHECKING:
    # At run time only those who write have a package in hand: what reads returns does without it.
    from xlsform.spreadsheet.package import Package

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
#: What a table starts with where a workbook has none, so that a cell without a style keeps its look.
_FIRST = {
    "fonts": '<font><sz val="11"/><name val="宋体"/><family val="3"/><charset val="134"/></font>',
    "fills": '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>',
    "borders": "<border><left/><right/><top/><bottom/><diagonal/></border>",
    "cellStyleXfs": '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',
    "cellXfs": '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
}
_NORMAL = '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'

# As we write them, in workbooks of our own.
_CELL_FORMAT = LazyPattern(r"<xf [^>]*?(?:/>|>.*?</xf>)", re.DOTALL)
_CELL_FORMATS = LazyPattern(r"<cellXfs [^>]*>(.*)</cellXfs>", re.DOTALL)
_NUMBER_FORMAT = LazyPattern(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/>')
_NUMBER_FORMATS = LazyPattern(r"<numFmts [^>]*>.*</numFmts>", re.DOTALL)
_NUMBER = LazyPattern(r'numFmtId="\d+"')

_Content = tuple[str, frozenset[tuple[str | bytes, str | bytes]], tuple["_Content", ...]]


class CellStyles:
    """The cell styles of a workbook; an index is what a cell's ``s`` says. Equal formats share one index."""

    def __init__(self, package: Package) -> None:
        """Load them; a workbook without gets the format's own defaults when the first one is added."""
        self._package = package
        workbook = package.workbook_part
        self._part = package.related(workbook, "styles")
        if self._part is None:
            space = namespace(package.xml(workbook))
            self._root = parse(f'<styleSheet xmlns="{space}">{_NORMAL}</styleSheet>'.encode())
        else:
            self._root = package.xml(self._part)
        self._space = namespace(self._root)
        self._filled: dict[tuple[str, str], str] = {}
        self._known: dict[str, dict[_Content, int]] = {}
        self._changed = False

    def filled(self, style: str, color: str) -> str:
        """Return the style that is as the one given, locks and borders and all, with a background of that colour."""
        if (style, color) not in self._filled:
            base = self._format(style)
            wanted = copy.deepcopy(self._section("cellXfs")[0] if base is None else base)
            wanted.tail = None
            wanted.set("fillId", self.fill(color))
            wanted.set("applyFill", "1")
            self._filled[style, color] = self._add("cellXfs", wanted)
        return self._filled[style, color]

    def background(self, style: str) -> str:
        """Return the colour of a style's solid background as ``RRGGBB``; empty where it has none."""
        base, fills = self._format(style), child(self._root, "fills")
        number = "" if base is None else base.get("fillId", "")
        if fills is None or not number.isdecimal() or int(number) >= len(fills):
            return ""
        pattern = child(fills[int(number)], "patternFill")
        color = child(pattern, "fgColor") if pattern is not None and pattern.get("patternType") == "solid" else None
        return "" if color is None else color.get("rgb", "")[-6:].upper()

    def fill(self, color: str) -> str:
        """Return the index of the solid background of a colour ``RRGGBB``."""
        shade = f'<fgColor rgb="FF{color}"/><bgColor indexed="64"/>'
        return self._add("fills", self._made(f'<fill><patternFill patternType="solid">{shade}</patternFill></fill>')[0])

    def font(self, inner: str) -> str:
        """Return the index of a font, given its properties as XML."""
        return self._add("fonts", self._made(f"<font>{inner}</font>")[0])

    def frame(self, color: str) -> str:
        """Return the index of a thin border on all sides."""
        sides = "".join(
            f'<{side} style="thin"><color rgb="FF{color}"/></{side}>' for side in ("left", "right", "top", "bottom")
        )
        return self._add("borders", self._made(f"<border>{sides}<diagonal/></border>")[0])

    def add(self, *, font: str, fill: str = "0", border: str = "0", centred: bool = False) -> str:
        """Return the index of a locked, wrapping text style."""
        parts = f'numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0"'
        applied = 'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"'
        across = 'horizontal="center"' if centred else 'horizontal="left" indent="1"'
        alignment = f'<alignment {across} vertical="center" wrapText="1"/>'
        self._section("cellStyleXfs")
        return self._add("cellXfs", self._made(f"<xf {parts} {applied}>{alignment}</xf>")[0])

    def save(self) -> None:
        """Write the styles back into the package, if any were added."""
        if not self._changed:
            return
        self._changed = False
        if self._part is not None:
            self._package.write_xml(self._part, self._root)
            return
        workbook = self._package.workbook_part
        name = posixpath.join(posixpath.dirname(workbook), "styles.xml")
        self._part = self._package.add_part(workbook, "styles", name, self._root, _TYPE).target

    def _format(self, style: str) -> etree._Element | None:
        formats = child(self._root, "cellXfs")
        entries = [] if formats is None else list(children(formats, "xf"))
        return entries[int(style)] if style.isdecimal() and int(style) < len(entries) else None

    def _section(self, name: str) -> etree._Element:
        section = child(self._root, name)
        if section is None:
            section = etree.Element(f"{{{self._space}}}{name}")
            insert_after(self._root, section, _ORDER[: _ORDER.index(name)])
        if not len(section):
            section.extend(self._made(_FIRST[name]))
        if name == "fills" and len(section) == 1:
            # Excel draws the second fill as its own pattern, whatever stands there.
            section.append(self._made(_FIRST[name])[1])
        for needed in ("fonts", "fills", "borders", "cellStyleXfs") if name == "cellXfs" else ():
            self._section(needed)
        return section

    def _made(self, text: str) -> list[etree._Element]:
        return list(parse(f'<made xmlns="{self._space}">{text}</made>'.encode()))

    def _add(self, name: str, wanted: etree._Element) -> str:
        section = self._section(name)
        if name not in self._known:
            self._known[name] = {}
            for number, entry in enumerate(_elements(section)):
                self._known[name].setdefault(_content(entry), number)
        known = self._known[name]
        place = known.setdefault(_content(wanted), len(_elements(section)))
        if place == len(_elements(section)):
            section.append(wanted)
            section.set("count", str(place + 1))
            self._changed = True
        return str(place)


def _elements(section: etree._Element) -> list[etree._Element]:
    return list(section.iterchildren("*"))


def _content(element: etree._Element) -> _Content:
    """Return what makes two formats equal."""
    return str(element.tag), frozenset(element.items()), tuple(map(_content, element))


def is_locked(cell_format: etree._Element) -> bool:
    """Whether cells of a format (``xf``) are locked; they are unless it says otherwise."""
    # Excel writes what applies to the cell into the style itself, whatever applyProtection says.
    protection = child(cell_format, "protection")
    return protection is None or protection.get("locked", "1") in TRUE


def cell_formats_of(xml: str) -> list[str]:
    """Return the XML of each cell format of a part that we wrote, by its index."""
    found = _CELL_FORMATS.search(xml)
    assert found is not None, "every workbook has cells with a look"
    return _CELL_FORMAT.findall(found[1])


def number_formats_of(xml: str) -> dict[str, int]:
    """Return the numbers of the number formats in a part that we wrote, by their code as an attribute has it."""
    return {code: int(number) for number, code in _NUMBER_FORMAT.findall(xml)}


def with_number_format(cell_format: str, number: int) -> str:
    """Return a cell format, as XML, with another number format."""
    changed = _NUMBER.sub(f'numFmtId="{number}"', cell_format, count=1)
    if "applyNumberFormat" in changed:
        return changed
    return changed.replace(' xfId="0"', ' xfId="0" applyNumberFormat="1"', 1)


def with_formats(xml: str, cell_formats: Iterable[str], number_formats: Mapping[str, int]) -> str:
    """Return a part that we wrote with other cell formats, as XML, and number formats."""
    numbers = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for code, number in number_formats.items())
    numbers = f'<numFmts count="{len(number_formats)}">{numbers}</numFmts>' if numbers else ""
    cells = list(cell_formats)
    listed = f'<cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
    # They come first; a form without amounts and years has none of its own.
    rest = _NUMBER_FORMATS.sub("", xml).replace("<fonts ", f"{numbers}<fonts ", 1)
    return _CELL_FORMATS.sub(lambda _: listed, rest)
