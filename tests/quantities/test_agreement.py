from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from xlsform.quantities import Outcome, agrees, compare, read_target, target_of, whole_point


@pytest.mark.parametrize(
    ("stated", "exact", "decimals", "most", "expected"),
    [
        ("3.92", "3.92", 2, 2, True),
        ("9.8", "9.8", 1, 2, True),
        ("8.62", "8.6203703", 2, 2, True),
        ("8.67", "8.666666", 2, 2, True),  # rounded
        ("8.66", "8.666666", 2, 2, True),  # truncated
        ("8.65", "8.666666", 2, 2, False),
        ("8.68", "8.666666", 2, 2, False),
        ("8.6", "8.62", 1, 2, True),
        ("8.60", "8.62", 2, 2, False),  # printed as 8.60, it should be 8.62
        ("8.6204", "8.6203703", 4, 2, True),
        ("8.6299", "8.6203703", 4, 2, True),  # truncated alike
        ("8.64", "8.6203703", 2, 2, False),
        ("0.125", "0.125", 3, 2, True),
        ("0.12", "0.125", 2, 2, True),  # half even, or truncated
        ("0.13", "0.125", 2, 2, True),  # half up
        ("9", "9.004", 0, 2, True),
        ("9", "8.996", 0, 2, True),
        ("9", "8.62", 0, 2, False),  # whole_point's affair
        ("9", "9.01", 0, 2, False),
        ("4", "3.92", 0, 2, False),
        ("10", "10", 0, 2, True),
        ("0.86", "0.8620370", 2, 4, True),  # 86%
        ("0.862", "0.8620370", 3, 4, True),  # 86.2%
        ("0.8620", "0.8620370", 4, 4, True),  # 86.20%
        ("0.8621", "0.8620370", 4, 4, False),
        ("0.87", "0.8620370", 2, 4, False),
        ("0.8620370370", "0.86203703703703", 10, 4, True),
        ("-3.92", "-3.921", 2, 2, True),
        ("-0.009", "0.009", 3, 2, False),  # truncated both are 0
        ("0", "0.004", 0, 2, True),
        ("1", "0.95", 0, 0, True),
        ("1E+70", "1E+70", 0, 2, True),
        ("1E+70", "1.01E+70", 0, 2, False),
        ("0", "1E-9999", 0, 2, True),
        ("NaN", "NaN", 0, 2, False),
        ("Infinity", "Infinity", 0, 2, False),
    ],
)
def test_a_stated_figure_agrees(stated: str, exact: str, decimals: int, most: int, expected: bool) -> None:
    assert agrees(Decimal(stated), Decimal(exact), decimals, most) is expected


FIGURES = st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False, places=6) | st.decimals(
    allow_nan=False, allow_infinity=False
)


@given(FIGURES, st.integers(-1, 12), st.integers(0, 6))
def test_a_figure_agrees_with_itself(figure: Decimal, decimals: int, most: int) -> None:
    assert agrees(figure, figure, decimals, most)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.integers(0, 5), st.integers(0, 4))
@example(-9, 9, 2, 2)
@example(9815, 9825, 2, 2)
def test_what_agrees_is_nearer_than_one_of_the_last_digit(one: int, other: int, decimals: int, most: int) -> None:
    stated, exact = Decimal(one).scaleb(-3), Decimal(other).scaleb(-3)
    if agrees(stated, exact, decimals, most):
        assert abs(stated - exact) < Decimal(1).scaleb(-min(decimals, most))


@given(st.integers(-(10**9), 10**9), st.integers(1, 4), st.integers(0, 20_000))
@example(0, 1, 1)
def test_what_is_near_but_off_by_a_digit_does_not_agree(ticks: int, places: int, off: int) -> None:
    exact = Decimal(ticks).scaleb(-6)
    stated = round(exact, places) + Decimal(1 + off).scaleb(-places)
    assume(abs(stated - exact) >= Decimal(1).scaleb(-places))
    assert not agrees(stated, exact, places, places)


@given(st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False, places=6), st.integers(1, 4))
def test_a_figure_as_printed_agrees(exact: Decimal, places: int) -> None:
    assert agrees(round(exact, places), exact, places, 4)
    assert agrees(Decimal(int(exact.scaleb(places))).scaleb(-places), exact, places, 4)


@pytest.mark.parametrize(
    ("stated", "exact", "expected"),
    [
        ("9", "8.62", True),
        ("9", "8.5", True),
        ("8", "8.5", True),
        ("8", "8.62", False),
        ("9.0", "8.62", True),
        ("8.6", "8.62", False),
        ("10", "8.62", False),
        ("9", "NaN", False),
    ],
)
def test_whole_points(stated: str, exact: str, expected: bool) -> None:
    assert whole_point(Decimal(stated), Decimal(exact)) is expected


COMPARED = [
    # actual, target, verdict, ratio, excess
    ("100%", "100%", "met", "1", "0"),
    ("98%", "100%", "missed", "0.98", "-0.02"),
    ("98%", "≥95%", "over", None, "0.03"),
    ("≥95%", "≥95%", "met", "1", "0"),
    ("95", "≥95%", "met", "1", "0"),
    ("0.95", "≥95%", "met", "1", "0"),
    ("1", "100%", "met", "1", "0"),
    ("1.2", "100%", "over", "1.2", "0.2"),
    ("100", "≥100百分比", "met", "1", "0"),
    ("96%", "≥95", "over", None, "0.01"),
    ("37442人", "38508人", "missed", None, "-1066"),
    ("150次", "116次", "over", None, "34"),
    ("14种", "不少于12 种", "over", None, "2"),
    ("37.24", "43.2", "missed", None, "-5.96"),
    ("735", "735人次", "met", "1", "0"),
    ("735人次", "735", "met", "1", "0"),
    ("39200元", "≤4万元", "met", "0.98", "-0.08"),
    ("41000元", "≤4万元", "missed", "1.025", "0.1"),
    ("4万元", "≤4万元", "met", "1", "0"),
    ("4", "≤4万元", "met", "1", "0"),
    ("4万元", "<4万元", "missed", "1", "0"),
    ("3.9万元", "<4万元", "met", "0.975", "-0.1"),
    ("<4万元", "<4万元", "met", "1", "0"),
    ("5次", ">5次", "missed", "1", "0"),
    (">5次", ">5次", "met", "1", "0"),
    ("6次", ">5次", "over", "1.2", "1"),
    ("8", "=8个", "met", "1", "0"),
    ("9", "=8个", "missed", "1.125", "1"),
    ("7", "=8个", "missed", "0.875", "-1"),
    ("4次", "3-5次", "met", None, "0"),
    ("3次", "3-5次", "met", None, "0"),
    ("5次", "3-5次", "met", None, "0"),
    ("6次", "3-5次", "missed", "1.2", "1"),
    ("2次", "4-5次", "missed", "0.5", "-2"),
    ("3-5次", "3-5次", "met", None, "0"),
    ("2-6次", "3-5次", "missed", None, None),
    ("3-6次", "3-5次", "not-comparable", None, None),
    ("3-5次", "2次", "over", "1.5", "1"),
    ("0", "0", "met", None, "0"),
    ("0", "≤0", "met", None, "0"),
    ("1", "≤0", "missed", None, "1"),
    ("3", "0", "over", None, "3"),
    ("1次", "1次/月", "not-comparable", None, None),
    ("1", "1次/月", "met", "1", "0"),
    ("1次/月", "每月1次", "met", "1", "0"),
    ("12次", "12次/年", "met", "1", "0"),
    ("12次/年", "1次/月", "not-comparable", None, None),
    ("5万", "5万", "met", "1", "0"),
    ("5万", "5万元", "met", "1", "0"),
    ("50000元", "5万", "met", "1", "0"),
    ("8村", "8个村", "not-comparable", None, None),
    ("5天", "5次", "not-comparable", None, None),
    ("2个月", "60天", "not-comparable", None, None),
    ("达成预期指标", "≥95%", "not-comparable", None, None),
    ("100%", "及时", "not-comparable", None, None),
    ("合格", "合格", "met", None, None),
    ("合 格。", "合格", "met", None, None),
    ("达成年度指标", "合规", "met", None, None),
    ("达成预期指标", "效果明显", "met", None, None),
    ("已完成", "及时", "not-comparable", None, None),
    ("优", "满意", "not-comparable", None, None),
    ("全天候", "全天候可用", "not-comparable", None, None),
    ("部分达成年度指标并具有一定效果", "健全", "missed", None, None),
    ("未达成年度指标且效果较差", "健全", "missed", None, None),
    ("—", "—", "not-comparable", None, None),
    ("达成年度指标", "一", "not-comparable", None, None),
    ("", "", "not-comparable", None, None),
    ("2021年12月完成", "2021年12月完成", "met", None, None),
    ("12月20日", "12月31日前", "met", None, None),
    ("2021-12-31", "12月31日前", "met", None, None),
    ("2022年1月5日", "2021年底前完成", "missed", None, None),
    ("2021年11月", "2021年底前完成", "met", None, None),
    ("2021年12月", "2021年12月15日前", "not-comparable", None, None),
    ("2020年12月31日", "2021年6月30日前", "met", None, None),
    ("7月1日", "6月30日前", "missed", None, None),
    ("12月31日前", "6月30日前", "not-comparable", None, None),
    ("按时完成", "12月31日前", "not-comparable", None, None),
    ("5个月", "12月31日前", "not-comparable", None, None),
]


@pytest.mark.parametrize(("actual", "target", "verdict", "ratio", "excess"), COMPARED)
def test_an_actual_value_against_its_target(
    actual: str, target: str, verdict: str, ratio: str | None, excess: str | None
) -> None:
    outcome = compare(read_target(actual), read_target(target))
    assert outcome.verdict == verdict
    assert outcome.reached is (verdict in ("met", "over"))
    assert ratio is None or outcome.ratio == Decimal(ratio)
    assert excess is None or outcome.excess == Decimal(excess)
    assert not outcome.doubt


@pytest.mark.parametrize(
    ("actual", "target"), [("0", "0"), ("1", "≤0"), ("3", "≥-3"), ("4次", "3-5次"), ("合格", "合格")]
)
def test_where_a_ratio_is_undefined(actual: str, target: str) -> None:
    assert compare(read_target(actual), read_target(target)).ratio is None


@pytest.mark.parametrize(
    ("actual", "target", "verdict"),
    [
        ("735人", "735人次", "met"),
        ("42人", "=42个", "met"),
        ("5天", "≤5个工作日", "met"),
        ("0.3", "≤0.5%", "met"),
        ("1", "≤3%", "met"),
        ("0.3%", "≤0.5%", "met"),
        ("0.02", "≤3%", "met"),
        ("0.3", "95%", "missed"),
    ],
)
def test_what_is_compared_with_doubt(actual: str, target: str, verdict: str) -> None:
    outcome = compare(read_target(actual), read_target(target))
    assert outcome.verdict == verdict
    assert outcome.doubt is (actual not in ("0.3%", "0.02") and target != "95%")


def test_a_percent_cell_against_a_typed_percentage() -> None:
    assert compare(target_of(Decimal("0.98"), "%"), read_target("≥95%")).reached
    assert compare(target_of(Decimal("0.98")), read_target("≥95%")).reached
    assert compare(read_target("98%"), target_of(Decimal(1), "%")) == Outcome(
        "missed", Decimal("0.98"), Decimal("-0.02")
    )


RANK = {"missed": 0, "met": 1, "over": 2}
AMOUNTS = st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=3)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["", "≥", ">"]))
def test_more_is_never_worse_where_much_is_asked(one: Decimal, other: Decimal, target: Decimal, sign: str) -> None:
    low, high = sorted((one, other))
    asked = read_target(f"{sign}{target}次")
    outcomes = [compare(read_target(f"{amount}次"), asked) for amount in (low, high)]
    assert RANK[outcomes[0].verdict] <= RANK[outcomes[1].verdict]
    if outcomes[0].ratio is not None and outcomes[1].ratio is not None:
        assert outcomes[0].ratio <= outcomes[1].ratio


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["≤", "<"]))
def test_less_is_never_worse_where_little_is_asked(one: Decimal, other: Decimal, target: Decimal, sign: str) -> None:
    low, high = sorted((one, other))
    asked = read_target(f"{sign}{target}万元")
    assert compare(read_target(f"{low}万元"), asked).reached >= compare(read_target(f"{high}万元"), asked).reached


@given(AMOUNTS)
def test_a_unit_of_money_makes_no_difference(amount: Decimal) -> None:
    outcome = compare(read_target(f"{amount.scaleb(4):f}元"), read_target(f"={amount:f}万元"))
    assert outcome == Outcome("met", Decimal(1) if amount else None, Decimal(0))


ANY = st.text() | st.text(alphabet="0123456789.%≥≤=-~/万元人次个月日年前底内以上不少于每至合格达成指标", max_size=12)


@given(ANY, ANY)
def test_comparing_never_raises(actual: str, target: str) -> None:
    outcome = compare(read_target(actual), read_target(target))
    assert outcome.verdict in ("met", "missed", "over", "not-comparable")


@given(ANY)
@example("≥95%")
@example("<5")
@example("3-5次")
def test_what_repeats_the_target_never_misses_it(text: str) -> None:
    target = read_target(text)
    outcome = compare(target, target)
    assert outcome.verdict == "met" or (outcome.verdict == "not-comparable" and target.kind in ("word", "date"))


NUMERALS = [f"{sign}{digits}" for sign in ("", "-") for digits in ("9" * 39, "0." + "0" * 36 + "1", "1")]


@pytest.mark.parametrize("actual", NUMERALS)
@pytest.mark.parametrize("target", NUMERALS)
def test_the_longest_figures_are_compared(actual: str, target: str) -> None:
    outcome = compare(read_target(actual + "万元"), read_target(target + "亿元"))
    assert outcome.verdict in ("met", "missed", "over")
