"""A zip archive that came in: its members as pieces, within the budget of the file that it came in."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO

from xlsform.inbox.encodings import decoded
from xlsform.inbox.incoming import Budget, Piece, RefusedError, too_large
from xlsform.inbox.names import steps
from xlsform.messages import say
from xlsform.reading import Limits
from xlsform.spreadsheet.zip_format import (
    DEFLATED,
    ENCRYPTED,
    END,
    ENTRY_RECORD,
    MEMBER,
    STORED,
    UNICODE_NAME,
    UTF8,
    ZipEntry,
)
from xlsform.spreadsheet.zip_reader import ZipError, ZipReader, extra_fields, unpacked, verify

#: Bytes of a directory entry: names and what else is told of a member are not longer in an honest archive.
_ENTRY_SIZE = ENTRY_RECORD.size + 1_000


class IncomingZip:
    """A zip archive in an open file; nothing but its directory is kept."""

    def __init__(self, file: IO[bytes], limits: Limits, budget: Budget) -> None:
        """Read the directory.

        Raises:
            RefusedError: it is no zip, damaged, cut off, one volume of several, or has more members than allowed.
        """
        self._limits = limits
        self._budget = budget
        file.seek(0)
        begins = file.read(4)
        if not begins:
            raise RefusedError("empty", say("the archive has no content"))
        if begins not in (MEMBER, END):
            raise RefusedError("damaged", say("named as a zip archive, but it is none"))
        try:
            self._zip = ZipReader(file)
            self._entries = self._read_directory(empty=begins == END)
        except ZipError as error:
            raise _cut_off() if error.fault in ("no end", "end cut off") else _damaged() from None
        self._names = [_name(entry) for entry in self._entries]
        # Members that share their bytes are how a small file is made to unpack to a large one.
        if sum(entry.packed for entry in self._entries) > self._zip.size:
            raise RefusedError("oversized", say("members of the archive overlap, as in a zip bomb"))

    @property
    def is_document(self) -> bool:
        """Whether it is a document of an office program rather than an archive of files."""
        names = {name.lower().lstrip("/\\") for name in self._names}
        return "[content_types].xml" in names or (bool(self._names) and self._names[0] == "mimetype")

    def pieces(self) -> Iterator[Piece]:
        """Yield the members in their order, but for folders and what is in hidden ones."""
        for number, (name, entry) in enumerate(zip(self._names, self._entries, strict=True), 1):
            path = steps(name) or (f"member {number}",)
            hidden = any(folder.startswith(".") or folder == "__MACOSX" for folder in path[:-1])
            if not hidden and not name.endswith(("/", "\\")):
                head = b"" if entry.flags & ENCRYPTED else self._zip.head(entry)
                yield Piece(path, head, partial(self._content, entry))

    def _read_directory(self, *, empty: bool) -> tuple[ZipEntry, ...]:
        end = self._zip.end
        if end.told != end.place:
            raise _damaged()
        if end.volume:
            raise RefusedError("truncated", say("one volume of a split archive; ask for a single .zip"))
        # Between the directory and the end there is nothing: else the end belongs to a stored workbook, and the
        # archive was cut off behind that.
        if end.shift and not empty:
            raise _cut_off() if end.shift > 0 else _damaged()
        self._budget.open(end.members)
        if end.length > end.members * _ENTRY_SIZE:
            raise RefusedError("oversized", say("the archive's directory is larger than its members need"))
        entries = self._zip.directory(end.members + 1).entries
        if len(entries) != end.members:
            raise _damaged()
        return entries

    def _content(self, entry: ZipEntry, most: int) -> bytes:
        if entry.flags & ENCRYPTED:
            raise RefusedError("encrypted", say("in a zip archive with a password; ask for one without"))
        if entry.method not in (STORED, DEFLATED):
            raise RefusedError(
                "not-a-spreadsheet", say("packed in a way that is not opened here; ask for an ordinary .zip")
            )
        # Packing never makes a member much larger: one that is packed into more than allowed is larger than allowed.
        if max(entry.size, entry.packed - entry.packed // 100 - 1_000) > most:
            raise too_large(entry.size, most)
        try:
            return self._unpacked(entry, most)
        except ZipError as error:
            if error.fault == "member cut off":
                raise _cut_off() from None
            if error.fault == "checksum wrong":
                raise RefusedError("damaged", say("it does not match its checksum in the archive")) from None
            raise _damaged() from None

    def _unpacked(self, entry: ZipEntry, most: int) -> bytes:
        packed = self._zip.packed(entry)
        allowed = self._limits.unpacked(len(packed))
        content, size = unpacked(entry, packed, min(most, allowed))
        self._budget.unpack(size)
        if size > most:
            raise too_large(size, most)
        if size > allowed:
            raise RefusedError("oversized", say("packed more than {ratio} times", ratio=self._limits.ratio))
        verify(entry, content, size)
        return content


def _name(entry: ZipEntry) -> str:
    unicode_name = extra_fields(entry.extra)[0].get(UNICODE_NAME, b"")
    # The checksum tells whether the name has been changed since by a program that does not know of this field.
    if len(unicode_name) > 5 and struct.unpack_from("<I", unicode_name, 1)[0] == zlib.crc32(entry.raw_name):
        return decoded(unicode_name[5:])
    return decoded(entry.raw_name, "utf-8" if entry.flags & UTF8 else "")


def _damaged() -> RefusedError:
    return RefusedError("damaged", say("the zip archive is damaged"))


def _cut_off() -> RefusedError:
    return RefusedError("truncated", say("the end of the zip archive is missing"))
