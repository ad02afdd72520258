"""What may stand in a field: what a cell's content means to it, and how data files have it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsform.form.field_types import FIELD_TYPES, FIGURE, MONEY, POINTS, RATE, TEXT, YEAR, FieldType, Reading
from xlsform.spreadsheet.values import CellError, Value

ALL = list(FIELD_TYPES.values())
NUMERIC = [MONEY, POINTS, RATE, YEAR]


def ids(kind: object) -> str:
    return kind.name if isinstance(kind, FieldType) else repr(kind)


def test_every_type_has_its_name() -> None:
    assert {name: kind.name for name, kind in FIELD_TYPES.items()} == {name: name for name in FIELD_TYPES}
    assert set(FIELD_TYPES) == {"text", "money", "points", "rate", "year", "figure"}


@pytest.mark.parametrize("kind", ALL, ids=ids)
@pytest.mark.parametrize("raw", [None, "", " ", "\u3000\n", "\u200b", "\ufeff"])
def test_blank_is_no_value_and_no_problem(kind: FieldType, raw: str | None) -> None:
    assert kind.read(raw) == Reading()


@pytest.mark.parametrize("kind", ALL, ids=ids)
def test_an_error_value_is_a_problem_everywhere(kind: FieldType) -> None:
    assert kind.read(CellError("#DIV/0!")) == Reading(problem="cell-error")


@pytest.mark.parametrize("kind", [*NUMERIC, FIGURE], ids=ids)
def test_a_truth_value_is_no_number(kind: FieldType) -> None:
    assert kind.read(True) == Reading(problem="not-a-number")
    assert TEXT.read(True).value == "是"
    assert TEXT.read(False).value == "否"


# --- numbers as numbers


@pytest.mark.parametrize(
    ("kind", "raw", "number_format", "value", "decimals"),
    [
        (MONEY, 3.92, "General", "3.92", 2),
        (MONEY, 4.0, "General", "4", 0),
        (MONEY, 4.0, "0.00####", "4", 2),
        (MONEY, 3.921234, "0.00####", "3.921234", 2),
        (MONEY, 0.1 + 0.2, "General", "0.3", 1),  # no binary noise
        (MONEY, 1e-6, "General", "0.000001", 6),
        (POINTS, 9.8, "General", "9.8", 1),
        (POINTS, 9.876, "0", "9.876", 2),
        (RATE, 0.98, "0.00%", "0.98", 4),
        (RATE, 0.98, "0%", "0.98", 2),
        (RATE, 0.98, "General", "0.98", 2),
        (YEAR, 2021.0, '"（"0"年度）"', "2021", 0),
    ],
)
def test_a_number_is_itself(kind: FieldType, raw: float, number_format: str, value: str, decimals: int) -> None:
    assert kind.read(raw, number_format) == Reading(value=Decimal(value), decimals=decimals)


@pytest.mark.parametrize(
    ("kind", "raw", "number_format", "text"),
    [
        (FIGURE, 0.98, "0%", "98%"),
        (FIGURE, 0.98, "0.00%", "98.00%"),
        (FIGURE, 1.0, "0%", "100%"),
        (TEXT, 735.0, "General", "735"),
        (TEXT, 735.0, "0.00", "735"),
        (TEXT, 0.0, "General", "0"),
        (TEXT, 3.5, "General", "3.5"),
        (TEXT, 1e15, "General", "1000000000000000"),
        (TEXT, 0.5, "0%", "50%"),
    ],
)
def test_a_number_in_a_text_is_what_the_sheet_shows(kind: FieldType, raw: float, number_format: str, text: str) -> None:
    assert kind.read(raw, number_format).value == text


def test_a_figure_stays_a_number_where_it_is_one() -> None:
    assert FIGURE.read(735.0).value == Decimal(735)
    assert FIGURE.read("≥95%").value == "≥95%"
    assert FIGURE.read("  合格 ").value == "  合格 "  # as typed; the rules fold it


# --- numbers as text


@pytest.mark.parametrize(
    ("kind", "raw", "value", "decimals"),
    [
        (MONEY, "3.92", "3.92", 2),
        (MONEY, " 3.92 ", "3.92", 2),
        (MONEY, "３．９２", "3.92", 2),
        (MONEY, "215,457.6", "215457.6", 1),
        (MONEY, "3.92万元", "3.92", 2),
        (MONEY, "39200元", "3.92", 0),
        (MONEY, "3.92千元", "0.392", 2),
        (MONEY, "0.5亿元", "5000", 1),
        (MONEY, "2百万元", "200", 0),
        (MONEY, "-1", "-1", 0),
        (POINTS, "9.8分", "9.8", 1),
        (POINTS, "10", "10", 0),
        (RATE, "98%", "0.98", 2),
        (RATE, "98.00%", "0.98", 4),
        (RATE, "９８％", "0.98", 2),
        (RATE, "0.98", "0.98", 2),
        (YEAR, "2021年", "2021", 0),
        (YEAR, "2021年度", "2021", 0),
        (YEAR, "（2021年度）", "2021", 0),
        (YEAR, "( ２０２１ 年度 )", "2021", 0),
    ],
)
def test_a_number_typed_as_text_is_understood(kind: FieldType, raw: str, value: str, decimals: int) -> None:
    assert kind.read(raw) == Reading(value=Decimal(value), as_text=True, decimals=decimals)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [(kind, raw) for kind in NUMERIC for raw in ("叁", "约4", "4-5", "NaN", "inf", "1_000", "٣", "—", "4 5", "1e5",
                                                 "=1+1")]
    + [(MONEY, "98%"), (MONEY, "9分"), (POINTS, "98%"), (POINTS, "9万元"), (RATE, "98元"), (YEAR, "2021元"),
       (YEAR, "21年12月")],
    ids=ids,
)  # fmt: skip
def test_what_is_no_number_is_a_problem(kind: FieldType, raw: str) -> None:
    assert kind.read(raw) == Reading(problem="not-a-number")


@pytest.mark.parametrize("form_unit", ["元", "千元", "万元", "百万元", "亿元"])
@pytest.mark.parametrize(
    ("typed", "yuan"), [("12元", 12), ("12千元", 12_000), ("12万元", 120_000), ("12亿元", 12 * 10**8)]
)
def test_money_is_turned_into_the_forms_own_unit(form_unit: str, typed: str, yuan: int) -> None:
    worth = {"元": 1, "千元": 1000, "万元": 10_000, "百万元": 10**6, "亿元": 10**8}[form_unit]
    value = MONEY.read(typed, money_unit=form_unit).value
    assert isinstance(value, Decimal)
    assert Fraction(value) == Fraction(yuan, worth)


@given(st.sampled_from(ALL), st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_nothing_that_stands_in_a_cell_is_too_much(kind: FieldType, raw: Value) -> None:
    read = kind.read(raw, "0.00%")
    assert not (read.value is not None and read.problem is not None)
    if kind.numeric and kind is not FIGURE:
        assert read.value is None or isinstance(read.value, Decimal)


@given(st.decimals(-(10**7), 10**7, places=2))
def test_a_typed_number_means_the_same_as_text_and_as_number(number: Decimal) -> None:
    for kind in (MONEY, POINTS):
        as_text, as_number = kind.read(str(number)), kind.read(float(number))
        assert as_text.value == as_number.value == number
        assert as_text.as_text
        assert not as_number.as_text


# --- in data files


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (TEXT, ["合格", "", None], [3, 0.5, True, [], {}]),
        (FIGURE, ["≥95%", 735, 0.5, None], [True, [], {}]),
        (MONEY, [4, 3.92, "3.92万元", None], [True, [], {}]),
        (POINTS, [10, 9.8, "9.8", None], [True, [], {}]),
        (RATE, [0.98, "98%", None], [True, [], {}]),
        (YEAR, [2021, None], ["2021", 2021.5, 1989, 2101, True]),
    ],
    ids=ids,
)
def test_the_schema_of_a_value(kind: FieldType, good: list[object], bad: list[object]) -> None:
    validator = jsonschema.Draft202012Validator(kind.schema())
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []
