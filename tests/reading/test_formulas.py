"""Shared formulas spelled out, and references that lead outside."""

import pytest
from openpyxl.formula.translate import Translator

from xlsform.reading.formulas import outside_references, spell_out, take_apart


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("A1", "C4"),
        ("$A1+A$1+$A$1", "$A4+C$1+$A$1"),
        ("a1:b2", "C4:D5"),
        ("SUM(A:A,$B:C,1:1,$2:3)", "SUM(C:C,$B:E,4:4,$2:6)"),
        ('"A1"&A1&"say ""A1"""', '"A1"&C4&"say ""A1"""'),
        ("'A1 年''s'!A1+Sheet1!A1+自评表!A1", "'A1 年''s'!C4+Sheet1!C4+自评表!C4"),
        ("Q1!A1", "Q1!C4"),
        ("LOG10(A1)", "LOG10(C4)"),
        ("Rate_A1+A1_x+A1.b+x.A1+ABCD1+A0+A1048577+XFE1", "Rate_A1+A1_x+A1.b+x.A1+ABCD1+A0+A1048577+XFE1"),
        ("1E5+1.5E3+A1", "1E5+1.5E3+C4"),
        ("Table1[[#This Row],[A1]]+A1", "Table1[[#This Row],[A1]]+C4"),
        ("[1]Sheet1!A1", "[1]Sheet1!C4"),
        ("_xlfn.CONCAT(A1)&TRUE", "_xlfn.CONCAT(C4)&TRUE"),
        ("A1%^2/{1,2;3,4}#REF!", "C4%^2/{1,2;3,4}#REF!"),
        ("A1#", "C4#"),
        ("XFD1", "#REF!"),
        ("A1048576", "#REF!"),
        ("", ""),
    ],
)
def test_references_move_and_nothing_else_does(formula: str, moved: str) -> None:
    assert spell_out(take_apart(formula), 3, 2) == moved


def test_up_and_left_beyond_the_edge() -> None:
    assert spell_out(take_apart("B2+A1+$A$1"), -1, -1) == "A1+#REF!+$A$1"


@pytest.mark.parametrize(
    "formula",
    [
        'IF(N(E9)=0,"",ROUND(F9/E9,4))',
        "SUM(H12:H40)+'自评表'!$B$3*INDEX($A$1:$C$9,2,3)",
        'IFERROR(VLOOKUP(A2,Sheet2!$A:$D,4,FALSE),"")',
        "ROUND(MIN(1,G7)*$F$7,2)",
    ],
)
def test_as_openpyxl_translates(formula: str) -> None:
    expected = Translator(f"={formula}", origin="C3").translate_formula("F8")
    assert f"={spell_out(take_apart(formula), 5, 3)}" == expected


def test_nothing_moves_at_its_origin() -> None:
    formula = "IF(N($E9)=0,\"A1\",'a''b'!B$2:C3)"
    assert spell_out(take_apart(formula), 0, 0) == formula


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("[1]Sheet1!A1+'[2]Two words'!B2", ["[1]", "[2]"]),
        ("'C:\\x\\[book.xlsx]表'!A1", ["[book.xlsx]"]),
        ("[3]!name", ["[3]"]),
        ("cmd|'/c calc'!A0", ["cmd|'/c calc'"]),
        ("Table1[1]+Table1[[#This Row],[1]]*Sheet2!A1", []),
        ('"[1]x!"&A1', []),
        ("SUM(A1:B2)", []),
    ],
)
def test_references_that_lead_outside(formula: str, found: list[str]) -> None:
    assert outside_references(formula) == found


@pytest.mark.parametrize("piece", ['"', "'", "[", "[a", "A1:", "a.", "[1]", "'[", "w|'"])
def test_hostile_formulas_take_no_time(piece: str) -> None:
    formula = piece * 30_000
    assert (
        "".join(str(part) if isinstance(part, str) else part.moved(0, 0) for part in take_apart(formula)).lower()
        == formula.lower()
    )
    assert isinstance(outside_references(formula), list)
