"""What the template's formulas give: against plain arithmetic, and against LibreOffice."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import ironcalc
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dump import dump
from support.forms import TEMPLATES, faultless, layout_of
from support.office import Office

from xlsform.form.evaluation import engine
from xlsform.form.evaluation.engine import Engine, engine_for
from xlsform.form.evaluation.hints import hints
from xlsform.form.field_types import MONEY, POINTS, YEAR, Cast
from xlsform.form.formula import render
from xlsform.form.layout import Layout, block_sizes, lay_out
from xlsform.form.template import build, find, load, read
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import Lock

#: Good for tests that do not look at the lock: its making takes long.
LOCK = Lock("c2FsdHNhbHRzYWx0c2FsdA==", "A" * 86 + "==")

D = Decimal
money = st.decimals(0, 10**7, places=2)
points = st.decimals(0, 100, places=2)


def half_up(exact: Fraction, places: int) -> Decimal:
    """Rounded as people learn it."""
    return Decimal(floor(exact * 10**places + Fraction(1, 2))).scaleb(-places)


# --- plain arithmetic


@given(money, money)
@settings(max_examples=150, deadline=None)
def test_rate_and_score_are_those_of_the_domain(budget: Decimal, executed: Decimal) -> None:
    values: dict[str, Cast] = {"funds.total.budget": budget, "funds.total.executed": executed}
    results = engine_for(layout_of("mof-2020", 1)).evaluate(values)
    rate, score = results.computed["funds.total.rate"], results.computed["funds.total.score"]
    if budget == 0:  # blank: never #DIV/0!, never 0 or 1
        assert (rate, score) == ("", "")
        return
    stated = half_up(Fraction(executed) / Fraction(budget), 4)
    assert rate == stated
    assert score == half_up(min(Fraction(stated), Fraction(1)) * 10, 2)


@pytest.mark.parametrize(
    ("budget", "executed", "rate", "score"),
    [
        ("4", "3.92", "0.98", "9.8"),
        ("4", "4", "1", "10"),
        ("4", "5", "1.25", "10"),  # capped
        ("3", "2", "0.6667", "6.67"),
        ("3", "1", "0.3333", "3.33"),
        ("100", "0", "0", "0"),
        ("100", None, "", ""),  # nothing is known yet of what was spent
        ("0", "5", "", ""),
        (None, "5", "", ""),
        (None, None, "", ""),
        ("200", "196.1", "0.9805", "9.81"),  # a half, which in binary lies a little below
        ("8", "7", "0.875", "8.75"),
        ("2000", "1967", "0.9835", "9.84"),
    ],
)
@pytest.mark.parametrize("template", TEMPLATES)
def test_rates_by_hand(template: str, budget: str | None, executed: str | None, rate: str, score: str) -> None:
    typed = {"funds.total.budget": budget, "funds.total.executed": executed}
    values: dict[str, Cast] = {name: Decimal(text) for name, text in typed.items() if text is not None}
    computed = engine_for(layout_of(template, 1)).evaluate(values).computed
    assert computed["funds.total.rate"] == (Decimal(rate) if rate else "")
    assert computed["funds.total.score"] == (Decimal(score) if score else "")


@given(st.lists(st.tuples(points, points), max_size=9))
@settings(max_examples=60, deadline=None)
def test_totals_are_the_sums(rows: list[tuple[Decimal, Decimal]]) -> None:
    values: dict[str, Cast] = {"funds.total.budget": Decimal(4), "funds.total.executed": Decimal("3.92")}
    for number, (weight, score) in enumerate(rows, 1):
        values |= {f"indicators.{number}.weight": weight, f"indicators.{number}.score": score}
    computed = engine_for(layout_of("mof-2020", 1)).evaluate(values).computed
    assert computed["total_weight"] == 10 + sum(weight for weight, _ in rows)
    assert computed["total_score"] == (Decimal("9.8") + sum(score for _, score in rows) if rows else "")


@given(money.filter(bool), money)
@settings(max_examples=60, deadline=None)
def test_without_rounding_the_figures_are_exact(budget: Decimal, executed: Decimal) -> None:
    values: dict[str, Cast] = {"funds.total.budget": budget, "funds.total.executed": executed}
    exact = engine_for(layout_of("mof-2020", 1)).exact(values)
    rate = Fraction(executed) / Fraction(budget)
    for name, wanted in (("funds.total.rate", rate), ("funds.total.score", min(rate, Fraction(1)) * 10)):
        found = exact[name]
        assert isinstance(found, Decimal)
        assert abs(Fraction(found) - wanted) <= abs(wanted) / 10**14


def test_binary_noise_is_not_seen() -> None:
    values: dict[str, Cast] = {f"indicators.{n}.score": Decimal("0.1") for n in range(1, 4)}
    assert engine_for(layout_of("mof-2020", 1)).evaluate(values).computed["total_score"] == Decimal("0.3")
    assert engine_for(layout_of("mof-2020", 1)).exact(values)["total_score"] == Decimal("0.3")


# --- checks


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [1, 3])
def test_nothing_fails_on_a_faultless_form(template: str, rows: int) -> None:
    results = engine_for(layout_of(template, rows)).evaluate(faultless(template, rows))
    assert [check.check.name for check in results.failing] == []
    assert results.undecided == frozenset()


def at(row: int, code: str, *columns: str) -> set[tuple[str, str]]:
    return {(code, f"indicators.{row}.{column}") for column in columns}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"indicators.1.score": D(20)}, set()),
        ({"indicators.1.score": D("20.01")}, at(1, "P101", "score")),
        ({"indicators.2.score": D(9)}, at(2, "P106", "reason")),
        ({"indicators.2.score": D(9), "indicators.2.reason": "检测设备故障，已修复"}, set()),
        ({"indicators.1.weight": D(19)}, {("W101", "total_weight"), *at(1, "P101", "score")}),
        ({"indicators.7.name": "绿化率"}, at(7, "K106", "target", "actual", "weight", "score")),
        ({"indicators.7.actual": "3"}, at(7, "K107", "name") | at(7, "K106", "target", "weight", "score")),
        ({"indicators.2.weight": D(0), "indicators.2.score": D(0), "indicators.1.weight": D(30)},
         at(2, "W103", "weight")),
        ({"funds.total.budget": D(121)}, {("M102", "funds.total.budget")}),
        ({"funds.total.initial": D(99)}, {("M102", "funds.total.initial")}),
        ({"funds.total.executed": D("117.61")}, {("M102", "funds.total.executed")}),
        ({"funds.total.executed": D("117.609")}, set()),  # less than a hundredth off
        ({"funds.other.executed": D(1), "funds.total.executed": D("118.6")}, {("M104", "funds.other.executed")}),
        ({"funds.carryover.executed": D(11), "funds.total.executed": D("118.6")},
         {("M103", "funds.carryover.executed")}),
        ({"unit": "  "}, {("H101", "unit")}),
        ({"goal_actual": ""}, {("G101", "goal_actual")}),
        ({"goal_actual": "无"}, set()),
    ],
)  # fmt: skip
def test_each_check_fails_where_it_should(changes: Mapping[str, Cast], found: set[tuple[str, str]]) -> None:
    results = engine_for(layout_of("mof-2020", 1)).evaluate(faultless("mof-2020", 1) | dict(changes))
    assert {(check.check.code, check.field.name) for check in results.failing} == found
    assert results.undecided == frozenset()


def test_what_a_checked_field_should_hold() -> None:
    layout = layout_of("mof-2020", 1)
    expected = engine_for(layout).evaluate(faultless("mof-2020", 1)).expected
    assert {check.field.name: value for check, value in expected.items()} == {
        "funds.total.initial": 100,
        "funds.total.budget": 120,
        "funds.total.executed": D("117.6"),
    }
    # No source is filled in: the total stands alone, and nothing is expected of it.
    assert engine_for(layout).evaluate({"funds.total.budget": D(4)}).expected == {}


@pytest.mark.parametrize(
    "text", ["约4", "叁", "3.92万元", "=1+1", "#N/A", "TRUE", "", " ", "\x00", "\ud800", "'", "1e5"]
)
def test_text_for_a_number_counts_as_nothing(text: str) -> None:
    layout = layout_of("mof-2020", 1)
    numbers = [item.name for item in layout.inputs if item.spec.type in (MONEY, POINTS)]
    results = engine_for(layout).evaluate(dict.fromkeys(numbers, text))
    assert results.computed["total_score"] == ""
    assert results.computed["total_weight"] == 10
    assert {results.computed[f"funds.{row}.rate"] for row in ("total", "carryover", "other")} == {""}
    assert results.undecided == frozenset()


def with_check(formula: str) -> Layout:
    content = copy.deepcopy(read(find("mof-2020")))
    hint = {"zh": "请核对年初预算数", "en": "Look again"}
    content["checks"]["own"] = {"code": "L001", "at": ["funds.other.initial"], "formula": formula, "hint": hint}
    return lay_out(build(content), 1)


def test_a_check_that_cannot_be_decided_fails_and_says_so(office: Office, tmp_path: Path) -> None:
    layout = with_check("={@}*1>=0")
    values: dict[str, Cast] = {"funds.other.initial": "约4"}
    results = engine_for(layout).evaluate(values)
    assert [check.field.name for check in results.undecided] == ["funds.other.initial"]
    assert results.undecided < set(results.failing)
    row = layout.fields["funds.other.initial"].range.top
    assert hints(layout, results)[row] == "请核对本行填写的内容"
    assert hints(layout, engine_for(layout).evaluate({"funds.other.initial": D(-1)}))[row] == "请核对年初预算数"
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout, LOCK, values=values))
    assert office.recalculated(path)["自评表"][f"K{row}"] == "请核对本行填写的内容"


# --- one spreadsheet, used again and again


def fillings(layout: Layout) -> st.SearchStrategy[dict[str, Cast]]:
    texts = st.one_of(st.text(max_size=6), st.sampled_from(["指标1：", "……", "约4", "=1", " ", "无"]))

    def values_of(name: str) -> st.SearchStrategy[Cast]:
        numeric = layout.fields[name].spec.type in (MONEY, POINTS)
        return st.one_of(points, money, texts) if numeric else texts

    names = [item.name for item in layout.inputs]
    return st.lists(st.sampled_from(names), unique=True, max_size=20).flatmap(
        lambda chosen: st.fixed_dictionaries({name: values_of(name) for name in chosen})
    )


@pytest.mark.property
@given(st.lists(fillings(layout_of("mof-2021", 1)), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
def test_nothing_is_left_over_from_the_form_before(forms: list[dict[str, Cast]]) -> None:
    layout = layout_of("mof-2021", 1)
    shared = Engine(layout)
    for values in forms:
        again, fresh = shared.evaluate(values), Engine(layout).evaluate(values)
        assert again == fresh
        assert shared.exact(values) == Engine(layout).exact(values)


def test_a_spreadsheet_that_forgets_no_text_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = layout_of("mof-2020", 1)
    made: list[object] = []
    create = ironcalc.create

    def counted(*given: Any) -> Any:
        made.append(given)
        return create(*given)

    monkeypatch.setattr(ironcalc, "create", counted)
    monkeypatch.setattr(engine, "_MOST_KEPT", 1000)
    shared = Engine(layout)
    values: dict[str, Cast] = {"funds.total.budget": D(4), "funds.total.executed": D(3)}
    told = [shared.evaluate(values | {"goal_expected": f"{number:0100}"}) for number in range(50)]
    assert all(each == told[0] for each in told)
    assert 4 <= len(made) <= 6
    # No formula whose figures these are looks at a text.
    made.clear()
    exact = [shared.exact(values | {"goal_expected": f"{number:0100}"}) for number in range(50)]
    assert all(each == exact[0] for each in exact)
    assert len(made) == 1


@pytest.mark.slow
def test_an_engine_that_is_laid_out_anew_gives_what_a_new_one_gives() -> None:
    """More sizes of two forms than are kept, so that formulas of one are changed into those of another."""
    chance = random.Random(7)
    for turn in range(40):
        form = load(("mof-2020", "mof-2021")[turn // 20])
        layout = lay_out(form, [chance.randint(1, 4) for _ in block_sizes(form, None)])
        for values in ({}, as_people_fill(layout, chance)):
            fresh = Engine(layout)
            assert engine_for(layout).evaluate(values) == fresh.evaluate(values), layout.rows
            assert engine_for(layout).exact(values) == fresh.exact(values), layout.rows


def test_a_value_that_cannot_be_taken_leaves_no_trace() -> None:
    layout = layout_of("mof-2020", 1)
    own = Engine(layout)
    before = own.evaluate({"funds.total.budget": D(4)})
    bad: Any = object()
    for _ in range(2):  # also the second time: it must not be taken for what the sheet holds already
        with pytest.raises(TypeError):
            own.evaluate({"funds.total.budget": D(5), "unit": bad})
    assert own.evaluate({"funds.total.budget": D(4)}) == before


def test_enormous_figures_are_no_trouble() -> None:
    values: dict[str, Cast] = {"funds.total.budget": D("1e308"), "funds.total.executed": D("1e308")}
    values |= {
        f"funds.{row}.{column}": D("1e308") for row in ("appropriation", "other") for column in ("budget", "executed")
    }
    results = engine_for(layout_of("mof-2020", 1)).evaluate(values)
    assert results.computed["funds.total.rate"] == 1
    assert results.computed["funds.total.score"] == 10


# --- LibreOffice's opinion


def as_people_fill(layout: Layout, chance: random.Random) -> dict[str, Cast]:
    """Faultless data with much of it changed: left out, far off, typed as text, with a unit, copied into other rows."""
    values = faultless(layout.form.id, layout.rows[0])
    texts = ["", "无", "约4", "3.92万元", "98％", "指标1：", "……", "=1+1", "'", "同上", "≥95%", "TRUE", " 4 ", "完成。"]
    for item in layout.inputs:
        kind = item.spec.type
        if chance.random() < 0.5:
            continue
        if chance.random() < 0.2:
            values.pop(item.name, None)
        elif chance.random() < 0.15 or kind not in (MONEY, POINTS, YEAR):
            values[item.name] = chance.choice(texts)
        elif kind is MONEY:
            values[item.name] = D(chance.randrange(0, 10**7)) / 100
        elif kind is POINTS:
            values[item.name] = D(chance.randrange(0, 5000)) / 100
    return {name: value for name, value in values.items() if value != ""}


def check_libreoffice(layout: Layout, values: Mapping[str, Cast], path: Path, office: Office) -> int:
    """Every formula of an issued workbook, stored result against recalculated one; how many there are."""
    path.write_bytes(issue(layout, LOCK, values=values))
    again, count = office.recalculated(path), 0
    for name, sheet in dump(path).sheets.items():
        for where, cell in sheet.cells.items():
            if cell.formula is None:
                continue
            count += 1
            stored, found = cell.value if cell.value is not None else "", again[name][where]
            if isinstance(stored, str):
                assert found == stored, (name, where)
            else:
                assert isinstance(found, float), (name, where)
                assert found == pytest.approx(stored, rel=1e-12, abs=1e-12), (name, where)
    return count


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [1, 3])
def test_libreoffice_agrees_on_blank_and_faultless_forms(
    template: str, rows: int, office: Office, tmp_path: Path
) -> None:
    layout = layout_of(template, rows)
    for number, values in enumerate(({}, faultless(template, rows))):
        count = check_libreoffice(layout, values, tmp_path / f"{number}.xlsx", office)
        assert count == len(layout.computed) + len(layout.checks_by_row) + 1


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("seed", range(5))
def test_libreoffice_agrees_whatever_people_fill_in(template: str, seed: int, office: Office, tmp_path: Path) -> None:
    layout = layout_of(template, 1 + seed % 2)
    values = as_people_fill(layout, random.Random(f"{template} {seed}"))
    assert {type(value) for name, value in values.items() if layout.fields[name].spec.type in (MONEY, POINTS)} == {
        str,
        D,
    }
    assert check_libreoffice(layout, values, tmp_path / "x.xlsx", office) > 20
    # The seeds reach far: every one of these forms has things to fix, and totals to compare.
    results = engine_for(layout).evaluate(values)
    assert len(results.failing) > 5
    assert isinstance(results.computed["total_score"], Decimal)


def halves() -> list[tuple[Decimal, Decimal]]:
    """Budgets and executions whose rate, or whose score, lies exactly half way; and many that do not."""
    chance = random.Random(4)
    pairs = [
        (D(2000), D(odd) / 10) for odd in range(1, 20_000, 118)
    ]  # a rate of an odd number of half hundredths of a percent
    pairs += [(D(10_000), D(number)) for number in range(5, 10_000, 170)]  # a score that ends in half a hundredth
    pairs += [(D(chance.randrange(1, 10**6)) / 100, D(chance.randrange(0, 10**6)) / 100) for _ in range(400)]
    return pairs


def test_rounding_is_the_same_everywhere(office: Office, tmp_path: Path) -> None:
    """The template's own formulas, row by row in one sheet: LibreOffice, IronCalc, and halves rounded up by hand."""
    funds = load("mof-2020").tables["funds"]
    rate, score = funds.columns["rate"].formula, funds.spec("total", "score").formula
    assert rate is not None
    assert score is not None
    path, pairs = tmp_path / "x.xlsx", halves()
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("x")
    for row, (budget, executed) in enumerate(pairs, 1):
        cells = {".budget": f"A{row}", ".executed": f"B{row}", ".rate": f"C{row}", ".weight": "10"}
        sheet.write_row(row - 1, 0, [float(budget), float(executed)])
        for column, formula in ((2, rate), (3, score)):
            sheet.write_formula(row - 1, column, "=" + render(formula, cells.__getitem__))
    book.close()
    seen = office.recalculated(path)["x"]
    ours = engine_for(layout_of("mof-2020", 1))
    exact_halves = 0
    for row, (budget, executed) in enumerate(pairs, 1):
        exact = Fraction(executed) / Fraction(budget)
        stated = half_up(exact, 4)
        points = half_up(min(Fraction(stated), Fraction(1)) * 10, 2)
        exact_halves += (exact * 20_000).denominator == 1 and (exact * 10_000).denominator != 1
        computed = ours.evaluate({"funds.total.budget": budget, "funds.total.executed": executed}).computed
        assert (computed["funds.total.rate"], computed["funds.total.score"]) == (stated, points), (budget, executed)
        assert (seen[f"C{row}"], seen[f"D{row}"]) == pytest.approx((float(stated), float(points)), abs=1e-12), (
            budget,
            executed,
        )
    assert exact_halves > 150
