"""The parts of a workbook that came back, as XML: bounded before they are parsed, and remembered where they repeat."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from lxml import etree

from xlsform.messages import say
from xlsform.reading.limits import DEFAULT_LIMITS, Limits, UnreadableError
from xlsform.spreadsheet.xml_encoding import ForeignEncodingError, in_utf8

_SMALL = 256_000
"""Bytes up to which a part is small."""

T = TypeVar("T")
PartReader = Callable[[bytes, str, Limits], T]
"""Reads a part by its content, its name and the limits."""


def remembering(parts: int) -> Callable[[PartReader[T]], PartReader[T]]:
    """Return a decorator that remembers what was read of so many parts.

    Returns of one template have many parts that are the same byte for byte. What is large is not kept: a batch of such
    files would fill the memory.
    """

    def decorate(read: PartReader[T]) -> PartReader[T]:
        known = lru_cache(maxsize=parts)(read)

        def choose(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> T:
            return (known if len(content) < _SMALL else read)(content, part, limits)

        return choose

    return decorate


# Comments are dropped: one within a text would split it in two.
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    huge_tree=False,
    load_dtd=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
    # Whatever a part declares: `bounded` has brought it into UTF-8.
    encoding="utf-8",
)


def parse(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Return the root element of an XML part.

    Raises:
        UnreadableError: it is not well-formed, declares a DOCTYPE, is in a foreign encoding, or goes beyond the limits.
    """
    content = bounded(content, part, limits)
    doctype = b"<!DOCTYPE" in content
    try:
        root = etree.fromstring(content, _PARSER) if not doctype else None
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        # libxml2 has limits of its own, and names in its message the option that would lift them.
        if "XML_PARSE_HUGE" in str(error):
            raise UnreadableError(
                "oversized",
                say("the part {part} is nested more than 256 deep, or holds a text of more than 10 MB", part=part),
            ) from None
        raise _not_well_formed(part) from None
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError(
            "damaged", say("the part {part} declares a DOCTYPE, which no spreadsheet program writes", part=part)
        )
    return root


def bounded(content: bytes, part: str, limits: Limits) -> bytes:
    """Return a part in UTF-8; one that is too large then, or has more tags and attributes than any form, is refused.

    Raises:
        UnreadableError: it goes beyond the limits, or is in an encoding that no spreadsheet program writes.
    """
    try:
        content = in_utf8(content)
    except ForeignEncodingError as error:
        what = say(
            "the part {part} is XML in the encoding {encoding}, which no spreadsheet program writes",
            part=part,
            encoding=error.encoding,
        )
        raise UnreadableError("damaged", what) from None
    except UnicodeDecodeError:
        raise _not_well_formed(part) from None
    if len(content) > limits.part_size:
        what = say("the part {name} is larger than {part_size} bytes", name=part, part_size=f"{limits.part_size:,}")
        raise UnreadableError("oversized", what)
    # A tree takes some 200 bytes for each tag and attribute: bounded before it is built.
    if len(content) > limits.markup and content.count(b"<") + content.count(b"=") > limits.markup:
        raise UnreadableError(
            "oversized",
            say("the part {part} has more than {limit} tags and attributes", part=part, limit=f"{limits.markup:,}"),
        )
    return content


def _not_well_formed(part: str) -> UnreadableError:
    return UnreadableError("damaged", say("the part {part} is not well-formed XML", part=part))


def whole(text: str | None) -> int:
    """Return the whole number of at most seven digits that an attribute holds, or 0."""
    return int(text) if text and len(text) <= 7 and text.isascii() and text.isdigit() else 0


def is_zero(size: str) -> bool:
    """Whether a height or width that is given is none."""
    return size != "" and size.strip("0.") == ""
