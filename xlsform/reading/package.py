"""The zip of a workbook that came back, its parts inflated when asked for and never beyond the limits."""

from __future__ import annotations

import io
from urllib.parse import unquote

from lxml import etree

from xlsform.messages import say
from xlsform.reading.limits import DEFAULT_LIMITS, Limits, UnreadableError
from xlsform.reading.parts import bounded, parse, remembering
from xlsform.spreadsheet.relationships import Relationship, part_of_relationships, relationships, resolved
from xlsform.spreadsheet.zip_format import DEFLATED, ENCRYPTED, END, ENTRY, STORED, ZipEntry
from xlsform.spreadsheet.zip_reader import Fault, ZipError, ZipReader, unpacked, verify

_TAIL = 66_000
"""Bytes at the end of a zip in which its end record stands, unless that is missing."""


class UntrustedPackage:
    """The parts of a zipped workbook, inflated when asked for.

    Names are compared without case, as Excel does, and without the ``/`` that some programs begin them with; ``\\``,
    with which some part them, is a ``/``.
    """

    def __init__(self, data: bytes, limits: Limits = DEFAULT_LIMITS):
        """Read the zip's directory; nothing is inflated yet.

        Raises:
            UnreadableError: it is not a sound zip, or one that goes beyond the limits.
        """
        self.limits = limits
        self._inflated = 0
        self._related: dict[str, tuple[Relationship, ...]] = {}
        # Counted by their signature before all else: a million entries are refused even where the zip has no end.
        if data.count(ENTRY) > limits.members:
            raise UnreadableError("oversized", say("more than {members} parts", members=f"{limits.members:,}"))
        try:
            self._zip = ZipReader(io.BytesIO(data))
            directory = self._zip.directory(limits.members)
        except ZipError:
            raise _broken(data) from None
        if not directory.sound:
            raise _broken(data)
        self._members = _members(directory.entries)

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._members

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all parts, in lower case."""
        return tuple(self._members)

    @property
    def main_part(self) -> str:
        """The name of the part that everything else hangs on; it need not exist."""
        for relationship in self.relationships():
            if relationship.kind == "officeDocument" and relationship.target in self:
                return relationship.target
        return "xl/workbook.xml"

    def read(self, part: str) -> bytes:
        """Return the content of a part.

        Raises:
            UnreadableError: there is no such part, it is damaged, or it is larger than allowed.
        """
        member = self._members.get(part.lower())
        if member is None:
            raise UnreadableError("damaged", say("the part {part} is missing", part=part))
        if member.flags & ENCRYPTED:
            raise UnreadableError("encrypted", say("a zip with a password"))
        limits = self.limits
        try:
            packed = self._zip.packed(member)
            by_ratio = limits.unpacked(len(packed))
            content, size = unpacked(
                member, packed, min(limits.part_size, limits.total_size - self._inflated, by_ratio)
            )
            self._inflated += size
            if size > by_ratio or size > limits.part_size or self._inflated > limits.total_size:
                raise self._oversized(member.name, size, by_ratio)
            verify(member, content, size)
        except ZipError as error:
            raise _faulty(error.fault, member.name) from None
        return content

    def read_all(self) -> None:
        """Inflate every part once, so that a program without limits may be given the file."""
        for part in self._members:
            content = self.read(part)
            if part.endswith(".xml"):
                bounded(content, part, self.limits)

    def xml(self, part: str) -> etree._Element:
        """Return the root element of a part.

        Raises:
            UnreadableError: as ``read``, or the part is not well-formed XML.
        """
        return parse(self.read(part), part, self.limits)

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        """Return what a part, or the package itself, is related to."""
        if part not in self._related:
            rels = part_of_relationships(part)
            self._related[part] = _relationships(self.read(rels), rels, self.limits) if rels in self else ()
        return self._related[part]

    def _oversized(self, name: str, size: int, by_ratio: int) -> UnreadableError:
        limits = self.limits
        if size > limits.part_size:
            what = say("the part {name} is larger than {part_size} bytes", name=name, part_size=f"{limits.part_size:,}")
        elif size > by_ratio:
            what = say("the part {name} is packed more than {ratio} times", name=name, ratio=limits.ratio)
        else:
            what = say("unpacked it is larger than {total_size} bytes", total_size=f"{limits.total_size:,}")
        return UnreadableError("oversized", what)


def _broken(data: bytes) -> UnreadableError:
    if END not in data[-_TAIL:]:
        return UnreadableError("truncated", say("the end of the file is missing"))
    return UnreadableError("damaged", say("the zip's directory cannot be read"))


def _faulty(fault: Fault, name: str) -> UnreadableError:
    if fault in ("member cut off", "member beyond the end"):
        return UnreadableError("truncated", say("the file ends within the part {filename}", filename=name))
    if fault == "not inflatable":
        return UnreadableError("damaged", say("the part {filename} cannot be inflated", filename=name))
    if fault == "ends too early":
        return UnreadableError("damaged", say("the part {filename} ends too early", filename=name))
    if fault == "checksum wrong":
        return UnreadableError("damaged", say("the part {filename} does not match its checksum", filename=name))
    return UnreadableError("damaged", say("the zip's directory misplaces the part {filename}", filename=name))


def _members(entries: tuple[ZipEntry, ...]) -> dict[str, ZipEntry]:
    members: dict[str, ZipEntry] = {}
    for entry in entries:
        try:
            whole = entry.name
        except UnicodeDecodeError:
            raise UnreadableError("damaged", say("the zip's directory cannot be read")) from None
        name = whole.partition("\0")[0].replace("\\", "/")
        if name.endswith("/"):
            continue
        name = name.lstrip("/")
        if not name or ":" in name or "\0" in whole or ".." in name.split("/"):
            raise UnreadableError(
                "damaged", say("a part of the zip has a name that leads outside: {name}", name=f"{name!r}")
            )
        if name.lower() in members:
            raise UnreadableError("damaged", say("two parts of the zip are both named {name}", name=name))
        if entry.method not in (STORED, DEFLATED):
            raise UnreadableError(
                "damaged", say("the part {name} is packed in a way that no spreadsheet program uses", name=name)
            )
        members[name.lower()] = entry
    return members


@remembering(256)
def _relationships(content: bytes, part: str, limits: Limits) -> tuple[Relationship, ...]:
    root = parse(content, part, limits)
    # All of them may lead to one large part, which would be read once for each.
    if len(root) > limits.members:
        raise UnreadableError(
            "oversized", say("more than {members} relationships of a part", members=f"{limits.members:,}")
        )
    folder = part.rpartition("_rels/")[0]
    return relationships(root, lambda target: resolved(unquote(target), folder))
