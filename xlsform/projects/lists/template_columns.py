"""The columns of an empty project list, and what their cells accept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from xlsform.form.definition import Form
from xlsform.form.vocabulary import DEPARTMENT, GOAL_EXPECTED, PROJECT_CODE, PROJECT_NAME, UNIT
from xlsform.projects.lists.headings import project_headings
from xlsform.projects.lists.lines import EXAMPLE
from xlsform.spreadsheet.a1 import letters

PROJECTS_SHEET = "项目清单"
INDICATORS_SHEET = "绩效指标"
NOTES_SHEET = "填写说明"

#: Rows of each sheet that accept only what fits.
PROJECT_ROWS = 3000
INDICATOR_ROWS = 30_000

_WIDTHS = {PROJECT_CODE: 22, PROJECT_NAME: 36, DEPARTMENT: 24, UNIT: 26, "email": 24, GOAL_EXPECTED: 40}


class TemplateColumn(NamedTuple):
    """A column of the empty list."""

    heading: str
    width: float
    text: bool
    """Whether its cells are formatted as text: codes keep their zeros."""
    validation: Mapping[str, Any] | None
    """What its cells accept, as XlsxWriter has it."""
    required: bool = False


def project_columns(form: Form) -> list[TemplateColumn]:
    """Return the columns of the sheet of projects."""
    columns = []
    for index, heading in enumerate(project_headings(form), 1):
        title = heading.texts[0] + (f"（{form.money_unit}）" if heading.money else "")
        validation = _AMOUNT if heading.money else _validation(heading.name, letters(index))
        width = 14 if heading.money else _WIDTHS.get(heading.name, 24)
        columns.append(TemplateColumn(title, width, not heading.money, validation, heading.required))
    return columns


def indicator_columns(form: Form) -> list[TemplateColumn]:
    """Return the columns of the sheet of indicators; what level 1 and 2 may be stands among the notes."""
    kinds = form.indicator_kinds
    ones = len(dict.fromkeys(one for one, _ in kinds))
    first = f"='{NOTES_SHEET}'!$C$2:$C${ones + 1}"
    second = f"='{NOTES_SHEET}'!$D$2:$D${len(kinds) + 1}"
    code = f"='{PROJECTS_SHEET}'!$A$2:$A${PROJECT_ROWS + 1}"
    return [
        TemplateColumn("项目编码", 22, True, _choice(code, "项目清单中没有这个编码。", "warning"), True),
        TemplateColumn("一级指标", 16, True, _choice(first, "请从列表中选择一级指标；也可以不填。")),
        TemplateColumn("二级指标", 22, True, _choice(second, "请从列表中选择二级指标。"), True),
        TemplateColumn("三级指标", 36, True, None, True),
        TemplateColumn("年度指标值", 18, True, None),
        TemplateColumn("分值", 10, False, _weight(form)),
    ]


def _choice(source: str, message: str, error: str = "stop") -> dict[str, Any]:
    return {
        "validate": "list",
        "source": source,
        "error_type": error,
        "error_title": "请核对",
        "error_message": message,
    }


_AMOUNT = {
    "validate": "decimal",
    "criteria": ">=",
    "value": 0,
    "error_title": "请填数字",
    "error_message": "金额应是不小于 0 的数字，不要带单位、逗号或文字。",
}


def _validation(name: str, column: str) -> dict[str, Any] | None:
    """Return the validation of a text column, by its letters; the sheet's first row below the headings is 2."""
    cell = f"{column}2"
    if name == PROJECT_CODE:
        # Not COUNTIF: it takes long codes of digits for numbers, and finds codes of 18 digits alike.
        return {
            "validate": "custom",
            "value": f"=SUMPRODUCT(--(${column}$2:${column}${PROJECT_ROWS + 1}={cell}))=1",
            "error_title": "项目编码重复",
            "error_message": "清单中已有这个项目编码，每个项目的编码应当唯一。",
            "input_title": "项目编码",
            "input_message": f"每个项目一行，编码不得重复。以“{EXAMPLE}”开头的行不会发放。",
        }
    if name == "email":
        once = f'LEN({cell})-LEN(SUBSTITUTE({cell},"@",""))=1'
        dotted = f'ISNUMBER(FIND(".",{cell},FIND("@",{cell})))'
        return {
            "validate": "custom",
            "value": f'=AND({once},{dotted},ISERROR(FIND(" ",{cell})))',
            "error_title": "邮箱不对",
            "error_message": "请填写一个邮箱地址，如 name@qq.com。",
        }
    return None


def _weight(form: Form) -> dict[str, Any]:
    total, execution = form.full_score, form.execution_weight or 0
    return {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": total,
        "error_title": "分值不对",
        "error_message": f"分值应是 0 到 {total} 之间的数字。",
        "input_title": "分值",
        "input_message": f"每个项目各项指标的分值合计应为 {_plain(total, execution)} 分，另有执行率 {execution} 分。",
    }


def _plain(total: Any, execution: Any) -> str:
    return format((Decimal(str(total)) - Decimal(str(execution))).normalize(), "f")
