"""Write an empty project list, ready to be filled in."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.files.atomic import creation_time
from xlsform.form.definition import Form
from xlsform.projects.lists.lines import EXAMPLE
from xlsform.projects.lists.template_columns import (
    INDICATOR_ROWS,
    INDICATORS_SHEET,
    NOTES_SHEET,
    PROJECT_ROWS,
    PROJECTS_SHEET,
    TemplateColumn,
    indicator_columns,
    project_columns,
)
from xlsform.projects.lists.template_texts import example_indicators, example_project, notes
from xlsform.reading import load, read_bytes
from xlsform.reading.workbook import Unreadable
from xlsform.spreadsheet.a1 import letters
from xlsform.spreadsheet.text_width import lines_needed

_NOTE_WIDTH = 90
#: Height of a line of text, in points.
_LINE = 16.0


def write_list_template(form: Form) -> bytes:
    """Return an empty project list: a sheet of projects, one of indicators, one of notes.

    Each of the first two has an example; its code begins with 示例, and `read_projects` passes such rows over, so that
    nobody is mailed an example that was left in.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{form.title} {PROJECTS_SHEET}", "created": creation_time().replace(tzinfo=None)})
    writer = _ListWriter(book, form)
    writer.table(PROJECTS_SHEET, project_columns(form), PROJECT_ROWS, [example_project(form)])
    writer.table(INDICATORS_SHEET, indicator_columns(form), INDICATOR_ROWS, example_indicators(form))
    writer.notes()
    book.close()
    return buffer.getvalue()


def is_unfilled_list(path: Path) -> bool:
    """Whether a file is such a list, and no project or indicator but the examples stands in it."""
    data = load(path)
    contents = data if isinstance(data, Unreadable) else read_bytes(data)
    if isinstance(contents, Unreadable):
        return False
    sheets = {sheet.name: sheet.values for sheet in contents.sheets}
    return sheets.keys() == {PROJECTS_SHEET, INDICATORS_SHEET, NOTES_SHEET} and all(
        _is_example(sheets[name]) for name in (PROJECTS_SHEET, INDICATORS_SHEET)
    )


def _is_example(values: Mapping[tuple[int, int], object]) -> bool:
    """Whether nothing stands below the headings but in rows of the example."""
    rows = {row for (row, _), value in values.items() if row > 1 and value not in (None, "")}
    return all(str(values.get((row, 1), "")).startswith(EXAMPLE) for row in rows)


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

    def table(self, name: str, columns: Sequence[TemplateColumn], rows: int, examples: Sequence[Sequence[Any]]) -> None:
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

    def notes(self) -> None:
        """Write the sheet of notes, with the lists that the other sheets choose from."""
        sheet = self.book.add_worksheet(NOTES_SHEET)
        sheet.set_column(0, 0, _NOTE_WIDTH)
        sheet.set_column(1, 1, 4)
        sheet.set_column(2, 3, 24)
        sheet.write_string(0, 0, f"{self.form.title}　项目清单填写说明", self.title)
        for row, text in enumerate(notes(self.form), 1):
            sheet.write_string(row, 0, f"{row}．{text}", self.note)
            sheet.set_row(row, lines_needed(f"{row}．{text}", _NOTE_WIDTH - 4) * _LINE + 4)
        kinds = self.form.indicator_kinds
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
