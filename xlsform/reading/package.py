"""The zip of a workbook, and its limits."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

from lxml import etree

from xlsform.messages import Message, say
from xlsform.reading.workbook import Reason, Unreadable


def _limit(default: Any, about: str) -> Any:
    """Return a limit with what it holds for, in the words of the documentation."""
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read before it is refused.

    What a file says of its own sizes is not believed: it is counted while it is inflated, and before it is made much of.
    """

    file_size: int = _limit(20_000_000, "bytes of a file")
    members: int = _limit(
        1_000, "members of a zip, and entries of whatever lists them: sheets, relationships, parts of a mail"
    )
    part_size: int = _limit(
        64_000_000, "bytes of a member once unpacked; of a mail, and of an archive within another file"
    )
    total_size: int = _limit(128_000_000, "bytes of all members once unpacked")
    ratio: int = _limit(100, "times its packed size that a member may have")
    ratio_from: int = _limit(100_000, "bytes up to which a member may be packed as well as it likes")
    archives: int = _limit(3, "archives within one another")
    mails: int = _limit(10, "mails within one another")
    cells: int = _limit(100_000, "cells of a workbook, those that have a style only included")
    markup: int = _limit(900_000, "tags and attributes of a part")
    strings: int = _limit(100_000, "shared texts of a workbook")
    text_length: int = _limit(32_767, "characters of a cell; a longer text is cut there, as Excel does")
    texts: int = _limit(1_000_000, "characters of all cells together, a shared text counted wherever it stands")
    formulas: int = _limit(1_000_000, "characters of all formulas together, the shared ones spelled out")
    ranges: int = _limit(20_000, "merges, or ranges under validation, of a sheet")
    names: int = _limit(50_000, "defined names, or custom properties, of a workbook")
    styles: int = _limit(70_000, "cell styles of a workbook")
    seconds: float = _limit(10.0, "seconds that a file may take")
    memory: int = _limit(450_000_000, "bytes that a file may take of a process, where the system can hold it to that")


DEFAULT_LIMITS = Limits()

_SMALL = 256_000
"""Bytes up to which a part is small."""

T = TypeVar("T")
Reader = Callable[[bytes, str, Limits], T]
"""Reads a part by its content, its name and the limits."""


def remembering(parts: int) -> Callable[[Reader[T]], Reader[T]]:
    """Return a decorator that remembers what was read of so many parts: those of one template are the same byte for byte.

    What is large is not kept: a batch of such files would fill the memory.
    """

    def decorate(read: Reader[T]) -> Reader[T]:
        known = lru_cache(maxsize=parts)(read)

        def choose(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> T:
            return (known if len(content) < _SMALL else read)(content, part, limits)

        return choose

    return decorate


class UnreadableError(Exception):
    """Reading stops here; it never leaves this package."""

    def __init__(self, reason: Reason, detail: str | Message) -> None:
        super().__init__(str(detail))
        self.unreadable = Unreadable(reason, detail)


class UntrustedRelationship(NamedTuple):
    """What a part says of another: the last word of its type, and where it is."""

    id: str
    type: str
    target: str
    """The name of a part, or anything at all if it is outside the package."""
    external: bool


class UntrustedPackage:
    """The parts of a zipped workbook, inflated when asked for.

    Names are compared without case, as Excel does, and without the ``/`` or ``\\`` that some programs begin or part them with.
    """

    def __init__(self, data: bytes, limits: Limits = DEFAULT_LIMITS):
        """Read the zip's directory; nothing is inflated yet.

        Raises:
            UnreadableError: it is not a sound zip, or one that goes beyond the limits.
        """
        self._data = data
        self.limits = limits
        self._inflated = 0
        self._related: dict[str, tuple[UntrustedRelationship, ...]] = {}
        self._members = _members(data, limits)

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
            if relationship.type == "officeDocument" and relationship.target in self:
                return relationship.target
        return "xl/workbook.xml"

    def read(self, part: str) -> bytes:
        """Return the content of a part.

        Raises:
            UnreadableError: there is no such part, it is damaged, or it is larger than allowed.
        """
        info = self._members.get(part.lower())
        if info is None:
            raise UnreadableError("damaged", say("the part {part} is missing", part=part))
        if info.flag_bits & 1:
            raise UnreadableError("encrypted", say("a zip with a password"))
        packed = self._packed(info)
        content = packed if info.compress_type == zipfile.ZIP_STORED else self._inflate(info, packed)
        self._count(info.filename, len(content), len(packed))
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise UnreadableError(
                "damaged", say("the part {filename} does not match its checksum", filename=info.filename)
            )
        return content

    def read_all(self) -> None:
        """Inflate every part once, so that a program without limits may be given the file."""
        for part in self._members:
            content = self.read(part)
            if part.endswith(".xml"):
                count_markup(content, part, self.limits)

    def xml(self, part: str) -> etree._Element:
        """Return the root element of a part.

        Raises:
            UnreadableError: as ``read``, or the part is not well-formed XML.
        """
        return parse(self.read(part), part, self.limits)

    def relationships(self, part: str = "") -> tuple[UntrustedRelationship, ...]:
        """Return what a part, or the package itself, is related to."""
        if part not in self._related:
            folder, _, name = part.rpartition("/")
            rels = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
            self._related[part] = _relationships(self.read(rels), rels, self.limits) if rels in self else ()
        return self._related[part]

    def _packed(self, info: zipfile.ZipInfo) -> bytes:
        # The lengths in the local header are its own: they differ from the directory's in zip64 and WPS files.
        header = self._data[info.header_offset : info.header_offset + 30] if info.header_offset >= 0 else b""
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise UnreadableError(
                "damaged", say("the zip's directory misplaces the part {filename}", filename=info.filename)
            )
        name_length, extra_length = struct.unpack("<HH", header[26:])
        start = info.header_offset + 30 + name_length + extra_length
        packed = self._data[start : start + info.compress_size]
        if len(packed) != info.compress_size:
            raise UnreadableError("truncated", say("the file ends within the part {filename}", filename=info.filename))
        return packed

    def _inflate(self, info: zipfile.ZipInfo, packed: bytes) -> bytes:
        limits = self.limits
        allowed = min(limits.part_size, limits.total_size - self._inflated)
        allowed = min(allowed, max(limits.ratio_from, limits.ratio * len(packed)))
        inflater = zlib.decompressobj(-15)
        try:
            content = inflater.decompress(packed, allowed + 1)
        except zlib.error:
            raise UnreadableError(
                "damaged", say("the part {filename} cannot be inflated", filename=info.filename)
            ) from None
        if len(content) <= allowed and not inflater.eof:
            raise UnreadableError("damaged", say("the part {filename} ends too early", filename=info.filename))
        return content

    def _count(self, name: str, size: int, packed: int) -> None:
        limits = self.limits
        self._inflated += size
        if size > limits.part_size:
            raise UnreadableError(
                "oversized",
                say("the part {name} is larger than {part_size} bytes", name=name, part_size=f"{limits.part_size:,}"),
            )
        if size > limits.ratio_from and size > limits.ratio * packed:
            raise UnreadableError(
                "oversized", say("the part {name} is packed more than {ratio} times", name=name, ratio=limits.ratio)
            )
        if self._inflated > limits.total_size:
            raise UnreadableError(
                "oversized", say("unpacked it is larger than {total_size} bytes", total_size=f"{limits.total_size:,}")
            )


def _members(data: bytes, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    # Counted by signature beforehand: zipfile would build an object for each of a million entries first.
    if data.count(b"PK\x01\x02") > limits.members:
        raise UnreadableError("oversized", say("more than {members} parts", members=f"{limits.members:,}"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, EOFError, struct.error):
        if b"PK\x05\x06" not in data[-66_000:]:
            raise UnreadableError("truncated", say("the end of the file is missing")) from None
        raise UnreadableError("damaged", say("the zip's directory cannot be read")) from None
    members: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.endswith("/"):
            continue
        name = name.lstrip("/")
        if not name or ":" in name or "\0" in entry.orig_filename or ".." in name.split("/"):
            raise UnreadableError(
                "damaged", say("a part of the zip has a name that leads outside: {name}", name=f"{name!r}")
            )
        if name.lower() in members:
            raise UnreadableError("damaged", say("two parts of the zip are both named {name}", name=name))
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableError(
                "damaged", say("the part {name} is packed in a way that no spreadsheet program uses", name=name)
            )
        members[name.lower()] = entry
    return members


# Comments are dropped so that they cannot part the text of a cell.
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    huge_tree=False,
    load_dtd=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)


def parse(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Return the root element of an XML part.

    Raises:
        UnreadableError: it is not well-formed, declares a DOCTYPE, or goes beyond the limits.
    """
    count_markup(content, part, limits)
    doctype = b"<!DOCTYPE" in content
    try:
        root = etree.fromstring(content, _PARSER) if not doctype else None
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        # libxml2's own limits, which that option would lift.
        if "XML_PARSE_HUGE" in str(error):
            raise UnreadableError(
                "oversized",
                say("the part {part} is nested more than 256 deep, or holds a text of more than 10 MB", part=part),
            ) from None
        raise UnreadableError("damaged", say("the part {part} is not well-formed XML", part=part)) from None
    # The bytes do not tell of a DOCTYPE in UTF-16.
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError(
            "damaged", say("the part {part} declares a DOCTYPE, which no spreadsheet program writes", part=part)
        )
    return root


def count_markup(content: bytes, part: str, limits: Limits) -> None:
    """Refuse a part that says more than any form does.

    Raises:
        UnreadableError: it does.
    """
    # A tree takes some 200 bytes for each tag and attribute: bounded before it is built.
    if len(content) > limits.markup and content.count(b"<") + content.count(b"=") > limits.markup:
        raise UnreadableError(
            "oversized",
            say("the part {part} has more than {limit} tags and attributes", part=part, limit=f"{limits.markup:,}"),
        )


def local(name: str) -> str:
    """Return the name of an element or attribute without its namespace: Strict and Transitional differ in that."""
    return name[name.rfind("}") + 1 :]


@remembering(256)
def _relationships(content: bytes, part: str, limits: Limits) -> tuple[UntrustedRelationship, ...]:
    folder = part.rpartition("_rels/")[0].rstrip("/")
    root = parse(content, part, limits)
    # Each may lead to one and the same part, read again for each.
    if len(root) > limits.members:
        raise UnreadableError(
            "oversized", say("more than {members} relationships of a part", members=f"{limits.members:,}")
        )
    found = []
    for element in root:
        target = element.get("Target", "")
        external = element.get("TargetMode") == "External"
        kind = element.get("Type", "").rpartition("/")[2]
        found.append(
            UntrustedRelationship(
                element.get("Id", ""), kind, target if external else _resolve(target, folder), external
            )
        )
    return tuple(found)


def _resolve(target: str, folder: str) -> str:
    target = unquote(target.replace("\\", "/"))
    steps: list[str] = []
    for step in (target if target.startswith("/") else f"{folder}/{target}").split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)
