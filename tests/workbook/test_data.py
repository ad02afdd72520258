"""Data put into issued workbooks, and taken out again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.audit import audit
from support.data import LOCK, _decimals, document, round_trip, submitted
from support.forms import TEMPLATES, codes, faultless, layout_of

from xlsform.errors import DataError, UsageError
from xlsform.form.template import load
from xlsform.form.vocabulary import FUNDS_TOTAL_BUDGET
from xlsform.spreadsheet.package import Package
from xlsform.submission.extract import extract
from xlsform.workbook.data import assign, fill, read_data
from xlsform.workbook.data_schema import describe, schema
from xlsform.workbook.issue import issue


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [None, 5])
def test_what_is_filled_in_is_taken_out(template: str, rows: int | None) -> None:
    layout = layout_of(template, rows)
    content = document(layout, faultless(template, rows))
    submission, found = round_trip(issue(layout, LOCK), content)
    assert found == content
    assert codes(submission) == []


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), min_size=1, max_size=60
).filter(lambda text: bool(text.strip()) and not text.startswith("指标"))
MONEY = st.decimals(0, 10**9, places=6).map(float)
BLANKS = {template: issue(layout_of(template), LOCK) for template in TEMPLATES}


@pytest.mark.property
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    template=st.sampled_from(TEMPLATES),
    texts=st.fixed_dictionaries({"project_name": TEXT, "goal_actual": TEXT}),
    funds=st.dictionaries(
        st.sampled_from(["total", "appropriation", "carryover", "other"]),
        st.dictionaries(st.sampled_from(["initial", "budget", "executed"]), MONEY, min_size=1),
    ),
    rows=st.lists(st.tuples(TEXT, TEXT, st.integers(1, 50), st.decimals(0, 50, places=2).map(float)), max_size=3),
)
def test_any_data_come_back_as_they_went_in(
    template: str,
    texts: dict[str, str],
    funds: dict[str, dict[str, float]],
    rows: list[tuple[str, str, int, float]],
) -> None:
    level = {"level1": "产出指标", "level2": "数量指标"}
    keys = ("name", "target", "weight", "score")
    content: dict[str, Any] = {"template": template, "year": 2021, "fields": texts, "funds": funds}
    content["indicators"] = [
        level
        | dict.fromkeys(("name", "target", "actual", "weight", "score", "reason"))
        | dict(zip(keys, row, strict=True))
        for row in rows
    ]
    _, found = round_trip(BLANKS[template], content)
    assert found == content


def test_text_for_a_figure_stays_as_it_was_typed() -> None:
    content: dict[str, Any] = {
        "template": "mof-2020",
        "year": None,
        "fields": {},
        "funds": {"total": {"budget": "3.92万元"}},
        "indicators": [],
    }
    submission, found = round_trip(BLANKS["mof-2020"], content)
    assert found == content
    assert submission.number(FUNDS_TOTAL_BUDGET) == Decimal("3.92")


def test_formulas_locks_and_validations_stay() -> None:
    layout = layout_of("mof-2020")
    blank = BLANKS["mof-2020"]
    filled = fill(submitted(blank), blank, _decimals(document(layout, faultless("mof-2020"))))
    before, after = submitted(blank).workbook, submitted(filled).workbook
    assert after.sheets[0].formulas == before.sheets[0].formulas
    assert after.sheets[0].unlocked == before.sheets[0].unlocked
    assert after.sheets[0].validated == before.sheets[0].validated
    assert after.names == before.names
    assert after.structure_locked
    assert Package(filled).read("xl/styles.xml") == Package(blank).read("xl/styles.xml")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_filled_workbook_is_sound(template: str, tmp_path: Path) -> None:
    layout = layout_of(template)
    blank = BLANKS[template]
    path = tmp_path / "filled.xlsx"
    path.write_bytes(fill(submitted(blank), blank, _decimals(document(layout, faultless(template)))))
    assert audit(path) == []


def test_stored_results_follow_the_data() -> None:
    layout = layout_of("mof-2020")
    submission, _ = round_trip(BLANKS["mof-2020"], document(layout, faultless("mof-2020")))
    computed = extract(submission)["computed"]
    assert computed["funds.total.rate"] == 0.98
    assert computed["funds.total.score"] == 9.8
    assert computed["total_weight"] == 100
    assert computed["total_score"] == 99.47
    assert computed["funds.other.rate"] is None


def test_what_the_data_do_not_name_stays() -> None:
    blank = BLANKS["mof-2020"]
    once = fill(submitted(blank), blank, {"template": "mof-2020", "fields": {"unit": "甲"}})
    twice = fill(submitted(once), once, {"template": "mof-2020", "fields": {"department": "乙"}})
    assert extract(submitted(twice))["fields"] == {"unit": "甲", "department": "乙"}
    emptied = fill(submitted(twice), twice, {"template": "mof-2020", "fields": {"unit": None}})
    assert extract(submitted(emptied))["fields"] == {"department": "乙"}


def test_rows_beyond_those_issued_are_refused_with_their_number() -> None:
    row = {"level2": "数量指标", "name": "甲"}
    blank = BLANKS["mof-2020"]
    with pytest.raises(DataError) as caught:
        fill(submitted(blank), blank, {"template": "mof-2020", "indicators": [row] * 5}, "data.json")
    assert str(caught.value) == (
        "data.json: these data cannot be used:\n"
        "  数量指标 has 3 rows in this workbook, the data have 5; generate one with --rows 5"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"template": "mof-2021"}, '$.template: must be "mof-2020", not "mof-2021"'),
        ({"fields": {"units": "甲"}}, "$.fields.units: unknown key; allowed: "),
        ({"fields": {"unit": 5}}, "$.fields.unit: 5 is not string or null"),
        ({"funds": {"total": {"rate": 1}}}, "$.funds.total.rate: unknown key; allowed: budget, executed, initial"),
        ({"indicators": [{"level2": "数量"}]}, '$.indicators[0].level2: "数量" is not allowed; one of 数量指标, '),
        ({"indicators": [{"name": "甲"}]}, "$.indicators[0]: missing level2"),
        ({"indicators": [{"level1": "效益指标", "level2": "数量指标"}]}, "数量指标 belongs to 产出指标, not 效益指标"),
    ],
)
def test_data_without_a_place_are_refused(change: dict[str, Any], problem: str) -> None:
    blank = BLANKS["mof-2020"]
    with pytest.raises(DataError) as caught:
        fill(submitted(blank), blank, {"template": "mof-2020"} | change)
    assert problem in str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    blank = BLANKS["mof-2020"]
    with pytest.raises(DataError) as caught:
        fill(submitted(blank), blank, {"fields": {"unit": 5, "x": 1}, "year": "2021"})
    assert len(caught.value.problems) == 4


def test_a_prefilled_value_cannot_be_overwritten_by_data() -> None:
    layout = layout_of("mof-2020")
    workbook = issue(
        layout, LOCK, year=2021, values={"indicators.1.name": "养护里程", "indicators.1.weight": Decimal(20)}
    )
    row = {"level2": "数量指标", "name": "养护里程", "weight": 20, "score": 19}
    filled = fill(submitted(workbook), workbook, _decimals({"template": "mof-2020", "indicators": [row]}))
    assert extract(submitted(filled))["indicators"][0]["score"] == 19
    with pytest.raises(DataError, match="数量指标 第 1 行·分值 was issued as 20 and is locked; the data say 25"):
        fill(submitted(workbook), workbook, _decimals({"template": "mof-2020", "indicators": [row | {"weight": 25}]}))


def test_rows_follow_the_block_they_belong_to() -> None:
    layout = layout_of("mof-2020", 2)
    blank = issue(layout, LOCK)
    rows = [{"level2": kind, "name": f"{kind}的指标"} for kind in ("质量指标", "数量指标", "质量指标")]
    filled = submitted(fill(submitted(blank), blank, {"template": "mof-2020", "indicators": rows}))
    named = {name: entry.value for name, entry in filled.entries.items() if name.endswith(".name") and entry.usable}
    assert named == {
        "indicators.1.name": "数量指标的指标",
        "indicators.3.name": "质量指标的指标",
        "indicators.4.name": "质量指标的指标",
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_data_schema_is_itself_sound(template: str) -> None:
    Draft202012Validator.check_schema(schema(load(template)))


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_field_is_described(template: str) -> None:
    layout = layout_of(template)
    fields = describe(layout)
    assert [each["name"] for each in fields] == list(layout.fields)
    by_name = {each["name"]: each for each in fields}
    assert by_name["funds.total.score"]["kind"] == "computed"
    assert by_name["funds.total.weight"]["kind"] == "printed"
    assert by_name["unit"] | {"cell": ""} == {
        "name": "unit", "cell": "", "kind": "input", "type": "text", "label": "实施单位", "required": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "line 1, column 2: not JSON"),
        (b"\xff\xfe{}", "not UTF-8 text"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_data_file_is_one_clear_message(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_data(path)
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)


def test_data_nested_deeper_than_they_can_be_checked_are_one_clear_message(tmp_path: Path) -> None:
    """So deep that JSON is still read, and what looks into it is not through."""
    path = tmp_path / "data.json"
    path.write_text('{"fields": ' + "[" * 600 + "]" * 600 + "}")
    with pytest.raises(DataError, match="nested too deeply"):
        assign(layout_of("mof-2020"), read_data(path), str(path))


def test_a_missing_data_file_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        read_data(tmp_path / "none.json")
