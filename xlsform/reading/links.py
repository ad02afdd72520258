"""What of a workbook reaches outside it: links to other workbooks, DDE, data connections, macros."""

from __future__ import annotations

from lxml import etree

from xlsform.reading.limits import UnreadableError
from xlsform.reading.package import UntrustedPackage
from xlsform.reading.surroundings import Surroundings
from xlsform.spreadsheet.relationships import Relationship
from xlsform.spreadsheet.xml_trees import local

_MACRO_TYPES = frozenset({"vbaProject", "xlMacrosheet", "xlIntlMacrosheet"})


def has_macros(package: UntrustedPackage, related: tuple[Relationship, ...]) -> bool:
    """Tell whether there is VBA, or an Excel 4 macro sheet."""
    # By name too: the macros may be there although the relationship that leads to them was removed.
    return any(relationship.kind in _MACRO_TYPES for relationship in related) or any(
        part.endswith("/vbaproject.bin") or "/macrosheets/" in part for part in package.parts
    )


def external_links(package: UntrustedPackage, main_part: str, around: Surroundings) -> tuple[str, ...]:
    """Return the targets of links, each once, in the order of the file."""
    found: dict[str, None] = {}
    linked = 0
    for relationship in package.relationships(main_part):
        try:
            if relationship.kind == "externalLink":
                linked += 1
                found.update(dict.fromkeys(_link(package, relationship)))
            elif relationship.kind == "connections" and relationship.target in package:
                found.update(dict.fromkeys(_connections(package.xml(relationship.target))))
        except UnreadableError as error:
            if error.unreadable.reason == "oversized":
                raise
            around.left_out(relationship.target)
    # [2] in a formula is the second link, whose target was read above. A number without a link is told as it stands.
    known = {f"[{number}]" for number in range(linked + 1)}
    found.update(dict.fromkeys(sorted(around.outside - known)))
    return tuple(found)


def _link(package: UntrustedPackage, relationship: Relationship) -> list[str]:
    if relationship.external or relationship.target not in package:
        return [relationship.target]
    targets = [related.target for related in package.relationships(relationship.target) if related.external]
    # In .xlsb the part is binary, and its relationships are all that can be seen.
    if not relationship.target.lower().endswith(".bin"):
        for element in package.xml(relationship.target):
            if local(element) == "ddeLink":
                targets.append(f"{element.get('ddeService', '')}|{element.get('ddeTopic', '')}")
    return targets or [relationship.target]


def _connections(root: etree._Element) -> list[str]:
    targets = []
    for connection in root:
        addresses = [
            element.get("url") or element.get("connection") or element.get("sourceFile") or ""
            for element in connection.iter()
            if local(element) in ("webPr", "dbPr", "textPr")
        ]
        targets.append(next(filter(None, addresses), "") or connection.get("name", "") or "a data connection")
    return targets
