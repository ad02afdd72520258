"""The roles of a template's fields: its names where they are roles, else what it says; and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from support.renamed import Renaming

from xlsform.form import vocabulary
from xlsform.form.check import problems, warnings
from xlsform.form.layout import lay_out
from xlsform.form.template import build, bundled, find, load, read
from xlsform.form.vocabulary import (
    ACTUAL,
    FIELDS,
    FUNDS,
    FUNDS_BUDGET,
    FUNDS_TOTAL,
    FUNDS_TOTAL_BUDGET,
    PROJECT_NAME,
    TABLES,
    every_role,
)


def changed(path: str, value: Any, template: str = "mof-2020") -> dict[str, Any]:
    """Return a bundled template with a key set; None removes it."""
    content = read(find(template))
    *parents, last = path.split("/")
    place: Any = content
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize("template", bundled())
def test_a_name_that_is_a_role_is_its_own(template: str) -> None:
    form = load(template)
    assert {role: name for role, name in form.roles.items() if role in FIELDS} == {
        role: name.replace("indicators.", "indicators.*.")
        for role in FIELDS
        if (name := str(role)) and (role in form.fields or role.startswith(("funds.", "indicators.")))
    }
    for item in lay_out(form).fields.values():
        assert item.role == item.name or item.table == "indicators" or item.name.startswith("subtotals.")
        assert item.key == (item.role or item.name)
    assert problems(read(find(template))) == []
    assert warnings(read(find(template))) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("template", bundled())
def test_under_other_names_every_field_has_the_role_that_it_had(template: str, seed: int) -> None:
    renaming = Renaming(template, seed)
    assert problems(renaming.template()) == []
    assert warnings(renaming.template()) == []
    before, after = lay_out(load(template)), lay_out(renaming.form())
    assert {renaming.name(name): item.role for name, item in before.fields.items()} == {
        name: item.role for name, item in after.fields.items()
    }
    assert after.by_key.keys() == before.by_key.keys()
    assert after.form.roles.keys() == before.form.roles.keys()
    assert after.fields.keys() != before.fields.keys()


def test_roles_of_a_field_its_row_and_its_column() -> None:
    item = lay_out(load("mof-2020")).fields["funds.total.budget"]
    assert (item.role, item.table_role, item.row_role) == (FUNDS_TOTAL_BUDGET, FUNDS, FUNDS_TOTAL)
    assert item.spec.role == FUNDS_BUDGET
    actual = lay_out(load("mof-2020")).fields["indicators.3.actual"]
    assert (actual.role, actual.spec.role, actual.row_role) == (ACTUAL, ACTUAL, None)


def test_every_role_has_a_meaning() -> None:
    assert all(meaning.about and meaning.unit for meaning in FIELDS.values())
    roles = [role for role, _ in every_role()]
    assert len(roles) == len(set(roles))
    assert {role for role in FIELDS if role.count(".") == 2} == {
        vocabulary.cell(row, column) for row in TABLES[FUNDS].rows for column in TABLES[FUNDS].columns
    }


# --- what is wrong


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("fields/unit/role", "units", "$.fields.unit.role: no role 'units'; known: unit, filler_unit"),
        ("fields/unit/role", "department", "$.fields.unit: its role 'department' is that of $.fields.department, too"),
        ("fields/unit/role", "funds.total.budget", "$.fields.unit.role: no role 'funds.total.budget'; known: "),
        ("tables/funds/role", "money",
         "$.tables.funds.role: 'money' is no role of a table with named rows; known: funds"),
        ("tables/funds/role", "indicators",
         "$.tables.funds.role: 'indicators' is no role of a table with named rows; known: funds"),
        ("tables/funds/rows/other", {"label": "其他资金", "role": "carryover"},
         "$.tables.funds.rows.other: its role 'carryover' is that of $.tables.funds.rows.carryover, too"),
        ("tables/funds/rows/other", {"label": "其他资金", "role": "others"},
         "$.tables.funds.rows.other.role: no role 'others'; known: other"),
        ("tables/funds/rows/other", {"role": "other"}, "$.tables.funds.rows.other: missing label"),
        ("tables/funds/columns/rate/role", "score",
         "$.tables.funds.columns.score: its role 'score' is that of $.tables.funds.columns.rate, too"),
        ("tables/indicators/columns/reason/role", "budget",
         "$.tables.indicators.columns.reason.role: no role 'budget'; known: "),
        ("tables/funds/columns/rate/rows", {"total": {"role": "rate"}},
         "$.tables.funds.columns.rate.rows.total.role: unknown key; allowed: "),
        ("fields/unit/role", 3, "$.fields.unit.role: 3 is not string"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_role(path: str, value: Any, problem: str) -> None:
    found = problems(changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_roles_in_a_table_without_one_are_told() -> None:
    content = Renaming("mof-2020", 1, swapped=False).template()
    tables = list(content["tables"].values())
    del tables[0]["role"]
    found = problems(content)
    assert len(found) == 10
    assert all(line.endswith(".role: its table has no role; give that one first") for line in found)


# --- what seems to be forgotten


def test_a_label_that_other_forms_print_for_a_role_is_told() -> None:
    content = Renaming("mof-2020", 1, swapped=False).template()
    name = next(name for name, spec in content["fields"].items() if spec["label"] == "项目名称")
    content["fields"][name].pop("role")
    assert warnings(content) == [
        f'$.fields.{name}: other forms print 项目名称 for project_name; give "role" if it is that'
    ]
    content["fields"][name]["label"] = "工程"
    assert warnings(content) == []
    assert PROJECT_NAME not in build(content).roles


@pytest.mark.parametrize(
    ("label", "role"),
    [("调整后预算数", "budget"), ("预算执行率", "rate"), ("执行率(B/A)", "rate"), ("全年执行数（B）", "executed")]
)  # fmt: skip
def test_labels_vary(label: str, role: str) -> None:
    content = read(find("mof-2020"))
    columns = content["tables"]["funds"]["columns"]
    columns[role] |= {"label": label, "role": "nothing"}
    assert warnings(content) == [
        f'$.tables.funds.columns.{role}: other forms print {label} for {role}; give "role" if it is that'
    ]


def test_a_row_is_known_by_its_label_too() -> None:
    content = changed("tables/funds/rows/appropriation", {"label": "其中：本年财政拨款", "role": "nothing"})
    assert warnings(content) == [
        "$.tables.funds.rows.appropriation: other forms print 其中：本年财政拨款 for appropriation; "
        'give "role" if it is that'
    ]


def test_a_table_is_known_by_its_labels() -> None:
    content = Renaming("mof-2020", 1, swapped=False).template(frozenset(["funds", "indicators"]))
    found = warnings(content)
    assert len(found) == 2
    assert "年度资金总额, 其中：当年财政拨款" in found[0]
    assert found[0].endswith('in the table of the role funds; give "role" if it is that')
    assert "三级指标, 年度指标值, 实际完成值" in found[1]
