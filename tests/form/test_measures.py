"""Targets that are known figures: the cell of the actual value, its validation, its live hint, down to LibreOffice."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.data import round_trip, submitted
from support.dump import dump
from support.forms import TEMPLATES, codes, findings, layout_of, prefilled, row_number, sheet_of
from support.forms import issued as returned
from support.office import Office

from xlsform.form.evaluation.engine import engine_for
from xlsform.form.evaluation.hints import hints, to_do
from xlsform.form.evaluation.measures import Measure, measures
from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.messages import plain
from xlsform.reading.workbook import Workbook
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

D = Decimal
LOCK = lock_for("a password")
LAYOUT = layout_of("mof-2020", 1)

#: The row that tests speak of, of each level 2.
ROWS = {
    level2: f"indicators.{row_number(LAYOUT, level2)}" for level2 in ("数量指标", "质量指标", "时效指标", "成本指标")
}


def listed(level2: str, target: str, name: str = "完成数", weight: str | None = "10") -> dict[str, Cast]:
    """Return what a project list prefills in a row."""
    row = ROWS[level2]
    values: dict[str, Cast] = {f"{row}.name": name, f"{row}.target": target}
    return values | ({f"{row}.weight": D(weight)} if weight else {})


def measure(level2: str, target: str, name: str = "完成数") -> Measure | None:
    return measures(LAYOUT, listed(level2, target, name)).get(f"{ROWS[level2]}.actual")


def told(issued: Mapping[str, Cast], **typed: Cast) -> str:
    """Return the hint of the first row of 数量指标, or of the row whose target was issued."""
    row = next(name for name in issued if name.endswith(".target")).removesuffix(".target")
    values = dict(issued) | {f"{row}.{column}": value for column, value in typed.items()}
    texts = hints(LAYOUT, engine_for(LAYOUT).evaluate(values), values, measures(LAYOUT, issued))
    return texts[LAYOUT.fields[f"{row}.target"].range.top]


# --- the cell


@pytest.mark.parametrize(
    ("target", "number_format", "unit"),
    [
        ("≥95%", "0.00%", ""),
        ("100％", "0.00%", ""),
        ("≥735人次", '0"人次"', "人次"),
        ("不少于3个项目", '0"个项目"', "个项目"),
        ("1次/月", '0"次/月"', "次/月"),
        ("每月1次", '0"次/月"', "次/月"),
        ("3-5次", '0"次"', "次"),
        ("≥2.5次", 'General"次"', "次"),
        ("≥120公里", 'General"公里"', "公里"),
        ("≤20万元", 'General"万元"', "万元"),
        ("≥2万人", 'General"万人"', "万人"),
        ("≥30MW", 'General"MW"', "MW"),
        ("≥12", "General", ""),
    ],
)
def test_the_unit_is_printed_by_the_cell(target: str, number_format: str, unit: str) -> None:
    found = measure("数量指标", target)
    assert found is not None
    assert (found.number_format, found.unit) == (number_format, unit)


@pytest.mark.parametrize("target", ["合格", "12月31日前", "2021年底前完成", "≥5‰", "完善3项制度并公布", "", "约40"])
def test_what_is_no_known_figure_is_typed_as_text(target: str) -> None:
    assert measure("数量指标", target) is None


@pytest.mark.parametrize(
    ("level2", "name", "target", "low", "high"),
    [
        ("数量指标", "培训人数", "≥735人次", "735", None),
        ("数量指标", "培训人数", "735人次", "735", None),
        ("数量指标", "培训人数", "＞735人次", "735", None),
        ("质量指标", "合格率", "≥95%", "0.95", None),
        ("质量指标", "差错率", "3%", None, "0.03"),
        ("成本指标", "每公里成本", "1万元", None, "1"),
        ("成本指标", "成本节约率", "≥5%", "0.05", None),
        ("成本指标", "每公里成本", "≤1万元", None, "1"),
        ("数量指标", "事故数", "0", None, "0"),
        ("数量指标", "会议数", "=4次", "4", "4"),
        ("数量指标", "会议数", "3-5次", "3", "5"),
        ("时效指标", "办理天数", "30天", None, None),
        ("时效指标", "办理天数", "30天以内", None, "30"),
        ("质量指标", "预算控制率", "100%", None, None),
        ("数量指标", "增长", "≥-5%", None, None),
    ],
)
def test_what_meets_a_target(level2: str, name: str, target: str, low: str | None, high: str | None) -> None:
    found = measure(level2, target, name)
    assert found is not None
    assert (found.low, found.high) == tuple(None if end is None else D(end) for end in (low, high))


def test_a_target_that_the_filler_types_is_no_known_figure() -> None:
    assert measures(LAYOUT, {}) == {}
    assert measures(LAYOUT, {f"{ROWS['数量指标']}.name": "培训人数"}) == {}


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_workbook_takes_numbers_there_and_only_there(template: str, tmp_path: Path) -> None:
    layout = layout_of(template, 2)
    first, second = (f"indicators.{row_number(layout, '数量指标', number)}" for number in (1, 2))
    third = f"indicators.{row_number(layout, '质量指标')}"
    values: dict[str, Cast] = {f"{first}.target": "≥735人次", f"{second}.target": "合格", f"{third}.target": "≥95%"}
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout, LOCK, values=values))
    sheet = dump(path).sheets["自评表"]

    def at(name: str) -> tuple[str, str, str, str, bool]:
        cell = layout.fields[f"{name}.actual"].cell
        (found,) = [each for each in sheet.validations if cell in each.cells]
        return sheet.cells[cell].number_format, found.kind, found.prompt, found.error, found.stops

    assert at(first) == (
        '0"人次"',
        "decimal",
        "只填实际达到的数字，单位“人次”会自动显示",
        "“实际完成值”应是数字，单位“人次”会自动显示。没有完成的请填 0，并在本行说明原因。",
        True,
    )
    assert at(second)[:2] == ("@", "textLength")
    assert at(third)[:3] == ("0.00%", "decimal", "填写实际达到的百分数，如 96.5%")


# --- the live hint


@pytest.mark.parametrize(
    ("level2", "name", "target", "actual", "hint"),
    [
        ("数量指标", "培训人数", "≥735人次", D(735), "〔已达标〕可得满分 10 分"),
        ("数量指标", "培训人数", "≥735人次", D(700), "〔未达标〕按比例得 9.52 分"),
        ("数量指标", "培训人数", "≥735人次", D(0), "〔未达标〕按比例得 0 分"),
        ("数量指标", "培训人数", "≥735人次", "700人次", "〔未达标〕按比例得 9.52 分"),
        ("数量指标", "培训人数", "≥735人次", "约700", ""),
        ("质量指标", "合格率", "≥95%", D("0.95"), "〔已达标〕可得满分 10 分"),
        ("质量指标", "合格率", "≥95%", D("0.931"), "〔未达标〕按比例得 9.8 分"),
        ("质量指标", "合格率", "≥95%", "93.1%", "〔未达标〕按比例得 9.8 分"),
        ("成本指标", "单位成本", "≤1万元", D("0.9"), "〔已达标〕可得满分 10 分"),
        ("成本指标", "单位成本", "≤1万元", D("1.1"), "〔未达标〕按比例得 9.09 分"),
        ("成本指标", "单位成本", "≤1万元", D(4), "〔未达标〕按比例得 2.5 分"),
        ("数量指标", "事故数", "0", D(0), "〔已达标〕可得满分 10 分"),
        ("数量指标", "事故数", "0", D(2), "〔未达标〕按比例得 0 分"),
        ("数量指标", "会议数", "3-5次", D(4), "〔已达标〕可得满分 10 分"),
        ("数量指标", "会议数", "3-5次", D(2), "〔未达标〕按比例得 6.67 分"),
        ("数量指标", "会议数", "3-5次", D(6), ""),
        ("数量指标", "会议数", "=4次", D(5), "〔未达标〕按比例得 8 分"),
        ("时效指标", "办理天数", "30天", D(31), ""),
    ],
)
def test_the_hint_tells_how_a_target_fares(level2: str, name: str, target: str, actual: Cast, hint: str) -> None:
    issued = listed(level2, target, name)
    assert told(issued) == "这一行没有填完"
    assert told(issued, actual=actual, score=D(10)) == hint


def test_the_score_is_told_when_it_is_needed_most() -> None:
    issued = listed("数量指标", "≥735人次")
    assert told(issued, actual=D(700)) == "这一行没有填完〔未达标〕按比例得 9.52 分"
    assert told(issued, actual=D(700), score=D("9.52")) == "请填写偏差原因〔未达标〕按比例得 9.52 分"
    assert told(issued, actual=D(700), score=D("9.52"), reason="两期培训推迟") == "〔未达标〕按比例得 9.52 分"


def test_without_a_weight_there_is_no_score_to_tell() -> None:
    issued = listed("数量指标", "≥735人次", weight=None)
    assert told(issued, actual=D(700), score=D(9)) == "这一行没有填完〔未达标〕"
    assert told(issued, actual=D(735), score=D(9)) == "这一行没有填完〔已达标〕"


def test_what_only_tells_leaves_nothing_to_do() -> None:
    assert to_do(["", "〔已达标〕可得满分 10 分", "〔未达标〕按比例得 9 分"]) == "没有待处理的问题，可以发回。"
    assert to_do(["〔已达标〕", "请填写偏差原因〔未达标〕按比例得 9 分"]) == "还有 1 处需要处理，见表右侧的提示。"


CASES = [
    ("数量指标", "培训人数", "≥735人次", "735", "700"),
    ("质量指标", "合格率", "≥95%", "95%", "93.1%"),
    ("成本指标", "单位成本", "≤1万元", "1", "1.1"),
]


@pytest.mark.parametrize("template", ["mof-2020", "shanxi-2021"])
def test_libreoffice_tells_the_same_of_what_is_typed(template: str, office: Office, tmp_path: Path) -> None:
    layout = layout_of(template, 1)
    rows = {level2: f"indicators.{row_number(layout, level2)}" for level2, *_ in CASES}
    issued: dict[str, Cast] = {}
    for level2, name, target, _, _ in CASES:
        issued |= {f"{rows[level2]}.name": name, f"{rows[level2]}.target": target, f"{rows[level2]}.weight": D(10)}
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout, LOCK, values=issued))
    measured = measures(layout, issued)
    assert len(measured) == len(CASES)
    for nth in (3, 4):
        typed = {f"{rows[case[0]]}.actual": case[nth] for case in CASES}
        seen = office.type_into(path, [("自评表", layout.fields[name].cell, text) for name, text in typed.items()])
        held: dict[str, Cast] = dict(issued)
        for name, text in typed.items():
            figure = D(text.rstrip("%")).scaleb(-2 if "%" in text else 0)
            # A number, also where a percentage was typed; what the cell prints behind it is not part of it.
            assert seen["自评表"][layout.fields[name].cell] == pytest.approx(float(figure), abs=1e-12)
            held[name] = figure
        texts = hints(layout, engine_for(layout).evaluate(held), held, measured)
        assert {
            name: ("已达标" if nth == 3 else "未达标") in texts[layout.fields[name].range.top] for name in typed
        } == (dict.fromkeys(typed, True))
        for row, text in texts.items():
            assert seen["自评表"].get(f"K{row}", "") == text
        assert seen["填报说明"]["A2"] == to_do(texts.values())


def test_libreoffice_tells_the_same_of_what_was_filled_in(office: Office, tmp_path: Path) -> None:
    """Text too, which validations do not let a person type, but which can be pasted."""
    for number, (level2, name, target, _, missed) in enumerate(CASES):
        issued = listed(level2, target, name)
        values = dict(issued) | {f"{ROWS[level2]}.actual": missed}
        places = {name: item.range.anchor for name, item in LAYOUT.fields.items()}
        path = tmp_path / f"{number}.xlsx"
        everything = {item.name: values.get(item.name) for item in LAYOUT.inputs}
        path.write_bytes(filled(issue(LAYOUT, LOCK, values=issued), LAYOUT, places, everything, issued))
        stored, row = dump(path).sheets["自评表"], LAYOUT.fields[f"{ROWS[level2]}.actual"].range.top
        assert "〔未达标〕按比例得" in str(stored.cells[f"K{row}"].value)
        assert office.recalculated(path)["自评表"][f"K{row}"] == stored.cells[f"K{row}"].value


# --- the hint and the rules say the same

UNITS = {"数量指标": ["人次", "公里", "万元", ""], "质量指标": ["%"], "成本指标": ["万元", "元"], "时效指标": ["%"]}
NAMES = ["完成数", "差错率", "事故数", "节约资金", "单位成本", "办结率", "控制率"]


@pytest.mark.property
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_the_hint_and_the_rules_say_the_same(data: st.DataObject) -> None:
    """Who types the score that the hint names is not blamed for it; who types more is, where the rules speak at all."""
    level2 = data.draw(st.sampled_from(sorted(UNITS)))
    unit = data.draw(st.sampled_from(UNITS[level2]))
    sign = data.draw(st.sampled_from(["≥", "≤", "=", "", "＞", "不少于"]))
    amount = data.draw(st.decimals(0, 100 if unit == "%" else 5000, places=data.draw(st.integers(0, 2))))
    actual = data.draw(st.decimals(0, 100 if unit == "%" else 5000, places=data.draw(st.integers(0, 2))))
    name, weight = data.draw(st.sampled_from(NAMES)), data.draw(st.integers(2, 40))
    target = f"{sign}{amount.normalize():f}{unit}"
    row = ROWS[level2]
    issued: dict[str, Cast] = {f"{row}.name": name, f"{row}.target": target, f"{row}.weight": D(weight)}
    typed = actual.scaleb(-2) if unit == "%" else actual
    hint = told(issued, actual=typed, score=D(0), reason="……")
    assume("〔" in hint)
    met, full = "已达标" in hint, D(weight)
    score = full if met else D(hint.partition("按比例得 ")[2].removesuffix(" 分"))

    def judged(given: Decimal) -> set[str]:
        values = issued | {f"{row}.actual": typed, f"{row}.score": given, f"{row}.reason": "汛期推迟"}
        own = Identity(
            "mof-2020", LAYOUT.form.edition, LAYOUT.rows, issued={key: plain(each) for key, each in issued.items()}
        )
        workbook = returned(LAYOUT, values, own)
        subject = Submission(Path("return.xlsx"), workbook, LAYOUT, workbook.sheets[0], identities_in(workbook))
        assert "S107" not in codes(subject)
        cell = f"自评表!{LAYOUT.fields[f'{row}.score'].cell}"
        return {each.code for each in findings(subject) if each.cell == cell} & {"P101", "P103", "P104"}

    assert judged(score) == set()
    if not met and score + 1 < full and judged(full):
        assert judged(score + 1) == {"P104"}


# --- data in and out


@pytest.mark.parametrize("actual", [96, 0.965, "96%", "96.50%", "达成", None, 0])
def test_data_come_back_as_they_went_in(actual: Any) -> None:
    layout = layout_of("mof-2020", 1)
    issued = listed("质量指标", "≥95%", "合格率")
    row = {"level1": "产出指标", "level2": "质量指标", "name": "合格率", "target": "≥95%", "weight": 10}
    content = {"template": "mof-2020", "year": 2021, "fields": {}, "funds": {}}
    content["indicators"] = [row | {"actual": actual, "score": 9.5, "reason": None}]
    blank = issue(layout, LOCK, year=2021, values=issued)
    given_back, found = round_trip(blank, content)
    assert found == content
    # Filled once more with nothing new, it still holds what it held.
    assert given_back.entries[f"{ROWS['质量指标']}.actual"].blank == (actual is None)


def test_a_percentage_survives_being_filled_again() -> None:
    from xlsform.workbook.data import fill

    blank = issue(LAYOUT, LOCK, values=listed("质量指标", "≥95%", "合格率"))
    row = {"level2": "质量指标", "name": "合格率", "target": "≥95%", "weight": D(10), "actual": D("0.965")}
    once = fill(submitted(blank), blank, {"template": "mof-2020", "indicators": [row]})
    twice = fill(submitted(once), once, {"template": "mof-2020", "fields": {"unit": "某中心"}})
    entry = submitted(twice).entries[f"{ROWS['质量指标']}.actual"]
    assert (entry.raw, entry.value) == (0.965, "96.50%")


# --- tampering


def _edited(change: str) -> list[str]:
    """Return the codes of a form whose hint in the row of 养护里程 was changed."""
    names = ["indicators.1.name", "indicators.1.target", "indicators.1.weight"]

    def edit(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        row = layout_of("mof-2020").fields["indicators.1.actual"].range.top
        formula = sheet.formulas[row, 11]
        checks, _, outcome = formula.partition("&IFERROR(IF(")
        assert outcome
        sheet.formulas[row, 11] = {"cut": checks, "eased": formula.replace("<120", "<100"), "same": formula}[change]

    return codes(prefilled("mof-2020", names, edit))


def test_a_hint_that_tells_something_else_is_found() -> None:
    assert _edited("same") == []
    assert _edited("cut") == ["S107"]
    assert _edited("eased") == ["S107"]


def test_hints_are_known_without_the_hidden_sheet() -> None:
    """What was issued is known to that sheet alone: its loss is told once, and the hints are not called changed."""

    def drop(workbook: Workbook) -> None:
        workbook.sheets = workbook.sheets[:2]

    names = ["indicators.1.name", "indicators.1.target", "indicators.1.weight"]
    assert codes(prefilled("mof-2020", names, drop)) == ["S113"]
    assert codes(prefilled("mof-2020", ["unit"], drop)) == ["S113"]
