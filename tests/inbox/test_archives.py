"""Returns in zip archives, as Windows, WinRAR, 7-Zip, macOS and others write them."""

import io
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from support.inbox_by_hand import NAME, WORKBOOK, Member, look, mail, named, raw_zip, refused, workbook
from support.packages_by_hand import ole2

from xlsform.inbox import Incoming
from xlsform.reading import Limits
from xlsform.reading.workbook import Reason, Unreadable


def read(folder: Path, data: bytes, limits: Limits | None = None, name: str = "a.zip") -> list[Incoming]:
    path = folder / name
    path.write_bytes(data)
    return look(path, limits=limits)


def inside(found: Incoming, folder: Path) -> str:
    """The origin below the archive."""
    return found.origin.removeprefix(f"{folder / 'a.zip'}/")


@pytest.mark.parametrize(
    "member",
    [
        Member(f"二科/{NAME}".encode(), flags=0x800),
        Member(f"二科/{NAME}".encode("gbk")),
        Member(f"二科\\{NAME}".encode("gbk")),
        Member(f"二科/{NAME}".encode()),
        Member(unicodedata.normalize("NFD", f"二科/{NAME}").encode(), flags=0x800),
        Member(f"二科/{NAME}".encode("gbk"), flags=0x800),
        Member(f"../../二科/{NAME}".encode("gbk")),
        Member(f"D:\\二科\\{NAME}".encode("gbk")),
        Member(f"/二科/./{NAME}".encode("gbk")),
        Member(f"\x1b二科/\x07{NAME}\x00".encode("gbk")),
        Member(f"二科/{NAME}".encode("gbk"), method=0),
    ],
)
def test_names(member: Member, tmp_path: Path) -> None:
    (found,) = read(tmp_path, raw_zip(member))
    assert (inside(found, tmp_path), found.name, found.data) == (f"二科/{NAME}", NAME, WORKBOOK)


@pytest.mark.parametrize("name", ["联通.xlsx", "㐀㐁.xlsx", "喆镕.xlsx", "𠮷.xlsx"])
def test_names_in_gb18030(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, raw_zip(Member(name.encode("gb18030"))))[0].name == name


def unicode_field(old: bytes, name: str) -> bytes:
    content = b"\x01" + struct.pack("<I", zlib.crc32(old)) + name.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


def test_the_name_in_the_unicode_field_is_preferred_where_it_still_belongs(tmp_path: Path) -> None:
    right, wrong = unicode_field(b"??.xlsx", "中文.xlsx"), unicode_field(b"other.xlsx", "中文.xlsx")
    found = read(tmp_path, raw_zip(Member(b"??.xlsx", extra=right), Member(b"a.xlsx", extra=wrong)))
    assert [each.name for each in found] == ["中文.xlsx", "a.xlsx"]


def test_names_that_leave_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, raw_zip(Member(b""), Member(b"../.."), Member(b"\0"), Member(b"...")))
    assert [each.name for each in found] == ["member 1", "member 2", "member 3", "member 4"]
    assert all(each.data == WORKBOOK for each in found)


def test_alike_names_are_told_apart(tmp_path: Path) -> None:
    names = [b"a.xlsx", b"a.xlsx", b"a (2).xlsx", b"A.XLSX", b"x/../a.xlsx", b"x/a.xlsx", b"a.xlsx"]
    found = read(tmp_path, raw_zip(*(Member(name, workbook(str(index))) for index, name in enumerate(names))))
    assert [each.data for each in found] == [workbook(str(index)) for index in range(len(names))]
    assert [inside(each, tmp_path) for each in found] == [
        "a.xlsx", "a (2).xlsx", "a (2) (2).xlsx", "A.XLSX", "x/a.xlsx", "x/a (2).xlsx", "a (3).xlsx",
    ]  # fmt: skip
    assert found[1].name == "a.xlsx"


def test_long_names_that_are_cut_alike_are_told_apart(tmp_path: Path) -> None:
    found = read(tmp_path, raw_zip(*(Member(("表" * 300 + end + ".xlsx").encode()) for end in "ab")))
    assert len({each.origin for each in found}) == 2
    assert all(len(each.name) <= 120 and each.name.endswith("….xlsx") for each in found)


def test_what_is_not_meant_to_be_seen(tmp_path: Path) -> None:
    hidden = [b"__MACOSX/._a.xlsx", b"x/__MACOSX/b.xlsx", b"~$a.xlsx", b"x/~$a.xlsx", b"._a.xlsx", b".git/a.xlsx"]
    found = read(tmp_path, raw_zip(*map(Member, hidden), Member("空/".encode(), b""), Member(b"a.xlsx")))
    assert [inside(each, tmp_path) for each in found] == ["a.xlsx"]


def test_members_by_their_content(tmp_path: Path) -> None:
    xls = ole2({"Workbook": b""})
    found = read(
        tmp_path,
        raw_zip(
            Member(b"1"), Member(b"2.dat"), Member(b"3", xls), Member(b"4.bak", xls), Member(b"5.pdf", b"%PDF"),
            Member(b"6", b""), Member(b"7.docx", WORKBOOK[:200]), Member(b"8.xlsx", b""), Member(b"9.txt", b"x"),
        ),
    )  # fmt: skip
    assert [(each.name, each.data) for each in found] == [
        ("1", WORKBOOK), ("2.dat", WORKBOOK), ("3", xls), ("4.bak", xls), ("8.xlsx", b""),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.zip", "a.rar", "a"])
def test_a_workbook_named_as_an_archive(name: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, WORKBOOK, name=name)
    assert (found.origin, found.data) == (str(tmp_path / name), WORKBOOK)
    (found,) = read(tmp_path, raw_zip(Member(b"x/b.zip", WORKBOOK, method=0)))
    assert (inside(found, tmp_path), found.data) == ("x/b.zip", WORKBOOK)


def test_an_archive_within_an_archive(tmp_path: Path) -> None:
    inner = raw_zip(Member("内.xlsx".encode("gbk"), workbook("内")))
    middle = raw_zip(Member(b"x/inner.zip", inner), Member(b"b.xlsx", workbook("b")))
    found = read(tmp_path, raw_zip(Member(b"a.xlsx"), Member("中.zip".encode("gbk"), middle), Member(b"z.xlsx")))
    assert [inside(each, tmp_path) for each in found] == [
        "a.xlsx", "中.zip/x/inner.zip/内.xlsx", "中.zip/b.xlsx", "z.xlsx",
    ]  # fmt: skip
    assert found[1].data == workbook("内")


def test_an_archive_under_another_name(tmp_path: Path) -> None:
    inner = raw_zip(Member(b"a.xlsx"))
    found = read(tmp_path, raw_zip(Member(b"1.z_p", inner), Member(b"2.jar", inner[:-9]), Member(b"3", inner)))
    assert [inside(each, tmp_path) for each in found] == ["1.z_p/a.xlsx", "3/a.xlsx"]


def test_at_most_three_archives_deep(tmp_path: Path) -> None:
    data = raw_zip(Member(b"a.xlsx"))
    for _ in range(2):
        data = raw_zip(Member(b"n.zip", data))
    assert [each.name for each in read(tmp_path, data)] == ["a.xlsx"]
    (found,) = read(tmp_path, raw_zip(Member(b"n.zip", data)))
    assert "more than 3 deep" in refused(found, "oversized")
    # A mail around them is none of the three.
    assert [each.name for each in read(tmp_path, mail(named("m.zip", data)), name="a.eml")] == ["a.xlsx"]


def test_mails_and_mailboxes_in_an_archive(tmp_path: Path) -> None:
    message = mail(named("内.xlsx"))
    box = b"From a@b.cn Mon Jan  4 10:00:00 2021\n" + message
    found = read(tmp_path, raw_zip(Member("信.eml".encode("gbk"), message), Member(b"in.mbox", box)))
    assert [inside(each, tmp_path) for each in found] == ["信.eml/内.xlsx", "in.mbox#1 张三 <zs@x.cn>/内.xlsx"]
    assert all(each.sender == "张三 <zs@x.cn>" for each in found)


def test_an_archive_without_workbooks_says_so(tmp_path: Path) -> None:
    (found,) = read(tmp_path, raw_zip(Member("说明.docx".encode("gbk"), b"x"), Member(b"b.pdf", b"x")))
    assert found.origin == str(tmp_path / "a.zip")
    assert refused(found, "not-checkable").endswith("it holds: 说明.docx, b.pdf")
    (found,) = read(tmp_path, raw_zip())
    assert "empty" in refused(found, "not-a-spreadsheet")


def test_an_empty_archive_within_another_is_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path, raw_zip(Member(b"leer.zip", raw_zip()), Member(b"a.xlsx")))
    assert [each.name for each in found] == ["a.xlsx"]


def test_members_with_a_password(tmp_path: Path) -> None:
    data = raw_zip(
        Member(b"a.xlsx", flags=1), Member(b"b.zip", flags=1), Member(b"c.pdf", flags=1), Member(b"d.xlsx"),
        Member(b"e.xlsx", flags=1, method=99),
    )  # fmt: skip
    found = read(tmp_path, data)
    assert [each.name for each in found] == ["a.xlsx", "b.zip", "d.xlsx", "e.xlsx"]
    assert "password" in refused(found[0], "encrypted")
    refused(found[1], "encrypted")
    refused(found[3], "encrypted")
    assert found[2].data == WORKBOOK


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(method: int, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.xlsx", WORKBOOK)
    (found,) = read(tmp_path, buffer.getvalue())
    assert "ask for an ordinary .zip" in refused(found, "not-a-spreadsheet")


def test_a_damaged_member_does_not_take_the_others_along(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    whole = packer.compress(WORKBOOK) + packer.flush()
    data = raw_zip(
        Member(b"1.xlsx", checksum=1), Member(b"2.xlsx", size=3), Member(b"3.xlsx", packed=b"\xff" * 30),
        Member(b"4.xlsx", packed=whole[:-20]), Member(b"5.xlsx", offset=7), Member(b"6.xlsx", offset=10**9),
        Member(b"7.xlsx"),
    )  # fmt: skip
    found = read(tmp_path, data)
    assert [isinstance(each.data, Unreadable) for each in found] == [True] * 6 + [False]
    for each in found[:-1]:
        refused(each, "damaged")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "damaged"),
        (b"\0" * 1_000, "damaged"),
        (raw_zip(Member(b"a.xlsx"))[:-1], "truncated"),
        (raw_zip(Member(b"a.xlsx"))[:-30], "truncated"),
        (raw_zip(Member(b"a.xlsx"))[:100], "truncated"),
        (raw_zip(Member(b"a.xlsx"), count=2), "damaged"),
        (raw_zip(Member(b"a.xlsx"), count=60_000), "oversized"),
        (raw_zip(Member(b"a.xlsx"))[:-18] + b"\1\0" + raw_zip(Member(b"a.xlsx"))[-16:], "truncated"),
    ],
)
def test_broken_archives(data: bytes, reason: Reason, tmp_path: Path) -> None:
    (found,) = read(tmp_path, data)
    refused(found, reason)
    assert found.origin == str(tmp_path / "a.zip")


def test_an_archive_cut_off_behind_a_stored_workbook_is_not_taken_for_that_workbook(tmp_path: Path) -> None:
    data = raw_zip(*(Member(f"{number}.xlsx".encode(), workbook(str(number)), method=0) for number in range(9)))
    end = data.index(workbook("4")) + len(workbook("4"))
    # The tail is the sound end of a workbook's own zip.
    assert zipfile.is_zipfile(io.BytesIO(data[:end]))
    (found,) = read(tmp_path, data[:end])
    refused(found, "truncated")


def test_a_directory_that_does_not_fit(tmp_path: Path) -> None:
    data = raw_zip(Member(b"a.xlsx"), Member(b"b.xlsx"))
    body, start = data[:-22], data.index(b"PK\1\2")
    for length, offset in ((len(body) - start + 1, start), (len(body) - start, start + 1), (2**31, 2**31)):
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, length, offset, 0)
        refused(read(tmp_path, body + end)[0], "damaged")
    cut = body[:-30] + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, len(body) - 30 - start, start, 0)
    refused(read(tmp_path, cut)[0], "damaged")


def test_a_directory_that_is_larger_than_names_are(tmp_path: Path) -> None:
    extra = struct.pack("<2H", 9, 50_000) + bytes(50_000)
    assert read(tmp_path, raw_zip(*[Member(b"a.xlsx", extra=extra[:900])] * 3))[0].data == WORKBOOK
    refused(read(tmp_path, raw_zip(*[Member(b"a.xlsx", extra=extra)] * 3))[0], "oversized")


def test_a_member_that_goes_on_behind_the_end(tmp_path: Path) -> None:
    data = bytearray(raw_zip(Member(b"a.xlsx")))
    entry = data.rindex(b"PK\1\2")
    data[entry + 20 : entry + 24] = struct.pack("<I", len(data) - 5)
    refused(read(tmp_path, bytes(data))[0], "truncated")


def test_zip64_and_comments(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = "备注 PK\5\6".encode()[:-4] + b"x" * 3_000
        with archive.open(zipfile.ZipInfo("a.xlsx"), "w", force_zip64=True) as file:
            file.write(WORKBOOK)
    assert read(tmp_path, buffer.getvalue())[0].data == WORKBOOK

    data = raw_zip(Member(b"a.xlsx"))
    body, end = data[:-22], data[-22:]
    length, start = struct.unpack_from("<2I", end, 12)
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body), 1)
    ending = struct.pack("<4s4H2IH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert read(tmp_path, body + record + locator + ending)[0].data == WORKBOOK
    broken = body + record + locator.replace(struct.pack("<Q", len(body)), struct.pack("<Q", 2**63)) + ending
    refused(read(tmp_path, broken)[0], "damaged")


def test_members_whose_sizes_stand_in_the_zip64_field(tmp_path: Path) -> None:
    data = bytearray(raw_zip(Member(b"a.xlsx", method=0, extra=bytes(20))))
    entry = data.rindex(b"PK\1\2")
    data[entry + 20 : entry + 28] = b"\xff" * 8
    field = struct.pack("<2H2Q", 1, 16, len(WORKBOOK), len(WORKBOOK))
    data[entry + 46 + 6 : entry + 46 + 6 + 20] = field
    assert read(tmp_path, bytes(data))[0].data == WORKBOOK


def test_as_the_standard_library_streams_it(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """Cannot go back to fill in sizes: they follow the data."""

        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xlsx", WORKBOOK)
    assert read(tmp_path, pipe.data)[0].data == WORKBOOK


def test_documents_belong_to_the_returns_around_them_or_may_be_returns_themselves(tmp_path: Path) -> None:
    others = "甲/扫描.pdf 甲/佐证/1.jpg 乙/扫描.pdf 乙/第二页.jpg 丙/说明.docx 汇总说明.doc ~$c.docx 甲/注.txt"
    data = raw_zip(
        *(Member(name.encode(), b"x") for name in others.split()),
        Member("甲/a.xlsx".encode()),
        Member("丙/子/b.xlsx".encode()),
    )
    first, last, apart = read(tmp_path, data)
    assert (first.name, first.beside) == ("a.xlsx", ())
    assert last.name == "b.xlsx"
    assert last.beside == ("甲/扫描.pdf", "甲/佐证/1.jpg", "丙/说明.docx", "汇总说明.doc")
    assert apart.origin == f"{tmp_path / 'a.zip'}/乙/扫描.pdf"
    assert "documents or pictures: 扫描.pdf, 第二页.jpg; ask for" in refused(apart, "not-checkable")


def test_hundreds_of_pictures_are_one_line(tmp_path: Path) -> None:
    pictures = [Member(b"p/%d.jpg" % number, b"x") for number in range(300)]
    (found,) = read(tmp_path, raw_zip(*pictures, Member(b"a.xlsx")))
    assert (len(found.beside), found.beside[-1]) == (51, "(+250)")
    _, apart = read(tmp_path, raw_zip(*pictures, Member(b"q/a.xlsx")))
    assert refused(apart, "not-checkable").count(".jpg") == 50
    assert "(+250)" in refused(apart, "not-checkable")


def test_each_mail_of_an_archive_is_told(tmp_path: Path) -> None:
    mails = [Member(b"1.eml", mail()), Member(b"2.eml", mail(named("a.xlsx"))), Member(b"3.eml", mail())]
    found = read(tmp_path, raw_zip(*mails))
    assert [each.name for each in found] == ["1.eml", "a.xlsx", "3.eml"]
    assert "only a text" in refused(found[0], "not-checkable")
