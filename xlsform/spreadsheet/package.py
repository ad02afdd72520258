"""Change single parts of a workbook's package and copy the rest as it is."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property, partial
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from xlsform.spreadsheet.relationships import Relationship, part_of_relationships, relation_id, relationships, resolved
from xlsform.spreadsheet.xml_trees import child, children, parse
from xlsform.spreadsheet.zip_archive import ZipArchive

_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_TRANSITIONAL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_TYPES = "[Content_Types].xml"


class SheetEntry(NamedTuple):
    """A sheet as the workbook part lists it."""

    name: str
    part: str
    kind: str
    """``worksheet``, ``chartsheet``, ``dialogsheet`` …"""
    visible: bool


class Package:
    """A workbook's package in memory. Parts are named as ``xl/workbook.xml``; case is ignored, as the format asks."""

    def __init__(self, data: bytes) -> None:
        """Open the bytes of a package.

        Raises:
            ValueError: they are not those of a zip.
        """
        self._archive = ZipArchive(data)
        self._links: dict[str, tuple[Relationship, ...]] = {}
        self._trees: dict[str, etree._Element] = {}
        self._unwritten: dict[str, str] = {}
        """Parts whose tree was changed since it was written out."""

    def __contains__(self, part: str) -> bool:
        return part in self._archive

    def names(self) -> list[str]:
        """Return the names of the parts in their order."""
        return self._archive.names()

    def read(self, part: str) -> bytes:
        """Return a part's contents.

        Raises:
            ValueError: there is no such part, or it is damaged.
        """
        self._write_out(part)
        return self._archive.read(part)

    def write(self, part: str, data: bytes) -> None:
        """Replace a part, or add it at the end. A new part needs a content type and a relationship too."""
        self._forget(part)
        self._put(part, data)

    def remove(self, part: str) -> None:
        """Take a part out, with its own relationships and content type; relationships that lead to it stay."""
        for name in (part, part_of_relationships(part)):
            self._forget(name)
            self._archive.remove(name)
        self._links.clear()
        types = self.xml(_TYPES)
        key = f"/{part}".lower()
        gone = [entry for entry in children(types, "Override") if entry.get("PartName", "").lower() == key]
        for entry in gone:
            types.remove(entry)
        if gone:
            self.write_xml(_TYPES, types)

    def xml(self, part: str) -> etree._Element:
        """Return a part's root element, the same at each call; what is changed in it counts once it is written.

        Raises:
            ValueError: there is no such part, or it is damaged.
        """
        key = part.lower()
        if key not in self._trees:
            data = self._archive.read(part)
            try:
                self._trees[key] = parse(data)
            except ValueError as error:
                raise ValueError(f"{part} is {error}") from error
        return self._trees[key]

    def write_xml(self, part: str, root: etree._Element) -> None:
        """Replace a part, or add it, by an element tree."""
        self._trees[part.lower()], self._unwritten[part.lower()] = root, part
        # A tree is often changed several times: it becomes bytes when these are asked for.
        self._put(part, b"")

    def _put(self, part: str, data: bytes) -> None:
        if part not in self or part.endswith(".rels"):
            self._links.clear()
        self._archive.write(part, data)

    def _forget(self, part: str) -> None:
        self._trees.pop(part.lower(), None)
        self._unwritten.pop(part.lower(), None)

    def _write_out(self, part: str) -> None:
        name = self._unwritten.pop(part.lower(), None)
        if name is not None:
            tree = self._trees[name.lower()].getroottree()
            self._archive.write(name, etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))

    def free_name(self, name: str) -> str:
        """Return a part's name, numbered where it is taken: ``xl/styles.xml``, ``xl/styles2.xml`` ….

        A name with braces, such as ``xl/comments{}.xml``, is always numbered.
        """
        pattern, number = (name, 1) if "{}" in name else (name.replace(".", "{}.", 1), 2)
        if "{}" not in name and name not in self:
            return name
        while pattern.format(number) in self:
            number += 1
        return pattern.format(number)

    @cached_property
    def strict(self) -> bool:
        """Whether it is in the strict edition of the format, whose namespaces differ."""
        return any(entry.get("Type", "").startswith(_STRICT) for entry in self._entries(""))

    @property
    def relation_namespace(self) -> str:
        """The namespace of ``r:id``, also the stem of relationship types."""
        return _STRICT if self.strict else _TRANSITIONAL

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        """Return the relationships of a part; those of the package itself without one."""
        if part not in self._links:
            self._links[part] = relationships(self._entries(part), partial(self._named, part))
        return self._links[part]

    def related(self, part: str, kind: str) -> str | None:
        """Return the first part of that kind that a part points at and that is there, or None."""
        named = (link.target for link in self.relationships(part) if link.kind == kind and not link.external)
        return next((target for target in named if target in self), None)

    def relate(self, part: str, kind: str, target: str) -> str:
        """Point a part at another one and return the relationship's new id."""
        rels = part_of_relationships(part)
        root = self.xml(rels) if rels in self else parse(f'<Relationships xmlns="{_RELATIONSHIPS}"/>'.encode())
        taken = {entry.get("Id", "") for entry in children(root, "Relationship")}
        numbers = [int(match[1]) for match in (re.fullmatch(r"rId(\d{1,9})", each) for each in taken) if match]
        identity = f"rId{max(numbers, default=0) + 1}"
        entry = etree.SubElement(root, f"{{{_RELATIONSHIPS}}}Relationship")
        entry.set("Id", identity)
        entry.set("Type", f"{self.relation_namespace}/{kind}")
        entry.set("Target", posixpath.relpath(f"/{target}", f"/{posixpath.dirname(part)}"))
        if rels not in self:
            self.set_default("rels", _RELS_TYPE)
        self.write_xml(rels, root)
        return identity

    def unrelate(self, part: str, identity: str) -> None:
        """Take one relationship of a part away."""
        rels = part_of_relationships(part)
        root = self.xml(rels)
        for entry in [entry for entry in children(root, "Relationship") if entry.get("Id") == identity]:
            root.remove(entry)
        if child(root, "Relationship") is None:
            self.remove(rels)
        else:
            self.write_xml(rels, root)

    def set_override(self, part: str, content_type: str) -> None:
        """Say what one part holds."""
        self._set_type("Override", "PartName", f"/{part}", content_type)

    def set_default(self, extension: str, content_type: str) -> None:
        """Say what the parts of that extension hold."""
        self._set_type("Default", "Extension", extension, content_type)

    def add_part(self, source: str, kind: str, name: str, root: etree._Element, content_type: str) -> Relationship:
        """Add a part with its content type, and return the relationship by which the source points at it.

        Args:
            source: the part that points at it.
            kind: of the relationship.
            name: of the part, numbered as `free_name` does.
            root: what it holds.
            content_type: of the part.
        """
        part = self.free_name(name)
        self.write_xml(part, root)
        self.set_override(part, content_type)
        return Relationship(self.relate(source, kind, part), kind, part, False)

    @property
    def workbook_part(self) -> str:
        """The name of the workbook's part.

        Raises:
            ValueError: the package has none.
        """
        part = self.related("", "officeDocument")
        if part is None:
            raise ValueError("the package has no workbook part")
        return part

    def sheets(self) -> list[SheetEntry]:
        """Return the workbook's sheets in their order; one whose part is missing is left out."""
        workbook = self.workbook_part
        links = {link.id: link for link in self.relationships(workbook)}
        listed = child(self.xml(workbook), "sheets")
        found = []
        for sheet in () if listed is None else children(listed, "sheet"):
            link = links.get(relation_id(sheet))
            if link is not None and link.target in self:
                visible = sheet.get("state", "visible") == "visible"
                found.append(SheetEntry(sheet.get("name", ""), link.target, link.kind, visible))
        return found

    def sheet_part(self, name: str) -> str:
        """Return the part of the sheet of that name; case is ignored, as Excel does.

        Raises:
            ValueError: there is no such sheet.
        """
        for sheet in self.sheets():
            if sheet.name.casefold() == name.casefold():
                return sheet.part
        raise ValueError(f"the workbook has no sheet {name}")

    def to_bytes(self) -> bytes:
        """Return the package: parts left alone keep their compressed bytes and date."""
        for part in list(self._unwritten):
            self._write_out(part)
        return self._archive.to_bytes()

    def _entries(self, part: str) -> list[etree._Element]:
        rels = part_of_relationships(part)
        return list(children(self.xml(rels), "Relationship")) if rels in self else []

    def _named(self, part: str, target: str) -> str:
        name = resolved(target, part)
        # Names are quoted as those of web pages are, but not by all programs.
        if name not in self and unquote(name) in self:
            name = unquote(name)
        return self._archive.name(name)

    def _set_type(self, tag: str, key: str, value: str, content_type: str) -> None:
        types = self.xml(_TYPES)
        same = [entry for entry in children(types, tag) if entry.get(key, "").lower() == value.lower()]
        if same and same[0].get("ContentType") == content_type:
            return
        entry = same[0] if same else etree.Element(f"{{{_CONTENT_TYPES}}}{tag}")
        entry.set(key, value)
        entry.set("ContentType", content_type)
        if not same:
            types.insert(0 if tag == "Default" else len(types), entry)
        self.write_xml(_TYPES, types)
