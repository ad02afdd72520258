"""Forms as loaded from templates: how variants are said, and that the official ones are those of the ministry."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.forms import TEMPLATES

from xlsform.errors import TemplateError, UsageError
from xlsform.form.definition import Form, cell_specs
from xlsform.form.layout import lay_out
from xlsform.form.template import build, bundled, find, load, merged, read


def content_of(template: str) -> dict[str, Any]:
    return copy.deepcopy(read(find(template)))


def written(path: Path, content: object) -> Path:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(TemplateError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.exit_code == 2
    return caught.value.problems


# --- finding and reading


def test_the_official_forms_are_there() -> None:
    assert bundled() == TEMPLATES
    assert [load(name).id for name in bundled()] == list(TEMPLATES)


def test_a_template_is_found_by_id_and_by_path(tmp_path: Path) -> None:
    own = written(tmp_path / "mine.json", {**content_of("mof-2020"), "id": "mine"})
    assert load(str(own)).id == "mine"
    assert load(str(find("mof-2020"))) == load("mof-2020")


@pytest.mark.parametrize("name", ["mof-2019", "", "../mof-2020", "MOF-2020"])
def test_an_id_that_nobody_knows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(UsageError) as caught:
        load(name)
    if name:
        assert name in str(caught.value)
        assert all(known in str(caught.value) for known in TEMPLATES)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.json: cannot be opened \(No such file or directory\)"):
        load(str(tmp_path / "gone.json"))
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match=r"folder\.json: cannot be opened \(Is a directory\)"):
        load(str(tmp_path / "folder.json"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1, column 1: not JSON (Expecting value)"),
        ('{"id": "x",\n "edition" 1}', "line 2, column 12: not JSON (Expecting ':' delimiter)"),
        ("[1, 2]", "$: a template is a JSON object"),
        ('"mof-2020"', "$: a template is a JSON object"),
        ("[" * 100_000, "not JSON (nested too deeply)"),
        (
            '{"a": {"B": "x", "C": "y",\n "B": "z"}}',
            "line 2, column 2: not JSON (the key 'B' stands twice in one object)",
        ),
        ('{"page": {"size": NaN}}', "not JSON (NaN is no number)"),
        ('{"page": {"size": -Infinity}}', "not JSON (-Infinity is no number)"),
    ],
)
def test_broken_json(text: str, problem: str, tmp_path: Path) -> None:
    assert problems_of(written(tmp_path / "x.json", text)) == (problem,)


def test_other_encodings(tmp_path: Path) -> None:
    text = json.dumps({**content_of("mof-2020"), "id": "mine"}, ensure_ascii=False)
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("gb18030"))
    (problem,) = problems_of(path)
    at = len(text[: next(i for i, char in enumerate(text) if not char.isascii())])
    assert problem == f"byte {at}: not UTF-8 text; save the file as UTF-8"
    path.write_bytes(text.encode("utf-8-sig"))  # as Windows' editor saves it
    assert load(str(path)).id == "mine"


# --- variants


def test_a_variant_says_only_what_is_different(tmp_path: Path) -> None:
    variant = {
        "extends": "mof-2020",
        "id": "mine",
        "fields": {"unit": {"label": "项目单位"}},
        "checks": {"reason-missing": None},
    }
    form, base = load(str(written(tmp_path / "x.json", variant))), load("mof-2020")
    assert form.id == "mine"
    assert form.fields["unit"].label == "项目单位"
    assert form.fields["unit"].max_length == base.fields["unit"].max_length
    assert [check.name for check in base.checks if check not in form.checks] == ["reason-missing"]
    assert form.blocks == base.blocks
    assert form.digest != base.digest


def test_a_variant_of_a_variant_beside_it(tmp_path: Path) -> None:
    written(tmp_path / "middle.json", {"extends": "mof-2021", "id": "middle", "title": "市级自评表"})
    form = load(str(written(tmp_path / "x.json", {"extends": "middle", "id": "x", "sheet": "县级"})))
    assert (form.id, form.title, form.sheet) == ("x", "市级自评表", "县级")
    assert form.repeated is not None
    assert form.repeated.groups[0].level1 == "成本指标"


def test_a_base_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems_of(written(tmp_path / "x.json", {"extends": "mof-1999"}))
    assert problem.startswith("$.extends: no template 'mof-1999' beside this file; ")
    assert all(name in problem for name in TEMPLATES)


def test_a_broken_base_is_named(tmp_path: Path) -> None:
    base = written(tmp_path / "base.json", "{")
    with pytest.raises(TemplateError, match=r"base\.json"):
        load(str(written(tmp_path / "x.json", {"extends": "base"})))
    assert base.exists()


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_template_cannot_build_on_itself(length: int, tmp_path: Path) -> None:
    for number in range(length):
        written(tmp_path / f"t{number}.json", {"extends": f"t{(number + 1) % length}"})
    (problem,) = problems_of(tmp_path / "t0.json")
    assert problem.startswith("$.extends: ")
    assert problem.endswith(" builds on itself")
    assert all(f"t{number}" in problem for number in range(length))


trees = st.recursive(
    st.one_of(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(objects, objects)
def test_merging_lays_one_object_over_another(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = copy.deepcopy((base, over))
    result = merged(base, over)
    assert (base, over) == before
    assert result.keys() == base.keys() | over.keys()
    for key, value in result.items():
        if key not in over:
            assert value == base[key]
        elif isinstance(over[key], dict) and isinstance(base.get(key), dict):
            assert value == merged(base[key], over[key])
        else:
            assert value == over[key]
    assert merged(base, {}) == base
    assert merged(base, dict.fromkeys(base)) == {}
    assert merged(merged(base, over), over) == result


# --- what a form is


def test_forms_are_equal_when_their_content_is() -> None:
    one, other = build(content_of("mof-2020")), build(content_of("mof-2020"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != load("mof-2021")
    assert one != "mof-2020"


def test_the_order_of_rows_is_part_of_the_form() -> None:
    """Objects in JSON are unordered for most programs; here their order is the order on paper."""
    content = content_of("mof-2020")
    content["blocks"] = dict(reversed(content["blocks"].items()))
    form, upside_down = load("mof-2020"), build(content)
    assert upside_down != form
    assert upside_down.digest != form.digest
    assert lay_out(form).fields["project_name"].range.top == 3
    assert lay_out(upside_down).fields["project_name"].range.top > 30


def test_a_rows_own_field_is_laid_over_its_columns() -> None:
    funds = load("mof-2020").tables["funds"]
    total, other = funds.spec("total", "score"), funds.spec("other", "score")
    assert (total.kind, other.kind) == ("computed", "printed")
    assert total.value is None
    assert (total.label, total.type) == (other.label, other.type)
    assert (funds.spec("total", "budget").required, funds.spec("other", "budget").required) == ("M101", None)
    content = content_of("mof-2020")
    content["tables"]["funds"]["columns"]["rate"]["rows"] = {"other": {"value": "—"}}
    rate = build(content).tables["funds"]
    assert rate.spec("other", "rate").kind == "printed"
    assert rate.spec("total", "rate").kind == "computed"


@pytest.mark.parametrize("template", TEMPLATES)
def test_who_provides_each_value(template: str) -> None:
    """As the contract has it: rates, the execution score and the totals are formulas; its weight is printed."""
    layout = lay_out(load(template), 1)
    computed = {f"funds.{row}.rate" for row in ("total", "appropriation", "carryover", "other")}
    computed |= {"funds.total.score", "total_weight", "total_score"}
    printed = {f"funds.{row}.weight" for row in ("total", "appropriation", "carryover", "other")}
    printed |= {f"funds.{row}.score" for row in ("appropriation", "carryover", "other")}
    kinds = {name: item.spec.kind for name, item in layout.fields.items()}
    assert {name for name, kind in kinds.items() if kind == "computed"} == computed
    assert {name for name, kind in kinds.items() if kind == "printed"} == printed
    scalars = {"year", "project_name", "department", "unit", "goal_expected", "goal_actual"}
    typed = scalars | {f"indicators.1.{column}" for column in ("name", "target", "actual", "weight", "score", "reason")}
    assert typed <= {name for name, kind in kinds.items() if kind == "input"}


# --- the official forms, to the letter


def grid(form: Form, rows: int = 3) -> dict[str, str]:
    """What the blank form prints, by range; blanks between characters taken out."""
    layout = lay_out(form, rows)
    texts = {str(label.range): label.text for label in layout.labels}
    for item in layout.fields.values():
        printed = item.spec.value if item.spec.value is not None else item.placeholder
        texts[str(item.range)] = str(printed)
    return {area: text for area, each in texts.items() if (text := "".join(each.split()))}


#: The annex of 财预〔2020〕10号, down to the heading of the indicators.
_HEAD = {
    "A1:I1": "项目支出绩效自评表", "A2:I2": "（年度）",
    "A3": "项目名称",
    "A4": "主管部门", "E4": "实施单位",
    "A5:A9": "项目资金（万元）", "D5": "年初预算数", "E5": "全年预算数", "F5": "全年执行数", "G5": "分值",
    "H5": "执行率", "I5": "得分",
    "B6:C6": "年度资金总额", "G6": "10",
    "B7:C7": "其中：当年财政拨款", "G7": "—", "I7": "—",
    "B8:C8": "上年结转资金", "G8": "—", "I8": "—",
    "B9:C9": "其他资金", "G9": "—", "I9": "—",
    "A10:A11": "年度总体目标", "B10:E10": "预期目标", "F10:I10": "实际完成情况",
    "B12": "一级指标", "C12": "二级指标", "D12": "三级指标", "E12": "年度指标值", "F12": "实际完成值", "G12": "分值",
    "H12": "得分", "I12": "偏差原因分析及改进措施",
}  # fmt: skip
_KINDS_2020 = {
    "产出指标": ["数量指标", "质量指标", "时效指标", "成本指标"],
    "效益指标": ["经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"],
    "满意度指标": ["服务对象满意度指标"],
}
_KINDS_2021 = {
    "成本指标": ["经济成本指标", "社会成本指标", "生态环境成本指标"],
    "产出指标": ["数量指标", "质量指标", "时效指标"],
    "效益指标": ["经济效益指标", "社会效益指标", "生态效益指标"],
    "满意度指标": ["服务对象满意度指标"],
}


def expected(kinds: dict[str, list[str]], head: dict[str, str] = _HEAD) -> dict[str, str]:
    """The grid as it is on paper: three rows a level-2 kind, named 指标1：, 指标2：, ……."""
    texts, row = dict(head), 13
    for level1, level2 in kinds.items():
        texts[f"B{row}:B{row + 3 * len(level2) - 1}"] = level1
        for kind in level2:
            texts[f"C{row}:C{row + 2}"] = kind
            texts |= {f"D{row}": "指标1：", f"D{row + 1}": "指标2：", f"D{row + 2}": "……"}
            row += 3
    return texts | {f"A12:A{row - 1}": "绩效指标", f"A{row}:F{row}": "总分"}


def test_mof_2020_is_the_ministrys_form() -> None:
    assert grid(load("mof-2020")) == expected(_KINDS_2020)


def test_mof_2021_has_cost_as_a_level_of_its_own() -> None:
    assert grid(load("mof-2021")) == expected(_KINDS_2021)


def test_shanxi_2021_adds_a_line_and_an_analysis() -> None:
    head = {area: text for area, text in _HEAD.items() if area != "A2:I2"}
    head |= {"A2:B2": "填列单位（公章）：", "E2:F2": "（年度）"}
    analysis = {
        "A41:A47": "项目绩效分析", "B41:B44": "自评结果分析",
        "C41": "项目实施和预算执行情况及分析", "C42": "产出情况及分析", "C43": "效益情况及分析",
        "C44": "满意度情况及分析",
        "B45:C45": "主要经验做法", "B46:C46": "项目管理中存在的主要问题及原因分析",
        "B47:C47": "下一步改进措施及管理建议",
    }  # fmt: skip
    assert grid(load("shanxi-2021")) == expected(_KINDS_2020, head) | analysis


#: The form in the seed, cell by cell in reading order, without what its unit filled in.
_SEED = """
项目支出绩效自评表 | 填列单位（公章）： （2021年度） | 项目名称 | 主管部门 | 实施单位
项目资金（万元） | 年初预算数 | 全年预算数 | 全年执行数 | 分值 | 执行率 | 得分
年度资金总额 | 其中：当年财政拨款 | — | — | 上年结转资金 | — | — | 其他资金 | — | —
年度总体目标 | 预期目标 | 实际完成情况
绩效指标 | 一级指标 | 二级指标 | 三级指标 | 年度指标值 | 实际完成值 | 分值 | 得分 | 偏差原因分析及改进措施
产出指标 | 数量指标 | 指标1： | 指标2： | …… | 质量指标 | 指标1： | 指标2： | …… | 时效指标 | 指标1： | 指标2： | ……
成本指标 | 指标1： | 指标2： | ……
效益指标 | 经济效益指标 | 指标1： | 指标2： | …… | 社会效益指标 | 指标1： | 指标2： | ……
生态效益指标 | 指标1： | 指标2： | ……
可持续影响指标 | 指标1： | 指标2： | ……
满意度指标 | 服务对象满意度指标 | 指标1： | 指标2： | …… | 总分
项目绩效分析 | 自评结果分析 | 项目实施和预算执行情况及分析 | 产出情况及分析 | 效益情况及分析 | 满意度情况及分析
主要经验做法 | 项目管理中存在的主要问题及原因分析 | 下一步改进措施及管理建议
"""


def test_the_seeds_form_is_printed_in_the_same_order() -> None:
    layout = lay_out(load("shanxi-2021"))
    printed = [(label.range.anchor, label.text) for label in layout.labels]
    printed += [(item.range.anchor, str(item.spec.value or item.placeholder)) for item in layout.fields.values()]
    texts = ["".join(text.split()) for _, text in sorted(printed)]
    seed = ["".join(text.split()) for line in _SEED.split("\n") for text in line.split("|")]
    # In the seed 填列单位 and the year are one line of text, and the weight of execution was filled in.
    seed = [part for text in seed for part in text.replace("（2021", "|（").split("|")]
    assert [text for text in texts if text and text != "10"] == [text for text in seed if text]


def differences(one: Any, other: Any, path: str = "$") -> set[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return {each for key in keys for each in differences(one.get(key), other.get(key), f"{path}.{key}")}
    return set() if one == other else {path}


_OWN = {"$.id", "$.edition", "$.name.zh", "$.name.en", "$.source", "$.extends"}


def test_variants_differ_from_the_base_where_they_should_and_nowhere_else() -> None:
    base = content_of("mof-2020")
    assert differences(base, content_of("mof-2021")) == _OWN | {
        "$.tables.indicators.groups",
        "$.scoring.level_weights.成本指标", "$.scoring.level_weights.产出指标", "$.scoring.level_weights.效益指标",
        "$.scoring.required_level2.产出指标.kinds", "$.scoring.required_level2.效益指标",
    }  # fmt: skip
    added = {"filler_unit", "analysis_execution", "analysis_output", "analysis_benefit", "analysis_satisfaction",
             "experience", "problems", "improvements"}  # fmt: skip
    assert differences(base, content_of("shanxi-2021")) == _OWN | {
        *(f"$.fields.{name}" for name in added),
        "$.blocks.title", "$.blocks.analysis", "$.instructions.analysis",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("template", "weights"),
    [
        ("mof-2020", {"产出指标": 50, "效益指标": 30, "满意度指标": 10}),
        ("mof-2021", {"成本指标": 20, "产出指标": 40, "效益指标": 20, "满意度指标": 10}),
        ("shanxi-2021", {"产出指标": 50, "效益指标": 30, "满意度指标": 10}),
    ],
)
def test_weights_and_bands_of_the_guides(template: str, weights: dict[str, int]) -> None:
    form = load(template)
    scoring = form.scoring
    assert scoring["level_weights"] == weights
    assert form.repeated is not None
    assert list(weights) == [group.level1 for group in form.repeated.groups]
    execution = form.tables["funds"].spec("total", "weight").value
    assert execution == scoring["execution_weight"] == 10
    assert sum(weights.values()) + scoring["execution_weight"] == scoring["total"] == 100
    assert scoring["grades"] == {"优": 90, "良": 80, "中": 60, "差": 0}
    assert scoring["over_achievement"] == 1.2
    assert scoring["low_execution_rate"] == 0.9
    assert scoring["budget_adjustment"] == 0.3


@pytest.mark.parametrize("template", TEMPLATES)
def test_settings_speak_of_kinds_that_the_form_has(template: str) -> None:
    form = load(template)
    assert form.repeated is not None
    kinds = {group.level1: group.level2 for group in form.repeated.groups}
    for level1, wanted in form.scoring["required_level2"].items():
        assert set(wanted.get("kinds", [])) <= set(kinds[level1])
        assert wanted.get("at_least", 0) <= len(kinds[level1])


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_cell_of_a_row_is_there(template: str) -> None:
    """Thin borders on every cell: below the heading no place of the grid is left out."""
    layout = lay_out(load(template))
    areas = [label.range for label in layout.labels] + [item.range for item in layout.fields.values()]
    covered = {
        (row, column)
        for area in areas
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    }
    assert covered == {(row, column) for row in range(1, layout.row_count + 1) for column in range(1, 10)}
    assert sum(1 for _ in cell_specs(layout.form)) > 40


@pytest.mark.parametrize("template", TEMPLATES)
def test_clerks_and_reviewers_are_spoken_to_in_their_language(template: str) -> None:
    content = content_of(template)
    fields = [*content["fields"].values()]
    fields += [column for table in content["tables"].values() for column in table["columns"].values()]
    for each in [field["prompt"] for field in fields if "prompt" in field] + [
        check["hint"] for check in content["checks"].values()
    ]:
        assert any("\u4e00" <= char <= "\u9fff" for char in each["zh"])
        assert not any("\u4e00" <= char <= "\u9fff" for char in each["en"].replace("人次", "").replace("合格", ""))
