"""One reader of zips, whoever made them, and one writer of our own."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from xlsform.spreadsheet.zip_archive import ZipArchive
from xlsform.spreadsheet.zip_format import ZipEntry
from xlsform.spreadsheet.zip_reader import Fault, ZipError, ZipReader, unpacked, verify

TEXT = b"a text that repeats, " * 50


def zipped(*names: str, comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.comment = comment
        for name in names:
            archive.writestr(name, TEXT)
    return stream.getvalue()


def reader(data: bytes) -> ZipReader:
    return ZipReader(io.BytesIO(data))


def entries(data: bytes) -> tuple[ZipEntry, ...]:
    return reader(data).directory(99).entries


def first_member(data: bytes) -> bytes:
    archive = reader(data)
    entry = archive.directory(99).entries[0]
    content, size = unpacked(entry, archive.packed(entry), 10_000)
    verify(entry, content, size)
    return content


def fault(data: bytes) -> Fault:
    """Return what is wrong with the first member, or with the zip."""
    with pytest.raises(ZipError) as caught:
        first_member(data)
    return caught.value.fault


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65_535])
def test_members_are_read(method: int, comment: bytes) -> None:
    archive = reader(zipped("a.txt", "文.txt", comment=comment, method=method))
    directory = archive.directory(99)
    assert [entry.name for entry in directory.entries] == ["a.txt", "文.txt"]
    assert (directory.sound, archive.end.members, archive.end.shift) == (True, 2, 0)
    for entry in directory.entries:
        content, size = unpacked(entry, archive.packed(entry), len(TEXT))
        verify(entry, content, size)
        assert content == TEXT
        assert TEXT.startswith(archive.head(entry))


def test_what_was_put_before_a_zip_is_told_and_does_no_harm() -> None:
    archive = reader(b"before" + zipped("a.txt"))
    (entry,) = archive.directory(99).entries
    assert archive.end.shift == 6
    assert unpacked(entry, archive.packed(entry), 10_000) == (TEXT, len(TEXT))


def test_no_more_entries_are_made_than_asked_for() -> None:
    directory = reader(zipped(*map(str, range(9)))).directory(3)
    assert len(directory.entries) == 3
    assert not directory.sound


def test_content_beyond_what_is_told_is_counted_and_not_kept() -> None:
    data = zipped("a.txt")
    (entry,) = entries(data)
    lying = entry._replace(size=10)
    packed = reader(data).packed(entry)
    assert unpacked(lying, packed, 5_000) == (TEXT[:11], len(TEXT))
    content, size = unpacked(lying, packed, 100)
    assert len(content) == 11
    assert size > 100


def test_faults_are_told_apart() -> None:
    data = zipped("a.txt")
    entry, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    header = 30 + len("a.txt")
    assert fault(data[:end]) == "no end"
    assert fault(data[:-1]) == "end cut off"
    assert fault(changed(data, end + 12, struct.pack("<I", len(data)))) == "directory unreadable"
    assert fault(changed(data, entry + 42, struct.pack("<I", 5))) == "member misplaced"
    assert fault(changed(data, 26, struct.pack("<H", 60_000))) == "member beyond the end"
    assert fault(changed(data, entry + 20, struct.pack("<I", 60_000))) == "member cut off"
    assert fault(changed(data, header, b"\xff" * 8)) == "not inflatable"
    assert fault(changed(data, entry + 20, struct.pack("<I", 8))) == "ends too early"
    assert fault(changed(data, entry + 16, b"\0\0\0\0")) == "checksum wrong"


@pytest.mark.parametrize(
    "extra", [struct.pack("<2H", 1, 8), struct.pack("<2HI", 1, 4, 0), struct.pack("<2H", 9, 500) + b"x"]
)
def test_a_directory_with_a_broken_field_is_not_sound(extra: bytes) -> None:
    data = zipped("a.txt")
    entry, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    broken = bytearray(data[:end] + extra + data[end:])
    broken[entry + 30 : entry + 32] = struct.pack("<H", len(extra))
    broken[end + len(extra) + 12 : end + len(extra) + 16] = struct.pack("<I", end - entry + len(extra))
    if extra.startswith(b"\1"):
        broken[entry + 24 : entry + 28] = b"\xff" * 4
    directory = reader(bytes(broken)).directory(99)
    assert len(directory.entries) == 1
    assert not directory.sound


def test_a_zip64_record_is_found_though_its_place_is_told_wrong() -> None:
    data = zipped("a.txt")
    body, end = data[:-22], data[-22:]
    length, start = struct.unpack_from("<2I", end, 12)
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, start)
    for told in (len(body), 7):
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, told, 1)
        archive = reader(body + record + locator + end)
        assert (archive.end.place, archive.end.told) == (len(body), told)
        assert archive.directory(99).sound


def test_what_is_copied_stays_as_it_was_packed() -> None:
    data = zipped("a.txt", "b.txt")
    archive = ZipArchive(data)
    archive.write("b.txt", b"other")
    copied, written = entries(archive.to_bytes())
    assert copied == entries(data)[0]
    assert (written.time, written.date, written.checksum) == (0, 0x21, zlib.crc32(b"other"))


def test_a_member_that_is_too_large_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    size = 65_000_000
    packed = packer.compress(bytes(size)) + packer.flush()
    entry = ZipEntry(20, 0, 8, 0, 0x21, 0, len(packed), size, 0, 0, b"bomb.xml")
    body, directory = entry.local() + packed, entry.central(0)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(body), 0)
    with pytest.raises(ValueError, match=r"bomb.xml is larger than 64,000,000 bytes"):
        ZipArchive(body + directory + end).read("bomb.xml")


def test_a_member_whose_size_only_zip64_can_tell_is_refused_and_not_copied() -> None:
    data = zipped("a.xml")
    at, end = data.rfind(b"PK\1\2"), data.rfind(b"PK\5\6")
    field = struct.pack("<2HQ", 1, 8, 1 << 40)
    entry = bytearray(data[at:end] + field)
    struct.pack_into("<I", entry, 24, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(field))
    last = bytearray(data[end:])
    struct.pack_into("<I", last, 12, len(entry))
    with pytest.raises(ValueError, match="larger than"):
        ZipArchive(data[:at] + bytes(entry) + bytes(last)).to_bytes()
