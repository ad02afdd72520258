"""Where everything of a form stands, for any number of rows."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import TEMPLATES, faultless, layout_of

from xlsform.errors import UsageError
from xlsform.form.layout import MAX_ROWS, TARGET_MARKS, Layout, UnknownReferenceError, block_sizes, lay_out
from xlsform.form.template import build, find, load, read
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, REASON, SCORE, TARGET, WEIGHT

LEVEL2 = {"mof-2020": 9, "mof-2021": 10, "shanxi-2021": 9}
sizes = st.sampled_from(TEMPLATES).flatmap(
    lambda template: st.tuples(
        st.just(template), st.lists(st.integers(1, 9), min_size=LEVEL2[template], max_size=LEVEL2[template])
    )
)


def cells_of(layout: Layout) -> list[tuple[int, int]]:
    areas = [label.range for label in layout.labels] + [item.range for item in layout.fields.values()]
    return [
        (row, column)
        for area in areas
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    ]


# --- rows


@pytest.mark.parametrize("template", TEMPLATES)
def test_as_many_rows_as_asked_for(template: str) -> None:
    blocks = LEVEL2[template]
    form = load(template)
    assert lay_out(form) == lay_out(form, 3) == lay_out(form, [3] * blocks)
    heights = {rows: lay_out(form, rows).row_count for rows in (1, 3, 7)}
    assert heights[3] - heights[1] == 2 * blocks
    assert heights[7] - heights[3] == 4 * blocks
    for rows in (1, 3, 7):
        assert len(lay_out(form, rows).indicator_rows) == rows * blocks


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [0, -1, MAX_ROWS + 1, [3], [3] * 30])
def test_rows_that_no_form_can_have(template: str, rows: int | list[int]) -> None:
    with pytest.raises(UsageError):
        lay_out(load(template), rows)


def test_as_many_rows_as_a_form_can_have() -> None:
    assert block_sizes(load("mof-2021"), MAX_ROWS) == (MAX_ROWS,) * 10


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_everything_has_one_place(drawn: tuple[str, list[int]]) -> None:
    template, rows = drawn
    layout = lay_out(load(template), rows)
    cells = cells_of(layout)
    assert len(cells) == len(set(cells))
    # Every cell of the grid belongs to a label or a field, and none lies outside.
    assert sorted(cells) == [(row, column) for row in range(1, layout.row_count + 1) for column in range(1, 10)]
    assert layout.hint_column > layout.column_count


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_indicators_stand_in_their_kinds_and_count_from_one(drawn: tuple[str, list[int]]) -> None:
    template, rows = drawn
    form = load(template)
    layout = lay_out(form, rows)
    assert form.repeated is not None
    kinds = [(group.level1, kind) for group in form.repeated.groups for kind in group.level2]
    wanted = [kind for kind, size in zip(kinds, rows, strict=True) for _ in range(size)]
    found = [(row[INDICATOR_NAME].level1, row[INDICATOR_NAME].level2) for row in layout.indicator_rows]
    assert found == wanted
    assert [row[INDICATOR_NAME].name for row in layout.indicator_rows] == [
        f"indicators.{n + 1}.name" for n in range(sum(rows))
    ]
    assert [row[INDICATOR_NAME].range.top for row in layout.indicator_rows] == list(range(13, 13 + sum(rows)))
    columns = {INDICATOR_NAME, TARGET, ACTUAL, WEIGHT, SCORE, REASON}
    assert all(row.keys() == columns for row in layout.indicator_rows)
    assert all(len({item.range.top for item in row.values()}) == 1 for row in layout.indicator_rows)
    # The names of the kinds stand beside exactly their rows.
    for level, own in ((1, dict(wanted)), (2, dict.fromkeys(kind for _, kind in wanted))):
        for label in (label for label in layout.labels if label.level == level):
            assert label.text in own
            beside = [pair[level - 1] for pair in wanted[label.range.top - 13 : label.range.bottom - 12]]
            assert set(beside) == {label.text}
            assert len(beside) == sum(1 for pair in wanted if pair[level - 1] == label.text)


@pytest.mark.parametrize(
    ("rows", "printed"),
    [
        (1, ["指标1："]),
        (2, ["指标1：", "……"]),
        (3, ["指标1：", "指标2：", "……"]),
        (4, ["指标1：", "指标2：", "指标3：", "……"]),
    ],
)
def test_rows_are_printed_as_on_paper(rows: int, printed: list[str]) -> None:
    layout = layout_of("mof-2020", rows)
    names = [row[INDICATOR_NAME].placeholder for row in layout.indicator_rows]
    assert names == printed * 9


def test_the_blocks_lie_below_one_another() -> None:
    layout = layout_of("shanxi-2021")
    assert list(layout.blocks) == ["title", "head", "funds", "goal", "indicators", "total", "analysis"]
    areas = list(layout.blocks.values())
    assert areas[0].top == 1
    assert areas[-1].bottom == layout.row_count
    assert all(above.bottom + 1 == below.top for above, below in pairwise(areas))


def test_the_heading_of_the_indicators_is_printed_on_every_page() -> None:
    layout = layout_of("mof-2020")
    (row,) = layout.headers
    assert {label.text for label in layout.labels if label.range.top == row} >= {"一级指标", "二级指标", "三级指标"}


# --- what fields are called


def test_messages_name_fields_as_the_form_does() -> None:
    layout = layout_of("mof-2020")
    assert layout.fields["funds.total.budget"].label == "年度资金总额·全年预算数"
    assert layout.fields["funds.appropriation.executed"].label == "其中：当年财政拨款·全年执行数"
    assert layout.fields["indicators.5.score"].label == "质量指标 第 2 行·得分"
    assert layout.fields["project_name"].label == "项目名称"
    labels = [item.label for item in layout.fields.values()]
    assert len(labels) == len(set(labels))


def test_fields_come_in_reading_order() -> None:
    for template in TEMPLATES:
        layout = layout_of(template)
        places = [item.range.anchor for item in layout.fields.values()]
        assert places == sorted(places)
        assert [item.range.anchor for item in layout.inputs] == sorted(item.range.anchor for item in layout.inputs)
        assert {item.spec.kind for item in layout.inputs} == {"input"}


def test_fields_are_found_by_patterns() -> None:
    layout = layout_of("mof-2020", 1)
    assert [item.name for item in layout.matching(["funds.*.budget"])] == [
        f"funds.{row}.budget" for row in ("total", "appropriation", "carryover", "other")
    ]
    assert len(list(layout.matching(["indicators.*.score"]))) == 9
    # One that fits two patterns comes once: a check on it is one check.
    twice = list(layout.matching(["funds.total.budget", "funds.*.budget", "*.total.budget"]))
    assert [item.name for item in twice].count("funds.total.budget") == 1
    for pattern in (
        "funds.budget",
        "*",
        "total",
        "funds.*",
        "indicators.*",
        "funds.total.budget.x",
        "funds.[a-z]+.budget",
    ):
        if pattern == "*":
            assert all("." not in item.name for item in layout.matching([pattern]))
        else:
            with pytest.raises(UnknownReferenceError):
                list(layout.matching([pattern]))


# --- checks in their places


def test_a_required_field_has_a_check_that_it_is_filled() -> None:
    for template in TEMPLATES:
        layout = layout_of(template, 1)
        required = {item.name for item in layout.inputs if item.spec.required}
        presence = [check for check in layout.checks if check.check.name.startswith("required:")]
        assert {check.field.name for check in presence} == required
        assert all(check.check.code == check.field.spec.required for check in presence)


@pytest.mark.parametrize("template", TEMPLATES)
def test_rows_that_differ_in_nothing_else_have_checks_alike(template: str) -> None:
    layout = layout_of(template, 3)
    for check in layout.checks:
        row = check.field.range.top
        assert check.formula == check.relative.replace("«r»", str(row)).replace("$", "")
        assert check.field.name in check.references
    alike: dict[str, set[str]] = {}
    for check in layout.checks:
        alike.setdefault(check.check.name, set()).add(check.relative)
    # Names of indicators differ in what is printed there (指标1：, 指标2：, ……); everything else in no respect.
    assert {len(alike[name]) for name in ("score-over-weight", "reason-missing", "executed-over-budget")} == {1}
    assert len(alike["row-without-name"]) == 3


@pytest.mark.property
@given(sizes)
@settings(max_examples=40, deadline=None)
def test_what_layouts_share_reads_as_if_it_were_this_ones_own(drawn: tuple[str, list[int]]) -> None:
    layout = lay_out(load(drawn[0]), drawn[1])
    assert {check.field.name for check in layout.checks} <= layout.fields.keys()
    for check in layout.checks:
        own = layout.resolver.place(check.check, layout.fields[check.field.name])
        assert (check.field, check.formula, check.relative, check.expected, check.when, check.references) == (
            (own.field, own.formula, own.relative, own.expected, own.when, own.references)
        )
    for name, outcome in layout.outcomes.items():
        for key, text in zip(("value", "below", "above"), outcome, strict=True):
            assert layout.resolver.render(layout.form.outcome[key], layout.fields[name], TARGET_MARKS) == text


def test_a_check_on_no_field_is_a_mistake() -> None:
    content = copy.deepcopy(read(find("mof-2020")))
    content["checks"]["row-incomplete"]["at"].append("indicators.*.nothing")
    with pytest.raises(UnknownReferenceError, match="nothing"):
        lay_out(build(content)).checks  # noqa: B018 (a property that raises)


def test_what_a_computed_field_depends_on() -> None:
    layout = layout_of("mof-2020", 1)
    needed = layout.computed_references["funds.total.score"]
    assert set(needed) == {"funds.total.rate", "funds.total.weight", "funds.total.budget", "funds.total.executed"}
    total = set(layout.computed_references["total_score"])
    assert total == {*needed, "funds.total.score", *(f"indicators.{n}.score" for n in range(1, 10))}
    weights = next(check for check in layout.checks if check.check.name == "weights-not-100")
    assert layout.needed_by(weights) == {"total_weight", *layout.computed_references["total_weight"]}


def test_hints_are_in_the_row_of_what_they_are_about() -> None:
    layout = layout_of("mof-2020", 2)
    assert sum(map(len, layout.checks_by_row.values())) == len(layout.checks)
    for row, checks in layout.checks_by_row.items():
        assert {check.field.range.top for check in checks} == {row}
    assert {check.check.code for check in layout.checks_by_row[13]} == {"K106", "K107", "W103", "P101", "P106"}


# --- heights


@pytest.mark.parametrize("template", TEMPLATES)
def test_rows_are_as_high_as_the_template_says_at_least(template: str) -> None:
    layout = layout_of(template)
    heights = layout.heights({})
    assert heights.keys() == set(range(1, layout.row_count + 1))
    assert all(heights[row] >= least for row, least in layout.least_heights.items())
    assert layout.least_heights[1] == 32


def test_rows_grow_with_their_text() -> None:
    layout = layout_of("mof-2020")
    row = layout.fields["goal_actual"].range.top
    before = layout.heights({})
    texts = ["短。", "完成养护一百一十八公里。" * 10, "完成养护一百一十八公里。" * 30]
    heights = [layout.heights({"goal_actual": text}) for text in texts]
    assert before[row] == heights[0][row] < heights[1][row] < heights[2][row]
    # No other row moves.
    assert all({**each, row: 0} == {**before, row: 0} for each in heights)
    # 360 Chinese characters in F:I (12.5 + 7.5 + 9 + 19 wide): 23 or 24 a line, so 15 or 16 lines of 10.5 points.
    assert 15 * 10.5 < heights[2][row] < 16 * 10.5 * 1.6


def test_chinese_takes_twice_the_room() -> None:
    layout = layout_of("mof-2020")
    row = layout.fields["goal_actual"].range.top
    chinese, latin, longer = (layout.heights({"goal_actual": text})[row] for text in ("绩" * 300, "a" * 300, "a" * 600))
    assert latin < chinese
    assert abs(chinese - longer) <= 10.5 * 1.5  # a line, at most


def test_lines_and_numbers() -> None:
    layout = layout_of("mof-2020")
    row = layout.fields["goal_actual"].range.top
    assert layout.heights({"goal_actual": "一\n" * 30})[row] > 30 * 10.5
    assert layout.heights({"funds.total.budget": 10**200, "goal_actual": None}) == layout.heights({})


@pytest.mark.slow
def test_a_row_is_never_higher_than_excel_allows() -> None:
    layout = layout_of("shanxi-2021")
    heights = layout.heights({item.name: "绩" * 32_767 for item in layout.inputs})
    assert max(heights.values()) == 409


@given(st.text("绩效ab1 \n", max_size=400), st.text("绩效ab1 \n", max_size=100))
@settings(max_examples=50, deadline=None)
def test_more_text_never_makes_a_row_lower(text: str, more: str) -> None:
    layout = layout_of("shanxi-2021", 1)
    row = layout.fields["problems"].range.top
    assert layout.heights({"problems": text})[row] <= layout.heights({"problems": text + more})[row]


def test_a_label_down_many_rows_shares_its_height() -> None:
    content = copy.deepcopy(read(find("mof-2020")))
    content["blocks"]["goal"][0]["cells"]["A"]["label"] = "\n".join("年度总体目标及其分解说明")
    form = build(content)
    layout = lay_out(form)
    (label,) = (label for label in layout.labels if label.text.startswith("年\n度"))
    heights = layout.heights({})
    assert sum(heights[row] for row in range(label.range.top, label.range.bottom + 1)) >= 12 * 10.5


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_widths_make_one_page_of_a4_upright(template: str) -> None:
    layout = layout_of(template)
    # 210 mm less the margins of 0.6 inches are 507 points; a character is about 5.6 points wide at 11 points.
    wide = sum(layout.widths[column] for column in range(1, layout.column_count + 1)) * 5.6
    assert 0.7 < 507 / wide < 1.5  # fitted to a page it is neither tiny nor blown up


@pytest.mark.parametrize("template", TEMPLATES)
def test_faultless_data_have_a_place(template: str) -> None:
    assert faultless(template).keys() <= {item.name for item in layout_of(template).inputs}
