"""The table of a workbook's texts, which its cells point into by number."""

from __future__ import annotations

import posixpath
import re

from lxml import etree

from xlsform.spreadsheet.cell_text import escape, shown_text, text_xml, unescape
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.xml_trees import SPACE, namespace, parse

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ITEM = re.compile(r"<si>.*?</si>", re.DOTALL)


class SharedStrings:
    """The table in a package: texts are found in it and added to it."""

    def __init__(self, package: Package) -> None:
        """Load the table; one is made when the first text is added to a workbook without."""
        self._package = package
        self._part = package.related(package.workbook_part, "sharedStrings")
        if self._part is None:
            space = namespace(package.xml(package.workbook_part))
            self._root = parse(f'<sst xmlns="{space}"/>'.encode())
        else:
            self._root = package.xml(self._part)
        self._space = f"{{{namespace(self._root)}}}"
        self._texts: dict[str, int] = {}
        self._items = self._root.findall(f"{self._space}si")
        for number, item in enumerate(self._items):
            text = item[0].text or "" if len(item) == 1 and item[0].tag == f"{self._space}t" else None
            if text is not None and (text == text.strip() or item[0].get(SPACE) == "preserve"):
                self._texts.setdefault(text, number)
        self._loaded = len(self._items)

    def index(self, text: str) -> int:
        """Return the place of a text in the table, adding it where it is not there yet."""
        known = escape(text)
        if known not in self._texts:
            item = etree.SubElement(self._root, f"{self._space}si")
            words = etree.SubElement(item, f"{self._space}t")
            words.text = known
            words.set(SPACE, "preserve")
            self._texts[known] = len(self._items)
            self._items.append(item)
        return self._texts[known]

    def shown(self, cell: etree._Element) -> str:
        """Return the text that a cell holds, given its element; empty where it holds something else."""
        if cell.get("t") == "inlineStr":
            inline = cell.find(f"{self._space}is")
            return "" if inline is None else self._plain(inline)
        text = cell.findtext(f"{self._space}v") or ""
        if cell.get("t") != "s":
            return unescape(text) if cell.get("t") == "str" else ""
        return self._plain(self._items[int(text)]) if text.isdecimal() and int(text) < len(self._items) else ""

    def _plain(self, item: etree._Element) -> str:
        return unescape(shown_text(item, self._space))

    def save(self) -> None:
        """Write the table back into the package, if texts were added."""
        if len(self._items) == self._loaded:
            return
        self._root.set("uniqueCount", str(len(self._items)))
        # How often cells point here is not known without reading every sheet, and the attribute may be absent.
        self._root.attrib.pop("count", "")
        self._loaded = len(self._items)
        if self._part is not None:
            self._package.write_xml(self._part, self._root)
            return
        workbook = self._package.workbook_part
        name = posixpath.join(posixpath.dirname(workbook), "sharedStrings.xml")
        self._part = self._package.add_part(workbook, "sharedStrings", name, self._root, _TYPE).target


def items_of(xml: str) -> list[str]:
    """Return the XML of each text in a table that we wrote."""
    return _ITEM.findall(xml)


def item_xml(text: str) -> str:
    """Return the XML of a text in the table."""
    space = "" if text == text.strip() else ' xml:space="preserve"'
    return f"<si><t{space}>{text_xml(text)}</t></si>"


def table_xml(items: str, count: int) -> str:
    """Return the part that holds a table of so many texts, given their XML."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<sst xmlns="{_NAMESPACE}" uniqueCount="{count}">{items}</sst>'
    )
