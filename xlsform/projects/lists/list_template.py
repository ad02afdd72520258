"""Write an empty project list, ready to be filled in."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.files.atomic import creation_time
from xlsform.form.definition import Form
from xlsform.projects.lists.headings import project_headings
from xlsform.projects.lists.lines import EXAMPLE
from xlsform.spreadsheet.a1 import letters
from xlsform.spreadsheet.text_width import lines_needed

PROJECTS_SHEET = "项目清单"
INDICATORS_SHEET = "绩效指标"
NOTES_SHEET = "填写说明"

_PROJECT_ROWS = 3000
_INDICATOR_ROWS = 30_000
_NOTE_WIDTH = 90
#: Height of a line of text, in points.
_LINE = 16.0
_EXAMPLE_CODE = f"{EXAMPLE}001"
_EXAMPLE = {
    "project_code": _EXAMPLE_CODE,
    "project_name": "农村公路养护",
    "department": "某县交通运输局",
    "unit": "某县公路养护中心",
    "email": "name@qq.com",
    "goal_expected": "养护农村公路 120 公里，保持路况良好。",
    "filler_unit": "某县公路养护中心",
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
_WIDTHS = {"project_code": 22, "project_name": 36, "department": 24, "unit": 26, "email": 24, "goal_expected": 40}


class _Column(NamedTuple):
    heading: str
    width: float
    text: bool
    validation: Mapping[str, Any] | None
    required: bool = False


def write_list_template(form: Form) -> bytes:
    """Return an empty project list: a sheet of projects, one of indicators, one of notes.

    Each of the first two has an example; its code begins with 示例, and `read_projects` passes such rows over, so that
    nobody is mailed an example that was left in.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{form.title} {PROJECTS_SHEET}", "created": creation_time().replace(tzinfo=None)})
    writer = _ListWriter(book, form)
    writer.table(PROJECTS_SHEET, writer.project_columns(), _PROJECT_ROWS, [_example_project(form)])
    writer.table(INDICATORS_SHEET, writer.indicator_columns(), _INDICATOR_ROWS, _example_indicators(form))
    writer.notes()
    book.close()
    return buffer.getvalue()


class _ListWriter:
    def __init__(self, book: xlsxwriter.Workbook, form: Form) -> None:
        self.book, self.form = book, form
        font = {"font_name": form.page.font, "font_size": 11, "valign": "vcenter"}
        self.head = self._format(font, bold=True, align="center", text_wrap=True, border=1, bg_color="#D9E1F2")
        self.must = self._format(font, bold=True, align="center", text_wrap=True, border=1, bg_color="#FFE699")
        self.text = self._format(font, num_format="@")
        self.figure = self._format(font, num_format="General")
        self.example_text = self._format(font, num_format="@", italic=True, font_color="#808080")
        self.example_figure = self._format(font, italic=True, font_color="#808080")
        self.note = self._format(font, text_wrap=True)
        self.title = self._format(font, bold=True, font_size=14)

    def _format(self, font: Mapping[str, Any], **properties: Any) -> Format:
        return self.book.add_format(dict(font) | properties)

    def table(self, name: str, columns: Sequence[_Column], rows: int, examples: Sequence[Sequence[Any]]) -> None:
        """Write a sheet: headings, validations below them, examples."""
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        sheet.set_row(0, max(lines_needed(column.heading, column.width - 1) for column in columns) * _LINE + 8)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width, self.text if column.text else self.figure)
            sheet.write_string(0, index, column.heading, self.must if column.required else self.head)
            if column.validation is not None:
                sheet.data_validation(1, index, rows, index, dict(column.validation))
        for row, cells in enumerate(examples, 1):
            self._example(sheet, row, cells)
        # Codes and targets are text on purpose.
        sheet.ignore_errors({"number_stored_as_text": f"A1:{letters(len(columns))}{rows + 1}"})

    def _example(self, sheet: Worksheet, row: int, cells: Sequence[Any]) -> None:
        for index, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(row, index, value, self.example_text)
            elif value is not None:
                sheet.write_number(row, index, float(value), self.example_figure)

    def project_columns(self) -> list[_Column]:
        """Return the columns of the sheet of projects."""
        columns = []
        for index, heading in enumerate(project_headings(self.form), 1):
            title = heading.texts[0] + (f"（{self.form.money_unit}）" if heading.money else "")
            validation = _AMOUNT if heading.money else _validation(heading.name, letters(index))
            width = 14 if heading.money else _WIDTHS.get(heading.name, 24)
            columns.append(_Column(title, width, not heading.money, validation, heading.required))
        return columns

    def indicator_columns(self) -> list[_Column]:
        """Return the columns of the sheet of indicators; what level 1 and 2 may be stands among the notes."""
        kinds = _kinds(self.form)
        ones = len(dict.fromkeys(one for one, _ in kinds))
        first = f"='{NOTES_SHEET}'!$C$2:$C${ones + 1}"
        second = f"='{NOTES_SHEET}'!$D$2:$D${len(kinds) + 1}"
        code = f"='{PROJECTS_SHEET}'!$A$2:$A${_PROJECT_ROWS + 1}"
        return [
            _Column("项目编码", 22, True, _choice(code, "项目清单中没有这个编码。", "warning"), True),
            _Column("一级指标", 16, True, _choice(first, "请从列表中选择一级指标；也可以不填。")),
            _Column("二级指标", 22, True, _choice(second, "请从列表中选择二级指标。"), True),
            _Column("三级指标", 36, True, None, True),
            _Column("年度指标值", 18, True, None),
            _Column("分值", 10, False, _weight(self.form)),
        ]

    def notes(self) -> None:
        """Write the sheet of notes, with the lists that the other sheets choose from."""
        sheet = self.book.add_worksheet(NOTES_SHEET)
        sheet.set_column(0, 0, _NOTE_WIDTH)
        sheet.set_column(1, 1, 4)
        sheet.set_column(2, 3, 24)
        sheet.write_string(0, 0, f"{self.form.title}　项目清单填写说明", self.title)
        for row, text in enumerate(_notes(self.form), 1):
            sheet.write_string(row, 0, f"{row}．{text}", self.note)
            sheet.set_row(row, lines_needed(f"{row}．{text}", _NOTE_WIDTH - 4) * _LINE + 4)
        kinds = _kinds(self.form)
        for column, heading in ((2, "可选的一级指标"), (3, "可选的二级指标")):
            sheet.write_string(0, column, heading, self.head)
        for row, one in enumerate(dict.fromkeys(one for one, _ in kinds), 1):
            sheet.write_string(row, 2, one, self.text)
        for row, (_, two) in enumerate(kinds, 1):
            sheet.write_string(row, 3, two, self.text)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)


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
    if name == "project_code":
        # Not COUNTIF: it takes long codes of digits for numbers, and finds codes of 18 digits alike.
        return {
            "validate": "custom",
            "value": f"=SUMPRODUCT(--(${column}$2:${column}${_PROJECT_ROWS + 1}={cell}))=1",
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
    total, execution = form.scoring.get("total", 100), form.scoring.get("execution_weight", 0)
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


def _kinds(form: Form) -> list[tuple[str, str]]:
    table = form.repeated
    return [(group.level1, level2) for group in table.groups for level2 in group.level2] if table else []


def _example_project(form: Form) -> list[Any]:
    amounts = {"total": 100, "appropriation": 100, "carryover": 0, "other": 0}
    cells: list[Any] = []
    for heading in project_headings(form):
        row = heading.name.split(".")[1] if heading.money else ""
        cells.append(amounts.get(row) if heading.money else _EXAMPLE.get(heading.name))
    return cells


def _example_indicators(form: Form) -> list[list[Any]]:
    """Return one indicator for each level 2; the weights share out what execution leaves."""
    kinds = _kinds(form)
    if not kinds:
        return []
    left = int(form.scoring.get("total", 100)) - int(form.scoring.get("execution_weight", 0))
    each = left // len(kinds)
    rows = []
    for number, (one, two) in enumerate(kinds):
        weight = left - each * (len(kinds) - 1) if number == 0 else each
        general = (f"{two.removesuffix('指标')}示例", "改善")
        name, target = next((each for word, each in _EXAMPLE_INDICATORS.items() if word in two), general)
        rows.append([_EXAMPLE_CODE, one, two, name, target, weight])
    return rows


def _notes(form: Form) -> list[str]:
    total, execution = form.scoring.get("total", 100), form.scoring.get("execution_weight", 0)
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
