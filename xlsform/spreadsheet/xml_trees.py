"""Elements of a spreadsheet's XML: their names without namespaces, which differ between the editions of the format."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lxml import etree

from xlsform.spreadsheet.xml_encoding import in_utf8

#: How an attribute says yes; ``on`` is Excel 2007's.
TRUE = frozenset({"1", "true", "on"})
#: The attribute that keeps the spaces around a text: without it, readers differ on whether they are part of it.
SPACE = "{http://www.w3.org/XML/1998/namespace}space"

_MOST_MARKUP = 1_000_000
"""Tags and attributes of a part: of what comes back, some parts are first looked at when it is marked."""

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8")


def parse(data: bytes) -> etree._Element:
    """Parse a part, without reaching for anything outside it.

    Raises:
        ValueError: it is not well-formed XML, or larger than any sheet.
    """
    data = in_utf8(data)
    if len(data) > _MOST_MARKUP and data.count(b"<") + data.count(b"=") > _MOST_MARKUP:
        raise ValueError(f"more than {_MOST_MARKUP:,} tags and attributes")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed XML: {error}") from error


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace; a comment's is empty."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def namespace(element: etree._Element) -> str:
    """Return an element's namespace."""
    return etree.QName(element).namespace or ""


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children of that local name, in whichever namespace."""
    return element.iterchildren(f"{{*}}{name}")


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of that local name, or None."""
    return next(children(element, name), None)


def insert_after(root: etree._Element, element: etree._Element, names: Collection[str]) -> None:
    """Insert a child behind all those of these names: the format fixes the order of children."""
    places = [place for place, each in enumerate(root) if local(each) in names]
    root.insert(places[-1] + 1 if places else 0, element)
