"""Everything that is wrong with a template is said at once, each thing with its place and what is allowed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import TEMPLATES

from xlsform.errors import TemplateError
from xlsform.form.check import SCHEMA, dangling, load_checked, problems
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, load, read

Content = dict[str, Any]

BASE: Content = read(find("mof-2020"))


def mof() -> Content:
    return copy.deepcopy(BASE)


def at(content: Content, path: str) -> Content:
    for key in path.split("/") if path else ():
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


def put(content: Content, path: str, value: object) -> Content:
    """Put a value at a place, ``/`` between keys; the same content."""
    *parents, last = path.split("/")
    at(content, "/".join(parents))[last] = value
    return content


def drop(content: Content, path: str) -> Content:
    *parents, last = path.split("/")
    del at(content, "/".join(parents))[last]
    return content


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_bundled_templates_are_sound(template: str) -> None:
    assert problems(read(find(template))) == []
    assert dangling(load(template)) == set()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


# --- shape


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("colour", "red",
         "$.colour: unknown key; allowed: $schema, blocks, checks, edition, extends, fields, format, id, "
         "instructions, let, money_unit, name, outcome, page, scoring, sheet, source, tables, title, version"),
        ("fields/unit/lable", "x",
         "$.fields.unit.lable: unknown key; allowed: formula, label, last_placeholder, max_length, "
         "placeholder, prompt, required, role, type, value"),
        ("fields/unit/at_most", "weight",
         "$.fields.unit.at_most: unknown key; allowed: formula, label, last_placeholder, "
         "max_length, placeholder, prompt, required, role, type, value"),
        ("page/size", "10.5", '$.page.size: "10.5" is not number'),
        ("page/size", 60, "$.page.size: 60 is greater than the maximum of 20"),
        ("fields/unit/type", "string",
         '$.fields.unit.type: "string" is not allowed; one of text, money, points, rate, year, figure'),
        ("money_unit", "万", '$.money_unit: "万" is not allowed; one of 元, 千元, 万元, 百万元, 亿元'),
        ("version", 2, "$.version: must be 1, not 2"),
        ("format", "x", '$.format: must be "xlsform-template", not "x"'),
        ("id", "Mof 2020", '$.id: "Mof 2020" does not fit; expected: a text that fits ^[a-z0-9]+(-[a-z0-9]+)*$'),
        ("sheet", "自评[表]",
         '$.sheet: "自评[表]" does not fit; expected: Name of the form\'s sheet, as Excel allows it.'),
        ("sheet", "表" * 32, f"$.sheet: '{'表' * 32}' is too long"),
        ("fields/Unit", {"label": "x", "type": "text"},
         '$.fields: "Unit" does not fit; expected: Lower case letters, digits and underscores: it becomes part of a '
         'defined name.'),
        ("fields/total_score/formula", "SUM(1)",
         '$.fields.total_score.formula: "SUM(1)" does not fit; expected: An Excel formula with fields in braces.'),
        ("fields/total_score/value", 3, "$.fields.total_score: give not both formula and value"),
        ("checks/reason-missing/expected", "=1", "$.checks['reason-missing']: give exactly one of formula, expected"),
        ("checks/reason-missing/code", "P1",
         '$.checks[\'reason-missing\'].code: "P1" does not fit; expected: a text that fits ^[A-Z][0-9]{3}$'),
        ("checks/reason-missing/hint/en", "", "$.checks['reason-missing'].hint.en: '' should be non-empty"),
        ("tables/funds/groups", [{"level1": "a", "level2": ["b"]}], "$.tables.funds: give exactly one of rows, groups"),
        ("tables/indicators/groups", [], "$.tables.indicators.groups: [] should be non-empty"),
        ("blocks/total/0/cells/I", 5, "$.blocks.total[0].cells.I: 5 is not string or object"),
        ("blocks/total/0/cells/I", {"style": "left"},
         "$.blocks.total[0].cells.I: give exactly one of label, field, row, level, column"),
        ("blocks/total/0/cells/I", {"label": "x", "field": "unit"},
         "$.blocks.total[0].cells.I: give exactly one of label, field, row, level, column"),
        ("blocks/total/0/cells/I", {"label": "x", "rows": "all"},
         '$.blocks.total[0].cells.I.rows: must be "block", not "all"'),
        ("blocks/total/0/cells/I", {"label": "x", "rows": 0},
         "$.blocks.total[0].cells.I.rows: 0 is less than the minimum of 1"),
        ("blocks/total/0/cells/I", {"label": "x", "style": "bold"},
         '$.blocks.total[0].cells.I.style: "bold" is not allowed; one of title, subtitle, label, plain, value, left, '
         'narrative'),
        ("blocks/total/0/cells/AA", "x",
         '$.blocks.total[0].cells: "AA" does not fit; expected: a text that fits ^[A-Z](:[A-Z])?$'),
        ("blocks/total", [], "$.blocks.total: [] should be non-empty"),
    ],
)  # fmt: skip
def test_shape(path: str, value: object, problem: str) -> None:
    assert problems(put(mof(), path, value)) == [problem]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("id", "$: missing id"),
        ("scoring/total", "$.scoring: missing total"),
        ("fields/unit/label", "$.fields.unit: missing label"),
        ("checks/reason-missing/formula", "$.checks['reason-missing']: give exactly one of formula, expected"),
    ],
)
def test_what_is_missing(path: str, problem: str) -> None:
    assert problems(drop(mof(), path)) == [problem]


def test_every_problem_of_shape_is_said_at_once() -> None:
    content = mof()
    for path in ("id", "title", "page/font"):
        drop(content, path)
    put(content, "fields/unit/max_length", 0)
    assert problems(content) == [
        "$: missing id",
        "$: missing title",
        "$.fields.unit.max_length: 0 is less than the minimum of 1",
        "$.page: missing font",
    ]


# --- the grid


def spare(name: str, **more: object) -> Content:
    """The form with one more text field, in the last cell of the last row."""
    content = put(mof(), f"fields/{name}", {"label": "备注", "type": "text", **more})
    return put(content, "blocks/total/0/cells/I", {"field": name})


def test_one_more_field_is_sound() -> None:
    assert problems(spare("remark")) == []


@pytest.mark.parametrize(
    "name",
    [
        "ab12",
        "a1",
        "xfd1048576",
        "zzz9",
        "r1c1",
        "r",
        "c",
        "rc",
        "r12",
        "c3",
        "r12345678",
        "rc5",
        "r2c",
        "true",
        "false",
    ],
)
def test_names_that_excel_refuses(name: str) -> None:
    assert problems(spare(name)) == [
        f"$.fields.{name}: Excel takes this name for a cell reference or a value; choose another"
    ]


@pytest.mark.parametrize("name", ["goal1", "abcd1", "r1c1x", "rate", "a_1", "row", "cola2020"])
def test_names_that_excel_accepts(name: str) -> None:
    assert problems(spare(name)) == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("blocks/head/0/cells/A:B", "x", [
            "$.blocks: the label '项目名称' (A3) and the label 'x' (A3:B3) overlap",
            "$.blocks: the label 'x' (A3:B3) and the field project_name (B3:I3) overlap",
        ]),
        ("blocks/funds/0/cells/D", {"label": "x", "rows": 2}, [
            "$.blocks: the label 'x' (D5:D6) and the field funds.total.initial (D6) overlap",
        ]),
        ("blocks/total/0/cells/I", {"label": "x", "rows": 3}, [
            "$.blocks.total: the label 'x' (I40:I42) reaches below its block, which ends in row 40",
        ]),
        ("blocks/total/0/cells/I", {"field": "unit"}, [
            "$.blocks.total[0].cells[\"I\"].field: 'unit' already stands at $.blocks.head[1].cells[\"F:I\"]",
        ]),
        ("blocks/total/0/cells/I", {"field": "unti"}, [
            "$.blocks.total[0].cells[\"I\"].field: no field 'unti'; known: unit",
        ]),
        ("blocks/total/0/cells/I", {"field": "indicators.1.name"}, [
            "$.blocks.total[0].cells[\"I\"].field: no field 'indicators.1.name'; known: indicators.*.name",
        ]),
        ("blocks/total/0/cells/I", {"row": "funds.totals"}, [
            "$.blocks.total[0].cells[\"I\"].row: no row 'funds.totals'; known: funds.total, funds.other, "
            "funds.carryover",
        ]),
        ("blocks/total/0/cells/I", {"level": 1},
         ['$.blocks.total[0].cells["I"].level: only in a row that repeats a table']),
        ("blocks/total/0/cells/I", {"column": "name"},
         ['$.blocks.total[0].cells["I"].column: only in a row that repeats a table']),
        ("blocks/total/0/cells/J", "x", ['$.blocks.total[0].cells["J"]: column J has no width in $.page.columns']),
        ("blocks/title/0/cells", {"I:A": "x"},
         ['$.blocks.title[0].cells["I:A"]: give the columns from left to right, A:I']),
        ("fields/remark", {"label": "备注", "type": "text"}, ["$.fields: 'remark' stands in no cell of $.blocks"]),
        ("tables/funds/rows/debt", "债券资金", [
            f"$.tables: 'funds.debt.{column}' stands in no cell of $.blocks"
            for column in ("budget", "executed", "initial", "rate", "score", "weight")
        ]),
        ("tables/indicators/columns/proof", {"label": "佐证", "type": "text"}, [
            "$.tables: 'indicators.*.proof' stands in no cell of $.blocks",
        ]),
        ("tables/funds/columns/budget/rows/debt", {"required": "M101"}, [
            "$.tables.funds.columns.budget.rows: no row 'debt'; known: total, appropriation, carryover, other",
        ]),
        ("tables/indicators/columns/score/rows", {"1": {"required": "M101"}}, [
            "$.tables.indicators.columns.score.rows: no row '1'; known: ",
        ]),
        ("tables/indicators/columns/score/at_most", "wieght", [
            "$.tables.indicators.columns.score.at_most: no column 'wieght'; known: name, target, actual, weight, "
            "score, reason",
        ]),
        ("tables/funds/columns/executed/rows/total/at_most", "bugdet", [
            "$.tables.funds.columns.executed.rows.total.at_most: no column 'bugdet'; known: initial, budget, "
            "executed, weight, rate, score",
        ]),
        ("tables/indicators/groups/1/subtotal", {"wieght": "=1"}, [
            "$.tables.indicators.groups[1].subtotal: no column 'wieght'; known: name, target, actual, weight, score, "
            "reason",
        ]),
        ("tables/indicators/groups/1/level2", ["经济效益指标", "数量指标"], [
            "$.tables.indicators.groups: level 2 '数量指标' stands twice",
        ]),
        ("tables/indicators/groups/1/level1", "产出指标",
         ["$.tables.indicators.groups: level 1 '产出指标' stands twice"]),
        ("blocks/indicators/1/cells/A", {"label": "x"}, [
            '$.blocks.indicators[1].cells["A"]: a row that repeats a table holds levels and columns only',
        ]),
        ("blocks/indicators/1/cells/I", {"column": "reason", "rows": 2}, [
            '$.blocks.indicators[1].cells["I"].rows: not in a row that repeats a table',
        ]),
        ("blocks/indicators/1/cells/A", {"column": "raeson"}, [
            "$.blocks.indicators[1].cells[\"A\"].column: no column 'raeson'; known: name, target, actual, weight, "
            "score, reason",
        ]),
        ("blocks/indicators/1/cells/A", {"column": "name"}, [
            "$.blocks.indicators[1].cells[\"A\"].column: 'indicators.*.name' already stands at "
            "$.blocks.indicators[1].cells[\"D\"]",
        ]),
        ("sheet", "填报说明", ["$.sheet: '填报说明' is the name of another sheet; choose another"]),
        ("sheet", "_XLSFORM", ["$.sheet: '_XLSFORM' is the name of another sheet; choose another"]),
        ("sheet", "History", ["$.sheet: 'History' is the name of another sheet; choose another"]),
    ],
)  # fmt: skip
def test_the_grid(path: str, value: object, found: list[str]) -> None:
    lines = sorted(problems(put(mof(), path, value)))
    assert len(lines) == len(found)
    assert [line for line, start in zip(lines, sorted(found), strict=True) if not line.startswith(start)] == []


def test_columns_without_a_width() -> None:
    assert problems(drop(mof(), "page/columns/E")) == ["$.page.columns: no width for E"]


def test_a_repeated_row_needs_a_table_with_kinds() -> None:
    unknown, named = (problems(put(mof(), "blocks/indicators/1/repeat", table)) for table in ("indicator", "funds"))
    assert unknown[0] == "$.blocks.indicators[1].repeat: no table 'indicator'; known: funds, indicators"
    assert named[0] == "$.blocks.indicators[1].repeat: table 'funds' has named rows, no groups"
    assert all("stands in no cell" in line for line in unknown[1:] + named[1:])


def test_one_table_with_kinds_stands_once() -> None:
    content = mof()
    content["blocks"]["indicators"].append(content["blocks"]["indicators"][1])
    found = problems(content)
    assert len(found) == 6
    assert all("already stands at $.blocks.indicators[1]" in line for line in found)
    content = put(mof(), "tables/more", mof()["tables"]["indicators"])
    content["blocks"]["more"] = [{**content["blocks"]["indicators"][1], "repeat": "more"}]
    assert problems(content) == ["$.tables: only one table may have groups, not indicators and more"]


# --- formulas


@pytest.mark.parametrize(
    ("path", "formula", "found"),
    [
        ("fields/total_score/formula", "=SUM({funds.total.scor})",
         "$.fields.total_score.formula: no field {funds.total.scor}; known: funds.total.score, funds.total.rate, "
         "funds.other.score"),
        ("fields/total_score/formula", "=SUM({indicators.*.points})",
         "$.fields.total_score.formula: no field {indicators.*.points}; known: "),
        ("fields/total_score/formula", "={let.usde}",
         "$.fields.total_score.formula: no field {let.usde}; known: let.used"),
        ("fields/total_score/formula", "={scoring.totl}",
         "$.fields.total_score.formula: no field {scoring.totl}; known: scoring.total"),
        ("fields/total_score/formula", "={scoring.grades}",
         "$.fields.total_score.formula: no field {scoring.grades}; known: scoring.grades."),
        ("fields/total_score/formula", "={.weight}", "$.fields.total_score.formula: no field {.weight}; known: "),
        ("fields/total_score/formula", "=SUM({funds.total.score}",
         "$.fields.total_score.formula: ( is not closed in =SUM({funds.total.score}"),
        ("fields/total_score/formula", "=1)", "$.fields.total_score.formula: ) without ( in =1)"),
        ("fields/total_score/formula", '="a', '$.fields.total_score.formula: a quote is not closed in ="a'),
        ("fields/total_score/formula", "=SUMM({funds.total.score})",
         "$.fields.total_score.formula: it uses a function or a name that is not known: =SUMM({funds.total.score})"),
        ("fields/total_score/formula", "=budget+1",
         "$.fields.total_score.formula: it uses a function or a name that is not known: =budget+1"),
        ("fields/total_score/formula", "=1+*2", "$.fields.total_score.formula: it is not a formula: =1+*2"),
        ("fields/total_score/formula", "={total_score}+1",
         "$.fields.total_score.formula: it depends on itself: ={total_score}+1"),
        ("fields/total_score/formula", "=1/0",
         "$.fields.total_score.formula: on a blank form it gives #DIV/0!, an error: =1/0"),
        ("fields/total_score/formula", "=NA()",
         "$.fields.total_score.formula: on a blank form it gives #N/A, an error: =NA()"),
        ("fields/total_score/formula", "=IFS(TRUE,1)",
         "$.fields.total_score.formula: IFS is not known to Excel 2007 and the programs like it in =IFS(TRUE,1)"),
        ("fields/total_score/formula", "=STDEV.S({indicators.*.score})",
         "$.fields.total_score.formula: STDEV.S is not known to Excel 2007 and the programs like it in "
         "=STDEV.S({indicators.*.score})"),
        ("tables/funds/columns/rate/formula", "={.executed}/{.bugdet}",
         "$.tables.funds.columns.rate.formula: no field {.bugdet}; known: .budget"),
        ("tables/funds/columns/rate/formula", "={.executed}/{.budget}",
         "$.tables.funds.columns.rate.formula: on a blank form it gives #DIV/0!, an error: ={.executed}/{.budget}"),
        ("tables/funds/columns/score/rows/total/formula", "={.rat}",
         "$.tables.funds.columns.score.rows.total.formula: no field {.rat}; known: .rate"),
        ("tables/indicators/groups/0/subtotal", {"score": "=SUM({indicators.产出指.*.score})"},
         "$.tables.indicators.groups[0].subtotal.score: no field {indicators.产出指.*.score}; known: "),
        ("checks/weights-not-100/formula", "={totl}=100", "$.checks.weights-not-100.formula: no field {totl}; known: "),
        ("checks/total-budget/expected", '="x"',
         '$.checks.total-budget.expected: on a blank form it gives x, not a number: ="x"'),
        ("checks/total-budget/when", "=SUM({other.})",
         "$.checks.total-budget.when: on a blank form it gives 0.0, neither TRUE nor FALSE: =SUM({other.})"),
        ("checks/total-budget/when", "=FOO()>0",
         "$.checks.total-budget.when: it uses a function or a name that is not known: =FOO()>0"),
        ("checks/weight-not-positive/formula", "=N({@})",
         "$.checks.weight-not-positive.formula: on a blank form it gives 0.0, neither TRUE nor FALSE: =N({@})"),
        ("checks/weight-not-positive/formula", "=FOO({@})",
         "$.checks.weight-not-positive.formula: it uses a function or a name that is not known: =FOO({@})"),
        ("checks/weight-not-positive/at", ["indicators.*.wieght"],
         "$.checks.weight-not-positive.at: no field fits 'indicators.*.wieght'; known: indicators.9.weight"),
        ("let/used", "={let.named}+(", "$.let.used: ( is not closed in ={let.named}+("),
    ],
)  # fmt: skip
def test_formulas(path: str, formula: object, found: str) -> None:
    (problem,) = problems(put(mof(), path, formula))
    assert problem.startswith(found)


def test_one_cause_is_one_problem() -> None:
    """The execution score, the total and a check pass the error on; only where it comes from is named."""
    content = put(mof(), "tables/funds/columns/rate/formula", "={.executed}/{.budget}")
    content["checks"]["rate"] = {
        **content["checks"]["weights-not-100"],
        "at": ["funds.total.score"],
        "formula": "={@}>=0",
    }
    assert [line.partition(":")[0] for line in problems(content)] == ["$.tables.funds.columns.rate.formula"]


def test_formulas_that_depend_on_one_another() -> None:
    content = put(mof(), "fields/total_score/formula", "={total_weight}+1")
    put(content, "fields/total_weight/formula", "={total_score}-1")
    assert [line.partition(": it depends on itself")[0] for line in problems(content)] == [
        "$.fields.total_weight.formula",
        "$.fields.total_score.formula",
    ]


def test_conditions_that_use_themselves() -> None:
    content = put(mof(), "let", {"a": "={let.b}", "b": "=NOT({let.c})", "c": "={let.b}", "d": "={let.a}"})
    content["checks"] = {}
    assert problems(content) == ["$.let.b: it uses itself in =NOT({let.c})", "$.let.c: it uses itself in ={let.b}"]


def test_a_check_may_be_named_like_a_field() -> None:
    content = mof()
    content["checks"]["unit"] = {**content["checks"]["weights-not-100"], "formula": "=FOO()"}
    assert problems(content) == ["$.checks.unit.formula: it uses a function or a name that is not known: =FOO()"]


def test_every_problem_with_formulas_is_said_at_once() -> None:
    content = put(mof(), "fields/total_weight/formula", "={a}")
    put(content, "fields/total_score/formula", "={b}+{.c}")
    put(content, "checks/reason-missing/formula", "={.d}=1")
    # Of one formula the first unknown field; a check on many rows is one formula.
    assert [line.partition("; known")[0] for line in problems(content)] == [
        "$.fields.total_weight.formula: no field {a}",
        "$.fields.total_score.formula: no field {b}",
        "$.checks.reason-missing.formula: no field {.d}",
    ]


def test_an_outcome_needs_indicators() -> None:
    content = mof()
    for path in ("tables/indicators", "blocks/indicators", "blocks/total", "let"):
        drop(content, path)
    content["fields"] = {key: spec for key, spec in content["fields"].items() if not key.startswith("total_")}
    content["checks"] = {}
    assert "$.outcome: it needs the columns target, actual and weight" in problems(content)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda content: content["let"].update(spare="=TRUE"), {"spare"}),
        (lambda content: content["checks"].clear(), {"named", "used"}),
        (lambda content: put(content, "checks/total-budget/when", "={let.named}"), set()),
    ],
)
def test_conditions_that_nothing_uses(change: Callable[[Content], object], left: set[str]) -> None:
    content = mof()
    change(content)
    assert dangling(build(content)) == left - ({"named"} if left == {"named", "used"} else set())


@pytest.mark.parametrize(
    "path", ["fields/total_score/formula", "tables/funds/columns/rate/formula", "checks/total-budget/when"]
)
def test_a_condition_is_used_wherever_a_formula_stands(path: str) -> None:
    content = put(mof(), "let/spare", "=TRUE")
    assert dangling(build(content)) == {"spare"}
    assert dangling(build(put(content, path, "=IF({let.spare},1,2)>1"))) == set()


# --- as people meet it


def test_a_template_of_ones_own_is_checked_before_it_is_used(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({**mof(), "id": "own"}, ensure_ascii=False), encoding="utf-8")
    assert load_checked(str(own)) == build({**mof(), "id": "own"})
    own.write_text(json.dumps({**spare("ab12"), "edition": "no such!"}, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(TemplateError) as caught:
        load_checked(str(own))
    assert caught.value.problems == (
        '$.edition: "no such!" does not fit; expected: Raised whenever the form changes; returns of an earlier '
        "edition are "
        "told apart by it.",
    )
    assert str(caught.value).splitlines()[0] == f"{own}: this template cannot be used:"


keys = ["fields", "tables", "blocks", "checks", "let", "page", "scoring", "columns", "cells", "rows", "groups",
        "formula", "label", "type", "value", "at", "hint", "level1", "level2", "field", "row", "column", "level",
        "style", "repeat"]  # fmt: skip


@pytest.mark.property
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_template_holds_problems_are_said_and_nothing_is_raised(data: st.DataObject) -> None:
    """One value of a sound template, somewhere, is replaced by another; a template found sound can be laid out."""
    content = mof()
    node: Any = content
    while True:
        items = list(node.items() if isinstance(node, dict) else enumerate(node))
        key, value = data.draw(st.sampled_from(items))
        if not (isinstance(value, dict | list) and value) or data.draw(st.integers(0, 3)) == 0:
            break
        node = value
    strange = [None, "", "x", "=1", "={unit}", "=(", "A", "block", "funds", "unit", 0, 1, -1, 2.5, True, [], {},
               ["unit"], {"label": "x"},
               {"field": "unit"}, {"rows": 3, "label": "x"}]  # fmt: skip
    node[key] = data.draw(st.sampled_from(strange))
    found = problems(content)
    assert all(line.startswith("$") for line in found)
    if not found:
        assert lay_out(build(content)).row_count > 5
