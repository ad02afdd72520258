"""XML of a package in UTF-8, whichever encoding it came in.

The format allows UTF-8 and UTF-16, and of 3,800 parts in public workbooks none is in anything else. libxml2 reads some
forty more, and in some of them a few bytes stand for many characters: a part of 1.2 MB in UTF-7 became 1.2 GB of
elements, and no count of its bytes could tell. So a part is brought into UTF-8 before anything is counted in it, and
the parser is told that it is UTF-8 whatever the part declares.
"""

from __future__ import annotations

import codecs

from xlsform.patterns import LazyPattern

_DECLARED = LazyPattern(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([^"'>]{0,60})""")
_SEARCHED = 400
"""Bytes in which a declaration is looked for; one that begins later is not believed, and UTF-8 is taken for granted."""
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_TRANSCODED = {
    # Home-made programs declare these; no byte of them becomes more than two of UTF-8.
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "latin1"), "latin-1"),
}
_BEGINNINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (b"<\0\0\0", "UTF-32"),
    (b"\0\0\0<", "UTF-32"),
    (b"\x4c\x6f\xa7\x94", "EBCDIC"),
    (b"+/v", "UTF-7"),
)
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WIDE_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


class ForeignEncodingError(ValueError):
    """XML in an encoding that no spreadsheet program writes."""

    def __init__(self, encoding: str) -> None:
        super().__init__(f"in the encoding {encoding}")
        self.encoding = encoding


def in_utf8(content: bytes) -> bytes:
    """Return XML in UTF-8: as it is, or transcoded and without its declaration.

    Raises:
        ForeignEncodingError: it is in an encoding that no spreadsheet program writes.
        UnicodeDecodeError: it is not in the encoding that it is said to be in.
    """
    for beginning, name in _BEGINNINGS:
        if content.startswith(beginning):
            raise ForeignEncodingError(name)
    for beginning, codec in (*_WIDE, *_WIDE_UNMARKED):
        if content.startswith(beginning):
            return _undeclared(content.decode(codec))
    marked = content.startswith(codecs.BOM_UTF8)
    found = _DECLARED.match(content[:_SEARCHED], len(codecs.BOM_UTF8) if marked else 0)
    declared = found[1].decode("ascii", "replace").strip() if found else "utf-8"
    if declared.lower() in _UTF8:
        return content
    if marked or declared.lower() not in _TRANSCODED:
        raise ForeignEncodingError(declared)
    return _undeclared(content.decode(_TRANSCODED[declared.lower()]))


def _undeclared(text: str) -> bytes:
    """Return XML without the declaration of the encoding that it is in no more."""
    text = text.lstrip()
    end = text.find("?>") if text.startswith("<?xml") else -1
    return text[end + 2 if end >= 0 else 0 :].encode()
