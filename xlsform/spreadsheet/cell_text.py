"""Texts and numbers of cells as a workbook's XML holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite

from lxml import etree

from xlsform.patterns import LazyPattern

#: As many characters as Excel lets a cell hold, in units of UTF-16.
MAX_TEXT = 32_767

_ILLEGAL = "\x00-\x08\x0b-\x1f\ufffe\uffff"
# An underscore is escaped where what follows would make it the start of an escape, once that is escaped itself.
_ESCAPED = LazyPattern(f"_(?=x[0-9A-Fa-f]{{4}}[_{_ILLEGAL}])|[{_ILLEGAL}]")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
# Most texts have nothing that must be escaped, and are asked this one question.
_SPECIAL = re.compile(f"[&<>{_ILLEGAL}\ud800-\udfff]|_x[0-9A-Fa-f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def escape(text: str) -> str:
    """Return text as a workbook's XML can hold it: control characters as Excel's ``_xHHHH_``, no lone surrogates."""
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", paired(text))


def unescape(text: str) -> str:
    """Return the text that Excel shows for what stands in its XML: ``_x000D_`` and the like turned into characters."""
    if "_x" not in text:
        return text
    # Halves of a character are escaped one by one.
    return paired(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))


def paired(text: str) -> str:
    """Return a text with two halves of a character as one; a half alone, which no writer can write, is replaced."""
    if _SURROGATE.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_xml(text: str) -> str:
    """Return text as it is written between the tags of a workbook's XML."""
    return _markup(escape(text)) if _SPECIAL.search(text) else text


def attribute_xml(text: str) -> str:
    """Return text as it is written in an attribute of a workbook's XML, within double quotes."""
    return _markup(escape(text)).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def _markup(text: str) -> str:
    # xml.sax.saxutils has the same function, but imports all that it takes to open a web page.
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")


def number_text(number: int | float | Decimal) -> str:
    """Return the shortest text that reads back as the same number.

    Raises:
        ValueError: it is not finite; no cell can hold it.
    """
    if isinstance(number, int):
        return str(number)
    if not isfinite(number):
        raise ValueError(f"a cell cannot hold the number {number}")
    return repr(float(number)).removesuffix(".0")


def text_elements(item: etree._Element, prefix: str) -> Iterator[etree._Element]:
    """Yield the elements whose text, one after the other, an item shows: a shared or inline string, or a comment.

    They stand in it, or in its runs where it is rich text; what says how Chinese or Japanese is read aloud (``rPh``)
    is not part of the text.

    Args:
        item: the element with the text.
        prefix: its namespace as it stands before the names of elements, in braces.
    """
    text_tag, run_tag = f"{prefix}t", f"{prefix}r"
    for each in item:
        if each.tag == text_tag:
            yield each
        elif each.tag == run_tag:
            yield from each.iterchildren(text_tag)


def shown_text(item: etree._Element, prefix: str) -> str:
    """Return the text of an item, as it stands in its `text_elements`: escapes are not resolved."""
    # Nearly all are of this kind.
    if len(item) == 1 and item[0].tag == f"{prefix}t":
        return item[0].text or ""
    return "".join(each.text or "" for each in text_elements(item, prefix))
