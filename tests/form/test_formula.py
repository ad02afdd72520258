"""Template formulas: Excel's language with fields in braces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.forms import TEMPLATES, layout_of

from xlsform.form.formula import quote, references, render, tokens, unbalanced, unrounded
from xlsform.form.layout import UnknownReferenceError

# --- reading


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("=1+1", []),
        ("=SUM({funds.total.weight},{indicators.*.weight})", ["funds.total.weight", "indicators.*.weight"]),
        ("=N({@})-{.budget}+{carryover.}", ["@", ".budget", "carryover."]),
        ("={.name:placeholder}={let.named}", [".name:placeholder", "let.named"]),
        (
            "=SUM({indicators.产出指标.*.score})*{scoring.grades.优}",
            ["indicators.产出指标.*.score", "scoring.grades.优"],
        ),
        ('="{budget}"&{a}', ["a"]),  # in a text braces are only braces
        ('="say ""{b}"""&{a}', ["a"]),
        ("=SUM({1,2,3})", []),  # Excel's own array
        ('={"a","b"}', []),
        ("={}", []),
        ("={ a }", []),
    ],
)
def test_what_stands_in_braces(formula: str, names: list[str]) -> None:
    assert list(references(formula)) == names


def test_fields_are_replaced_and_nothing_else() -> None:
    formula = '=IF({.rate}="","{.rate}",SUM({1,2})&{@})'
    assert render(formula, lambda name: f"<{name}>") == 'IF(<.rate>="","{.rate}",SUM({1,2})&<@>)'


pieces = st.lists(
    st.one_of(
        st.sampled_from(
            ["{a.b}", "{@}", "{.c}", "{d.*.e}", "ROUND(", ")", ",", "1", "+", "{1,2}", "N(", " ", "产", "{", "}"]
        ),
        st.text('a"{}中', max_size=4).map(quote),
    ),
    max_size=12,
)


@given(pieces)
def test_pieces_put_together_are_the_formula(parts: list[str]) -> None:
    body = "".join(parts)
    spelled = "".join(f"{{{token.text}}}" if token.kind == "field" else token.text for token in tokens("=" + body))
    assert spelled == body


@given(st.text(max_size=40))
def test_a_quoted_text_is_one_text(text: str) -> None:
    (token,) = tokens("=" + quote(text))
    assert token.kind == "text"
    assert token.text[1:-1].replace('""', '"') == text
    assert unbalanced("=" + quote(text)) is None


# --- what is left open


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ("=SUM({a})", None),
        ('=IF({a}="(","x",{1,2})', None),
        ("=SUM({a}", "( is not closed"),
        ("=SUM(({a})", "( is not closed"),
        ("={a})", ") without ("),
        ("=SUM({a}))", ") without ("),
        ("={1,2", "{ is not closed"),
        ("=1}", "} without {"),
        ("=({1)}", ") without ("),
        ('="a', "a quote is not closed"),
        ('="a""', "a quote is not closed"),
        ('=IF({a}="",1', "( is not closed"),
    ],
)
def test_what_is_left_open_is_said(formula: str, fault: str | None) -> None:
    assert unbalanced(formula) == fault


# --- without rounding


@pytest.mark.parametrize(
    ("formula", "exact"),
    [
        ("A1/B1", "A1/B1"),
        ("ROUND(A1/B1,4)", "(A1/B1)"),
        ("round(A1,2)+1", "(A1)+1"),
        ('IF(N(E6)=0,"",ROUND(N(F6)/E6,4))', 'IF(N(E6)=0,"",(N(F6)/E6))'),
        ("ROUND(MIN(H6,1)*G6,2)", "(MIN(H6,1)*G6)"),
        ("ROUND(ROUND(A1,4)*ROUND(B1,1),2)", "((A1)*(B1))"),
        ("ROUND(MAX(A1,B1),2)-ROUND(C1,0)", "(MAX(A1,B1))-(C1)"),
        ("ROUND(A1,IF(B1>0,1,2))", "(A1)"),
        ("ROUND(SUM({1,2}),1)", "(SUM({1,2}))"),
        ('ROUND(LEN(",)"),0)&"ROUND(1,2)"', '(LEN(",)"))&"ROUND(1,2)"'),
        ("ROUNDUP(A1,2)+ROUNDDOWN(B1,2)+MROUND(C1,5)", "ROUNDUP(A1,2)+ROUNDDOWN(B1,2)+MROUND(C1,5)"),
        ("A1+X.ROUND(1,2)", "A1+X.ROUND(1,2)"),
    ],
)
def test_rounding_is_taken_out(formula: str, exact: str) -> None:
    assert unrounded(formula) == exact


nested = st.recursive(
    st.sampled_from(["A1", "B2", "1.5", '","', '"ROUND(1,2)"', "{1,2}"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda both: f"({both[0]}+{both[1]})"),
        st.tuples(inner, inner).map(lambda both: f"MAX({both[0]},{both[1]})"),
        st.tuples(inner, st.integers(0, 4)).map(lambda both: f"ROUND({both[0]},{both[1]})"),
    ),
    max_leaves=8,
)


@given(nested)
def test_no_rounding_is_left_and_what_was_balanced_stays_so(formula: str) -> None:
    exact = unrounded(formula)
    outside_texts = re.sub(r'"[^"]*"', "", exact)
    assert "ROUND(" not in outside_texts
    assert unbalanced("=" + exact) is None
    assert unrounded(exact) == exact


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_bundled_formulas_lose_their_rounding_only(template: str) -> None:
    layout = layout_of(template)
    rate, score = (unrounded(layout.computed[f"funds.total.{column}"]) for column in ("rate", "score"))
    cell = {column: layout.fields[f"funds.total.{column}"].cell for column in ("budget", "executed", "rate", "weight")}
    assert rate == (
        f'IF(OR(N({cell["budget"]})=0,TRIM({cell["executed"]}&"")=""),"",(N({cell["executed"]})/{cell["budget"]}))'
    )
    assert score == f'IF({cell["rate"]}="","",(MIN({cell["rate"]},1)*{cell["weight"]}))'


# --- in cell addresses


def test_fields_become_addresses() -> None:
    layout = layout_of("mof-2020", 2)
    budget, executed = layout.fields["funds.total.budget"], layout.fields["funds.carryover.executed"]
    assert layout.resolver.render("={funds.total.budget}") == budget.cell == "E6"
    assert layout.resolver.render("={@}+{.executed}", budget) == "E6+F6"
    assert layout.resolver.render("={total.}-{appropriation.}", executed) == "F6-F7"
    assert layout.resolver.render("=SUM({indicators.*.score})") == "SUM(H13:H30)"
    # Four level-2 kinds of two rows, then four of two, then one.
    assert layout.resolver.render("=SUM({indicators.效益指标.*.score})") == "SUM(H21:H28)"
    assert (
        layout.resolver.render("=SUM({indicators.质量指标.*.score},{indicators.成本指标.*.weight})")
        == "SUM(H15:H16,G19:G20)"
    )
    assert layout.resolver.render("=SUM({funds.*.budget})") == "SUM(E6:E9)"
    assert (
        layout.resolver.render("={scoring.total}*{scoring.grades.优}&{scoring.execution_method}")
        == '100*90&"proportional"'
    )


def test_a_name_in_let_is_its_formula_in_brackets() -> None:
    layout = layout_of("mof-2020", 2)
    weight = layout.fields["indicators.2.weight"]
    named = 'AND(TRIM(D14&"")<>"",D14<>"……")'
    assert layout.resolver.render("=NOT({let.named})", weight) == f"NOT(({named}))"
    assert layout.resolver.render("={let.used}", weight) == f"(OR(({named}),COUNTA(E14,F14,G14,H14)>0))"


def test_its_own_row_can_be_left_open_and_others_stand_fast() -> None:
    layout = layout_of("mof-2020", 2)
    formula = "=OR({.score}<={.weight},{funds.total.weight}>{@},SUM({indicators.*.weight})>{scoring.total})"
    one, other = (layout.resolver.placed(formula, layout.fields[f"indicators.{row}.score"])[1] for row in (1, 9))
    assert one == "OR(H«r»<=G«r»,G$6>H«r»,SUM(G$13:G$30)>100)"
    assert one == other


@pytest.mark.parametrize(
    "formula",
    ["={nope}", "={funds.total.nope}", "={indicators.*.nope}", "={indicators.九.*.score}", "={.budget}", "={total.}",
     "={@}",
     "={let.nope}", "={scoring.nope}", "={scoring.grades}", "={scoring.grades.超}", "={scoring.reverse}", "={scoring}",
     "={indicators.*.name:placeholder}", "={nope:placeholder}"],
)  # fmt: skip
def test_what_the_form_does_not_have_is_refused(formula: str) -> None:
    layout = layout_of("mof-2020")
    with pytest.raises(UnknownReferenceError):
        layout.resolver.render(formula)


def test_a_scalar_has_no_row_and_no_column() -> None:
    layout = layout_of("mof-2020")
    for formula in ("={.budget}", "={total.}"):
        with pytest.raises(UnknownReferenceError):
            layout.resolver.render(formula, layout.fields["project_name"])


def test_the_names_that_a_formula_looks_at() -> None:
    layout = layout_of("mof-2020", 1)
    score = layout.fields["indicators.3.score"]
    formula = "=AND({let.used},{.name:placeholder}<>{@},{scoring.total}>0,SUM({funds.*.executed})>0)"
    assert layout.resolver.names_in(formula, score) == (
        "indicators.3.name", "indicators.3.target", "indicators.3.actual", "indicators.3.weight", "indicators.3.score",
        "funds.total.executed", "funds.appropriation.executed", "funds.carryover.executed", "funds.other.executed",
    )  # fmt: skip
