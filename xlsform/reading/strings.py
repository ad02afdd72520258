"""Text as OOXML stores it: shared and inline strings, with their escapes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice

from lxml import etree

from xlsform.messages import say
from xlsform.reading.fast_xml import TEXT, parted, resolved, sound
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.parts import count_markup, parse

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: As many as Unicode's stream-safe text has over one letter.
_MOST_MARKS = 30
_MAYBE_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS + 1},}}")

# What the first line does not account for, the second takes, with all that follows: an item that does not begin.
_ITEM = re.compile(
    rf'(<si>)<t(?: xml:space="preserve")?+(?:/>|>{TEXT}</t>)(?:<phoneticPr(?: [A-Za-z]++="[A-Za-z0-9]*+")?+/>)?+</si>'
    r"|[\s\S]++"
)


def unescape(text: str) -> str:
    """Return the text with ``_x000D_`` and the like turned into the characters that XML cannot hold."""
    if "_x" not in text:
        return text
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if _SURROGATE.search(text):
        # Halves of a character are escaped one by one. One half alone would make every writer fail.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@lru_cache(maxsize=512)
def counted(text: str) -> tuple[str, int]:
    """Return a short text as `without_towers` and its `length`: labels and words repeat from cell to cell and file to file."""
    lowered = without_towers(text)
    return lowered, length(lowered)


def without_towers(text: str) -> str:
    """Return the text with at most thirty combining marks in a row; to order more takes time that grows by the square."""
    return text if len(text) <= _MOST_MARKS or text.isascii() else _MAYBE_MARKS.sub(_lowered, text)


def _lowered(match: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in match[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def length(text: str) -> int:
    """Return how many characters there are to compare: some stand for a whole phrase, and are spelled out then."""
    return len(text) if text.isascii() else len(unicodedata.normalize("NFKC", text))


def read_strings(content: bytes, part: str, limits: Limits) -> list[str]:
    """Return the shared strings in their order.

    Raises:
        UnreadableError: they are damaged, or too many.
    """
    count_markup(content, part, limits)
    texts = _texts_of_text(content, part, limits)
    if texts is None:
        root = parse(content, part, limits)
        prefix = root.tag.removesuffix("sst")
        texts = [joined(item, prefix) for item in islice(root, limits.strings + 1)]
    if len(texts) > limits.strings:
        raise UnreadableError("oversized", say("more than {strings} texts", strings=f"{limits.strings:,}"))
    return [unescape(text)[: limits.text_length] for text in texts]


def _texts_of_text(content: bytes, part: str, limits: Limits) -> list[str] | None:
    split = parted(content, b"<sst ", b"</sst>")
    if split is None:
        return None
    root = parse(split.left, part, limits)
    items = _ITEM.findall(split.text)
    if len(root) or not sound(split.left, root) or (items and not items[-1][0]):
        return None
    return [resolved(text) for _, text in items]


def joined(item: etree._Element, prefix: str) -> str:
    """Return the text of an ``si`` or ``is``: its runs joined, without the reading aids of Chinese and Japanese (``rPh``).

    ``prefix`` is the namespace, as it stands before the names of elements.
    """
    text_tag, run_tag = f"{prefix}t", f"{prefix}r"
    text = ""
    for child in item:
        tag = child.tag
        if tag == text_tag:
            text += child.text or ""
        elif tag == run_tag:
            text += "".join(run.text or "" for run in child if run.tag == text_tag)
    return text
