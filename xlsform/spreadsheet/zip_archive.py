"""Copy the members of a zip as they are, and replace, add or leave out single ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

#: A member's date in a zip, down to the second.
Date = tuple[int, int, int, int, int, int]

EPOCH: Date = (1980, 1, 1, 0, 0, 0)
_HAS_DESCRIPTOR = 0x08
_UTF8 = 0x800
_LEVEL = 3
"""Of compression: a workbook is a fifteenth larger than at the usual 6, in half the time."""
_LAST_BLOCK = b"\3\0"
"""An empty block that ends a deflated stream."""


class _Member(NamedTuple):
    name: str
    info: zipfile.ZipInfo | None


class ZipArchive:
    """A zip in memory. Names are compared without case and without the leading slash that some programs write."""

    def __init__(self, data: bytes) -> None:
        """Open the bytes of a zip.

        Raises:
            ValueError: they are none.
        """
        self._data = data
        self._members: dict[str, _Member] = {}
        self._changed: dict[str, bytes] = {}
        self._copied: dict[str, tuple[_Header, bytes]] = {}
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, struct.error) as error:
            raise ValueError(f"not a zip package: {error}") from error
        for info in infos:
            self._members[_key(info.filename)] = _Member(_normal(info.filename), info)

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
        if member is None or member.info is None:
            raise ValueError(f"the package has no part {name}")
        return _inflate(self._raw(member.info), member.info)

    def write(self, name: str, data: bytes) -> None:
        """Replace a member, or add it at the end."""
        self._members.setdefault(_key(name), _Member(_normal(name), None))
        self._changed[_key(name)] = data

    def remove(self, name: str) -> None:
        """Leave a member out, if it is there."""
        self._members.pop(_key(name), None)
        self._changed.pop(_key(name), None)

    def to_bytes(self, date: Date | None = None, instead: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
        """Return the zip: members left alone keep their compressed bytes and date, changed ones get the date given.

        Args:
            date: of what was changed; the earliest there is, if not given.
            instead: what members hold in this zip alone, by name.
        """
        changed = self._changed | {_key(name): data for name, data in instead.items()}
        body, directory = io.BytesIO(), io.BytesIO()
        # One for all: the memory that it takes is more work than a small member.
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        for key, member in self._members.items():
            if member.info is None or key in changed:
                header, raw = _changed(member, changed[key], date or EPOCH, packer)
            else:
                header, raw = self._as_it_is(key, member.info)
            directory.write(header.central(body.tell()))
            body.write(header.local() + raw)
        count, size, start = len(self._members), directory.tell(), body.tell()
        end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, start, 0)
        return body.getvalue() + directory.getvalue() + end

    def _as_it_is(self, key: str, info: zipfile.ZipInfo) -> tuple[_Header, bytes]:
        # A frame is copied thousands of times.
        if key not in self._copied:
            self._copied[key] = _kept(info), self._raw(info)
        return self._copied[key]

    def _raw(self, info: zipfile.ZipInfo) -> bytes:
        fixed = self._data[max(info.header_offset, 0) : info.header_offset + 30]
        if len(fixed) < 30 or fixed[:4] != b"PK\3\4":
            raise ValueError(f"the package is damaged at {info.filename}")
        start = info.header_offset + 30 + sum(struct.unpack("<HH", fixed[26:30]))
        raw = self._data[start : start + info.compress_size]
        if len(raw) != info.compress_size:
            raise ValueError(f"the package ends within {info.filename}")
        return raw


class _Header(NamedTuple):
    """What the two headers of a member are made from."""

    made_by: int
    flags: int
    method: int
    date: Date
    crc: int
    packed: int
    size: int
    name: bytes
    attributes: int

    def _shared(self) -> bytes:
        year, month, day, hour, minute, second = self.date
        clock, calendar = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
        sizes = (self.crc, self.packed, self.size)
        return struct.pack("<HHHHHIIIHH", 20, self.flags, self.method, clock, calendar, *sizes, len(self.name), 0)

    def local(self) -> bytes:
        return b"PK\3\4" + self._shared() + self.name

    def central(self, offset: int) -> bytes:
        tail = struct.pack("<HHHII", 0, 0, 0, self.attributes, offset)
        return b"PK\1\2" + struct.pack("<H", self.made_by) + self._shared() + tail + self.name


def _kept(info: zipfile.ZipInfo) -> _Header:
    # The sizes go into the local header, so the descriptor that followed the data is not needed any more.
    return _Header(
        made_by=info.create_system << 8 | info.create_version,
        flags=info.flag_bits & ~_HAS_DESCRIPTOR,
        method=info.compress_type,
        date=info.date_time,
        crc=info.CRC,
        packed=info.compress_size,
        size=info.file_size,
        name=info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"),
        attributes=info.external_attr,
    )


def _changed(member: _Member, data: bytes, date: Date, packer: zlib._Compress) -> tuple[_Header, bytes]:
    # Flushed whole it knows nothing any more of what went before, and ends on a whole byte.
    raw = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH) + _LAST_BLOCK
    if member.info is None:
        name = member.name.encode()
        flags, made_by, attributes = 0 if name.isascii() else _UTF8, 20, 0
    else:
        kept = _kept(member.info)
        name, flags, made_by, attributes = kept.name, kept.flags & _UTF8, kept.made_by, kept.attributes
    return _Header(
        made_by, flags, zipfile.ZIP_DEFLATED, date, zlib.crc32(data), len(raw), len(data), name, attributes
    ), raw


def _inflate(raw: bytes, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type == zipfile.ZIP_STORED:
        data = raw
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        try:
            # One byte more than promised is enough to catch a lie, and too little for a bomb.
            data = zlib.decompressobj(-15).decompress(raw, info.file_size + 1)
        except zlib.error as error:
            raise ValueError(f"the part {info.filename} is damaged: {error}") from error
    else:
        raise ValueError(f"the part {info.filename} is compressed by method {info.compress_type}")
    if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
        raise ValueError(f"the part {info.filename} is damaged: its checksum is not right")
    return data


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/")


def _key(name: str) -> str:
    return _normal(name).lower()
