"""Read a zip that anyone may have made: its directory, and its members one at a time.

It is not done by ``zipfile``, which refuses a whole archive for one name that is not in the encoding declared, and
which reads a directory however long it is. What a zip says of its own sizes is not believed: content is counted while
it is inflated. Those who read decide how much is too much and what is said of a fault: `xlsform.reading.package` of a
workbook, `xlsform.inbox.archives` of an archive, `xlsform.spreadsheet.zip_archive` of what is to be changed.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO, Literal, NamedTuple

from xlsform.spreadsheet.zip_format import (
    END,
    END64,
    END64_RECORD,
    END_RECORD,
    ENTRY,
    ENTRY_RECORD,
    LOCAL_HEADER,
    LOCATOR,
    LOCATOR64,
    MEMBER,
    STORED,
    ZIP64,
    ZipEntry,
)

#: What can be wrong with a zip, and with a member of it.
Fault = Literal[
    "no end",
    "end cut off",
    "directory unreadable",
    "member misplaced",
    "member beyond the end",
    "member cut off",
    "not inflatable",
    "ends too early",
    "checksum wrong",
]

#: The end of a zip with the longest comment, and the locator that zip64 puts before it.
_TAIL = END_RECORD.size + 65_535 + LOCATOR.size
#: Stands for a number that is in the zip64 field instead.
_ELSEWHERE = 0xFFFFFFFF
#: The newest version of the format that is known, times ten.
_NEWEST = 63
#: Bytes that are counted at a time where they are not kept.
_PIECE = 1_000_000
#: Bytes of packed content from which the first bytes can be told.
_PACKED_HEAD, _HEAD = 400, 8


class ZipError(ValueError):
    """A zip, or a member of it, is not as it should be."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class ZipEnd(NamedTuple):
    """Where a zip ends, and what its end record says of it; lengths and places in bytes."""

    place: int
    """Where the end record stands, or that of zip64 where there is one."""
    told: int
    """Where it is said to stand, if that is said anywhere."""
    volume: int
    """The number of this volume; 0 unless the zip is split."""
    members: int
    """How many it is said to have."""
    length: int
    start: int
    """Length and place that its directory is said to have."""

    @property
    def shift(self) -> int:
        """How far the directory, which ends where the end record begins, stands from where it is said to stand.

        More than 0 where something was put before the zip; else something is missing, or a number is wrong.
        """
        return self.place - self.length - self.start


class ZipDirectory(NamedTuple):
    """The members of a zip."""

    entries: tuple[ZipEntry, ...]
    sound: bool
    """Whether nothing but entries stands in it, each field of them whole and of a known version of the format."""


class ZipReader:
    """A zip in an open file; nothing of it is kept but where it ends."""

    def __init__(self, file: IO[bytes]) -> None:
        """Look for the end of the zip.

        Raises:
            ZipError: it has none, or that cannot be read.
        """
        self._file = file
        self.size = file.seek(0, 2)
        self.end = self._find_end()

    def directory(self, most: int) -> ZipDirectory:
        """Return the members, as far as there are not more of them than so many.

        Raises:
            ZipError: the directory is cut off, or is not where it should be.
        """
        end = self.end
        start = end.place - end.length
        if start < 0:
            raise ZipError("directory unreadable")
        content = self._at(start, end.length)
        found: list[ZipEntry] = []
        at, sound = 0, True
        while len(found) < most and content.startswith(ENTRY, at):
            if len(content) < at + ENTRY_RECORD.size:
                raise ZipError("directory unreadable")
            entry, at, whole = _entry(content, at, end.shift)
            found.append(entry)
            sound = sound and whole
        return ZipDirectory(tuple(found), sound and at >= len(content))

    def head(self, entry: ZipEntry) -> bytes:
        """Return how a member's content begins, eight bytes or so; blank where that cannot be told."""
        try:
            packed = self._packed(entry, _PACKED_HEAD)
            return packed[:_HEAD] if entry.method == STORED else zlib.decompressobj(-15).decompress(packed, _HEAD)
        except (ZipError, zlib.error):
            return b""

    def packed(self, entry: ZipEntry) -> bytes:
        """Return a member's content as it is packed.

        Raises:
            ZipError: the member is not where it should be, or is cut off.
        """
        packed = self._packed(entry, entry.packed)
        if len(packed) < entry.packed:
            raise ZipError("member cut off")
        return packed

    def _packed(self, entry: ZipEntry, most: int) -> bytes:
        header = self._at(entry.offset, LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or not header.startswith(MEMBER):
            raise ZipError("member misplaced")
        # The lengths in the local header are its own: they differ from the directory's in zip64 and WPS files.
        name, extra = LOCAL_HEADER.unpack(header)[-2:]
        start = entry.offset + LOCAL_HEADER.size + name + extra
        if start > self.size:
            raise ZipError("member beyond the end")
        return self._at(start, min(entry.packed, most))

    def _at(self, offset: int, size: int) -> bytes:
        """Return so many bytes from there, fewer at the end of the file; none from outside the file."""
        if not 0 <= offset <= self.size:
            return b""
        self._file.seek(offset)
        return self._file.read(size)

    def _find_end(self) -> ZipEnd:
        first = max(0, self.size - _TAIL)
        tail = self._at(first, _TAIL)
        at = tail.rfind(END)
        if at < 0:
            raise ZipError("no end")
        if len(tail) < at + END_RECORD.size:
            raise ZipError("end cut off")
        _, volume, _, _, members, length, start, _ = END_RECORD.unpack_from(tail, at)
        end = ZipEnd(first + at, first + at, volume, members, length, start)
        locator = at - LOCATOR.size
        if locator < 0 or not tail.startswith(LOCATOR64, locator):
            return end
        told = LOCATOR.unpack_from(tail, locator)[2]
        # Where something was put before the zip it is not where it is said to stand, but right before the locator.
        for place in (told, first + locator - END64_RECORD.size):
            record = self._at(place, END64_RECORD.size)
            if len(record) == END64_RECORD.size and record.startswith(END64):
                _, _, _, _, volume, _, _, members, length, start = END64_RECORD.unpack(record)
                return ZipEnd(place, told, volume, members, length, start)
        return end._replace(told=told)


def unpacked(entry: ZipEntry, packed: bytes, most: int) -> tuple[bytes, int]:
    """Return a member's content, and its size as far as that is not above `most`.

    What goes beyond the size that the directory tells is counted, not kept.

    Raises:
        ZipError: it cannot be inflated, or ends too early.
    """
    if entry.method == STORED:
        return packed, len(packed)
    inflater = zlib.decompressobj(-15)
    try:
        content = inflater.decompress(packed, min(most, entry.size) + 1)
        size = len(content)
        while not inflater.eof and size <= most and (more := inflater.decompress(inflater.unconsumed_tail, _PIECE)):
            size += len(more)
    except zlib.error:
        raise ZipError("not inflatable") from None
    if size <= most and not inflater.eof:
        raise ZipError("ends too early")
    return content, size


def verify(entry: ZipEntry, content: bytes, size: int) -> None:
    """Compare a member's content, and the size that it turned out to have, with what the directory says.

    Raises:
        ZipError: they differ.
    """
    if size != entry.size or zlib.crc32(content) != entry.checksum:
        raise ZipError("checksum wrong")


def extra_fields(extra: bytes) -> tuple[dict[int, bytes], bool]:
    """Return extra fields by their kind, and whether the last one is whole."""
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        fields[kind] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return fields, at <= len(extra)


def _entry(directory: bytes, at: int, shift: int) -> tuple[ZipEntry, int, bool]:
    """Return the entry that stands there in the directory, where the next one stands, and whether this one is sound."""
    _, made_by, version, *shared, name, extra, comment, _, _, attributes, offset = ENTRY_RECORD.unpack_from(
        directory, at
    )
    flags, method, time, date, checksum, packed, size = shared
    name_at = at + ENTRY_RECORD.size
    extra_at = name_at + name
    raw_name, raw_extra = directory[name_at:extra_at], directory[extra_at : extra_at + extra]
    sound = version & 0xFF <= _NEWEST
    if raw_extra:
        fields, whole = extra_fields(raw_extra)
        (size, packed, offset), found = _long((size, packed, offset), fields.get(ZIP64))
        sound = sound and whole and found
    sizes = (checksum, packed, size, attributes, offset + shift)
    entry = ZipEntry(made_by, flags, method, time, date, *sizes, raw_name, raw_extra)
    return entry, extra_at + extra + comment, sound


def _long(numbers: tuple[int, ...], field: bytes | None) -> tuple[list[int], bool]:
    """Return numbers with those that did not fit in 32 bits taken from the zip64 field, and whether all stand there."""
    found, at = list(numbers), 0
    for place, number in enumerate(numbers):
        if field is not None and number == _ELSEWHERE:
            if at + 8 > len(field):
                return found, False
            (found[place],) = struct.unpack_from("<Q", field, at)
            at += 8
    return found, True
