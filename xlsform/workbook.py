"""Write the workbook that is issued."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform import identity as identities
from xlsform.field_types import FIGURE, TEXT, Cast
from xlsform.formula import quote
from xlsform.identity import Identity
from xlsform.layout import HINT_WIDTH, HINTS_TITLE, Field, Layout
from xlsform.recalculation import Result, Results, engine, texts_of
from xlsform.refs import Range, a1, letters
from xlsform.targets import Measure, measures

INSTRUCTIONS_SHEET = "填报说明"

#: As many characters as a cell holds, in units of UTF-16.
MOST_TEXT = 32_767

_TINT = "#FFF8DC"
_RED = "#FFC7CE"
_LONG_TEXT = 255
"""Longest text that old versions of Excel show in a cell formatted as text."""
_ANY_NUMBER = 10**12
"""More than any actual value; a data validation needs an end."""

#: What a hint opens with that only tells how a target fares, and leaves nothing to do.
_TELLING = "〔"
_MET, _MISSED = "〔已达标〕", "〔未达标〕"

#: The hint of a row with a check that gives an error: text stands where its formula needs a number.
_UNDECIDED = "请核对本行填写的内容"

_PROTECTION = {"format_columns": True, "format_rows": True}
_SMALLEST_EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)


def creation_time() -> dt.datetime:
    """Return the time that goes into the workbook: SOURCE_DATE_EPOCH (seconds) where set, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit():
        return max(dt.datetime.fromtimestamp(int(epoch), dt.UTC), _SMALLEST_EPOCH)
    return dt.datetime.now(dt.UTC)


def write(layout: Layout, values: Mapping[str, Cast], identity: Identity) -> bytes:
    """Return an issued workbook, its sheets protected without a password yet.

    Args:
        layout: the form, laid out.
        values: prefilled values by field name; their cells are locked.
        identity: what the workbook says of itself.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    created = creation_time().replace(tzinfo=None)
    book.set_properties({"title": layout.form.title, "subject": layout.form.source, "created": created})
    writer = _Writer(book, layout, values)
    writer.form_sheet()
    writer.instructions_sheet()
    _identity_sheet(book, identity)
    for key, value in identity.pairs().items():
        book.set_custom_property(identities.PROPERTY_PREFIX + key, value, "text")
    book.define_name(identities.NAME, "=" + quote(identity.name_text()))
    book.close()
    return buffer.getvalue()


def hints(
    layout: Layout,
    results: Results,
    values: Mapping[str, Cast] = MappingProxyType({}),
    measured: Mapping[str, Measure] = MappingProxyType({}),
) -> dict[int, str]:
    """Return the live self-check's text of each row that has one; empty text where all is well.

    Args:
        layout: the form, laid out.
        results: what its formulas give.
        values: what its inputs hold, by field name.
        measured: the targets that are known figures, by the field of the actual value.
    """
    texts = dict.fromkeys(layout.checks_by_row, "")
    for check in reversed(results.failing):
        text = _UNDECIDED if check in results.undecided else check.check.hint["zh"]
        texts[check.field.range.top] = text
    answered = {name: measure for name, measure in measured.items() if name in values}
    told = texts_of(layout, _outcomes(layout, answered), values)
    return {row: text + told.get(row, "") for row, text in texts.items()}


def hint_formulas(layout: Layout, measured: Mapping[str, Measure] = MappingProxyType({})) -> dict[int, str]:
    """Return the formula of each row's hint: what the first failing check has to say, then how the target fares."""
    formulas = _check_hints(layout)
    told = {row: f"{formulas[row]}&{outcome}" for row, outcome in _outcomes(layout, measured).items()}
    return formulas | told


@lru_cache(maxsize=64)
def _check_hints(layout: Layout) -> dict[int, str]:
    formulas = {}
    for row, checks in layout.checks_by_row.items():
        formula = '""'
        for check in reversed(checks):
            formula = f"IF(NOT({check.formula}),{quote(check.check.hint['zh'])},{formula})"
        formulas[row] = f"IFERROR({formula},{quote(_UNDECIDED)})"
    return formulas


def _outcomes(layout: Layout, measured: Mapping[str, Measure]) -> dict[int, str]:
    """Return the formulas that tell how targets fare, by row: met or missed, and the score that follows."""
    told = {}
    for row in layout.indicator_rows if layout.form.outcome else ():
        measure = measured.get(row["actual"].name) if "actual" in row and "weight" in row else None
        if measure is None or not measure.judged or row["actual"].range.top not in layout.checks_by_row:
            continue
        told[row["actual"].range.top] = _outcome(layout, row, measure)
    return told


def _outcome(layout: Layout, row: Mapping[str, Field], measure: Measure) -> str:
    value, below, above = (
        layout.render(layout.form.outcome[key], row["actual"], measure=measure.parts())
        for key in ("value", "below", "above")
    )
    weight = row["weight"].cell
    score = f'IF(N({weight})>0,"按比例得 "&ROUND(({{}})*{weight},2)&" 分","")'
    formula = f'{quote(_MET)}&IF(N({weight})>0,"可得满分 "&{weight}&" 分","")'
    if measure.high is not None:
        over = '""' if measure.open_above else f"{quote(_MISSED)}&{score.format(above)}"
        formula = f"IF({value}>{measure.parts()['high']},{over},{formula})"
    if measure.low is not None:
        formula = f"IF({value}<{measure.parts()['low']},{quote(_MISSED)}&{score.format(below)},{formula})"
    return f'IFERROR({formula},"")'


def to_do(hints: Iterable[str]) -> str:
    """Return what the instructions sheet says is left to do."""
    count = sum(1 for text in hints if text and not text.startswith(_TELLING))
    return f"还有 {count} 处需要处理，见表右侧的提示。" if count else "没有待处理的问题，可以发回。"


def to_do_formula(layout: Layout) -> str:
    """Return the formula of the same."""
    column = letters(layout.hint_column)
    first = 1 if 1 in layout.checks_by_row else 2
    area = f"{quoted(layout.form.sheet)}!${column}${first}:${column}${layout.row_count}"
    count = f"SUMPRODUCT((LEN({area})>0)*(LEFT({area},1)<>{quote(_TELLING)}))"
    return f'=IF({count}=0,"没有待处理的问题，可以发回。","还有 "&{count}&" 处需要处理，见表右侧的提示。")'


#: Where the instructions sheet says what is left to do.
TO_DO_CELL = (2, 1)


def quoted(sheet: str) -> str:
    """Return a sheet's name as a formula needs it."""
    return "'" + sheet.replace("'", "''") + "'"


def cached(result: Result) -> Any:
    """Return a result as a formula cell stores it."""
    return "" if result is None else float(result) if isinstance(result, Decimal) else result


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, layout: Layout, values: Mapping[str, Cast]) -> None:
        self.book = book
        self.layout = layout
        self.values = values
        self.measured = measures(layout, values)
        self.results = engine(layout).evaluate(values)
        self.hints = hints(layout, self.results, values, self.measured)
        self.formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **properties: Any) -> Format:
        """Return the format of these properties, made once."""
        page = self.layout.form.page
        base = {"font_name": page.font, "font_size": page.size, "valign": "vcenter"}
        key = tuple(sorted((base | properties).items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(dict(key))
        return self.formats[key]

    def form_sheet(self) -> None:
        layout = self.layout
        sheet = self.book.add_worksheet(layout.form.sheet)
        self._page(sheet)
        for label in layout.labels:
            self._put(sheet, label.range, label.text, self.format(**_look(label.style, locked=True)))
        for item in layout.fields.values():
            self._field(sheet, item)
            self.book.define_name(item.name, f"={quoted(layout.form.sheet)}!${_absolute(item.range)}")
        self._hints(sheet)
        self._validations(sheet)
        self._conditional_formats(sheet)
        figures = [
            item.range for item in layout.fields.values() if item.spec.type is FIGURE and item.name not in self.measured
        ]
        if figures:
            sheet.ignore_errors({"number_stored_as_text": " ".join(map(str, figures))})
        sheet.protect("", _PROTECTION)
        first = next((item for item in layout.inputs if item.name not in self.values), None)
        if first is not None:
            sheet.set_selection(first.range.top - 1, first.range.left - 1, first.range.top - 1, first.range.left - 1)

    def _page(self, sheet: Worksheet) -> None:
        layout = self.layout
        for column, width in layout.widths.items():
            sheet.set_column(column - 1, column - 1, width)
        sheet.set_column(layout.column_count, layout.column_count, 1.5)
        sheet.set_column(layout.hint_column - 1, layout.hint_column - 1, HINT_WIDTH)
        for row, height in layout.heights(self.values).items():
            sheet.set_row(row - 1, height)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.set_portrait()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.center_horizontally()
        sheet.print_area(0, 0, layout.row_count - 1, layout.column_count - 1)
        sheet.set_footer("&C第 &P 页，共 &N 页")
        if layout.headers:
            sheet.repeat_rows(layout.headers[0] - 1, layout.headers[-1] - 1)

    def _put(self, sheet: Worksheet, area: Range, text: str, style: Format) -> None:
        row, column = area.top - 1, area.left - 1
        if not area.single:
            sheet.merge_range(row, column, area.bottom - 1, area.right - 1, "", style)
        if text:
            sheet.write_string(row, column, text, style)
        else:
            sheet.write_blank(row, column, None, style)

    def _field(self, sheet: Worksheet, item: Field) -> None:
        spec = item.spec
        value = self.values.get(item.name)
        locked = spec.kind != "input" or value is not None
        style = self.format(**_look(item.style, locked=locked), num_format=self._number_format(item))
        row, column = item.range.anchor
        if spec.formula is not None:
            self._put(sheet, item.range, "", style)
            formula = "=" + self.layout.computed[item.name]
            sheet.write_formula(row - 1, column - 1, formula, style, cached(self.results.computed[item.name]))
            return
        content = value if value is not None else spec.value if spec.value is not None else item.placeholder
        if isinstance(content, str):
            self._put(sheet, item.range, content, style)
        else:
            self._put(sheet, item.range, "", style)
            sheet.write_number(row - 1, column - 1, float(content), style)

    def _number_format(self, item: Field) -> str:
        measure = self.measured.get(item.name)
        return measure.number_format if measure else _number_format(item)

    def _unit(self, item: Field) -> str | None:
        measure = self.measured.get(item.name)
        return measure.number_format if measure else None

    def _hints(self, sheet: Worksheet) -> None:
        layout = self.layout
        column = layout.hint_column - 1
        if 1 not in layout.checks_by_row:
            sheet.write_string(0, column, HINTS_TITLE, self.format(font_color="#808080", font_size=9))
        style = self.format(font_color="#C00000", font_size=9, align="left")
        for row, formula in hint_formulas(layout, self.measured).items():
            sheet.write_formula(row - 1, column, f"={formula}", style, self.hints[row])
        if self.measured:
            first, last = min(layout.checks_by_row), max(layout.checks_by_row)
            cell = a1(first, column + 1)
            for text, color in ((_MET, "#006100"), (_MISSED, "#9C5700")):
                criteria = f"=LEFT({cell},{len(text)})={quote(text)}"
                look = self.book.add_format({"font_color": color})
                self._conditional(sheet, [Range(first, column + 1, last, column + 1)], criteria, look)

    def _validations(self, sheet: Worksheet) -> None:
        for fields in _alike(self.layout.inputs, lambda item: (item.range.left, item.spec, self._unit(item))):
            first = fields[0].range
            measure = self.measured.get(fields[0].name)
            options = _measured_validation(fields[0], measure) if measure else _validation(self.layout, fields[0])
            others = [_zero_based(item.range) for item in fields[1:]]
            if others:
                options["other_cells"] = others
            sheet.data_validation(*_zero_based(first), options)

    def _conditional_formats(self, sheet: Worksheet) -> None:
        red = self.book.add_format({"bg_color": _RED, "font_color": "#9C0006"})
        tint = self.book.add_format({"bg_color": _TINT})
        by_form = _alike(self.layout.checks, lambda check: (check.field.range.left, check.relative))
        for checks in by_form:
            # A blank cell keeps the tint that invites to fill it; red is for what stands there and is wrong.
            if checks[0].check.name.startswith("required:"):
                continue
            areas = [check.field.range for check in checks]
            blank = f"LEN(TRIM({a1(*areas[0].anchor)}))=0"
            # Other rows must stand fast where the condition is carried down the rows of the format.
            formula = checks[0].relative.replace("«r»", str(areas[0].top))
            criteria = f"=AND(NOT({blank}),NOT({formula}))"
            self._conditional(sheet, areas, criteria, red)
        for fields in _alike(self.layout.inputs, lambda item: (item.range.left, item.placeholder)):
            areas = [item.range for item in fields]
            cell = a1(*areas[0].anchor)
            blank = f"LEN(TRIM({cell}))=0"
            placeholder = fields[0].placeholder
            criteria = f"=OR({blank},{cell}={quote(placeholder)})" if placeholder else f"={blank}"
            self._conditional(sheet, areas, criteria, tint)

    @staticmethod
    def _conditional(sheet: Worksheet, areas: list[Range], criteria: str, style: Format) -> None:
        options = {"type": "formula", "criteria": criteria, "format": style}
        if len(areas) > 1:
            options["multi_range"] = " ".join(map(str, areas))
        sheet.conditional_format(*_zero_based(areas[0]), options)

    def instructions_sheet(self) -> None:
        sheet = self.book.add_worksheet(INSTRUCTIONS_SHEET)
        form = self.layout.form
        sheet.set_column(0, 0, 76)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.write_string(0, 0, f"{form.title}　填报说明", self.format(bold=True, font_size=16, align="center"))
        sheet.set_row(0, 36)
        to_do_style = self.format(bold=True, font_size=12, font_color="#C00000", text_wrap=True)
        row, column = TO_DO_CELL
        text = to_do(self.hints.values())
        sheet.write_formula(row - 1, column - 1, to_do_formula(self.layout), to_do_style, text)
        sheet.set_row(row - 1, 28)
        body = self.format(text_wrap=True, font_size=11)
        for index, text in enumerate(form.instructions, 1):
            sheet.write_string(index + 1, 0, f"{index}．{text}", body)
            sheet.set_row(index + 1, 36)
        sheet.write_string(len(form.instructions) + 2, 0, f"表样依据：{form.source}", self.format(font_color="#808080"))
        sheet.protect("", _PROTECTION)


def _identity_sheet(book: xlsxwriter.Workbook, identity: Identity) -> None:
    sheet = book.add_worksheet(identities.SHEET)
    for row, (key, value) in enumerate(identity.sheet_rows()):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    sheet.protect("")
    sheet.very_hidden()


def _look(style: str, *, locked: bool) -> dict[str, Any]:
    """Return the properties of a style of the printed form."""
    looks: dict[str, dict[str, Any]] = {
        "title": {"font_size": 18, "bold": True, "align": "center"},
        "subtitle": {"align": "center"},
        "plain": {"align": "left"},
        "label": {"align": "center", "text_wrap": True, "border": 1},
        "value": {"align": "center", "text_wrap": True, "border": 1},
        "left": {"align": "left", "text_wrap": True, "border": 1},
        "narrative": {"align": "left", "text_wrap": True, "border": 1},
    }
    return looks[style] | {"locked": locked}


def _number_format(item: Field) -> str:
    spec = item.spec
    long = spec.type is TEXT and (spec.max_length or _LONG_TEXT + 1) > _LONG_TEXT
    return "General" if long else spec.type.number_format


def _validation(layout: Layout, item: Field) -> dict[str, Any]:
    """Return the data validation of an input, in the filler's words."""
    spec = item.spec
    prompt = {"input_title": spec.label[:32], "input_message": spec.prompt[:255]} if spec.prompt else {}
    if not spec.type.numeric or spec.type is FIGURE:
        limit = spec.max_length or MOST_TEXT
        return prompt | {
            "validate": "length",
            "criteria": "<=",
            "value": limit,
            "error_title": "文字太长",
            "error_message": f"“{spec.label}”最多填写 {limit} 个字，请删减。",
        }
    if spec.type.name == "year":
        return prompt | {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1990,
            "maximum": spec.type.high,
            "error_title": "年份不对",
            "error_message": "请填写四位年份，如 2021。",
        }
    if spec.at_most is not None:
        most = layout.fields[f"{item.table}.{item.row}.{spec.at_most}"]
        return prompt | {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": f"={most.cell}",
            "error_title": "数字太大或不是数字",
            "error_message": f"“{spec.label}”应是 0 到本行“{most.spec.label}”之间的数字，不要带单位或文字。"[:255],
        }
    high = spec.type.high
    unit = f"，单位{layout.form.money_unit}" if spec.type.name == "money" else ""
    limits = {"criteria": "between", "minimum": 0, "maximum": high} if high else {"criteria": ">=", "value": 0}
    words = f"0 到 {high} 之间" if high else "不小于 0"
    return (
        prompt
        | limits
        | {
            "validate": "decimal",
            "error_title": "请填数字",
            "error_message": f"“{spec.label}”应是{words}的数字{unit}，不要带单位、逗号或文字。",
        }
    )


def _measured_validation(item: Field, measure: Measure) -> dict[str, Any]:
    """Return the data validation of an actual value whose target is a known figure."""
    if measure.number_format.endswith("%"):
        what, prompt = "百分数，如 96.5%", "填写实际达到的百分数，如 96.5%"
    elif measure.unit:
        what, prompt = f"数字，单位“{measure.unit}”会自动显示", f"只填实际达到的数字，单位“{measure.unit}”会自动显示"
    else:
        what, prompt = "数字，不要带单位或文字", "只填实际达到的数字"
    return {
        "input_title": item.spec.label[:32],
        "input_message": prompt[:255],
        "validate": "decimal",
        "criteria": "between",
        "minimum": -_ANY_NUMBER,
        "maximum": _ANY_NUMBER,
        "error_title": "请填数字",
        "error_message": f"“{item.spec.label}”应是{what}。没有完成的请填 0，并在本行说明原因。"[:255],
    }


def _alike(items: Iterable[Any], key: Any) -> list[list[Any]]:
    """Return the items in groups of equal key, in order of first appearance."""
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _zero_based(area: Range) -> tuple[int, int, int, int]:
    return area.top - 1, area.left - 1, area.bottom - 1, area.right - 1


def _absolute(area: Range) -> str:
    return f"{letters(area.left)}${area.top}"
