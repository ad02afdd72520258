"""Names, headers and text in whatever encoding a program chose."""

import base64
import string
import unicodedata
from datetime import UTC
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlsform.inbox.encodings import decoded, unbase64, words
from xlsform.inbox.headers import file_name, parameters, parsed, sender, sent, subject
from xlsform.inbox.names import safe, shown, steps

CHINESE = st.text(st.sampled_from("项目支出绩效自评表张家口市镕喆（）2021_-. "), min_size=1, max_size=60)


@given(st.text(max_size=400))
@example("\ud800" * 200)
@example("a" + "\u0301" * 300)
@example("." * 300 + "xlsx")
@example("\u200b.xlsx")
@example("ﷺ" * 119)
def test_a_safe_name_is_safe(name: str) -> None:
    found = safe(name)
    assert len(found) <= 120
    assert len(found.encode()) <= 240
    assert not set(found) & set('/\\:*?"<>|\0')
    assert not found.endswith((".", " "))
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in found)
    assert safe(found) == found


@given(st.lists(st.text(max_size=20), max_size=12), st.sampled_from("/\\"))
def test_steps_never_lead_outside(parts: list[str], slash: str) -> None:
    found = steps(slash.join(parts))
    assert len(found) <= 9
    assert all(part and part not in (".", "..") and "/" not in part and "\\" not in part for part in found)
    assert not (found and found[0][1:2] == ":")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("C:\\a\\表.xlsx", ("a", "表.xlsx")),
        ("C:表.xlsx", ("表.xlsx",)),
        ("项目a:b/c:d.xlsx", ("项目a_b", "c_d.xlsx")),
        ("../C:/x.xlsx", ("C_", "x.xlsx")),
        ("~/x.xlsx", ("~", "x.xlsx")),
        ("", ()),
    ],
)
def test_steps(path: str, found: tuple[str, ...]) -> None:
    assert steps(path) == found


@given(CHINESE)
def test_sound_names_stay(name: str) -> None:
    expected = shown(name).rstrip(". ")
    assert safe(name) == (expected if len(expected.encode()) <= 240 else safe(expected))


@given(CHINESE, st.sampled_from(["gbk", "gb18030", "utf-8"]))
def test_raw_bytes(text: str, charset: str) -> None:
    # Some characters alone are sound UTF-8 too, in GBK; one that is not settles it.
    text = f"出{text}"
    assert decoded(text.encode(charset)) == text


@pytest.mark.parametrize("label", ["gb2312", "GBK", "gb18030", "x-gbk", "CP936", "GB2312*zh-cn", " gb2312 "])
def test_every_label_of_gb18030_holds_all_of_it(label: str) -> None:
    assert decoded("镕喆𠮷㐀".encode("gb18030"), label) == "镕喆𠮷㐀"


@pytest.mark.parametrize(
    "label", ["iso-8859-1", "us-ascii", "unicode_escape", "idna", "zip", "nonsense", "\0", "x" * 9999]
)
def test_other_labels_are_not_believed(label: str) -> None:
    assert decoded("表".encode("gbk"), label) == "表"
    assert decoded("表".encode(), label) == "表"


def test_other_charsets_of_chinese() -> None:
    assert decoded("自評表".encode("big5"), "Big5") == "自評表"
    assert decoded("自评表".encode("hz"), "HZ-GB-2312") == "自评表"
    assert decoded("自评表".encode(), "gb2312") != ""
    assert decoded("自评表".encode("gbk"), "utf-8") == "自评表"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_become_text(raw: bytes, label: str) -> None:
    assert isinstance(decoded(raw, label), str)


@given(CHINESE.filter(str.strip), st.integers(1, 40), st.sampled_from(["gbk", "utf-8", "gb18030"]), st.booleans())
def test_words_parted_anywhere(text: str, size: int, charset: str, text_first: bool) -> None:
    """Bytes parted and then encoded, or encoded and the outcome parted."""
    raw = text.encode(charset)
    if text_first:
        whole = base64.b64encode(raw).decode()
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    else:
        pieces = [base64.b64encode(raw[start : start + size]).decode() for start in range(0, len(raw), size)]
    assert words(" ".join(f"=?{charset}?B?{piece}?=" for piece in pieces)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a=5Fb_c?=", "a_b c"),
        ("Re: =?utf-8?B?6KGo?= (2)", "Re: 表 (2)"),
        ("=?utf-8?B?6KGo?=\t=?gbk?B?se0=?=", "表表"),
        ("=?utf-8?B?6KGo?==?utf-8?B?6KGo?=", "表表"),
        ("=?utf-8?B?6KGo?=a=?utf-8?B?6KGo?=", "表a表"),
        ("=?utf-8?B?6KGo", "表"),
        ("=?utf-8?B?6KG?=", "琛"),
        ("=?utf-8?B??=", ""),
        ("=?utf-8?x?6KGo?=", "=?utf-8?x?6KGo?="),
        ("=?? ==??=", "=?? ==??="),
        ("=?gb2312?B?JSUl!?=", "%%%"),
    ],
)
def test_words(value: str, text: str) -> None:
    assert words(value) == text


@given(st.binary(max_size=100))
def test_base64(data: bytes) -> None:
    assert unbase64(base64.encodebytes(data)) == data
    assert unbase64(base64.b64encode(data).rstrip(b"=")) == data


@given(st.binary(max_size=100))
def test_damaged_base64_never_raises(data: bytes) -> None:
    assert isinstance(unbase64(data), bytes)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('a; b="c;d"; e=f', {"b": "c;d", "e": "f"}),
        ("a; B = c ;D=", {"b": "c", "d": ""}),
        ('a; b="c\\"d\\\\e"', {"b": 'c"d\\e'}),
        ('a; b="C:\\表.xlsx"', {"b": "C:\\表.xlsx"}),
        ('a; b="c', {"b": "c"}),
        ("a; b=1; b=2", {"b": "1"}),
        ("a; b*=utf-8''%E8%A1%A8; b=plain", {"b": "表"}),
        ("a; b=plain; b*=gbk'zh'%B1%ED", {"b": "表"}),
        ("a; b*1*=%A1%A8; b*0*=utf-8''%E8", {"b": "表"}),
        ("a; b*0=x; b*1=y; b*2*=%41", {"b": "xyA"}),
        ("a; b*0*=''%B1; b*1*=%ED", {"b": "表"}),
        ("a; b*=%E8%A1%A8", {"b": "表"}),
        ("a; b*0=100%25; b*1=z", {"b": "100%25z"}),
        ("a; b*=utf-8''a; b*0=b", {"b": "ab"}),
        ("a; b*99999999999=c", {"b*99999999999": "c"}),
        ("a; b=c d.xlsx; e=f", {"b": "c d.xlsx", "e": "f"}),
        (';;;=;";="', {}),
        ("", {}),
    ],
)
def test_parameters(value: str, found: dict[str, str]) -> None:
    assert parameters(value) == found


@given(st.text(string.ascii_letters + "*'=;\"\\%0123 \t表", max_size=200))
def test_parameters_never_raise(value: str) -> None:
    assert all(isinstance(name, str) for name in parameters(value))


@pytest.mark.parametrize(
    ("block", "name"),
    [
        (b'Content-Disposition: attachment; filename="a.xlsx"\r\nContent-Type: x/y; name="b.xlsx"', "a.xlsx"),
        (b'Content-Disposition: attachment\r\nContent-Type: x/y; name="b.xlsx"', "b.xlsx"),
        (b'Content-Disposition: attachment; filename="???.xlsx"\r\nContent-Type: x/y; name="b.xlsx"', "b.xlsx"),
        (b'Content-Disposition: attachment; filename="???.xlsx"', "???.xlsx"),
        (b"content-disposition:attachment;\r\n filename=\r\n a.xlsx", "a.xlsx"),
        (b'Content-Disposition: attachment; filename="95%.xlsx"', "95%.xlsx"),
        (b'Content-Disposition: attachment; filename="a%20b.xlsx"', "a%20b.xlsx"),
        (b'Content-Disposition: attachment; filename="' + quote("表.xlsx").encode() + b'"', "表.xlsx"),
        (
            b'Content-Disposition: attachment; filename="' + quote("表.xlsx", encoding="gbk").encode() + b'"',
            "%B1%ED.xlsx",
        ),
        (b"X: 1", ""),
    ],
)
def test_file_names(block: bytes, name: str) -> None:
    assert file_name(parsed(block)) == name


def test_headers() -> None:
    block = "A: 1\r\n 2\r\na: 3\r\nnonsense\r\nB :\t表\nC: \ud800".encode("gbk", "replace") + b"\xff\r\n\r\n: x"
    found = parsed(block)
    assert found["a"] == "1 2"
    assert found["b"] == "表"
    assert "c" in found
    assert subject({"subject": "=?gbk?B?se0=?=\n\x00"}) == "表"
    assert sender({"sender": "a@b.cn"}) == "a@b.cn"


@given(st.binary(max_size=300))
def test_headers_never_raise(block: bytes) -> None:
    header = parsed(b"From: " + block + b"\nDate: " + block + b"\nContent-Disposition: x; filename=" + block)
    assert isinstance(sender(header) + file_name(header) + subject(header), str)
    found = sent(header)
    assert found is None or found.tzinfo is UTC
