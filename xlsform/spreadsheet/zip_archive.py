"""Write a zip of our own: copy the members of another as they are, and replace, add or leave out single ones."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from xlsform.spreadsheet.zip_format import DEFLATED, END, END_RECORD, HAS_DESCRIPTOR, STORED, UTF8, ZipEntry
from xlsform.spreadsheet.zip_reader import ZipError, ZipReader, unpacked, verify

_LEVEL = 3
"""Of compression: a workbook is a fifteenth larger than at the usual 6, in half the time."""
_LAST_BLOCK = b"\3\0"
"""An empty block that ends a deflated stream."""
_MADE_BY = 20
_EPOCH = 1 << 5 | 1
"""The first of January 1980, the earliest date that a zip can hold: the same content makes the same zip, whenever."""
_MOST_MEMBERS = 65_535
"""As many as the end record can count."""
_MOST_TOLD = 0xFFFFFFFF
"""The largest size that an entry can tell of without zip64, which is not written."""
_LARGEST = 64_000_000
"""Bytes of a member that is unpacked: a return that is to be marked may hold parts that no reader has looked at."""


class _Member(NamedTuple):
    name: str
    entry: ZipEntry | None


class ZipArchive:
    """A zip in memory. Names are compared without case and without the leading slash that some programs write."""

    def __init__(self, data: bytes) -> None:
        """Open the bytes of a zip.

        Raises:
            ValueError: they are none.
        """
        self._members: dict[str, _Member] = {}
        self._changed: dict[str, bytes] = {}
        self._copied: dict[str, tuple[ZipEntry, bytes]] = {}
        try:
            self._reader = ZipReader(io.BytesIO(data))
            directory = self._reader.directory(_MOST_MEMBERS)
            if not directory.sound:
                raise ZipError("directory unreadable")
            named = [(entry.name.partition("\0")[0], entry) for entry in directory.entries]
        except ValueError as error:
            raise ValueError(f"not a zip package: {error}") from error
        for name, entry in named:
            self._members[_key(name)] = _Member(_normal(name), entry)

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._members

    def names(self) -> list[str]:
        """Return the names of the members in their order; directory entries are left out."""
        return [member.name for member in self._members.values() if not member.name.endswith("/")]

    def name(self, name: str) -> str:
        """Return a name in the case that the zip has it in; unchanged where it has none."""
        member = self._members.get(_key(name))
        return member.name if member else name

    def read(self, name: str) -> bytes:
        """Return a member's contents.

        Raises:
            ValueError: there is no such member, or it is damaged.
        """
        key = _key(name)
        if key in self._changed:
            return self._changed[key]
        member = self._members.get(key)
        if member is None or member.entry is None:
            raise ValueError(f"the package has no part {name}")
        if member.entry.method not in (STORED, DEFLATED):
            raise ValueError(f"the part {member.name} is compressed by method {member.entry.method}")
        if member.entry.size > _LARGEST:
            raise ValueError(f"the part {member.name} is larger than {_LARGEST:,} bytes")
        try:
            content, size = unpacked(member.entry, self._reader.packed(member.entry), member.entry.size)
            verify(member.entry, content, size)
        except ZipError as error:
            raise ValueError(f"the part {member.name} is damaged: {error}") from error
        return content

    def write(self, name: str, data: bytes) -> None:
        """Replace a member, or add it at the end."""
        self._members.setdefault(_key(name), _Member(_normal(name), None))
        self._changed[_key(name)] = data

    def remove(self, name: str) -> None:
        """Leave a member out, if it is there."""
        self._members.pop(_key(name), None)
        self._changed.pop(_key(name), None)

    def to_bytes(self, instead: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
        """Return the zip: members left alone keep their compressed bytes and date.

        Args:
            instead: what members hold in this zip alone, by name.
        """
        changed = self._changed | {_key(name): data for name, data in instead.items()}
        body, directory = io.BytesIO(), io.BytesIO()
        # One compressor for all members: to set it up takes longer than to compress a small one.
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        for key, member in self._members.items():
            if member.entry is None or key in changed:
                entry, packed = _changed(member, changed[key], packer)
            else:
                entry, packed = self._as_it_is(key, member.entry)
            directory.write(entry.central(body.tell()))
            body.write(entry.local() + packed)
        count, size, start = len(self._members), directory.tell(), body.tell()
        return body.getvalue() + directory.getvalue() + END_RECORD.pack(END, 0, 0, count, count, size, start, 0)

    def _as_it_is(self, key: str, entry: ZipEntry) -> tuple[ZipEntry, bytes]:
        # Of the base workbook, whose members go into thousands of workbooks.
        if key not in self._copied:
            if entry.size > _MOST_TOLD:
                raise ValueError(f"the part {entry.name} is larger than {_MOST_TOLD:,} bytes")
            try:
                # The sizes go into the local header, so the descriptor that followed the data is not needed any more.
                kept = entry._replace(flags=entry.flags & ~HAS_DESCRIPTOR)
                self._copied[key] = kept, self._reader.packed(entry)
            except ZipError as error:
                raise ValueError(f"the part {entry.name} is damaged: {error}") from error
        return self._copied[key]


def _changed(member: _Member, data: bytes, packer: zlib._Compress) -> tuple[ZipEntry, bytes]:
    # A full flush ends on a whole byte, and makes the compressor forget this member before the next one.
    packed = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH) + _LAST_BLOCK
    if member.entry is None:
        name = member.name.encode()
        made_by, flags, attributes = _MADE_BY, 0 if name.isascii() else UTF8, 0
    else:
        made_by, flags, attributes, name = (
            member.entry.made_by,
            member.entry.flags & UTF8,
            member.entry.attributes,
            member.entry.raw_name,
        )
    checksum = zlib.crc32(data)
    return ZipEntry(made_by, flags, DEFLATED, 0, _EPOCH, checksum, len(packed), len(data), attributes, 0, name), packed


def packed_here(entry: ZipEntry, packed: bytes) -> bool:
    """Whether a member was packed by us: after a full flush, which Excel makes, too, but never with these flags."""
    return entry.flags & ~UTF8 == 0 and entry.date == _EPOCH and packed.endswith(b"\0\0\xff\xff" + _LAST_BLOCK)


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/")


def _key(name: str) -> str:
    return _normal(name).lower()
