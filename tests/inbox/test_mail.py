"""Returns that come by mail, as Outlook, Foxmail, QQ mail and others write it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.inbox_by_hand import (
    NAME,
    SHAPES,
    WORKBOOK,
    XLSX,
    Member,
    attachment,
    b_words,
    lines,
    look,
    mail,
    named,
    raw_zip,
    refused,
    workbook,
)
from support.packages_by_hand import ole2, zipped

from xlsform.inbox import Incoming, PassedOver
from xlsform.inbox.mail import is_mail
from xlsform.reading import Limits

SENT = datetime(2021, 1, 4, 2, 30, tzinfo=UTC)


def read(folder: Path, data: bytes, limits: Limits | None = None) -> list[Incoming]:
    path = folder / "a.eml"
    path.write_bytes(data)
    found = look(path, limits=limits)
    assert all(each.origin == str(path) or each.origin.startswith(f"{path}/") for each in found)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_a_workbook_arrives_whatever_wrote_the_mail(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    assert read(tmp_path, SHAPES[shape](NAME, WORKBOOK)) == [
        Incoming(f"{path}/{NAME}", NAME, WORKBOOK, SENT, "张三 <zs@x.cn>")
    ]


def test_the_zone_of_the_time_sent_counts(tmp_path: Path) -> None:
    late, none = (mail(named("a.xlsx")).replace(b"+0800", zone) for zone in (b"-0500", b"-0000"))
    assert read(tmp_path, late)[0].received == datetime(2021, 1, 4, 15, 30, tzinfo=UTC)
    assert read(tmp_path, none)[0].received == datetime(2021, 1, 4, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", [b"", b"yesterday", b"Fri, 31 Dec 9999 23:30:00 -0800", b"Mon, 99 Jan 2021 99:99", b"\xff" * 99]
)
def test_without_a_time_that_can_be_read_the_file_tells(date: bytes, tmp_path: Path) -> None:
    data = mail(named("a.xlsx")).replace(b"Date: Mon, 04 Jan 2021 10:30:00 +0800", b"Date: " + date)
    (found,) = read(tmp_path, data)
    assert found.received == datetime.fromtimestamp((tmp_path / "a.eml").stat().st_mtime, UTC)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("张三 <zs@x.cn>".encode("gbk"), "张三 <zs@x.cn>"),
        ("张三 <zs@x.cn>".encode(), "张三 <zs@x.cn>"),
        (b'"' + b_words("张三，财务", "gbk", "GB2312", 5) + b'" <zs@x.cn>', "张三，财务 <zs@x.cn>"),
        (b"zs@x.cn", "zs@x.cn"),
        (b'"zs@x.cn" <zs@x.cn>', "zs@x.cn"),
        (b'"<boss@y.cn>" <zs@x.cn>', "<boss@y.cn> <zs@x.cn>"),
        ("张三\u202e\x1b[31m\x00 <zs@x.cn>".encode(), "张三[31m <zs@x.cn>"),
        (b"=?gb2312?B?!!!?= <zs@x.cn>", "zs@x.cn"),
        (b"(" * 5000, "(" * 120),
        (b"", ""),
    ],
)
def test_senders(given: bytes, shown: str, tmp_path: Path) -> None:
    assert read(tmp_path, mail(named("a.xlsx"), sender=given))[0].sender == shown


def test_attachments_come_in_their_order_and_alike_names_are_told_apart(tmp_path: Path) -> None:
    data = mail(named("b.xlsx", workbook("1")), named("a.xls", b"x"), named("b.xlsx", workbook("2")), named("b.xlsx"))
    found = read(tmp_path, data)
    assert [each.name for each in found] == ["b.xlsx", "a.xls", "b.xlsx", "b.xlsx"]
    assert [each.origin.rpartition("/")[2] for each in found] == ["b.xlsx", "a.xls", "b (2).xlsx", "b (3).xlsx"]
    assert [each.data for each in found] == [workbook("1"), b"x", workbook("2"), WORKBOOK]


@pytest.mark.parametrize("kind", ["application/octet-stream", XLSX, "image/png", "application/x-download"])
@pytest.mark.parametrize("name", ["自评表", "自评表.dat", "自评表.zip", ".xlsx", "表.2021", ""])
def test_a_workbook_is_told_by_its_content(name: str, kind: str, tmp_path: Path) -> None:
    for data in (WORKBOOK, ole2({"Workbook": b"\x09\x08" + bytes(5_000)})):
        (found,) = read(tmp_path, mail(named(name, data, kind)))
        assert found.data == data
        assert found.name == (name or "part 3")


def test_an_attachment_without_a_name_that_is_declared_a_workbook(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(attachment(b"damaged", b"")))
    assert found.data == b"damaged"


WORD = zipped(
    {
        "[Content_Types].xml": '<Types><Override PartName="/word/document.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<R><Relationship Id="a" Type="x/officeDocument" Target="word/document.xml"/></R>',
        "word/document.xml": "<w/>",
    }
)
OTHERS = {
    "说明.docx": WORD,
    "说明": WORD,
    "坏.docx": WORD[:-30],
    "老.doc": ole2({"WordDocument": bytes(5_000)}),
    "加密.docx": ole2({"EncryptedPackage": bytes(5_000)}),
    "扫描.pdf": b"%PDF-1.7",
    "logo.png": b"\x89PNG",
    "smime.p7s": b"0\x82",
    "~$自评表.xlsx": b"\x04user" + bytes(160),
}


@pytest.mark.parametrize("other", OTHERS)
def test_documents_and_pictures_are_told_with_the_last_workbook_beside_them(other: str, tmp_path: Path) -> None:
    data = mail(named(other, OTHERS[other], "application/octet-stream"), named("a.xlsx"), named("b.xlsx"))
    first, last = read(tmp_path, data)
    assert (first.name, first.beside, last.name) == ("a.xlsx", (), "b.xlsx")
    assert last.beside == (() if other in ("说明", "smime.p7s", "~$自评表.xlsx") else (other,))


@pytest.mark.parametrize("other", OTHERS)
def test_a_mail_with_nothing_else_says_so(other: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named(other, OTHERS[other], "application/octet-stream")))
    assert found.origin == str(tmp_path / "a.eml")
    assert found.name == "a.eml"
    assert found.sender == "张三 <zs@x.cn>"
    assert refused(found, "not-checkable") == (
        "the mail of 张三 <zs@x.cn> has no workbook; ask for the one that was issued, filled in; attachments: " + other
    )


def passed_over(folder: Path, data: bytes) -> str:
    """Return what is said of a mail that nobody wrote."""
    path, said = folder / "a.eml", list[PassedOver]()
    path.write_bytes(data)
    assert look(path, passed_over=said) == []
    ((_, message),) = said
    return str(message).removeprefix(f"{path}: ")


ONLY_TEXT = (
    "has no attachment, only a text: “自评表”; if it is meant as a return, ask for the workbook as an attachment"
)


def test_a_mail_without_attachments_may_be_meant_as_a_return(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail())
    assert refused(found, "not-checkable") == f"the mail of 张三 <zs@x.cn> {ONLY_TEXT}"
    assert (found.origin, found.sender) == (str(tmp_path / "a.eml"), "张三 <zs@x.cn>")
    (found,) = read(tmp_path, mail(sender=b""))
    assert refused(found, "not-checkable") == f"the mail of an unknown sender {ONLY_TEXT}"


@pytest.mark.parametrize(
    "part",
    [
        attachment(b"\x89PNG", b'; name="image001.png"\r\nContent-ID: <image001.png@01D6E2>', "image/png"),
        attachment(b"0\x82", b'; name="smime.p7s"', "application/pkcs7-signature"),
        attachment(b"-----BEGIN", b'; name="signature.asc"', "application/pgp-signature"),
    ],
)
def test_what_belongs_to_the_mail_itself_is_no_attachment(part: bytes, tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(part))
    assert refused(found, "not-checkable").endswith(ONLY_TEXT)
    assert read(tmp_path, mail(part, named("a.xlsx")))[0].beside == ()
    (found,) = read(tmp_path, mail(part, named("扫描.pdf", b"%PDF-1.7", "application/pdf")))
    assert refused(found, "not-checkable").endswith("attachments: 扫描.pdf")


def test_a_picture_that_is_attached_may_be_meant_as_a_return(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named("自评表.jpg", b"\xff\xd8", "image/jpeg")))
    assert refused(found, "not-checkable").endswith("attachments: 自评表.jpg")


def test_winmail(tmp_path: Path) -> None:
    for kind, name in (("application/ms-tnef", "winmail.dat"), ("application/octet-stream", "ATT0001.dat")):
        (found,) = read(tmp_path, mail(named(name, b"\x78\x9f\x3e\x22" + bytes(50), kind)))
        assert found.name == name
        assert refused(found, "not-checkable").startswith("winmail.dat")


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        ("自评表.rar", b"Rar!\x1a\x07\x00", "a RAR archive"),
        ("自评表.zip", b"Rar!\x1a\x07\x00", "a RAR archive"),
        ("自评表.7z", b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        ("自评表.tar.gz", b"\x1f\x8b", "a gzip archive"),
        ("转发.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".eml"),
    ],
)
def test_what_is_not_opened_is_told_beside_a_workbook_too(name: str, head: bytes, words: str, tmp_path: Path) -> None:
    found = read(tmp_path, mail(named(name, head + bytes(100)), named("a.xlsx")))
    assert [each.name for each in found] == [name, "a.xlsx"]
    detail = refused(found[0], "not-checkable")
    assert words in detail
    assert "ask for" in detail


def forwarded(inner: bytes, coding: str = "7bit", name: str = "") -> bytes:
    header = b'; name="%s"' % name.encode() if name else b""
    return attachment(inner, header, "message/rfc822", coding)


@pytest.mark.parametrize("coding", ["7bit", "base64"])
@pytest.mark.parametrize("name", ["", "转发.eml", "自评表.xlsx"])
def test_a_mail_sent_on_as_an_attachment(name: str, coding: str, tmp_path: Path) -> None:
    inner = mail(named("内.xlsx"), sender="李四 <ls@z.cn>".encode(), boundary="inner").replace(b"04 Jan", b"03 Jan")
    found = read(tmp_path, mail(forwarded(inner, coding, name), named("外.xlsx", workbook("外"))))
    assert [each.name for each in found] == ["内.xlsx", "外.xlsx"]
    assert [each.sender for each in found] == ["李四 <ls@z.cn>", "张三 <zs@x.cn>"]
    assert [each.received for each in found] == [SENT.replace(day=3), SENT]
    assert [each.data for each in found] == [WORKBOOK, workbook("外")]
    assert found[0].origin == f"{tmp_path / 'a.eml'}/{name or 'part 3'}/内.xlsx"


def test_a_mail_saved_and_attached_as_a_file(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named("转发.eml", mail(named("内.xlsx")), "application/octet-stream")))
    assert found.origin.endswith("/a.eml/转发.eml/内.xlsx")


def test_what_could_not_be_delivered_is_no_return(tmp_path: Path) -> None:
    issued = mail(named("下发.xlsx"), boundary="inner")
    report = mail(forwarded(issued), kind="report; report-type=delivery-status")
    assert passed_over(tmp_path, report) == "a delivery report or a receipt of 张三 <zs@x.cn>"


def test_a_zip_in_a_mail(tmp_path: Path) -> None:
    data = raw_zip(
        Member("子目录/表.xlsx".encode("gbk")), Member(b"readme.txt", b"x"), Member("空.docx".encode("gbk"), WORD)
    )
    (found,) = read(tmp_path, mail(named("自评表.zip", data)))
    assert found == Incoming(
        f"{tmp_path / 'a.eml'}/自评表.zip/子目录/表.xlsx",
        "表.xlsx",
        WORKBOOK,
        SENT,
        "张三 <zs@x.cn>",
        beside=("空.docx",),
    )
    (found,) = read(tmp_path, mail(named("自评表.zip", raw_zip(Member(b"readme.txt", b"x")))))
    assert "attachments: 自评表.zip" in refused(found, "not-checkable")


def test_a_mail_cut_off(tmp_path: Path) -> None:
    whole = mail(named("a.xlsx"))
    start = whole.index(b"filename=")
    (found,) = read(tmp_path, whole[: start - 200])
    assert "is cut off" in refused(found, "truncated")
    # The workbook itself is cut: its own reader says so.
    (found,) = read(tmp_path, whole[:-400])
    assert isinstance(found.data, bytes)
    assert WORKBOOK.startswith(found.data)


@pytest.mark.parametrize("change", [b"\n", b"*", b"\r\n\r\n", b"\xff"])
def test_stray_characters_in_base64(change: bytes, tmp_path: Path) -> None:
    body = lines(WORKBOOK)
    data = mail(named("a.xlsx")).replace(body, body[:100] + change + body[100:])
    assert read(tmp_path, data)[0].data == WORKBOOK


def test_base64_without_its_padding(tmp_path: Path) -> None:
    book = next(data for text in ("1", "12", "123") if (data := workbook(text)) and len(data) % 3)
    assert lines(book).endswith(b"=")
    data = mail(named("a.xlsx", book)).replace(lines(book), lines(book).rstrip(b"="))
    assert read(tmp_path, data)[0].data == book


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"From zs@x.cn Mon Jan  4 10:00:00 2021\r\n"])
def test_what_stands_before_a_mail(before: bytes, tmp_path: Path) -> None:
    assert is_mail(before + mail())
    assert [each.name for each in read(tmp_path, before + mail(named("a.xlsx")))] == ["a.xlsx"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"\0" * 500, "damaged"),
        (b"no mail at all", "damaged"),
        (b"a: b\n\n", "damaged"),
    ],
)
def test_no_mails(data: bytes, reason: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, data)
    refused(found, reason)  # type: ignore[arg-type]


def test_a_workbook_named_as_a_mail(tmp_path: Path) -> None:
    (found,) = read(tmp_path, WORKBOOK)
    assert found == look(tmp_path / "a.eml")[0]
    assert found.data == WORKBOOK


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.xlsx",
        "C:\\\\Users\\\\张三\\\\passwd.xlsx",
        "/etc/passwd.xlsx",
        "\\\\server\\x\\passwd.xlsx",
        "a/passwd.xlsx",
    ],
)
def test_paths_in_names_lose_their_folders(name: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named(name)))
    assert found.origin == f"{tmp_path / 'a.eml'}/passwd.xlsx"


@pytest.mark.parametrize("name", ["表\x00.xlsx", "表\u202e\u200b\x07.xlsx", "表\x1b.xlsx"])
def test_names_lose_what_is_not_seen(name: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named(name)))
    assert found.name == "表.xlsx"


@pytest.mark.parametrize(("name", "safe"), [("CON.xlsx", "_CON.xlsx"), ("nul .2021.xlsx", "_nul .2021.xlsx")])
def test_names_that_windows_keeps_for_devices_are_changed(name: str, safe: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, mail(named(name)))
    assert found.name == safe


def test_long_names_keep_their_extension(tmp_path: Path) -> None:
    for name in ("表" * 300 + ".xlsx", "x" * 300 + ".xlsx", "x" * 9_000):
        (found,) = read(tmp_path, mail(named(name)))
        assert len(found.name) <= 120
        assert len(found.name.encode()) <= 240
        assert found.name.endswith(".xlsx") == name.endswith(".xlsx")


def test_sizes(tmp_path: Path) -> None:
    data = mail(named("大.xlsx"), named("小.xlsx", b"PK\3\4"))
    found = read(tmp_path, data, Limits(file_size=len(WORKBOOK) - 1))
    assert f"{len(WORKBOOK):,} bytes" in refused(found[0], "oversized")
    assert found[1].data == b"PK\3\4"
    (found_,) = read(tmp_path, data, Limits(part_size=len(data) - 1))
    refused(found_, "oversized")
    assert len(read(tmp_path, data, Limits(part_size=len(data)))) == 2


def test_headers_too_large(tmp_path: Path) -> None:
    (found,) = read(tmp_path, b"From: a@b.cn\r\nX: " + b"x" * 300_000)
    assert "headers" in refused(found, "oversized")
    found_ = read(tmp_path, mail(named("a.xlsx"), b"X: " + b"x\r\n " * 100_000))
    assert [each.name for each in found_] == ["a.xlsx", "a.eml"]
    refused(found_[1], "oversized")


def test_many_parts(tmp_path: Path) -> None:
    limits = Limits(members=50)
    assert len(read(tmp_path, mail(*[named("a.xlsx", b"")] * 47), limits)) == 47
    found = read(tmp_path, mail(*[named("a.xlsx", b"")] * 60), limits)
    assert "more than 50 parts" in refused(found[-1], "oversized")
    assert len(found) == 49


def test_parts_within_parts(tmp_path: Path) -> None:
    def deep(levels: int) -> bytes:
        part = named("a.xlsx")
        for level in range(levels):
            part = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) + part
        return mail(part)

    assert [each.name for each in read(tmp_path, deep(15))] == ["a.xlsx"]
    (found,) = read(tmp_path, deep(400))
    assert "parts within parts" in refused(found, "oversized")


def test_mails_within_mails(tmp_path: Path) -> None:
    def deep(levels: int) -> bytes:
        data = mail(named("a.xlsx"), boundary="x")
        for level in range(levels):
            data = mail(forwarded(data), boundary=f"b{level}")
        return data

    assert [each.name for each in read(tmp_path, deep(5))] == ["a.xlsx"]
    (found,) = read(tmp_path, deep(30))
    assert "mails within mails" in refused(found, "oversized")


def test_the_builders_write_one_boundary_a_mail() -> None:
    assert len(re.findall(rb"\n--x(?:--)?\r\n", mail(named("a.xlsx"), boundary="x"))) == 3
