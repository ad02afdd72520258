"""Text files in the encodings that people save them in."""

from __future__ import annotations

import pytest

from xlsform.reading.text_encodings import decoded_text

TEXT = "项目编码,项目名称\r\nP1,养护"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "gb2312"])
def test_a_text_is_read_in_its_encoding(encoding: str) -> None:
    assert decoded_text(TEXT.encode(encoding)) == TEXT


def test_both_orders_of_utf_16_are_told_by_their_mark() -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert decoded_text(mark + TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("data", [b"\xff\xfea", b"\0\1\2", b"\x80\xff\xff", TEXT.encode("utf-16-le")])
def test_what_is_no_text_is_told(data: bytes) -> None:
    assert decoded_text(data) is None
