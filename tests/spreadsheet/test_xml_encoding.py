"""XML is brought into UTF-8 before anything is counted in it, and is refused in encodings that nobody writes."""

from __future__ import annotations

import pytest

from xlsform.spreadsheet.xml_encoding import ForeignEncodingError, in_utf8
from xlsform.spreadsheet.xml_trees import parse

TEXT = '<a b="1">项目 <c/></a>'


def declared(encoding: str, text: str = TEXT) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        declared("UTF-8").encode(),
        declared("utf-8").encode("utf-8-sig"),
        f"<?xml version='1.0' encoding = 'utf-8' standalone='yes' ?>{TEXT}".encode(),
    ],
)
def test_what_is_in_utf_8_stays_as_it_is(content: bytes) -> None:
    assert in_utf8(content) == content
    assert parse(content).text == "项目 "


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (declared("UTF-16").encode("utf-16"), "项目 "),
        (TEXT.encode("utf-16"), "项目 "),
        (b"\xfe\xff" + declared("utf-16").encode("utf-16-be"), "项目 "),
        (declared("UTF-16").encode("utf-16-le"), "项目 "),
        (declared("GB2312").encode("gb2312"), "项目 "),
        (declared("gbk").encode("gbk"), "项目 "),
        (declared("GB18030").encode("gb18030"), "项目 "),
        (declared("ISO-8859-1", "<a>é</a>").encode("latin-1"), "é"),
    ],
)
def test_what_is_transcoded_declares_nothing_any_more(content: bytes, text: str) -> None:
    assert b"encoding" not in in_utf8(content)
    assert in_utf8(in_utf8(content)) == in_utf8(content)
    assert parse(content).text == text


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"+/v8-" + declared("UTF-7", "<a/>").encode("utf-7"), "UTF-7"),
        (declared("utf-7", "<a/>").encode("ascii"), "utf-7"),
        ("<a/>".encode("utf-32"), "UTF-32"),
        ("<a/>".encode("utf-32-le"), "UTF-32"),
        ("<a/>".encode("utf-32-be"), "UTF-32"),
        (declared("utf-32").encode(), "utf-32"),
        (declared("cp037", "<a/>").encode("cp037"), "EBCDIC"),
        (declared("cp037", "<a/>").encode(), "cp037"),
        (declared("utf-16").encode(), "utf-16"),
        (declared("gbk").encode("utf-8-sig"), "gbk"),
        (declared("ISO-2022-JP", "<a/>").encode(), "ISO-2022-JP"),
        (declared("HZ-GB-2312", "<a/>").encode(), "HZ-GB-2312"),
        (declared("x" * 50, "<a/>").encode(), "x" * 50),
    ],
)
def test_what_nobody_writes_is_refused_by_its_name(content: bytes, named: str) -> None:
    for read in (in_utf8, parse):
        with pytest.raises(ForeignEncodingError) as refused:
            read(content)
        assert refused.value.encoding == named


def test_utf_7_without_a_mark_is_no_xml() -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        parse(b"+ADw-a/+AD4-")


def test_a_declaration_that_is_overlooked_changes_nothing() -> None:
    """The parser takes the part for UTF-8 all the same."""
    hidden = f'<?xml version="1.0"{" " * 500}encoding="UTF-7"?><a>+AGE-</a>'.encode()
    assert in_utf8(hidden) == hidden
    assert parse(hidden).text == "+AGE-"


def test_what_is_not_in_the_encoding_that_it_names() -> None:
    with pytest.raises(UnicodeDecodeError):
        in_utf8(declared("gb2312", "<a>").encode() + b"\xff\xff</a>")
    with pytest.raises(UnicodeDecodeError):
        in_utf8(b"\xff\xfe<")


def test_more_tags_than_any_sheet_has() -> None:
    with pytest.raises(ValueError, match="more than 1,000,000 tags"):
        parse(b"<a>" + b"<b/>" * 1_000_001 + b"</a>")
