"""What stands in an empty project list: an example project with its indicators, and notes on how to fill it in."""

from __future__ import annotations

from typing import Any

from xlsform.form.definition import Form
from xlsform.form.vocabulary import (
    DEPARTMENT,
    FILLER_UNIT,
    FUNDS_APPROPRIATION,
    FUNDS_BUDGET,
    FUNDS_CARRYOVER,
    FUNDS_INITIAL,
    FUNDS_OTHER,
    FUNDS_TOTAL,
    GOAL_EXPECTED,
    PROJECT_CODE,
    PROJECT_NAME,
    UNIT,
    cell,
)
from xlsform.projects.lists.headings import project_headings
from xlsform.projects.lists.lines import EXAMPLE

_EXAMPLE_CODE = f"{EXAMPLE}001"
_EXAMPLE = {
    PROJECT_CODE: _EXAMPLE_CODE,
    PROJECT_NAME: "农村公路养护",
    DEPARTMENT: "某县交通运输局",
    UNIT: "某县公路养护中心",
    "email": "name@qq.com",
    GOAL_EXPECTED: "养护农村公路 120 公里，保持路况良好。",
    FILLER_UNIT: "某县公路养护中心",
}
#: An indicator and its target by a word of the level 2 that it suits, the more particular word first.
_EXAMPLE_INDICATORS = {
    "成本": ("每公里养护成本", "≤1万元"),
    "数量": ("养护里程", "≥120公里"),
    "质量": ("路况优良率", "≥95%"),
    "时效": ("完工时间", "12月31日前"),
    "经济": ("降低运输成本", "≥3%"),
    "社会": ("受益人口", "≥2万人"),
    "可持续": ("养护机制健全性", "健全"),
    "满意": ("沿线群众满意度", "≥90%"),
}


def example_project(form: Form) -> list[Any]:
    """Return what the cells of an example project hold, in the order of the columns; None for a blank one."""
    rows = {FUNDS_TOTAL: 100, FUNDS_APPROPRIATION: 100, FUNDS_CARRYOVER: 0, FUNDS_OTHER: 0}
    examples: dict[str, Any] = dict(_EXAMPLE)
    for row, amount in rows.items():
        examples |= {cell(row, column): amount for column in (FUNDS_INITIAL, FUNDS_BUDGET)}
    return [examples.get(heading.name) for heading in project_headings(form)]


def example_indicators(form: Form) -> list[list[Any]]:
    """Return one indicator for each level 2; the weights share out what execution leaves."""
    kinds = form.indicator_kinds
    if not kinds:
        return []
    left = int(form.full_score) - int(form.execution_weight or 0)
    each = left // len(kinds)
    rows = []
    for number, (one, two) in enumerate(kinds):
        weight = left - each * (len(kinds) - 1) if number == 0 else each
        general = (f"{two.removesuffix('指标')}示例", "改善")
        name, target = next((each for word, each in _EXAMPLE_INDICATORS.items() if word in two), general)
        rows.append([_EXAMPLE_CODE, one, two, name, target, weight])
    return rows


def notes(form: Form) -> list[str]:
    """Return the notes, in their order."""
    total, execution = form.full_score, form.execution_weight or 0
    return [
        "“项目清单”每个项目填一行；黄色表头的栏必须填写，其余可以不填，不填的由实施单位自己填。",
        f"以“{EXAMPLE}”开头的行只作示范，不会发放，可以删去，也可以留着。",
        "项目编码按文本填写，保留前面的 0；同一编码只能出现一次。",
        f"金额单位为{form.money_unit}，只填数字。年度资金总额应等于当年财政拨款、上年结转资金与其他资金之和。",
        "“绩效指标”每个三级指标填一行，项目编码与“项目清单”中的一致。",
        "一级指标可以不填，由二级指标确定；二级指标只能填右侧列出的名称。",
        "年度指标值写明符号和单位，如 ≥95%、≤20万元、12月31日前、合格。也可以改为“符号”“指标值”“计量单位”三栏。",
        f"每个项目各项指标的分值，加上执行率 {execution} 分，合计应为 {total} 分。",
        "清单里填写的内容发放后即锁定，实施单位不能改动，请先核对。",
        "可以调整栏的顺序，也可以增加其他栏；表头的名称不要改。",
    ]
