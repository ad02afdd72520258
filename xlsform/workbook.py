"""Write the workbook that is issued."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform import identity as identities
from xlsform.field_types import FIGURE, TEXT, Cast
from xlsform.formula import quote
from xlsform.hints import INSTRUCTIONS_SHEET, MET, MISSED, TO_DO_CELL, hint_formulas, hints, to_do, to_do_formula
from xlsform.identity import Identity
from xlsform.layout import HINT_WIDTH, HINTS_TITLE, Field, Layout
from xlsform.outputs import creation_time
from xlsform.recalculation import Result, engine
from xlsform.refs import Range, a1, letters, quoted
from xlsform.targets import Measure, measures

#: As many characters as a cell holds, in units of UTF-16.
MOST_TEXT = 32_767

_TINT = "#FFF8DC"
_RED = "#FFC7CE"
_LONG_TEXT = 255
"""Longest text that old versions of Excel show in a cell formatted as text."""
_ANY_NUMBER = 10**12
"""More than any actual value; a data validation needs an end."""

_PROTECTION = {"format_columns": True, "format_rows": True}


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
            for text, color in ((MET, "#006100"), (MISSED, "#9C5700")):
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
