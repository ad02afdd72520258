from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlsform.quantities import (
    EMPTY_WORDS,
    decimals_of,
    in_base,
    is_blank_mark,
    normalize_text,
    number_of,
    numbers,
    printed_decimals,
    read_number,
    same_family,
    same_unit,
    says_nothing,
)

READ = [
    # text, value, decimals, unit, plain
    ("4", "4", 0, "", True),
    ("0", "0", 0, "", True),
    ("4.", "4", 0, "", True),
    (".5", "0.5", 1, "", True),
    ("-3", "-3", 0, "", True),
    ("+3", "3", 0, "", True),
    ("0.98", "0.98", 2, "", True),
    ("3.920", "3.92", 3, "", True),
    ("207.4538", "207.4538", 4, "", True),
    ("007", "7", 0, "", True),
    (" 3.92 ", "3.92", 2, "", False),
    ("3.92\n", "3.92", 2, "", False),
    ("\u00a03.92\u00a0", "3.92", 2, "", False),
    ("\u30003.92", "3.92", 2, "", False),
    ("\u200b3.\u200b92\ufeff", "3.92", 2, "", False),
    ("'3.92", "3.92", 2, "", False),
    ("’3.92", "3.92", 2, "", False),
    ("－3", "-3", 0, "", False),
    ("−3", "-3", 0, "", False),
    ("﹣3", "-3", 0, "", False),
    ("＋3", "3", 0, "", False),
    ("3。92", "3.92", 2, "", False),
    ("３．９２", "3.92", 2, "", False),
    ("３｡９２", "3.92", 2, "", False),
    ("１２３", "123", 0, "", False),
    ("215,457.6", "215457.6", 1, "", False),
    ("1,234,567", "1234567", 0, "", False),
    ("１，２３４", "1234", 0, "", False),
    ("98%", "0.98", 0, "%", False),
    ("98％", "0.98", 0, "%", False),
    ("９８%", "0.98", 0, "%", False),
    ("９８％", "0.98", 0, "%", False),
    ("98﹪", "0.98", 0, "%", False),
    ("98.00%", "0.98", 2, "%", False),
    ("86.2 %", "0.862", 1, "%", False),
    ("3‰", "0.003", 0, "‰", False),
    ("95百分比", "0.95", 0, "百分比", False),
    ("3.92万元", "3.92", 2, "万元", False),
    ("3.92 万元", "3.92", 2, "万元", False),
    ("3.92 万", "3.92", 2, "万", False),
    ("3.92万", "3.92", 2, "万", False),
    ("39,200元", "39200", 0, "元", False),
    ("1.2亿元", "1.2", 1, "亿元", False),
    ("5百万元", "5", 0, "百万元", False),
    ("¥4万元", "4", 0, "万元", False),
    ("￥4", "4", 0, "", False),
    ("人民币4元整", "4", 0, "元", False),
    ("4万元整", "4", 0, "万元", False),
    ("735人次", "735", 0, "人次", False),
    ("8分", "8", 0, "分", False),
    ("25TB", "25", 0, "TB", False),
    ("100㎡", "100", 0, "m2", False),
    ("100m²", "100", 0, "m2", False),
]


@pytest.mark.parametrize(("text", "value", "decimals", "unit", "plain"), READ)
def test_a_number_is_read(text: str, value: str, decimals: int, unit: str, plain: bool) -> None:
    number = read_number(text)
    assert number is not None
    assert (number.value, number.decimals, number.unit, number.plain) == (Decimal(value), decimals, unit, plain)


NOT_READ = [
    "", " ", "\u200b", "-", "—", "/", ".", "。", "%", "万元", "¥", "'",
    "约4", "4左右", "叁", "四万元", "二〇二一", "4-5", "4~5", "4/5", "1_000", "1 000", "4 5", "4\n5", "4\u00a05",
    "12,34", "1,0000", "1234,567", ",123", "0,123", "1,,234", "1,234,", "3.9.2", "3.92.", "--3", "+-3", "3-",
    "٣", "३", "𝟑", "①", "²", "5²", "½", "Ⅲ", "⒈", "NaN", "nan", "inf", "Infinity", "1e5", "1E5", "3.92E-2", "0x10",
    "1j", "=4", "≥4", "(4)", "4元4", "4%%", "4万万元", "4个项目", "4整", "4美元", "#DIV/0!", "TRUE",
    "9" * 41, "4" + "\u200b" * 200 + "x",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_a_number_is_not_read(text: str) -> None:
    assert read_number(text) is None


@given(st.text())
@example("1" * 100_000)
@example(" " * 100_000 + "1")
@example("1" + " " * 100_000)
def test_reading_a_number_never_raises(text: str) -> None:
    number = read_number(text)
    assert number is None or number.value.is_finite()


@pytest.mark.property
@given(st.from_regex(numbers._TYPED.pattern, fullmatch=True))
def test_a_number_begins_as_numbers_do(text: str) -> None:
    assert text[0] in numbers._BEGINNINGS


@pytest.mark.slow
def test_only_arabic_digits_of_either_width_are_digits() -> None:
    # ㏱ is 18日 in one character, and is read as that.
    numbers = {char: read_number(char) for char in map(chr, range(sys.maxunicode + 1))}
    assert {char for char, number in numbers.items() if number and not number.unit} == set(
        "0123456789０１２３４５６７８９"
    )


@given(st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=4), st.integers(0, 4))
def test_a_formatted_number_is_read_back(value: Decimal, places: int) -> None:
    rounded = round(value, places)
    wide = str.maketrans("0123456789.,-%", "０１２３４５６７８９．，－％")
    for text in (
        f"{rounded:f}",
        f"{rounded:,f}",
        f" {rounded:,f}",
        f"{rounded:,f}万元",
        f"{rounded:,f}".translate(wide),
    ):
        number = read_number(text)
        assert number is not None
        assert (number.value, number.decimals) == (rounded, places)
    percentage = read_number(f"{rounded:f}%")
    assert percentage is not None
    assert percentage.value * 100 == rounded
    assert percentage.decimals == places


@given(st.text(alphabet="0123456789.+-,e_ '％万"))
def test_a_plain_number_is_one_to_python_too(text: str) -> None:
    number = read_number(text)
    if number and number.plain:
        assert number.value == Decimal(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, "0.3"),
        (3.92, "3.92"),
        (4.0, "4"),
        (207.4538, "207.4538"),
        (1 / 3, "0.333333333333333"),
        (-0.86, "-0.86"),
        (0.0, "0"),
        (98.0 / 100 * 10, "9.8"),
        (1e22, "1e22"),
    ],
)
def test_a_double_is_taken_as_excel_shows_it(value: float, expected: str) -> None:
    assert number_of(value) == Decimal(expected)


@given(st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4))
def test_a_typed_number_survives_excel(value: Decimal) -> None:
    assert number_of(float(value)) == value


@pytest.mark.parametrize(
    ("value", "decimals"),
    [
        ("4", 0),
        ("4.00", 0),
        ("3.92", 2),
        ("3.920", 2),
        ("0", 0),
        ("0.000", 0),
        ("1E+3", 0),
        ("1E-3", 3),
        ("-0.5", 1),
        ("NaN", 0),
    ],
)
def test_decimals_that_a_number_needs(value: str, decimals: int) -> None:
    assert decimals_of(Decimal(value)) == decimals


@pytest.mark.parametrize(
    ("number_format", "decimals"),
    [
        ("0.00%", 2),
        ("0%", 0),
        ("0", 0),
        ("0.00", 2),
        ("#,##0", 0),
        ("#,##0.00", 2),
        ("#,##0.00##", 2),
        ("0.##", 0),
        ("0.00_ ", 2),
        ("0.00_);(0.00)", 2),
        ("0.00_);[Red]\\(0.00\\)", 2),
        ("[Red]0.0;0.000", 1),
        ('0.00"万元"', 2),
        ('"第"0"项"', 0),
        ("¥#,##0.00", 2),
        ("_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ", 2),
        (".00", 2),
        ("0.00 ;-0.00", 2),
        ("General", None),
        ("G/通用格式", None),
        ("@", None),
        ("", None),
        ("0!.0,", None),
        ("#,##0.00,", None),
        ("0.00E+00", None),
        ("# ?/?", None),
        ("yyyy-mm-dd", None),
        ('yyyy"年"m"月"d"日"', None),
        ("yyyy年m月", None),
        ("h:mm", None),
        ('"无"', None),
        ("[", None),
        ('"', None),
    ],
)
def test_decimals_that_a_format_prints(number_format: str, decimals: int | None) -> None:
    assert printed_decimals(number_format) == decimals


@given(st.text() | st.text(alphabet='0#?.,;%"[]\\_*!@ '))
def test_reading_a_format_never_raises(number_format: str) -> None:
    decimals = printed_decimals(number_format)
    assert decimals is None or decimals >= 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("项目资金（万元）", "项目资金(万元)"),
        ("年度资金总额：", "年度资金总额:"),
        ("年度资金总额 :", "年度资金总额︓"),
        ("其中：当年财政拨款", "其中:\n  当年财政拨款"),
        ("绩效\r\n指标", "绩效指标"),
        ("偏差原因\u200b分析", "偏差原因分析"),
        ("执行率（B／A）", "执行率(B/A)"),
        ("—", "－"),
        ("≥95%", "≧95％"),
        (">=95%", "≥ 95 ﹪"),
        ("＜＝5", "≦5"),
        ("═8个", "﹦8个"),
        ("3～5次", "3~5次"),
        ("２０２１年", "2021年"),
    ],
)
def test_texts_that_are_equal_folded(one: str, other: str) -> None:
    assert normalize_text(one) == normalize_text(other)


@pytest.mark.parametrize(
    ("one", "other"), [("全年预算数", "全年执行数"), ("指标1", "指标2"), ("TB", "tb"), ("达成", "达成。")]
)
def test_texts_that_folding_keeps_apart(one: str, other: str) -> None:
    assert normalize_text(one) != normalize_text(other)


@given(st.text())
@example("e\u200b\u0301")
@example("\u00a8\u0301")
@example(">\u200b=")
@example("≥" * 1000)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert normalize_text(normalize_text(text)) == normalize_text(text)


@given(st.text(), st.sampled_from([" ", "\u3000", "\n", "\u200b", "\ufeff", "\u00a0"]), st.text())
def test_folding_does_not_see_spaces(before: str, space: str, after: str) -> None:
    assert normalize_text(before + space + after) == normalize_text(normalize_text(before) + normalize_text(after))


@pytest.mark.parametrize("text", ["—", "-", "/", "／", "－", "––", "——", " — ", "―", "─", "−", "//", "\\", "一"])
def test_marks_for_not_applicable(text: str) -> None:
    assert is_blank_mark(text)
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["", " ", "无", "0", "-1", "一般", "一一", "A/B", "…"])
def test_what_is_no_mark(text: str) -> None:
    assert not is_blank_mark(text)


@pytest.mark.parametrize(
    "text", ["", "  ", "无", "无。", " 无 ", "0", "０", "同上", "已完成", "已完成！", "无偏差", "N/A", "n/a."]
)
def test_reasons_that_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize(
    "text",
    ["已完工,剩余3%尾款未付,且最高限价低于预算金额。提高预算准确度。", "无法实施", "疫情影响", "完成时间滞后", "10"],
)
def test_reasons_that_say_something(text: str) -> None:
    assert not says_nothing(text)


def test_empty_words_are_folded() -> None:
    assert {normalize_text(word) for word in EMPTY_WORDS} == EMPTY_WORDS


@pytest.mark.parametrize(
    ("one", "other", "family", "same"),
    [
        ("万元", "元", True, True),
        ("亿元", "百万元", True, True),
        ("千元", "万元", True, True),
        ("%", "百分比", True, True),
        ("%", "个百分点", True, True),
        ("％", "‰", True, True),
        ("%", "比例", True, True),
        ("人", "名", True, True),
        ("人", "位", True, True),
        ("人", "人次", True, False),
        ("个", "人", True, False),
        ("天", "日", True, True),
        ("天", "个工作日", True, False),
        ("小时", "个小时", True, True),
        ("月", "个月", True, True),
        ("月", "年", False, False),
        ("天", "月", False, False),
        ("次", "次", True, True),
        ("次", "种", False, False),
        ("元", "%", False, False),
        ("", "万元", True, True),
        ("万", "万元", True, True),
        ("万人次", "人次", True, True),
        ("个项目", "个", True, True),
        ("个项目", "个村", False, False),
        ("名学生", "人", True, True),
        ("TB", "tb", True, True),
        ("TB", "GB", False, False),
        ("篮子", "篮子", True, True),
    ],
)
def test_units_that_can_be_compared(one: str, other: str, family: bool, same: bool) -> None:
    assert same_family(one, other) is same_family(other, one) is family
    assert same_unit(one, other) is same_unit(other, one) is same


@given(st.text(), st.text())
def test_units_of_any_text_are_of_their_own_family(one: str, other: str) -> None:
    assert same_family(one, one)
    assert same_family(one, other) == same_family(other, one)


@pytest.mark.parametrize(
    ("value", "unit", "base"),
    [
        ("3.92", "万元", "39200"),
        ("39200", "元", "39200"),
        ("2", "千元", "2000"),
        ("2", "百万元", "2000000"),
        ("1.2", "亿元", "120000000"),
        ("5", "万", "50000"),
        ("0.98", "%", "0.98"),
        ("0.98", "百分比", "0.98"),
        ("3", "千人次", "3000"),
        ("7", "次", "7"),
        ("7", "", "7"),
    ],
)
def test_figures_in_their_base_unit(value: str, unit: str, base: str) -> None:
    assert in_base(Decimal(value), unit) == Decimal(base)
