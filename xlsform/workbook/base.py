"""Write what all workbooks of a form have in common: its looks, its paper, its instructions."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.files.atomic import creation_time
from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, TO_DO_CELL
from xlsform.form.field_types import TEXT
from xlsform.form.layout import HINT_WIDTH, Field, Layout, lay_out

#: What cells look like for which a condition holds, by what that says of them.
COLOURS: dict[str, dict[str, str]] = {
    "met": {"font_color": "#006100"},
    "missed": {"font_color": "#9C5700"},
    "wrong": {"bg_color": "#FFC7CE", "font_color": "#9C0006"},
    "blank": {"bg_color": "#FFF8DC"},
}

_LONG_TEXT = 255
"""Longest text that old versions of Excel show in a cell formatted as text."""

_PROTECTION = {"format_columns": True, "format_rows": True}


class Look(NamedTuple):
    """What a cell looks like, and whether it is locked."""

    style: str
    number_format: str = "General"
    locked: bool = True


HINT, HINTS_HEADING = Look("hint"), Look("hints heading")


def look_of(item: Field, *, locked: bool) -> Look:
    """Return the look of a field's cells."""
    spec = item.spec
    long = spec.type is TEXT and (spec.max_length or _LONG_TEXT + 1) > _LONG_TEXT
    return Look(item.style, "General" if long else spec.type.number_format, locked)


def looks(form: Form) -> tuple[Look, ...]:
    """Return every look that a cell of the form's sheet may have, but those with the unit of a known target."""
    layout = lay_out(form, 1)
    found = [Look(label.style) for label in layout.labels] + [HINT, HINTS_HEADING]
    found += [look_of(item, locked=True) for item in layout.fields.values()]
    found += [look_of(item, locked=False) for item in layout.inputs]
    return tuple(dict.fromkeys(found))


def base_workbook(form: Form) -> bytes:
    """Return a workbook whose sheets are protected without a password, and whose form is still to be stamped.

    In place of the form its sheet holds a sample of each of its `looks`, row by row, and a conditional format of each
    of the `COLOURS`; the sheet of the identity is blank.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": form.title, "subject": form.source, "created": creation_time().replace(tzinfo=None)})
    book.set_custom_property(identities.PROPERTY_PREFIX + "template", form.id, "text")
    writer = _BaseWriter(book, form)
    writer.form_sheet()
    writer.instructions_sheet()
    hidden = book.add_worksheet(identities.SHEET)
    hidden.protect("")
    hidden.very_hidden()
    book.close()
    return buffer.getvalue()


class _BaseWriter:
    def __init__(self, book: xlsxwriter.Workbook, form: Form) -> None:
        self.book = book
        self.form = form

    def format(self, **properties: Any) -> Format:
        page = self.form.page
        return self.book.add_format({"font_name": page.font, "font_size": page.size, "valign": "vcenter"} | properties)

    def form_sheet(self) -> None:
        sheet = self.book.add_worksheet(self.form.sheet)
        self._page(sheet, lay_out(self.form, 1))
        for row, look in enumerate(looks(self.form)):
            style = self.format(**_STYLES[look.style], num_format=look.number_format, locked=look.locked)
            sheet.write_blank(row, 0, None, style)
        for colour in COLOURS.values():
            sheet.conditional_format(
                "A1", {"type": "formula", "criteria": "TRUE", "format": self.book.add_format(colour)}
            )
        sheet.protect("", _PROTECTION)

    @staticmethod
    def _page(sheet: Worksheet, layout: Layout) -> None:
        for column, width in layout.widths.items():
            sheet.set_column(column - 1, column - 1, width)
        sheet.set_column(layout.column_count, layout.column_count, 1.5)
        sheet.set_column(layout.hint_column - 1, layout.hint_column - 1, HINT_WIDTH)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.set_portrait()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.center_horizontally()
        sheet.set_footer("&C第 &P 页，共 &N 页")

    def instructions_sheet(self) -> None:
        sheet = self.book.add_worksheet(INSTRUCTIONS_SHEET)
        form = self.form
        sheet.set_column(0, 0, 76)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.write_string(0, 0, f"{form.title}　填报说明", self.format(bold=True, font_size=16, align="center"))
        sheet.set_row(0, 36)
        to_do_style = self.format(bold=True, font_size=12, font_color="#C00000", text_wrap=True)
        row, column = TO_DO_CELL
        sheet.write_blank(row - 1, column - 1, None, to_do_style)
        sheet.set_row(row - 1, 28)
        body = self.format(text_wrap=True, font_size=11)
        for index, text in enumerate(form.instructions, 1):
            sheet.write_string(index + 1, 0, f"{index}．{text}", body)
            sheet.set_row(index + 1, 36)
        sheet.write_string(len(form.instructions) + 2, 0, f"表样依据：{form.source}", self.format(font_color="#808080"))
        sheet.protect("", _PROTECTION)


_STYLES: dict[str, dict[str, Any]] = {
    "title": {"font_size": 18, "bold": True, "align": "center"},
    "subtitle": {"align": "center"},
    "plain": {"align": "left"},
    "label": {"align": "center", "text_wrap": True, "border": 1},
    "value": {"align": "center", "text_wrap": True, "border": 1},
    "left": {"align": "left", "text_wrap": True, "border": 1},
    "narrative": {"align": "left", "text_wrap": True, "border": 1},
    "hint": {"font_color": "#C00000", "font_size": 9, "align": "left"},
    "hints heading": {"font_color": "#808080", "font_size": 9},
}
"""What the styles of the printed form, and those of the hints beside it, look like."""
