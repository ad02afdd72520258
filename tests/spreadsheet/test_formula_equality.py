"""Formulas are compared by what they say, not by how Excel, WPS or LibreOffice spells them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.forms import TEMPLATES, layout_of

from xlsform.form.evaluation.hints import hint_formulas
from xlsform.spreadsheet.a1 import Range, parse_range
from xlsform.spreadsheet.formula_equality import areas, moved, normalised

SAME = [
    ("SUM(A1:A3)", "=SUM(A1:A3)"),
    ("SUM(A1:A3)", "sum( a1:A3 )"),
    ("SUM(A1:A3)", "SUM($A$1:A$3)"),
    ("IF(A1=FALSE,1,2)", "IF(A1=FALSE(),1,2)"),
    ("IF(A1=TRUE,1,2)", "IF(A1=true(),1,2)"),
    ("'_meta'!B1", "_meta!B1"),
    ("'自评表'!B1+1", "自评表!$B$1 + 1"),
    ("'a''b'!B1", "'A''B'!B1"),
    ("IFS(A1,2)", "_xlfn.IFS(A1,2)"),
    ("FILTER(A1:A2,B1:B2)", "_xlfn._xlws.FILTER(A1:A2,B1:B2)"),
    ("A1*0.9", "A1*.9"),
    ("A1*0.9", "A1*0.900"),
    ("A1*1", "A1*1.0"),
    ('IF(A1="","无",A1)', 'IF(A1 = "","无",A1)'),
    ("IF(A1,\n B1)", "IF(A1,B1)"),
]
OTHER = [
    ("SUM(A1:A3)", "SUM(A1:A4)"),
    ("SUM(A1:A3)", "SUM(A1,A3)"),
    ("A1+B1", "A1-B1"),
    ("A1*0.9", "A1*0.95"),
    ("A1*10", "A1*1"),
    ("A1*100", "A1*10"),
    ("A10", "A1"),
    ('IF(A1="是",1)', 'IF(A1="否",1)'),
    ('"a b"', '"ab"'),
    ('"TRUE()"', '"TRUE"'),
    ('"$A$1"', '"A1"'),
    ('"_xlfn.X"', '"X"'),
    ('"a"', '"A"'),
    ("'_meta'!B1", "'meta'!B1"),
    ("Sheet1!B1", "B1"),
    ("ROUND(A1,2)", "ROUND(A1,4)"),
    ("MIN(A1,1)", "MAX(A1,1)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_is_said_does(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


FORMULAS = sorted(
    {
        formula
        for template in TEMPLATES
        for layout in [layout_of(template)]
        for formula in (*layout.computed.values(), *hint_formulas(layout).values())
    }
)


def outside_texts(formula: str, change: Callable[[str], str]) -> str:
    """Change a formula where it is not quoted."""
    pieces = formula.split('"')
    return '"'.join(piece if number % 2 else change(piece) for number, piece in enumerate(pieces))


@given(st.sampled_from(FORMULAS), st.sampled_from([str.lower, str.upper, lambda text: text.replace(",", " , ")]))
def test_every_formula_of_the_forms_survives_another_spelling(formula: str, change: Callable[[str], str]) -> None:
    assert normalised(outside_texts(formula, change)) == normalised(formula)


@given(st.sampled_from(FORMULAS), st.integers(0, 10_000), st.sampled_from("0123456789+*<>)ABX"))
def test_every_change_of_a_formula_of_the_forms_is_seen(formula: str, at: int, char: str) -> None:
    at %= len(formula)
    if formula[at] == char or formula[at] in " $" or formula[at - 1 : at + 1] == "0.":
        return
    changed = formula[:at] + char + formula[at + 1 :]
    if changed.casefold() == formula.casefold():
        return
    assert normalised(changed) != normalised(formula)


@given(st.text(alphabet="AB1$:,()\"' !=.TRUEFALSx_ln0自", max_size=40))
def test_any_text_has_a_spelling(text: str) -> None:
    """A returned file may hold anything as a formula; outside quotes no space is left of it."""
    spelled = normalised(text)
    assert " " not in spelled or '"' in text or "'" in text


def shifted(area: Range) -> Range:
    return area._replace(top=area.top + 2, bottom=area.bottom + 2)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUM(A1:B3)+C1", "SUM(A3:B5)+C3"),
        ("SUM($A$1:B3)", "SUM(A3:B5)"),
        ('"A1"&A1', '"A1"&A3'),
        ("LOG10(A1)", "LOG10(A3)"),
        ("A1:A1", "A3"),
        ("x.A1+A1", "x.A1+A3"),
        ("IF(A1=FALSE,1,2)", "IF(A3=FALSE,1,2)"),
    ],
)
def test_references_follow_their_cells(formula: str, expected: str) -> None:
    assert moved(formula, shifted) == expected


def test_a_reference_to_what_is_gone_becomes_an_error() -> None:
    def without_b(area: Range) -> Range | None:
        return None if area.left == area.right == 2 else area

    assert moved("SUM(B1:B3)+B2+A2", without_b) == "SUM(#REF!)+#REF!+A2"


def test_areas_are_the_ranges_of_several_cells() -> None:
    assert list(areas('SUM(G6,G13:G39)&"A1:B2"&$A$1:$C$1')) == [parse_range("G13:G39"), parse_range("A1:C1")]
