"""Mails and archives as the programs write them that units use."""

import base64
import binascii
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from support.packages_by_hand import cells, parts, zipped

from xlsform.inbox import Incoming, PassedOver, incoming
from xlsform.reading import Limits
from xlsform.reading.workbook import Reason, Unreadable

NAME = "项目支出绩效自评表（2021年度）_张家口市桥东区卫生健康局.xlsx"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DATE = "Mon, 04 Jan 2021 10:30:00 +0800"


@cache
def workbook(text: str = "自评") -> bytes:
    """A workbook; each text makes another, the same each time."""
    return zipped(parts(cells('<c r="A1" t="s"><v>0</v></c>'), f"<si><t>{text}</t></si>"))


WORKBOOK = workbook()


def look(*paths: Path, limits: Limits | None = None, passed_over: list[PassedOver] | None = None) -> list[Incoming]:
    mails: list[PassedOver] = [] if passed_over is None else passed_over
    found = list(incoming(paths, limits or Limits(), mails.append))
    assert found or mails, "nothing is lost without a word"
    assert len({each.origin for each in found}) == len(found), "origins tell returns apart"
    return found


def refused(found: Incoming, reason: Reason) -> str:
    """The detail of a return that could not be had."""
    assert isinstance(found.data, Unreadable), found.origin
    assert found.data.reason == reason, found.data
    return str(found.data.detail)


def lines(data: bytes, ending: bytes = b"\r\n") -> bytes:
    return ending.join(base64.encodebytes(data).splitlines())


def b_words(text: str, charset: str, label: str, size: int = 30) -> bytes:
    """RFC 2047 words that part the encoded bytes anywhere, as Outlook and QQ mail do it."""
    raw = text.encode(charset)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    return b"\r\n\t".join(b"=?%s?B?%s?=" % (label.encode(), base64.b64encode(piece)) for piece in pieces)


def q_words(text: str, charset: str) -> bytes:
    encoded = "".join(
        f"={byte:02X}" if byte > 126 or byte == 95 else chr(byte).replace(" ", "_") for byte in text.encode(charset)
    )
    return b"=?%s?Q?%s?=" % (charset.encode(), encoded.encode())


def attachment(data: bytes, header: bytes, kind: str = XLSX, coding: str = "base64") -> bytes:
    """A part; its header lacks type, encoding and the blank line."""
    body = lines(data) if coding == "base64" else data
    return b"Content-Type: %s%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (
        kind.encode(), header, coding.encode(), body,
    )  # fmt: skip


def named(name: str, data: bytes = WORKBOOK, kind: str = XLSX) -> bytes:
    """A part with its name as raw UTF-8."""
    return attachment(data, b'\r\nContent-Disposition: attachment; filename="%s"' % name.encode(), kind)


TEXT = b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "您好，自评表见附件。\r\nFrom here on: nothing\r\n".encode(
    "gbk"
)


def mail(
    *pieces: bytes,
    sender: bytes = b"=?gb2312?B?1cXI/Q==?= <zs@x.cn>",
    subject: bytes = b"=?GBK?Q?=D7=D4=C6=C0=B1=ED?=",
    boundary: str = "----=_NextPart_000_0012_01D6E2A1.5C0F3B80",
    end: bool = True,
    more: bytes = b"",
    kind: str = "mixed",
) -> bytes:
    header = (
        b"Received: from mail.x.cn (unknown [10.0.0.1])\r\n\tby mx.y.cn; " + DATE.encode() + b"\r\nFrom: " + sender
        + b"\r\nTo: <office@y.cn>\r\nSubject: " + subject + b"\r\nDate: " + DATE.encode() + b"\r\n" + more
        + b"MIME-Version: 1.0\r\nContent-Type: multipart/" + kind.encode()
        + b';\r\n\tboundary="' + boundary.encode() + b'"\r\n\r\nThis is a multi-part message in MIME format.\r\n'
    )  # fmt: skip
    body = b"".join(b"\r\n--" + boundary.encode() + b"\r\n" + piece for piece in (TEXT, *pieces))
    return header + body + (b"\r\n--" + boundary.encode() + b"--\r\n" if end else b"\r\n")


def _outlook(name: str, data: bytes) -> bytes:
    words = b_words(name, "gbk", "gb2312", 29)
    header = b';\r\n\tname="%s"\r\nContent-Disposition: attachment;\r\n\tfilename="%s"' % (words, words)
    return mail(attachment(data, header), more=b"X-Mailer: Microsoft Outlook 16.0\r\n")


def _foxmail(name: str, data: bytes) -> bytes:
    words = b_words(name, "gbk", "GBK")
    header = b';\r\n\tname="%s"\r\nContent-Disposition: attachment;\r\n\tfilename="%s"' % (words, words)
    part = attachment(data, header, "application/octet-stream")
    return mail(part, boundary="----=_001_NextPart612354801224_=----", more=b"X-Mailer: Foxmail 7.2.20\r\n")


def _qq(name: str, data: bytes) -> bytes:
    words = b_words(name, "gb18030", "gb18030", 45)
    header = b';\r\n\tcharset="gb18030";\r\n\tname="%s"\r\nContent-Disposition: attachment; filename="%s"' % (
        words,
        words,
    )
    part = attachment(data, header, "application/octet-stream")
    return mail(part, boundary="----=_NextPart_5FF28A1C_0F0D5B28_4A1B", more=b"X-QQ-MIME: TCMime 1.0 by Tencent\r\n")


def _wps(name: str, data: bytes) -> bytes:
    header = b'; name="%s"\r\nContent-Disposition: attachment; filename="____.xlsx"; filename*=UTF-8\'\'%s' % (
        b_words(name, "utf-8", "UTF-8", 30),
        quote(name).encode(),
    )
    return mail(attachment(data, header))


def _thunderbird(name: str, data: bytes) -> bytes:
    """RFC 2231 in sections, the sections not in their order, one of them not encoded."""
    stem = quote(name.removesuffix(".xlsx"))
    cuts = [stem[start : start + 40] for start in range(0, len(stem), 40)]
    sections = [b" filename*0*=UTF-8''" + cuts[0].encode()]
    sections += [b" filename*%d*=%s" % (index, cut.encode()) for index, cut in enumerate(cuts[1:], 1)]
    sections.insert(1, b' filename*%d=".xlsx"' % len(cuts))
    return mail(attachment(data, b"\r\nContent-Disposition: attachment;\r\n" + b";\r\n".join(sections)))


def _rfc2231_gbk(name: str, data: bytes) -> bytes:
    return mail(
        attachment(
            data,
            b"\r\nContent-Disposition: attachment; filename*=gb2312'zh-cn'%s" % quote(name, encoding="gbk").encode(),
        )
    )


def _raw(charset: str) -> Callable[[str, bytes], bytes]:
    def write(name: str, data: bytes) -> bytes:
        raw = name.encode(charset)
        return mail(attachment(data, b'; name="%s"\r\nContent-Disposition: attachment; filename="%s"' % (raw, raw)))

    return write


def _quoted_printable(name: str, data: bytes) -> bytes:
    body = binascii.b2a_qp(data, istext=False).replace(b"\n", b"\r\n")
    header = b'\r\nContent-Disposition: attachment; filename="%s"' % q_words(name, "utf-8")
    return mail(attachment(body, header, coding="quoted-printable"))


def _browser(name: str, data: bytes) -> bytes:
    return mail(attachment(data, b'\r\nContent-Disposition: attachment; filename="%s"' % quote(name).encode()))


def _no_end(name: str, data: bytes) -> bytes:
    header = b'\r\nContent-Disposition: attachment; filename="%s"' % b_words(name, "gbk", "gb2312")
    return mail(attachment(data, header), end=False)


def _unix(name: str, data: bytes) -> bytes:
    return _outlook(name, data).replace(b"\r\n", b"\n")


def _alone(name: str, data: bytes) -> bytes:
    """No multipart at all: the mail is the workbook."""
    part = attachment(data, b'; name="%s"' % b_words(name, "gbk", "gb2312"))
    return b"From: =?gb2312?B?1cXI/Q==?= <zs@x.cn>\r\nDate: %s\r\n" % DATE.encode() + part


def _nested(name: str, data: bytes) -> bytes:
    """mixed(related(alternative(text, html), picture), workbook), boundaries beginning alike."""
    picture = b'\r\nContent-ID: <1>\r\nContent-Disposition: inline; filename="image001.png"'
    inner = b"Content-Type: multipart/related; boundary=b1\r\n\r\n--b1\r\n" + TEXT + b"\r\n--b1\r\n"
    inner += attachment(b"\x89PNG", picture, "image/png") + b"\r\n--b1--\r\n"
    return mail(inner, attachment(data, b'; name="%s"' % q_words(name, "gbk")), boundary="b")


SHAPES: dict[str, Callable[[str, bytes], bytes]] = {
    "Outlook": _outlook,
    "Foxmail": _foxmail,
    "QQ mail": _qq,
    "WPS mail": _wps,
    "Thunderbird": _thunderbird,
    "RFC 2231 in GBK": _rfc2231_gbk,
    "raw GBK": _raw("gbk"),
    "raw UTF-8": _raw("utf-8"),
    "quoted-printable": _quoted_printable,
    "percent signs": _browser,
    "no end": _no_end,
    "line feeds only": _unix,
    "no multipart": _alone,
    "nested": _nested,
}


class Member(NamedTuple):
    """A member of a zip as its directory has it, right or wrong."""

    name: bytes
    data: bytes = WORKBOOK
    flags: int = 0
    method: int = 8
    size: int | None = None
    checksum: int | None = None
    extra: bytes = b""
    packed: bytes | None = None
    offset: int | None = None


def raw_zip(*members: Member, count: int | None = None) -> bytes:
    """A zip written byte by byte."""
    body, directory = bytearray(), bytearray()
    for member in members:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = member.packed
        if packed is None:
            packed = packer.compress(member.data) + packer.flush() if member.method == 8 else member.data
        size = len(member.data) if member.size is None else member.size
        checksum = zlib.crc32(member.data) if member.checksum is None else member.checksum
        shared = struct.pack("<5H3I", 20, member.flags, member.method, 0, 0x5224, checksum, len(packed), size)
        offset = len(body) if member.offset is None else member.offset
        body += b"PK\3\4" + shared + struct.pack("<2H", len(member.name), 0) + member.name + packed
        lengths = struct.pack("<5H2I", len(member.name), len(member.extra), 0, 0, 0, 0, offset)
        directory += b"PK\1\2" + struct.pack("<H", 20) + shared + lengths + member.name + member.extra
    number = len(members) if count is None else count
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, number, number, len(directory), len(body), 0)
    return bytes(body + directory + end)


def mbox(messages: Sequence[bytes]) -> bytes:
    return b"".join(
        b"From zs@x.cn Mon Jan  4 10:00:00 2021\n" + each.replace(b"\r\n", b"\n") + b"\n" for each in messages
    )
