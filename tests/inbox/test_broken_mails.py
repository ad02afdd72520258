"""Mails that are written wrongly: what is in them is read where that is beyond doubt, and told in any case."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.inbox_by_hand import NAME, WORKBOOK, attachment, lines, look, mail, mbox, named, refused, workbook
from support.packages_by_hand import ole2

from xlsform.inbox import Incoming, PassedOver
from xlsform.inbox.automatic import automatic
from xlsform.inbox.encodings import unbase64
from xlsform.inbox.headers import parsed, sender, subject
from xlsform.inbox.large_attachments import large_attachment

HEADER = b"From: zs@x.cn\r\nDate: Mon, 04 Jan 2021 10:30:00 +0800\r\nSubject: =?GBK?Q?=D7=D4=C6=C0=B1=ED?=\r\n"
BOUNDARY = b"----=_NextPart_000_0012_01D6E2A1.5C0F3B80"


def read(folder: Path, data: bytes) -> list[Incoming]:
    (folder / "a.eml").write_bytes(data)
    return look(folder / "a.eml")


def uuencoded(data: bytes, name: str = "a.xlsx", end: bytes = b"`\r\nend\r\n") -> bytes:
    rows = (binascii.b2a_uu(data[start : start + 45], backtick=True) for start in range(0, len(data), 45))
    return b"begin 644 " + name.encode() + b"\r\n" + b"".join(row.rstrip(b"\n") + b"\r\n" for row in rows) + end


def part(header: bytes, body: bytes) -> bytes:
    return b'Content-Disposition: attachment; filename="a.xlsx"\r\n' + header + b"\r\n" + body


def without(what: bytes, data: bytes) -> bytes:
    assert what in data
    return data.replace(what, b"", 1)


WHOLE = mail(named("a.xlsx"))
QP = binascii.b2a_qp(WORKBOOK, istext=False).replace(b"\n", b"\r\n")
PIECES = b"\r\n".join(base64.b64encode(WORKBOOK[start : start + 40]) for start in range(0, len(WORKBOOK), 40))
INNER = mail(named("a.xlsx"), boundary="inner")

#: Broken, and what is in them is beyond doubt.
READ: dict[str, bytes] = {
    "no boundary declared": without(b';\r\n\tboundary="' + BOUNDARY + b'"', WHOLE),
    "another boundary declared": WHOLE.replace(b'boundary="' + BOUNDARY, b'boundary="another', 1),
    "a semicolon lost": WHOLE.replace(b"multipart/mixed;", b"multipart/mixed", 1),
    "no type at all": without(b'Content-Type: multipart/mixed;\r\n\tboundary="' + BOUNDARY + b'"\r\n', WHOLE),
    "only 'multipart'": WHOLE.replace(b"multipart/mixed", b"multipart", 1),
    "never closed": mail(named("a.xlsx"), end=False),
    "a multipart inside, never closed": mail(
        b"Content-Type: multipart/related; boundary=in\r\n\r\n--in\r\n" + named("a.xlsx")
    ),
    "a multipart inside, with the same boundary": mail(
        b'Content-Type: multipart/alternative; boundary="' + BOUNDARY + b'"\r\n\r\n--' + BOUNDARY
        + b"\r\nContent-Type: text/plain\r\n\r\nx\r\n--" + BOUNDARY + b"--\r\n", named("a.xlsx"),
    ),
    "behind the end": b"".join(
        (mail(), b"\r\n--", BOUNDARY, b"\r\n", named("a.xlsx"), b"\r\n--", BOUNDARY, b"--\r\n")
    ),
    "carriage returns alone": WHOLE.replace(b"\r\n", b"\r"),
    "carriage returns alone in the header": HEADER.replace(b"\r\n", b"\r") + b"MIME-Version: 1.0\r" + named("a.xlsx"),
    "two carriage returns": WHOLE.replace(b"\r\n", b"\r\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "UTF-16": without("您好，自评表见附件。".encode("gbk"), WHOLE).decode("ascii").encode("utf-16"),
    "Base64 not declared": mail(part(b"", lines(WORKBOOK))),
    "Base64 declared as 7bit": mail(part(b"Content-Transfer-Encoding: 7bit\r\n", lines(WORKBOOK))),
    "Base64 declared as quoted-printable": mail(
        part(b"Content-Transfer-Encoding: quoted-printable\r\n", lines(WORKBOOK))
    ),
    "Base64 under a name that nobody knows": mail(part(b"Content-Transfer-Encoding: base-64\r\n", lines(WORKBOOK))),
    "quotes around the encoding": mail(part(b'Content-Transfer-Encoding: "base64"\r\n', b"  " + lines(WORKBOOK))),
    "plain bytes declared as Base64": mail(part(b"Content-Transfer-Encoding: base64\r\n", WORKBOOK)),
    "quoted-printable declared as Base64": mail(part(b"Content-Transfer-Encoding: base64\r\n", QP)),
    "Base64 in pieces, each padded": mail(part(b"Content-Transfer-Encoding: base64\r\n", PIECES)),
    "Base64 and the line of a list behind it": mail(
        part(b"Content-Transfer-Encoding: base64\r\n", lines(WORKBOOK) + b"\r\n____\r\nmailing list, unsubscribe\r\n")
    ),
    "called a text": mail(b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(WORKBOOK)),
    "uuencoded in the text": HEADER + b"\r\n" + "您好\r\n".encode("gbk") + uuencoded(WORKBOOK) + b"\r\n-- \r\nx",
    "uuencoded in a text part": mail(b"Content-Type: text/plain\r\n\r\nhello\r\n" + uuencoded(WORKBOOK)),
    "uuencoded in quoted-printable": HEADER + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    + binascii.b2a_qp(uuencoded(WORKBOOK).replace(b"\r\n", b"\n")),
    "uuencoded, with checksums": HEADER + b"\r\n"
    + uuencoded(WORKBOOK).replace(b"\r\n", b"x\r\n").replace(b"a.xlsxx", b"a.xlsx"),
    "uuencoded, without its end": HEADER + b"\r\n" + uuencoded(WORKBOOK, end=b""),
    "uuencoded as an attachment": mail(part(b"Content-Transfer-Encoding: x-uuencode\r\n", uuencoded(WORKBOOK))),
    "sent on three times": mail(
        attachment(mail(attachment(mail(attachment(INNER, b"", "message/rfc822", "8bit"), boundary="c"), b"",
                                   "message/rfc822", "base64"), boundary="b"), b"", "message/rfc822", "8bit")
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", READ)
def test_a_workbook_is_read_where_it_is_beyond_doubt(shape: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, READ[shape])
    assert isinstance(found.data, bytes), found.data
    assert found.data == WORKBOOK


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (HEADER + b"Content-Type: multipart/mixed\r\n\r\nhello\r\n", "damaged", "its parts cannot be told apart"),
        (mail(end=False), "truncated", "is cut off"),
        (HEADER + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\nhello\r\n', "damaged", "cannot be told apart"),
        (HEADER + b"\r\nbegin 644 a.xlsx\r\n\r\n", "not-checkable", "only a text: “自评表”"),
        (HEADER + b"\r\nbegin with this, please\r\nx\r\n", "not-checkable", "only a text"),
        (HEADER + b"Content-Type: text/html\r\n\r\n<p>hello", "not-checkable", "only a text"),
        (HEADER, "not-checkable", "only a text"),
        (mail(named("smime.p7m", b"x", "application/pkcs7-mime")), "not-checkable", "attachments: smime.p7m"),
        (mail(named("winmail.dat", b"\x78\x9f\x3e\x22", "application/ms-tnef")), "not-checkable", "winmail.dat"),
        (mail(named("表.rar", b"Rar!", "application/x-rar")), "not-checkable", "a RAR archive"),
        (mail(named("表.7z", b"7z\xbc\xaf", "application/x-7z")), "not-checkable", "a 7-Zip archive"),
        (mail(attachment(mail(boundary="i"), b"", "message/rfc822", "8bit")), "not-checkable", "attachments: part 3"),
        (HEADER + b"Content-Type: message/partial; id=x; number=1\r\n\r\nUEs", "not-checkable", "attachments: part 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(data: bytes, reason: str, words: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path, data)
    assert words in refused(found, reason)  # type: ignore[arg-type]


def test_base64_cut_off_or_with_junk_is_as_much_as_can_be_had(tmp_path: Path) -> None:
    body = lines(WORKBOOK)
    for change in (body[:-201], body[:300] + b"!" + body[300:], body[:-4] + b"\x00\xff====" + b"\r\n"):
        (found,) = read(tmp_path, WHOLE.replace(body, change))
        assert isinstance(found.data, bytes)
        assert found.data[:200] == WORKBOOK[:200]
    # Whoever sends ten million signs of padding does not make anybody wait.
    begun = time.monotonic()
    unbase64(b"UEsD" + b"= " * 5_000_000)
    assert time.monotonic() - begun < 2


def test_a_workbook_sent_on_beside_documents(tmp_path: Path) -> None:
    inner = mail(named("扫描.pdf", b"%PDF", "application/pdf"), boundary="i")
    (found,) = read(tmp_path, mail(named("a.xlsx"), attachment(inner, b'; name="z.eml"', "message/rfc822", "8bit")))
    assert found.beside == ("z.eml",)
    # A conversation without attachments that hangs below is no document.
    text = attachment(mail(boundary="i"), b'; name="z.eml"', "message/rfc822", "8bit")
    (found,) = read(tmp_path, mail(named("a.xlsx"), text))
    assert found.beside == ()


def test_documents_without_a_return_beside_something_refused_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, mail(named("1.pdf", b"%PDF"), named("a.rar", b"Rar!"), named("2.pdf", b"%PDF")))
    assert [each.name for each in found] == ["a.rar", "1.pdf"]
    assert "1.pdf, 2.pdf" in refused(found[1], "not-checkable")


def test_an_uuencoded_xls_and_two_files(tmp_path: Path) -> None:
    old = ole2({"Workbook": b"\x09\x08" + bytes(5_000)})
    found = read(tmp_path, HEADER + b"\r\n" + uuencoded(WORKBOOK, NAME) + b"\r\n" + uuencoded(old, "b.dat"))
    assert [(each.name, each.data) for each in found] == [(NAME, WORKBOOK), ("b.dat", old)]


# --- links to large attachments

QQ = """<p>见附件</p><div id="attachInfo">从QQ邮箱发来的超大附件</div>
<a href="http://mail.qq.com/cgi-bin/ftnExs_download?k=0b6&amp;t=exs_ftn_download&amp;code=3a7">2021年自评表.zip</a>
(98.35M, 2021年02月03日 10:30 到期)进入下载页面"""
LINKS = {
    QQ: ("QQ mail", ("2021年自评表.zip",)),
    "https://wx.mail.qq.com/ftn/download?func=3&key=1 自评表.xlsx": ("QQ mail", ("自评表.xlsx",)),
    "<a href=https://exmail.qq.com/cgi-bin/ftnExs_download?k=1>自评表.rar</a>从腾讯企业邮箱发来的超大附件": (
        "Tencent's mail for offices (exmail.qq.com)", ("自评表.rar",),
    ),
    "从网易163邮箱发来的云附件 <a href='https://mail.163.com/large-attachment-download/i.html?p=X'>自评表.xlsx</a>": (
        "NetEase mail", ("自评表.xlsx",),
    ),
    "https://dashi.163.com/projects/netease-mail/x.html": ("NetEase mail", ()),
    "链接：https://pan.baidu.com/s/1abc 提取码：1234": ("a service for large files", ()),
    "文件中转站：https://mail.x.gov.cn/coremail/f?id=1 自评表.doc。": ("a service for large files", ("自评表.doc",)),
}  # fmt: skip


@pytest.mark.parametrize("text", LINKS)
def test_a_link_to_a_large_attachment_is_told(text: str, tmp_path: Path) -> None:
    service, names = LINKS[text]
    link = large_attachment(text)
    assert link is not None
    assert (str(link.service), link.names) == (service, names)
    html = b"Content-Type: text/html; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(
        text.encode("gbk")
    )
    (found,) = read(tmp_path, mail(html))
    told = refused(found, "not-checkable")
    assert f"only a link to {service} ({', '.join(names) or 'no file is named'})" in told
    assert "ask for the workbook as an ordinary attachment" in told
    (found,) = read(tmp_path, mail(html, named("a.xlsx")))
    assert found.beside == ((names or (service,)) if link.certain else ())


@pytest.mark.parametrize("text", ["请不要用超大附件", "https://www.x.gov.cn/a.pdf", "see mail.qq.com", ""])
def test_other_texts_link_to_none(text: str) -> None:
    assert large_attachment(text) is None


@pytest.mark.slow
def test_hostile_texts_cost_no_time() -> None:
    for text in ("exmail.qq.com/" * 30_000, "a.xlsx" * 60_000, "<" * 300_000, "x" * 300_000, "mail.sina.com/" * 30_000):
        begun = time.monotonic()
        large_attachment(text + " 超大附件 https://x")
        assert time.monotonic() - begun < 2


# --- mails that nobody wrote


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"Subject: 1", None),
        (b"Auto-Submitted: no", None),
        (b"Auto-Submitted: auto-replied (vacation)", "answer"),
        (b"Auto-Submitted: auto-generated; owner=x", "answer"),
        (b"Precedence: auto_reply", "answer"),
        (b"X-Autoreply: yes", "answer"),
        ("Subject: 自动回复: 自评表".encode(), "answer"),
        ("Subject: 【自动回复】您好".encode(), "answer"),
        (b"Subject: Automatic reply: x", "answer"),
        (b"Subject: Out of office", "answer"),
        ("Subject: 关于自动回复的通知".encode(), None),
        ("Subject: 已读: 自评表".encode(), "report"),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x", "report"),
        ("From: Postmaster@163.com\nSubject: 系统退信".encode(), "report"),
        (b"From: Mail Delivery System <MAILER-DAEMON@x.cn>\nSubject: Undelivered Mail Returned to Sender", "report"),
        ("From: postmaster@x.gov.cn\nSubject: 自评表".encode(), None),
        ("From: zs@x.cn\nSubject: 退信后重新报送".encode(), None),
    ],
)
def test_mails_that_nobody_wrote(header: bytes, kind: str | None) -> None:
    fields = parsed(header)
    assert automatic(fields, sender(fields), subject(fields)) == kind


def aside(folder: Path, data: bytes) -> tuple[list[Incoming], list[PassedOver]]:
    said: list[PassedOver] = []
    (folder / "a.eml").write_bytes(data)
    return look(folder / "a.eml", passed_over=said), said


def test_a_delivery_report_says_whom_it_is_about(tmp_path: Path) -> None:
    status = attachment(
        b"Reporting-MTA: dns; mx.x.cn\r\n\r\nFinal-Recipient: rfc822; sl@example.cn\r\nAction: failed\r\n",
        b"", "message/delivery-status", "7bit",
    )  # fmt: skip
    sent = attachment(mail(named("a.xlsx"), boundary="i"), b"", "message/rfc822", "8bit")
    for data in (
        mail(status, sent, kind="report; report-type=delivery-status"),
        mail(status, sent, sender=b"postmaster@x.cn", subject="系统退信".encode()),
    ):
        found, said = aside(tmp_path, data)
        assert found == []
        assert [str(each.message) for each in said] == [
            f"{tmp_path / 'a.eml'}: a delivery report on the mail to sl@example.cn"
        ]


def test_an_automatic_mail_that_brings_something_is_looked_at(tmp_path: Path) -> None:
    marked = b"Auto-Submitted: auto-generated\r\n"
    found, said = aside(tmp_path, mail(named("a.xlsx"), more=marked))
    assert ([each.name for each in found], said) == (["a.xlsx"], [])
    found, said = aside(tmp_path, mail(named("自评表.pdf", b"%PDF", "application/pdf"), more=marked))
    assert "attachments: 自评表.pdf" in refused(found[0], "not-checkable")
    assert said == []


# --- mailboxes with lines that other programs do not write

Shape = Callable[[list[bytes]], bytes]
MAILS = [
    mail(named("表.xlsx", workbook(str(number))), boundary=f"b{number}").replace(b"\r\n", b"\n") for number in range(3)
]
MAILBOXES = {
    "addresses alone": b"".join(b"From zs@x.cn\n" + each + b"\n" for each in MAILS),
    "as Eudora writes it": b"".join(b"From ???@??? Mon Jan 04 10:00:00 2021\n" + each + b"\n" for each in MAILS),
    "nobody": b"".join(b"From -\n" + each + b"\n" for each in MAILS),
    "the first line is lost": mbox(MAILS).partition(b"\n")[2],
    "the first line is odd": mbox(MAILS).replace(b"From zs@x.cn Mon Jan  4 10:00:00 2021", b"From the office", 1),
    "blank lines first": b"\n\n" + mbox(MAILS),
}


@pytest.mark.parametrize("shape", MAILBOXES)
def test_each_mail_of_a_mailbox_with_odd_lines(shape: str, tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(MAILBOXES[shape])
    assert [each.data for each in look(tmp_path / "a.mbox")] == [workbook(str(number)) for number in range(3)]


def test_what_stands_before_the_first_mail_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(b"no mail\n\n" + mbox(MAILS))
    found = look(tmp_path / "a.mbox")
    assert "this is not a mail" in refused(found[0], "damaged")
    assert [each.data for each in found[1:]] == [workbook(str(number)) for number in range(3)]


def test_a_mail_named_as_a_mailbox(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(WHOLE)
    (found,) = look(tmp_path / "a.mbox")
    assert found.data == WORKBOOK
