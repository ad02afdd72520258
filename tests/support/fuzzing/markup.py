"""Changes of what people and programs write as text: XML, JSON, tables with separators, mails."""

from __future__ import annotations

import base64
import binascii
import random
import re
from collections.abc import Sequence

_NUMBERS = ("-1", "0", "1", "1e308", "1e-400", "1e99999999", "nan", "inf", "99999999999999999999", "1_0", "٣")

#: What means something in a part of a workbook, or is at the end of a range.
XML_WORDS = [
    *(
        f'{name}="{value}"'
        for name in ("r", "s", "t", "si", "ref", "sqref", "min", "max", "ht", "hidden", "r:id")
        for value in ("0", "A1", "-1")
    ),
    *("A1", "XFD1048576", "A0", "A1:XFD1048576", "1:1", "A:A", "$A$1", "A1 A1", "#REF!", "s", "str", "b", "e", "d", "n",
      "shared", "inlineStr"),
    *_NUMBERS,
    *("_xD800_", "_x0000_", "&amp;", "&#0;", "&a;", "\0"),
    *("<c/>", "<row/>", "<v>1</v>", "<f>A1</f>", '<f t="shared" si="0"/>', "<is><t>x</t></is>", "<r><t>y</t></r>",
      "<rPh><t>z</t></rPh>"),
    *("<!--x-->", "<?x?>", "<![CDATA[x]]>", "<!DOCTYPE a>", '<mergeCell ref="A1:B2"/>',
      '<Relationship Id="rId1" Target="" Type=""/>'),
    *('<?xml version="1.0" encoding="UTF-7"?>', '<?xml version="1.0" encoding="utf-16"?>', "+ADw-a+AD4-"),
]  # fmt: skip
ODF_WORDS = [
    *XML_WORDS,
    *(
        f'table:number-{kind}-repeated="{value}"'
        for kind in ("rows", "columns")
        for value in ("0", "-1", "3", "1048576", "4294967296", "x")
    ),
    *('office:value-type="float"', 'office:value-type="date"', 'office:value-type="time"',
      'office:value-type="percentage"', 'office:value-type="boolean"', 'office:value-type="x"', 'office:value="x"',
      'office:date-value="2021-13-99"', 'office:time-value="PT99H"', 'table:formula="of:=[.A1]"'),
    *("<table:covered-table-cell/>", "<text:p>x</text:p>", "<text:s text:c='99999'/>", '<table:table table:name="x"/>',
      "<table:table-row/>", "<table:table-cell/>"),
]  # fmt: skip
_TAG = re.compile(rb"<[^<>]*>")
_VALUE = re.compile(rb'"[^"]*"|>[^<]+<')


def xml(data: bytes, chance: random.Random, words: Sequence[str] = XML_WORDS) -> bytes:
    """Return a part with one tag or value in it gone, doubled, swapped or replaced."""
    tags, values = list(_TAG.finditer(data)), list(_VALUE.finditer(data))
    what = chance.randrange(4)
    if what == 1 and values:
        place = chance.choice(values)
        return data[: place.start() + 1] + chance.choice(words).encode() + data[place.end() - 1 :]
    if not tags:
        return data + chance.choice(words).encode()
    tag = chance.choice(tags)
    if what == 0:
        return data[: tag.start()] + chance.choice([b"", tag[0] * 2, chance.choice(tags)[0]]) + data[tag.end() :]
    if what == 2 and len(tags) > 1:
        start, end = sorted(chance.sample(range(len(tags)), 2))
        piece = data[tags[start].start() : tags[end].end()]
        return data[: tags[end].end()] + piece + data[tags[end].end() :]
    return data[: tag.end()] + chance.choice(words).encode() + data[tag.end() :]


def odf(data: bytes, chance: random.Random) -> bytes:
    """Return the same for a part of an .ods."""
    return xml(data, chance, ODF_WORDS)


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+]?[0-9][0-9.eE+-]*|[{}\[\],:]|[a-zA-Z]+')
JSON_WORDS = [
    *(word.encode() for word in _NUMBERS),
    *(b"{}", b"[]", b"null", b"true", b'""', b'" "', b'"x"', b'"\\ud800"', b'"\\u0000"', b'"\\n"', b'"=1+1"', b"NaN"),
    *(b"[[]]", b"{\"\": {}}", b"[" * 500 + b"]" * 500, b"-0.0", b"1e400", "\"项目编码\"".encode(), b"0.1", b"1E+2"),
    *('"≥100%"'.encode(), '"2021年"'.encode(), '"１２"'.encode(), b'"1,000"', b'"$"', b'"$ref"', b'"extends"'),
]  # fmt: skip


def json_text(data: bytes, chance: random.Random) -> bytes:
    """Return JSON with a token replaced, a value put in the place of another, or a key given twice."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data + chance.choice(JSON_WORDS)
    first = chance.choice(tokens)
    value = _value_from(data, first.start())
    what = chance.randrange(6)
    if what == 0:
        return data[: first.start()] + chance.choice(JSON_WORDS) + data[first.end() :]
    if what == 1:
        return data[: first.start()] + data[first.end() :]
    if what == 2:
        other = _value_from(data, chance.choice(tokens).start())
        return data[: first.start()] + other + data[first.start() + len(value) :]
    if what == 3:
        return data[: first.start()] + value + b", " + data[first.start() :]
    if what == 4 and first[0].startswith(b'"'):
        return data[: first.start()] + first[0] + b": " + chance.choice(JSON_WORDS) + b", " + data[first.start() :]
    return data[: first.start()] + chance.choice([b"[%s]", b'{"x": %s}']) % value + data[first.start() + len(value) :]


def _value_from(data: bytes, start: int) -> bytes:
    """Return the value that begins there: a token, or an object or array as far as its end."""
    level, end = 0, start
    for token in _TOKEN.finditer(data, start):
        level += (token[0] in b"{[") - (token[0] in b"}]")
        end = token.end()
        if level <= 0:
            break
    return data[start:end]


_CELLS = re.compile(rb"[^,;\t\r\n]+|[,;\t\r\n]")
CSV_WORDS = [
    *(b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b'""', b'"a\nb"', b"sep=;\n", b'="001"', b"\0", b" ", b"|"),
    *(word.encode() for word in _NUMBERS),
    *("，".encode(), "（万元）".encode(), "≥100%".encode(), "项目编码".encode(), b"100%", b"\xef\xbb\xbf"),
    *(b"=1+1", b"@x", b"x" * 1_000, b"1,000.5", b"2021-01-01", "１２３".encode(), "\u202e".encode()),
    *(b"\xff", b"\x81\x30"),
]  # fmt: skip


def table(data: bytes, chance: random.Random) -> bytes:
    """Return a table with a cell replaced, swapped, doubled or gone, a line doubled, or its encoding another."""
    cells = list(_CELLS.finditer(data))
    what = chance.randrange(6)
    if what == 0 or not cells:
        place = chance.randrange(len(data) + 1)
        return data[:place] + chance.choice(CSV_WORDS) + data[place:]
    cell = chance.choice(cells)
    if what == 1:
        lines = data.splitlines(keepends=True)
        number = chance.randrange(len(lines))
        lines.insert(chance.randrange(len(lines) + 1), lines[number])
        return b"".join(lines)
    if what == 2 and chance.random() < 0.2:
        coding = chance.choice(["gb18030", "utf-16", "utf-8-sig", "utf-16-be"])
        return data.decode("utf-8", "replace").encode(coding)
    new = (b"", chance.choice(CSV_WORDS), cell[0] * 2, chance.choice(cells)[0])[chance.randrange(4)]
    return data[: cell.start()] + new + data[cell.end() :]


MAIL_WORDS = [
    *(b"\r\n", b"\n", b"\r", b"\n\n", b"--b\r\n", b"--b--\r\n", b"\r\n--b\r\n", b"--", b";", b'"', b"=", b"*0*="),
    *(b"=?gb2312?B?", b"=?utf-8?Q?=E8=87?=", b"?=", b"=?x?B?!!!?=", b"=?utf-7?Q?+AGE-?=", b"filename*=UTF-8''%E8%87"),
    *(b"filename*1*=%", b"filename*0=", b"name=a.xlsx", b"boundary=b", b'boundary=""', b"boundary"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", b"Content-Type: message/rfc822\r\n\r\n"),
    *(b"Content-Type: application/ms-tnef\r\n", b"Content-Type: multipart/report; boundary=b\r\n\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n"),
    *(b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Transfer-Encoding: binary\r\n\r\n"),
    *(b'Content-Disposition: attachment; filename="../a.xlsx"\r\n', b"From: \r\n", b"From: a <b@c>, d <e@f>\r\n"),
    *(b"Date: Mon, 99 Jan 2021 99:00:00 +9900\r\n", b"Date: Thu, 01 Jan 9999 00:00:00 -9999\r\n", b"Date: x\r\n"),
    *(b"\nFrom a@b Mon Jan  4 10:00:00 2021\n", b"From - Mon Jan  4 10:00:00 2021\n", b"begin 644 a.xlsx\r\n", b"\0"),
    *(b"image/png", b"text/html", b"application/octet-stream", b"%00", b"a.zip", b"a.eml", b"winmail.dat", b"a.rar"),
]  # fmt: skip
_LINE = re.compile(rb"[^\n]*\n?")


def mail(data: bytes, chance: random.Random) -> bytes:
    """Return a mail with a line moved, doubled or gone, other line ends, a word put in, or parts within parts."""
    lines = _LINE.findall(data)[:-1] or [b"\n"]
    number = chance.randrange(len(lines))
    what = chance.randrange(12)
    if what == 0:
        return data.replace(b"\r\n", chance.choice([b"\n", b"\r", b"\n\r", b"\r\r\n"]))
    if what == 1:
        del lines[number]
    elif what == 2:
        lines.insert(chance.randrange(len(lines) + 1), lines[number])
    elif what == 3:
        other = chance.randrange(len(lines))
        lines[number], lines[other] = lines[other], lines[number]
    elif what == 4:
        start, end = sorted((number, chance.randrange(len(lines))))
        place = chance.randrange(len(lines) + 1)
        lines[place:place] = lines[start:end]
    elif what == 5:
        start, end = sorted((number, chance.randrange(len(lines))))
        del lines[start:end]
    elif what == 6:
        return _within(data, chance)
    elif what == 7:
        return data[: chance.randrange(len(data) + 1)]
    elif what == 8:
        lines[number] = _recoded(lines[number], chance)
    else:
        line = lines[number]
        start, end = sorted(chance.randrange(len(line) + 1) for _ in range(2))
        lines[number] = line[:start] + chance.choice(MAIL_WORDS) + line[end if chance.random() < 0.5 else start :]
    return b"".join(lines)


def _within(data: bytes, chance: random.Random) -> bytes:
    """Return a mail that brings the mail as its attachment, or as one of its parts."""
    head = b"From: a@b\r\nSubject: Fw\r\nMIME-Version: 1.0\r\n"
    if chance.random() < 0.5:
        return head + b"Content-Type: message/rfc822\r\n\r\n" + data
    kind = chance.choice([b"mixed", b"related", b"report", b"digest"])
    return head + b"Content-Type: multipart/%s; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b--\r\n" % (kind, data)


def _recoded(line: bytes, chance: random.Random) -> bytes:
    text = line.rstrip(b"\r\n")
    what = chance.randrange(4)
    if what == 0:
        return b"=?gb2312?B?%s?=\r\n" % base64.b64encode(text)
    if what == 1:
        return binascii.b2a_qp(text) + b"\r\n"
    if what == 2:
        return b"begin 644 a.xlsx\r\n" + binascii.b2a_uu(text[:45]) + b"`\r\nend\r\n"
    return base64.b64encode(text) + b"\r\n"
