"""A zip archive: its directory, and its members one at a time.

Not by ``zipfile``, which refuses a whole archive for one name that is not in the encoding declared, reads a directory
however long it is, and takes the end of a stored workbook for that of the archive that was cut off after it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO

from xlsform.inbox.encodings import decoded
from xlsform.inbox.incoming import Budget, Piece, RefusedError, too_large
from xlsform.inbox.names import steps
from xlsform.messages import say
from xlsform.reading import Limits

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_ENTRY = b"PK\x01\x02"
_MEMBER = b"PK\x03\x04"
#: The end of a zip with the longest comment, and what zip64 puts before it.
_TAIL = 22 + 65_535 + 20
#: The directory entry of a member: 46 bytes, and a name and more as long as names are in earnest.
_ENTRY_SIZE = 46 + 1_000
_PIECE = 1_000_000
_STORED, _DEFLATED = 0, 8
_UTF8, _ENCRYPTED = 0x800, 0x01
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member, as the directory has it; sizes and place in bytes."""

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


class IncomingZip:
    """A zip archive in an open file; nothing but its directory is kept."""

    def __init__(self, file: IO[bytes], limits: Limits, budget: Budget) -> None:
        """Read the directory.

        Raises:
            RefusedError: it is no zip, damaged, cut off, one volume of several, or has more members than allowed.
        """
        self._file = file
        self._limits = limits
        self._budget = budget
        self._size = file.seek(0, 2)
        self._entries = self._read_directory()
        # Whoever lets members share their bytes wants a small file to become a large one.
        if sum(entry.packed for entry in self._entries) > self._size:
            raise RefusedError("oversized", say("members of the archive overlap, as in a zip bomb"))

    @property
    def is_document(self) -> bool:
        """Whether it is a document of an office program rather than an archive of files."""
        names = {entry.name.lower().lstrip("/\\") for entry in self._entries}
        return "[content_types].xml" in names or (bool(self._entries) and self._entries[0].name == "mimetype")

    def pieces(self) -> Iterator[Piece]:
        """Yield the members in their order, but for folders and what is in hidden ones."""
        for number, entry in enumerate(self._entries, 1):
            path = steps(entry.name) or (f"member {number}",)
            hidden = any(folder.startswith(".") or folder == "__MACOSX" for folder in path[:-1])
            if not hidden and not entry.name.endswith(("/", "\\")):
                yield Piece(path, self._head(entry), partial(self._content, entry))

    def _at(self, offset: int, size: int) -> bytes:
        if not 0 <= offset <= self._size:
            raise _damaged()
        self._file.seek(offset)
        return self._file.read(size)

    def _read_directory(self) -> tuple[_Entry, ...]:
        begins = self._at(0, 4)
        if not begins:
            raise RefusedError("empty", say("the archive has no content"))
        if begins not in (_MEMBER, _END):
            raise RefusedError("damaged", say("named as a zip archive, but it is none"))
        first = max(0, self._size - _TAIL)
        tail = self._at(first, _TAIL)
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + 22:
            raise _cut_off()
        volume, _, _, count, length, start = struct.unpack_from("<4H2I", tail, at + 4)
        end = first + at
        if at >= 20 and tail.startswith(_LOCATOR64, at - 20):
            (end,) = struct.unpack_from("<Q", tail, at - 12)
            record = self._at(end, 56)
            if len(record) < 56 or not record.startswith(_END64):
                raise _damaged()
            volume, _, _, count, length, start = struct.unpack_from("<2I4Q", record, 16)
        if volume:
            raise RefusedError("truncated", say("one volume of a split archive; ask for a single .zip"))
        # Between the directory and the end there is nothing: else the end belongs to a workbook within.
        if begins == _MEMBER and end != start + length:
            raise _cut_off() if end > start + length else _damaged()
        self._budget.open(count)
        if length > count * _ENTRY_SIZE:
            raise RefusedError("oversized", say("the archive's directory is larger than its members need"))
        entries = tuple(islice(_entries(self._at(start, length)), count + 1))
        if len(entries) != count:
            raise _damaged()
        return entries

    def _packed(self, entry: _Entry, most: int) -> bytes:
        """Return the first bytes of a member, as they are packed."""
        header = self._at(entry.offset, 30)
        if len(header) < 30 or not header.startswith(_MEMBER):
            raise _damaged()
        # The lengths in the local header are its own: they differ from the directory's.
        name, extra = struct.unpack_from("<2H", header, 26)
        return self._at(entry.offset + 30 + name + extra, min(entry.packed, most))

    def _head(self, entry: _Entry) -> bytes:
        if entry.flags & _ENCRYPTED:
            return b""
        try:
            packed = self._packed(entry, 400)
            return packed[:8] if entry.method == _STORED else zlib.decompressobj(-15).decompress(packed, 8)
        except (RefusedError, zlib.error):
            return b""

    def _content(self, entry: _Entry, most: int) -> bytes:
        limits = self._limits
        if entry.flags & _ENCRYPTED:
            raise RefusedError("encrypted", say("in a zip archive with a password; ask for one without"))
        if entry.method not in (_STORED, _DEFLATED):
            raise RefusedError(
                "not-a-spreadsheet", say("packed in a way that is not opened here; ask for an ordinary .zip")
            )
        # Packed it is never much larger than unpacked.
        if max(entry.size, entry.packed - entry.packed // 100 - 1_000) > most:
            raise too_large(entry.size, most)
        packed = self._packed(entry, entry.packed)
        if len(packed) < entry.packed:
            raise _cut_off()
        content, size = (packed, len(packed)) if entry.method == _STORED else self._inflated(entry, packed, most)
        self._budget.unpack(size)
        if size > most:
            raise too_large(size, most)
        if size > max(limits.ratio_from, limits.ratio * len(packed)):
            raise RefusedError("oversized", say("packed more than {ratio} times", ratio=limits.ratio))
        if size != entry.size or zlib.crc32(content) != entry.checksum:
            raise RefusedError("damaged", say("it does not match its checksum in the archive"))
        return content

    def _inflated(self, entry: _Entry, packed: bytes, most: int) -> tuple[bytes, int]:
        """Return the content and its size: what goes beyond the size that was told is counted, not kept."""
        limits = self._limits
        allowed = min(most, max(limits.ratio_from, limits.ratio * len(packed)))
        inflater = zlib.decompressobj(-15)
        try:
            content = inflater.decompress(packed, min(allowed, entry.size) + 1)
            size = len(content)
            while size <= allowed and (more := inflater.decompress(inflater.unconsumed_tail, _PIECE)):
                size += len(more)
        except zlib.error:
            raise _damaged() from None
        if size <= allowed and not inflater.eof:
            raise _damaged()
        return content, size


def _entries(directory: bytes) -> Iterator[_Entry]:
    at = 0
    while directory.startswith(_ENTRY, at):
        if len(directory) < at + 46:
            raise _damaged()
        flags, method, checksum, packed, size, *lengths = struct.unpack_from("<8x2H4x3I3H", directory, at)
        (offset,) = struct.unpack_from("<I", directory, at + 42)
        name_at, extra_at = at + 46, at + 46 + lengths[0]
        raw = directory[name_at:extra_at]
        extra = dict(_extra(directory[extra_at : extra_at + lengths[1]]))
        size, packed, offset = _long([size, packed, offset], extra.get(_ZIP64, b""))
        yield _Entry(_name(raw, flags, extra), flags, method, checksum, packed, size, offset)
        at = extra_at + lengths[1] + lengths[2]


def _name(raw: bytes, flags: int, extra: dict[int, bytes]) -> str:
    unicode_name = extra.get(_UNICODE_NAME, b"")
    # The checksum tells whether the name has been changed since by a program that does not know of this field.
    if len(unicode_name) > 5 and struct.unpack_from("<I", unicode_name, 1)[0] == zlib.crc32(raw):
        return decoded(unicode_name[5:])
    return decoded(raw, "utf-8" if flags & _UTF8 else "")


def _extra(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def _long(values: list[int], extra: bytes) -> list[int]:
    """Return sizes and offset with those that did not fit in 32 bits taken from the zip64 field."""
    at = 0
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF and at + 8 <= len(extra):
            (values[index],) = struct.unpack_from("<Q", extra, at)
            at += 8
    return values


def _damaged() -> RefusedError:
    return RefusedError("damaged", say("the zip archive is damaged"))


def _cut_off() -> RefusedError:
    return RefusedError("truncated", say("the end of the zip archive is missing"))
