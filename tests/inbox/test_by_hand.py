"""Mails and archives as the programs of units write them; the builders here agree with the standard library."""

import base64
import email
import email.policy
import io
import zipfile

import pytest
from support.inbox_by_hand import NAME, SHAPES, WORKBOOK, Member, b_words, raw_zip

from xlsform.inbox.encodings import decoded


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"no end"}))
def test_mails_are_what_the_standard_library_reads(shape: str) -> None:
    parsed = email.message_from_bytes(SHAPES[shape](NAME, WORKBOOK), policy=email.policy.compat32)
    bodies = [part.get_payload(decode=True) for part in parsed.walk()]
    assert WORKBOOK in bodies
    assert not [defect for part in parsed.walk() for defect in part.defects]


def test_zips_are_what_the_standard_library_reads() -> None:
    with zipfile.ZipFile(
        io.BytesIO(raw_zip(Member(NAME.encode(), flags=0x800), Member(b"b.txt", b"b", method=0)))
    ) as file:
        assert file.testzip() is None
        assert file.namelist() == [NAME, "b.txt"]


def test_some_words_part_a_character() -> None:
    first = b_words(NAME, "gbk", "gb2312", 29).split(b"?")[3]
    with pytest.raises(UnicodeDecodeError):
        base64.b64decode(first).decode("gbk")
    assert decoded(base64.b64decode(first), "gb2312") != NAME[:15]
