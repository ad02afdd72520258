from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support import published_rows
from support.forms import TEMPLATES, codes, faultless, findings, found, layout_of, submission
from support.variants import indicator_codes, of_rows, place, with_row, with_scoring

from xlsform.submission.submission import Submission

REASON = "汛期影响施工，今后提前排定工期。"


def quantity(**cells: Any) -> Submission:
    """Return a faultless form in which the first row of quantity (≥120公里, 118公里, 19.67 of 20) is changed."""
    return with_row("mof-2020", "数量指标", **cells)


def at_full(target: str, actual: str, level2: str = "数量指标", **cells: Any) -> Submission:
    weight = {"数量指标": 20}.get(level2, 10)
    return with_row("mof-2020", level2, target=target, actual=actual, score=weight, reason=None, **cells)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_has_its_points(template: str) -> None:
    assert found("P", submission(template)) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_score_over_its_weight(template: str) -> None:
    subject = with_row(template, "质量指标", score=10.01)
    assert found("P101", subject) == [
        f"{place(template, '质量指标', 'score')} 质量指标 第 1 行·得分 is 10.01, more than the weight 10 of its row"
    ]
    assert indicator_codes(subject) == ["P101"]
    assert indicator_codes(with_row(template, "质量指标", score=10)) == []


@pytest.mark.parametrize("changes", [{"weight": None}, {"weight": 0}, {"weight": -1}, {"score": None}])
def test_a_score_is_not_over_a_weight_that_is_none(changes: dict[str, Any]) -> None:
    assert found("P101", with_row("mof-2020", "质量指标", **changes)) == []


def test_a_score_is_not_over_a_weight_that_is_unusable() -> None:
    assert found("P101", submission(raw={"indicators.4.weight": "约5"})) == []


def test_a_score_over_its_weight_is_not_judged_further() -> None:
    assert indicator_codes(quantity(score=25, reason=None)) == ["P101"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_full_points_though_missed(template: str) -> None:
    subject = with_row(template, "数量指标", score=20)
    assert found("P103", subject) == [
        f"{place(template, '数量指标', 'score')} 数量指标 第 1 行·得分 should be 19.67 (98.33% × 20), not full points: "
        "118公里 misses the target ≥120公里"
    ]
    assert codes(subject) == ["P103"]
    (finding,) = findings(subject, "P103")
    assert (finding.found, float(finding.expected)) == (20, 19.67)


MISSED = [
    ("≥95%", "94%", "数量指标"),
    ("100%", "98", "数量指标"),
    ("100%", "0.98", "数量指标"),
    ("=8个", "9", "数量指标"),
    ("=8个", "7", "数量指标"),
    ("8", "7个", "数量指标"),
    ("3-5次", "2次", "数量指标"),
    ("≤20万元", "22万元", "成本指标"),
    ("20万元", "22万元", "成本指标"),
    ("≤20万元", "230000元", "成本指标"),
    ("0起", "1起", "质量指标"),
    ("≤0", "2", "质量指标"),
    ("12月31日前", "2022年1月15日", "时效指标"),
    ("2021年12月31日前", "2022年1月", "时效指标"),
    ("6月底前完成", "7月5日", "时效指标"),
    ("≤30天", "35天", "时效指标"),
    ("30天", "28天", "数量指标"),  # days of service
    ("8", "7个", "时效指标"),
    ("≥1000个", "1", "数量指标"),
    ("≥2万人", "1", "数量指标"),
    ("≥2万人", "19000人", "数量指标"),
]


@pytest.mark.parametrize(("target", "actual", "level2"), MISSED)
def test_what_misses_its_target(target: str, actual: str, level2: str) -> None:
    assert indicator_codes(at_full(target, actual, level2)) == ["P103"]


NOT_MISSED = [
    ("2022年6月30日前", "2022年6月1日", "时效指标"),
    ("≥95%", "95%", "数量指标"),
    ("100%", "100", "数量指标"),
    ("100%", "1", "数量指标"),
    ("100%", "99.99%", "数量指标"),  # 19.998 is 20.00
    ("3-5次", "4次", "数量指标"),
    ("3-5次", "6次", "数量指标"),  # may be welcome
    (">5次", "5次", "数量指标"),  # people write > for ≥
    ("735人次", "700人", "数量指标"),  # persons are not visits
    ("12次", "1次/月", "数量指标"),
    ("≥2万人", "21000", "数量指标"),  # the unit is missing, not the people
    ("≤202.6万元", "1329120.67", "成本指标"),
    ("20万元", "19.8万元", "成本指标"),
    ("100%", "98%", "成本指标", "成本控制率"),
    ("5次", "3次", "质量指标", "投诉次数"),
    ("30天", "28天", "时效指标"),
    ("30天", "32天", "时效指标"),
    ("2021年12月", "2021年12月完成", "时效指标"),
    ("2021年12月10日前", "2021年12月", "时效指标"),
    ("按计划完成", "按计划完成", "时效指标"),
    ("效果明显", "有一定效果", "数量指标"),
]


@pytest.mark.parametrize("case", NOT_MISSED)
def test_what_does_not_miss_its_target_beyond_doubt(case: tuple[str, ...]) -> None:
    target, actual, level2, *name = case
    assert found("P103", at_full(target, actual, level2, **({"name": name[0]} if name else {}))) == []


@pytest.mark.parametrize(
    ("name", "level2", "target", "actual"),
    [
        ("节约资金", "成本指标", "5万元", "4万元"),
        ("降低事故率", "质量指标", "5%", "4%"),
        ("投入使用率", "成本指标", "100%", "95%"),
    ],
)
def test_savings_and_rates_are_to_be_reached(name: str, level2: str, target: str, actual: str) -> None:
    assert "P103" in indicator_codes(at_full(target, actual, level2, name=name))


def test_the_kind_alone_makes_a_cost() -> None:
    assert indicator_codes(at_full("20万元", "19万元", "成本指标", name="项目经费")) == []
    assert indicator_codes(at_full("20万元", "22万元", "成本指标", name="项目经费")) == ["P103"]


def test_a_deadline_without_a_year_in_a_form_without_one() -> None:
    cells = {"target": "12月31日前", "actual": "2022年1月15日"}
    row = {f"indicators.7.{column}": text for column, text in cells.items()}
    assert found("P", submission(typed=row, year=None)) == []
    assert len(found("P103", submission(typed=row))) == 1


@pytest.mark.parametrize("changes", [{"weight": None}, {"score": None}, {"target": None}, {"actual": None}])
def test_points_are_not_judged_without_what_they_follow_from(changes: dict[str, Any]) -> None:
    base = {"score": 20, "reason": None}
    assert found("P", with_row("mof-2020", "数量指标", **(base | changes))) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_score_above_the_ratio(template: str) -> None:
    subject = with_row(template, "数量指标", score=19.8)
    assert found("P104", subject) == [
        f"{place(template, '数量指标', 'score')} 数量指标 第 1 行·得分 should be 19.67 (98.33% × 20) for 118公里 "
        f"against the "
        "target ≥120公里; the form says 19.8"
    ]
    assert codes(subject) == ["P104"]
    (finding,) = findings(subject, "P104")
    assert (finding.severity, float(finding.expected)) == ("error", 19.67)


@pytest.mark.parametrize(
    ("score", "severities"),
    [
        (19.67, []),  # rounded
        (19.66, []),  # truncated
        (19.6, []),  # truncated to one decimal
        (19.7, []),
        (19.667, []),
        (19.68, ["error"]),
        (19.65, ["warning"]),
        (19, ["warning"]),
        (0, ["warning"]),
    ],
)
def test_a_score_by_the_ratio_rounded_or_truncated(score: float, severities: list[str]) -> None:
    assert [finding.severity for finding in findings(quantity(score=score), "P104")] == severities


def test_a_whole_point_above_the_ratio_is_a_warning() -> None:
    subject = quantity(target="43.2", actual="37.24", weight=10, score=9)
    assert [str(finding.severity) for finding in findings(subject, "P104")] == ["warning"]
    subject = quantity(target="43.2", actual="37.24", weight=10, score=9.5)
    assert [str(finding.severity) for finding in findings(subject, "P104")] == ["error"]


REVERSE = [
    # weight 10, ≤20 with 22: 9.09 by the ratio, 9 by the overrun
    (9.09, None, None),
    (9, None, None),
    (9.05, None, None),
    (9.1, None, None),  # 9.09 to one decimal
    (9.2, None, "error"),
    (8.9, None, "warning"),
    (9, ["ratio"], "warning"),
    (9.09, ["linear"], "error"),
]


@pytest.mark.parametrize(("score", "accepted", "severity"), REVERSE)
def test_a_score_by_one_of_the_reverse_formulas(score: float, accepted: list[str] | None, severity: str | None) -> None:
    subject = with_row("mof-2020", "成本指标", target="≤20万元", actual="22万元", score=score, reason=REASON)
    if accepted:
        subject = with_scoring(subject, reverse=accepted)
    assert [finding.severity for finding in findings(subject, "P104")] == ([severity] if severity else [])


def test_both_reverse_formulas_are_named() -> None:
    subject = with_row("mof-2020", "成本指标", target="≤20万元", actual="22万元", score=9.5, reason=REASON)
    assert found("P104", subject) == [
        "自评表!H22 成本指标 第 1 行·得分 should be 9.09 (90.91% × 10) or 9.00 (90% × 10) for 22万元 against the "
        "target "
        "≤20万元; the form says 9.5"
    ]


@pytest.mark.parametrize(
    ("target", "actual", "score", "severity"),
    [
        ("≤20万元", "50万元", 4, None),
        ("≤20万元", "50万元", 0, None),
        ("≤20万元", "50万元", 4.1, "error"),
        ("=8个", "10个", 8, None),  # 8 ÷ 10
        ("=8个", "10个", 7.5, None),  # 10 × (1 − 2 ÷ 8)
        ("=8个", "10个", 8.5, "error"),
        ("=8个", "6个", 7.5, None),
        ("=8个", "6个", 8, "warning"),  # a whole point
        ("4-5次", "2次", 5, None),
        ("4-5次", "2次", 6, "error"),
        ("≤0起", "1起", 0, None),
        ("≤0起", "1起", 5, "error"),
        ("≥5", "-1", 0, None),
        ("≥5", "-1", 1, "error"),
    ],
)
def test_scores_of_other_targets(target: str, actual: str, score: float, severity: str | None) -> None:
    subject = with_row("mof-2020", "质量指标", target=target, actual=actual, score=score, reason=REASON)
    assert [finding.severity for finding in findings(subject, "P104")] == ([severity] if severity else [])


@pytest.mark.parametrize(("target", "actual", "level2"), [case for case in NOT_MISSED if len(case) == 3])
def test_points_lost_for_what_is_not_missed_have_no_ratio(target: str, actual: str, level2: str) -> None:
    lost = with_row("mof-2020", level2, target=target, actual=actual, score=5, reason=REASON)
    if (target, actual) != ("100%", "99.99%"):
        assert found("P104", lost) == []


GRADES = [
    ("达成年度指标", 8, True),
    ("达成年度指标", 10, True),
    ("达成年度指标", 7.99, False),
    ("已达成预期指标", 7, False),
    ("部分达成年度指标并具有一定效果", 8, True),
    ("部分达成年度指标，并具有一定效果", 8.1, False),
    ("部分达成年度指标并具有一定效果", 6, True),
    ("部分达成年度指标并具有一定效果", 5.9, False),
    ("部分达成年度指标并具有一定效果", 10, False),
    ("未达成年度指标且效果较差", 6, True),
    ("未达成年度指标且效果较差", 0, True),
    ("未达成年度指标且效果较差", 6.1, False),
    ("未达成年度指标 且效果较差。", 10, False),
    ("基本达成年度指标", 5, True),  # no grade of the ministry's
    ("达成年度指标的一半", 5, True),
    ("健全", 5, True),
]


@pytest.mark.parametrize(("grade", "score", "within"), GRADES)
@pytest.mark.parametrize("column", ["actual", "reason"])
def test_a_grade_in_words_has_its_band(column: str, grade: str, score: float, within: bool) -> None:
    cells = {"actual": "基本健全", "reason": REASON} | {column: grade}
    subject = with_row("mof-2020", "可持续影响指标", score=score, **cells)
    assert indicator_codes(subject) == ([] if within else ["P105"])


@pytest.mark.parametrize("template", ["mof-2020", "shanxi-2021"])
def test_a_score_outside_its_band(template: str) -> None:
    grade = "部分达成年度指标并具有一定效果"
    subject = with_row(template, "可持续影响指标", actual=grade, score=9, reason=REASON)
    assert found("P105", subject) == [
        f"{place(template, '可持续影响指标', 'score')} “{grade}” gives from 6 to 8 points of 10; "
        "可持续影响指标 第 1 行·得分 is 9"
    ]
    assert codes(subject) == ["P105"]
    assert findings(subject, "P105")[0].expected == "6–8"


def test_a_grade_counts_with_what_follows_it_in_the_reason() -> None:
    reason = "部分达成年度指标，并具有一定效果；管护制度年底才印发，今后提前。"
    assert indicator_codes(with_row("mof-2020", "可持续影响指标", actual="基本健全", score=9, reason=reason)) == [
        "P105"
    ]


def test_a_grade_above_its_weight_is_told_once() -> None:
    grade = "部分达成年度指标并具有一定效果"
    assert indicator_codes(with_row("mof-2020", "可持续影响指标", actual=grade, score=11, reason=REASON)) == ["P101"]
    assert indicator_codes(with_row("mof-2020", "可持续影响指标", actual=grade, weight=0, score=0, reason=REASON)) == []


def test_figures_come_before_grades() -> None:
    assert indicator_codes(quantity(reason="未达成年度指标且效果较差")) == []


def test_bands_are_the_templates() -> None:
    subject = with_row("mof-2020", "可持续影响指标", actual="达成", score=8, reason=REASON)
    grades = [{"words": ["达成"], "from": 0.9, "to": 1}]
    assert found("P105", with_scoring(subject, qualitative_grades=grades)) == [
        "自评表!H34 “达成” gives from 9 to 10 points of 10; 可持续影响指标 第 1 行·得分 is 8"
    ]


@pytest.mark.parametrize(
    ("grade", "score", "within"),
    [
        ("达成年度指标", 8, True),
        ("达成年度指标", 10, True),
        ("达成年度指标", 7.9, False),
        ("部分达成年度指标并具有一定效果", 8.1, False),
        ("部分达成年度指标并具有一定效果", 5.9, False),
        ("未达成年度指标且效果较差", 0, True),
        ("未达成年度指标且效果较差", 6.1, False),
    ],
)
def test_bands_are_the_ministrys_where_the_template_has_none(grade: str, score: float, within: bool) -> None:
    subject = with_row("mof-2020", "可持续影响指标", actual=grade, score=score, reason=REASON)
    assert indicator_codes(with_scoring(subject, qualitative_grades=None)) == ([] if within else ["P105"])


def test_long_texts_are_cut_in_messages() -> None:
    target = "沿线" * 21
    (line,) = found("P102", with_row("mof-2020", "质量指标", target=target, actual=target, score=9))
    assert f"meets the target {target[:40]}…" in line
    (line,) = found("P102", with_row("mof-2020", "质量指标", target=target[:40], actual=target[:40], score=9))
    assert line.endswith(f"meets the target {target[:40]}")


def exactly(template: str, **changes: Any) -> Submission:
    """Return a form in which every actual value is its target without the sign, with full points."""
    values = faultless(template)
    for name, target in list(values.items()):
        if name.endswith(".target"):
            row = name.removesuffix("target")
            values[f"{row}actual"] = str(target).lstrip("≥≤")
            values[f"{row}score"] = values[f"{row}weight"]
            values[f"{row}reason"] = None  # type: ignore[assignment]
    return submission(template, **(values | changes))


@pytest.mark.parametrize(
    ("template", "count", "cell"), [("mof-2020", 8, "H40"), ("mof-2021", 6, "H43"), ("shanxi-2021", 8, "H40")]
)
def test_uniform_perfection(template: str, count: int, cell: str) -> None:
    subject = exactly(template)
    assert found("P115", subject) == [
        f"自评表!{cell} all {count} indicators met their targets exactly, with full points; are these the results?"
    ]
    assert indicator_codes(subject) == ["P115"]


@pytest.mark.parametrize(
    "changes",
    [
        {"indicators.25.actual": "95%"},  # one is more than asked for
        {"indicators.4.score": 9.5, "indicators.4.reason": REASON},
        {"indicators.4.actual": "≥95%"},  # not measured
        {"indicators.22.actual": "基本健全"},  # cannot be compared
        {"indicators.4.actual": None},
    ],
)
def test_one_row_that_differs_is_enough(changes: dict[str, Any]) -> None:
    assert found("P115", exactly("mof-2020", **changes)) == []


def test_few_rows_are_no_pattern() -> None:
    row = ("10", "10", "5", "5", None)
    five = [("数量指标", name, *row) for name in "甲乙丙丁戊"]
    assert len(found("P115", of_rows(five))) == 1
    assert found("P115", of_rows(five[:4])) == []
    assert len(found("P115", with_scoring(of_rows(five[:4]), uniform_rows=4))) == 1
    assert len(found("P115", with_scoring(of_rows(five), uniform_rows=None))) == 1


def test_words_alone_are_no_pattern() -> None:
    words = [("质量指标", name, "合格", "合格", "5", "5", None) for name in "甲乙丙丁"]
    figures = [("数量指标", name, "10", "10", "5", "5", None) for name in "子丑寅"]
    assert len(found("P115", of_rows(words + figures))) == 1
    assert found("P115", of_rows(words + figures[:2])) == []


#: What is found in the rows of published forms: code, level 2, row. Kinds that lie outside the excerpts are left out.
PUBLISHED = {
    "SEED": ["P116 成本指标 1", "P109 成本指标 2", "K105 经济效益指标 1", "P112 服务对象满意度指标 1"],
    "CHIZHOU_01": ["P115"],
    "CHIZHOU_02": [],
    "LANGFANG_09": ["P116 数量指标 1", "P104 数量指标 1"],
    "YINCHUAN_12": ["P102 时效指标 1", "P102 社会效益指标 1", "P102 可持续影响指标 1", "K106 服务对象满意度指标 1"],
    "JISHAN_14": [
        "P103 数量指标 1",
        *(f"{code} 数量指标 {row}" for row in (3, 4) for code in ("K107", "P108")),
        *(f"P108 数量指标 {row}" for row in (5, 6)),
        *(f"P106 数量指标 {row}" for row in (8, 12, 13)),
        "P104 数量指标 14",
        "P106 数量指标 14",
        "P106 数量指标 15",
        *(f"{code} 数量指标 {row}" for row in (16, 17, 18, 19, 20) for code in ("P104", "P106")),
        "P106 数量指标 22",
        *(f"{code} 数量指标 {row}" for row in (23, 25) for code in ("P104", "P106")),
        "K105 质量指标 1",
    ],
}


@pytest.mark.parametrize("form", PUBLISHED)
@pytest.mark.parametrize("template", ["mof-2020", "shanxi-2021"])
def test_the_rows_of_published_forms(form: str, template: str) -> None:
    subject = of_rows(getattr(published_rows, form), template)
    told = []
    for finding in findings(subject):
        if finding.code[0] in "KP" and finding.code != "K104":
            item = layout_of(template, 30).fields[finding.field or ""]
            block = [other.row for other in layout_of(template, 30).fields.values() if other.level2 == item.level2]
            nth = list(dict.fromkeys(block)).index(item.row) + 1
            told.append(f"{finding.code} {item.level2} {nth}" if item.level2 else finding.code)
    assert told == PUBLISHED[form]


def test_the_rows_of_a_form_without_weights_are_incomplete_and_no_more() -> None:
    told = [finding.code for finding in findings(of_rows(published_rows.HUANGSHI_16)) if finding.code[0] in "KP"]
    assert sorted(set(told)) == ["K106", "P109"]
    assert told.count("P109") == 2


def test_rules_work_for_a_template_without_settings() -> None:
    subject = with_scoring(quantity(score=20), **{key: None for key in submission().form.scoring if key != "total"})
    assert [code for code in codes(subject) if code[0] in "KP"] == ["P103"]


def test_rules_work_for_a_form_without_indicators() -> None:
    subject = quantity(score=20)
    form = dataclasses.replace(
        subject.form,
        tables={name: table for name, table in subject.form.tables.items() if name != "indicators"},
        checks=(),
        digest="no indicators",
    )
    fields = {
        name: item
        for name, item in subject.layout.fields.items()
        if item.table != "indicators" and not name.startswith("total")
    }
    layout = dataclasses.replace(subject.layout, form=form, fields=fields, fragments=())
    bare = Submission(subject.path, subject.workbook, layout, subject.sheet, subject.identities)
    assert found("P103", subject)
    assert [code for code in codes(bare) if code[0] in "KP"] == []
