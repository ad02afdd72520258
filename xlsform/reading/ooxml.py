"""Read .xlsx, .xlsm and their templates: values, formulas, locks and names, in one pass over the parts that matter."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from lxml import etree

from xlsform.messages import say
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.links import external_links, has_macros
from xlsform.reading.package import UntrustedPackage
from xlsform.reading.parts import parse, remembering
from xlsform.reading.sheets import read_sheet
from xlsform.reading.strings import read_strings
from xlsform.reading.styles import read_styles
from xlsform.reading.surroundings import Surroundings
from xlsform.reading.workbook import Kind, Sheet, Visibility, Workbook
from xlsform.spreadsheet.cell_text import unescape
from xlsform.spreadsheet.relationships import Relationship, relation_id
from xlsform.spreadsheet.xml_trees import TRUE, local

_STATES: dict[str, Visibility] = {"hidden": "hidden", "veryHidden": "veryHidden"}


class _Book(NamedTuple):
    """What the part says that everything else hangs on."""

    sheets: tuple[tuple[str, str, str], ...] = ()
    """Name, state and relationship of each."""
    names: Mapping[str, str] = MappingProxyType({})
    structure_locked: bool = False


def read_ooxml(package: UntrustedPackage, kind: Kind) -> Workbook:
    """Read a workbook.

    Raises:
        UnreadableError: a part that matters is damaged, or goes beyond the limits.
    """
    part = package.main_part
    book = _read_book(package.read(part), part, package.limits)
    related = package.relationships(part)
    around = Surroundings(package.limits)
    _read_shared(package, related, around)
    sheets = _read_sheets(package, book, related, around)
    if not sheets:
        raise UnreadableError("damaged", say("it has no sheet that could be read"))
    return Workbook(
        kind=kind,
        sheets=tuple(sheets),
        names=dict(book.names),
        properties=_read_properties(package, around),
        macros=has_macros(package, related),
        external_links=external_links(package, part, around),
        structure_locked=book.structure_locked,
        complete=around.locks_known,
        damaged=tuple(around.damaged),
    )


@remembering(64)
def _read_book(content: bytes, part: str, limits: Limits) -> _Book:
    book = _Book()
    for block in parse(content, part, limits):
        match local(block):
            case "sheets":
                book = book._replace(sheets=_listed_sheets(block, limits))
            case "definedNames":
                book = book._replace(names=_read_names(block, limits))
            case "workbookProtection":
                book = book._replace(structure_locked=block.get("lockStructure", "0") in TRUE)
    return book


def _listed_sheets(block: etree._Element, limits: Limits) -> tuple[tuple[str, str, str], ...]:
    if len(block) > limits.members:
        raise UnreadableError("oversized", say("more than {members} sheets", members=f"{limits.members:,}"))
    found = []
    for element in block:
        found.append((unescape(element.get("name", "")), element.get("state", ""), relation_id(element)))
    return tuple(found)


def _read_shared(package: UntrustedPackage, related: tuple[Relationship, ...], around: Surroundings) -> None:
    for relationship in related:
        if relationship.kind == "sharedStrings" and relationship.target in package:
            texts = read_strings(package.read(relationship.target), relationship.target, package.limits)
            around.strings = {str(number): text for number, text in enumerate(texts)}
        elif relationship.kind == "styles" and relationship.target in package:
            try:
                around.styles = read_styles(package.read(relationship.target), relationship.target, package.limits)
            except UnreadableError as error:
                if error.unreadable.reason == "oversized":
                    raise
                # Without styles, values can still be judged; whether cells are locked cannot.
                around.locks_known = False
                around.left_out(relationship.target)


def _read_sheets(
    package: UntrustedPackage, book: _Book, related: tuple[Relationship, ...], around: Surroundings
) -> list[Sheet]:
    parts = {relationship.id: relationship.target for relationship in related}
    sheets = []
    for name, state, relationship in book.sheets:
        sheet = Sheet(name, _STATES.get(state, "visible"))
        part = parts.get(relationship, "")
        if part not in package:
            around.left_out(name)
            continue
        read_sheet(package.read(part), part, sheet, around)
        sheets.append(sheet)
    return sheets


def _read_names(block: etree._Element, limits: Limits) -> dict[str, str]:
    if len(block) > limits.names:
        raise UnreadableError("oversized", say("more than {names} defined names", names=f"{limits.names:,}"))
    names = {}
    for element in block:
        name = unescape(element.get("name", ""))
        local_or_hidden = element.get("localSheetId") is not None or element.get("hidden", "0") in TRUE
        if not local_or_hidden and not name.lower().startswith("_xlnm."):
            names[name] = element.text or ""
    return names


def _read_properties(package: UntrustedPackage, around: Surroundings) -> dict[str, str]:
    properties: dict[str, str] = {}
    for relationship in package.relationships():
        if relationship.kind not in ("custom-properties", "customProperties") or relationship.target not in package:
            continue
        try:
            root = package.xml(relationship.target)
        except UnreadableError as error:
            if error.unreadable.reason == "oversized":
                raise
            around.left_out(relationship.target)
            continue
        if len(root) > around.limits.names:
            raise UnreadableError(
                "oversized", say("more than {limit} custom properties", limit=f"{around.limits.names:,}")
            )
        for element in root:
            properties[element.get("name", "")] = unescape(element[0].text or "") if len(element) else ""
    return properties
