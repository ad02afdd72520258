"""Text as OOXML stores it: shared and inline strings, with their escapes."""

from __future__ import annotations

import re

from lxml import etree

from xlsform.reading.package import Limits, UnreadableError, local

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATE = re.compile("[\ud800-\udfff]")


def unescape(text: str) -> str:
    """Return the text with ``_x000D_`` and the like turned into the characters that XML cannot hold."""
    if "_x" not in text:
        return text
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if _SURROGATE.search(text):
        # Halves of a character are escaped one by one. One half alone would make every writer fail.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def read_strings(root: etree._Element, limits: Limits) -> list[str]:
    """Return the shared strings in their order.

    Raises:
        UnreadableError: there are too many.
    """
    if len(root) > limits.strings:
        raise UnreadableError("oversized", f"more than {limits.strings:,} texts")
    return [string_item(item, limits) for item in root]


def string_item(item: etree._Element, limits: Limits) -> str:
    """Return the text of an ``si`` or ``is``: its runs joined, without the reading aids of Chinese and Japanese (``rPh``)."""
    text = ""
    for child in item:
        tag = child.tag
        # A prefix ends in a brace, which no name does.
        if tag == "t" or tag.endswith("}t"):
            text += child.text or ""
        elif local(tag) == "r":
            text += "".join(run.text or "" for run in child if local(run.tag) == "t")
    return unescape(text)[: limits.text_length] if "_x" in text or len(text) > limits.text_length else text
