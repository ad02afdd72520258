"""Cell references and ranges, and how much room a text takes."""

from __future__ import annotations

import openpyxl.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsform.spreadsheet.a1 import MAX_COLUMN, MAX_ROW, Range, a1, column_number, letters, parse_range, position
from xlsform.spreadsheet.text_width import lines_needed, width

rows = st.integers(1, MAX_ROW)
columns = st.integers(1, MAX_COLUMN)


@given(columns)
def test_letters_are_those_of_excel(column: int) -> None:
    assert letters(column) == openpyxl.utils.get_column_letter(column)
    assert column_number(letters(column)) == column
    assert column_number(letters(column).lower()) == column


def test_the_edges_of_the_alphabet() -> None:
    assert [letters(number) for number in (1, 26, 27, 52, 53, 702, 703, 16_384)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD",
    ]  # fmt: skip


@given(rows, columns, st.booleans(), st.booleans())
def test_an_address_leads_back_to_its_cell(row: int, column: int, fixed_row: bool, fixed_column: bool) -> None:
    address = f"{'$' * fixed_column}{letters(column)}{'$' * fixed_row}{row}"
    assert position(address) == (row, column)
    assert a1(row, column) == address.replace("$", "")


@pytest.mark.parametrize(
    "text",
    ["", "A", "1", "1A", "A0", "A01", "A1048577", "XFE1", "AAAA1", "A1 ", " A1", "A1\n", "A-1", "Ａ1", "A１", "A1:B2",
     "$A", "A$",
     "$$A1", "'x'!A1", "A٣"],
)  # fmt: skip
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a cell address|outside the sheet"):
        position(text)


@pytest.mark.parametrize("text", ["", "1", "A1", "ÀB", "AAAA", "é", "中", "A "])
def test_no_column(text: str) -> None:
    with pytest.raises(ValueError, match="not a column"):
        column_number(text)


@given(rows, columns, rows, columns)
def test_a_range_is_the_same_from_whichever_corner(top: int, left: int, bottom: int, right: int) -> None:
    area = parse_range(f"{a1(top, left)}:{a1(bottom, right)}")
    assert area == parse_range(f"{a1(bottom, right)}:{a1(top, left)}")
    assert area == (min(top, bottom), min(left, right), max(top, bottom), max(left, right))
    assert area.single == (top == bottom and left == right)
    assert area.anchor == (min(top, bottom), min(left, right))
    assert parse_range(str(area)) == area


def test_how_ranges_are_written() -> None:
    assert str(parse_range("$B$2:$I$7")) == "B2:I7"
    assert str(parse_range("B2:B2")) == "B2"
    assert str(parse_range("B2")) == "B2"


@pytest.mark.parametrize("text", ["", ":", "A1:", ":A1", "A1:B", "A1:B2:C3", "A:B", "1:2"])
def test_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_range(text)


@given(*[st.integers(1, 6)] * 8)
def test_ranges_overlap_where_they_share_a_cell(a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int) -> None:
    one = Range(min(a, b), min(c, d), max(a, b), max(c, d))
    other = Range(min(e, f), min(g, h), max(e, f), max(g, h))
    assert one.overlaps(other) == bool(_cells(one) & _cells(other))
    assert one.overlaps(other) == other.overlaps(one)


def _cells(area: Range) -> set[tuple[int, int]]:
    rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
    return {(row, column) for row in rows for column in columns}


# --- the room that a text takes


@pytest.mark.parametrize(
    ("text", "wide"),
    [("", 0), ("abc", 3), ("绩效", 4), ("３．９２", 8), ("a绩b", 4), ("≥95%", 5), ("……", 4), ("，。", 4), ("ｱ", 1)],
)
def test_a_chinese_character_is_two_wide(text: str, wide: int) -> None:
    assert width(text) == wide


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("", 10, 1),
        ("a" * 10, 10, 1),
        ("a" * 11, 10, 2),
        ("绩" * 5, 10, 1),
        ("绩" * 6, 10, 2),
        ("绩" * 9, 7, 3),  # three to a line: half a character is never shown
        ("年度\n指标值", 10, 2),
        ("\n", 10, 2),
        ("绩" * 3, 0.5, 3),  # a column too narrow for anything
    ],
)
def test_lines_that_a_text_wraps_to(text: str, room: float, lines: int) -> None:
    assert lines_needed(text, room) == lines


@given(st.text("ab绩效１……\n", max_size=60), st.integers(2, 30))
def test_a_narrower_cell_never_needs_fewer_lines(text: str, room: int) -> None:
    assert lines_needed(text, room) >= lines_needed(text, room + 1)
    assert lines_needed(text, room) * room >= sum(width(line) for line in text.split("\n"))
    assert lines_needed(text, room) <= max(1, len(text) + 1)
