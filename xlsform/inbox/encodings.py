"""Text and content in the encodings that mail programs and archivers use, or should have used."""

from __future__ import annotations

import binascii
import re

from xlsform.inbox.uuencode import decoded_lines, files
from xlsform.patterns import LazyPattern
from xlsform.reading.file_type import OLE2
from xlsform.spreadsheet.zip_format import MEMBER

#: GB18030 includes GB2312 and GBK, and text that is declared as one of these is often in the next larger. Charsets that
#: are not listed are not believed.
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(
        ("gb2312", "gb_2312-80", "gb-2312", "euc-cn", "gbk", "x-gbk", "cp936", "ms936", "windows-936", "gb18030"),
        "gb18030",
    ),
    **dict.fromkeys(("hz", "hz-gb-2312"), "hz"),
    **dict.fromkeys(("big5", "big5-hkscs", "cp950"), "big5hkscs"),
}
_WORD = LazyPattern(r"=\?([^?\s]*)\?([bBqQ])\?([^?]*)(?:\?=|\Z)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_PADDING = re.compile(rb"=+")
_MOST_PADDING = 200_000
_ONLY_BASE64 = re.compile(rb"=[=\s]*[A-Za-z0-9+/][A-Za-z0-9+/=\r\n]*\s*\Z")
_UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
#: How a zip (also of an .xlsx) and an .xls begin, plain and encoded.
_BEGINS = (
    (MEMBER, "binary"),
    (OLE2, "binary"),
    (b"UEsDB", "base64"),
    (b"0M8R4KGx", "base64"),
    (b"PK=03=04", "quoted-printable"),
)


def decoded(raw: bytes, charset: str = "") -> str:
    """Return text in the charset declared if it is one used for Chinese, else in UTF-8, else in GB18030."""
    for codec in (_CHARSETS.get(charset.partition("*")[0].strip().lower()), "utf-8"):
        if codec is not None:
            try:
                return raw.decode(codec)
            except UnicodeDecodeError:
                continue
    return raw.decode("gb18030", "replace")


def unbase64(data: bytes) -> bytes:
    """Return what was encoded in Base64; where it is damaged, as much as can be had."""
    padding = data.find(b"=")
    # Some programs encode a file piece by piece. What stands behind the first padding would be left out.
    if padding >= 0 and data.count(b"=") < _MOST_PADDING and _ONLY_BASE64.match(data, padding):
        return b"".join(_unbase64(piece) for piece in _PADDING.split(data))
    return _unbase64(data)


def _unbase64(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        clean = _NOT_BASE64.sub(b"", data)
        # A single character that is left over is less than a byte.
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def unencoded(data: bytes | memoryview, coding: str) -> bytes:
    """Return the content of a part of a mail.

    Args:
        data: as it stands in the mail.
        coding: the transfer encoding declared. Where a workbook or an archive begins as in another one, or as in none,
            it is read in that: nothing else begins so.
    """
    begins = bytes(data[:200]).lstrip()
    coding = next((each for start, each in _BEGINS if begins.startswith(start)), coding.strip().strip("\"';,").lower())
    if coding == "base64":
        return unbase64(bytes(data))
    if coding == "quoted-printable":
        return binascii.a2b_qp(data)
    if coding in _UUENCODED:
        content = bytes(data)
        _, start = next(files(content), ("", -1))
        return content if start < 0 else decoded_lines(content, start)
    return bytes(data)


def words(value: str) -> str:
    """Return a header's text with its RFC 2047 words decoded, also where one character is parted over two of them."""
    text: list[str] = []
    run: list[str] = []
    charset = coding = ""
    end = 0
    for word in _WORD.finditer(value):
        gap = value[end : word.start()]
        kind = word[1].lower(), word[2].lower()
        if gap.strip() or kind != (charset, coding):
            text.append(_run(run, charset, coding))
            run = []
            # Blanks between two encoded words only serve to break the line.
            text.append(gap if gap.strip() else "")
        charset, coding = kind
        run.append(word[3])
        end = word.end()
    text.append(_run(run, charset, coding))
    return "".join(text) + value[end:]


def _run(encoded: list[str], charset: str, coding: str) -> str:
    parts = [part.encode("ascii", "replace") for part in encoded]
    if coding == "q":
        return decoded(binascii.a2b_qp(b"".join(parts), header=True), charset)
    # Some programs encode the whole text and cut the result anywhere.
    whole = all(len(part) % 4 == 0 for part in parts[:-1])
    return decoded(b"".join(map(unbase64, parts)) if whole else unbase64(b"".join(parts)), charset)
