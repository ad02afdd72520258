"""Read .xlsx, .xlsm and their templates: values, formulas, locks and names, in one pass over the parts that matter."""

from __future__ import annotations

from lxml import etree

from xlsform.findings import say
from xlsform.reading.contents import Kind, Sheet, Visibility, Workbook
from xlsform.reading.links import external_links, has_macros
from xlsform.reading.package import Package, Relationship, UnreadableError, local
from xlsform.reading.sheets import Surroundings, read_sheet
from xlsform.reading.strings import read_strings, unescape
from xlsform.reading.styles import TRUE, read_styles

_STATES: dict[str, Visibility] = {"hidden": "hidden", "veryHidden": "veryHidden"}


def read_ooxml(package: Package, kind: Kind) -> Workbook:
    """Read a workbook.

    Raises:
        UnreadableError: a part that matters is damaged, or goes beyond the limits.
    """
    part = package.main_part
    blocks = {local(block.tag): block for block in package.xml(part)}
    related = package.relationships(part)
    around = Surroundings(package.limits)
    _read_shared(package, related, around)
    sheets = _read_sheets(package, blocks.get("sheets"), related, around)
    if not sheets:
        raise UnreadableError("damaged", say("it has no sheet that could be read"))
    protection = blocks.get("workbookProtection")
    properties = _read_properties(package, around)
    links = external_links(package, part, around)
    return Workbook(
        kind=kind,
        sheets=tuple(sheets),
        names=_read_names(blocks.get("definedNames"), around),
        properties=properties,
        macros=has_macros(package, related),
        external_links=links,
        structure_locked=protection is not None and protection.get("lockStructure", "0") in TRUE,
        complete=around.locks_known,
        damaged=tuple(around.damaged),
    )


def _read_shared(package: Package, related: tuple[Relationship, ...], around: Surroundings) -> None:
    for relationship in related:
        if relationship.type == "sharedStrings" and relationship.target in package:
            texts = read_strings(package.xml(relationship.target), package.limits)
            around.strings = {str(number): text for number, text in enumerate(texts)}
        elif relationship.type == "styles" and relationship.target in package:
            try:
                around.styles = read_styles(package.read(relationship.target), relationship.target, package.limits)
            except UnreadableError as error:
                if error.unreadable.reason == "oversized":
                    raise
                # The values can be judged all the same; that a cell is locked cannot.
                around.locks_known = False
                around.left_out(relationship.target)


def _read_sheets(
    package: Package, block: etree._Element | None, related: tuple[Relationship, ...], around: Surroundings
) -> list[Sheet]:
    parts = {relationship.id: relationship.target for relationship in related}
    if block is None:
        return []
    if len(block) > package.limits.members:
        raise UnreadableError("oversized", say("more than {members} sheets", members=f"{package.limits.members:,}"))
    sheets = []
    for element in block:
        name = unescape(element.get("name", ""))
        sheet = Sheet(name, _STATES.get(element.get("state", ""), "visible"))
        part = next((parts.get(str(value), "") for key, value in element.items() if local(str(key)) == "id"), "")
        if part not in package:
            around.left_out(name)
            continue
        read_sheet(package.xml(part), sheet, around)
        sheets.append(sheet)
    return sheets


def _read_names(block: etree._Element | None, around: Surroundings) -> dict[str, str]:
    if block is None:
        return {}
    if len(block) > around.limits.names:
        raise UnreadableError("oversized", say("more than {names} defined names", names=f"{around.limits.names:,}"))
    names = {}
    for element in block:
        name = unescape(element.get("name", ""))
        local_or_hidden = element.get("localSheetId") is not None or element.get("hidden", "0") in TRUE
        if not local_or_hidden and not name.lower().startswith("_xlnm."):
            names[name] = element.text or ""
    return names


def _read_properties(package: Package, around: Surroundings) -> dict[str, str]:
    properties: dict[str, str] = {}
    for relationship in package.relationships():
        if relationship.type not in ("custom-properties", "customProperties") or relationship.target not in package:
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
