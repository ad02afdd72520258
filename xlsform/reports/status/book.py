"""The status of a round as a workbook: a sheet of units with totals, and one of projects."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import astuple
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.messages import Message, render, say
from xlsform.register import Counts, State, Status
from xlsform.reports.sanitize import visible
from xlsform.reports.status.words import COLUMNS, COUNTS, STATES, rows, written
from xlsform.spreadsheet.a1 import letters
from xlsform.spreadsheet.text_width import width

_WIDEST = 48


def render_xlsx(status: Status, language: str) -> bytes:
    """Return a workbook: a sheet of units with totals, a sheet of projects; no text in it is ever a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    created = dt.datetime(status.today.year, status.today.month, status.today.day)
    book.set_properties(
        {"title": render(say("Returns by {day}", day=status.today.isoformat()), language), "created": created}
    )
    writer = _StatusWriter(book, language)
    writer.units(status)
    writer.projects(status)
    book.close()
    return buffer.getvalue()


class _StatusWriter:
    def __init__(self, book: xlsxwriter.Workbook, language: str) -> None:
        self.book, self.language = book, language
        self.head = self._format(bold=True, align="center", text_wrap=True, border=1, bg_color="#D9E1F2")
        self.text = self._format(num_format="@", border=1)
        self.number = self._format(border=1)
        self.points = self._format(border=1, num_format="0.00")
        self.day = self._format(border=1, num_format="yyyy-mm-dd")
        self.minute = self._format(border=1, num_format="yyyy-mm-dd hh:mm")
        self.total = self._format(bold=True, border=1, top=2)
        self.late = self._format(bg_color="#FFC7CE")
        self.waiting = self._format(bg_color="#FFEB9C")

    def _format(self, **properties: Any) -> Format:
        return self.book.add_format({"font_name": "宋体", "font_size": 11, "valign": "vcenter"} | properties)

    def units(self, status: Status) -> None:
        """Write a line for each unit, and totals of the lines that a filter leaves."""
        headings = [say("Unit"), *COUNTS]
        rows = [[unit.unit, *astuple(unit.counts)] for unit in status.units]
        sheet = self._table(render(say("Units"), self.language), headings, rows)
        last, below = len(rows), len(rows) + 1
        sheet.write_string(below, 0, render(say("Total"), self.language), self.total)
        for column, number in enumerate(astuple(Counts.of(status.projects)), 1):
            letter = letters(column + 1)
            # SUBTOTAL with 109 leaves out what a filter hides.
            formula = f"=SUBTOTAL(109,{letter}2:{letter}{last + 1})" if rows else "=0"
            sheet.write_formula(below, column, formula, self.total, number)
        looks = {"Overdue": self.late, "Outstanding": self.waiting, "Sent back": self.waiting}
        for column, look in ((column, looks.get(text.text)) for column, text in enumerate(headings)):
            if look is None:
                continue
            sheet.conditional_format(
                1, column, max(last, 1), column, {"type": "cell", "criteria": ">", "value": 0, "format": look}
            )

    def projects(self, status: Status) -> None:
        """Write a line for each project, then one for each return of none."""
        lines = list(rows(status, self.language))
        sheet = self._table(render(say("Projects"), self.language), COLUMNS, lines)
        looks = {State.OVERDUE: self.late, State.OUTSTANDING: self.waiting, State.SENT_BACK: self.waiting}
        for state, look in looks.items():
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{render(STATES[state], self.language)}"',
                "format": look,
            }
            column = [text.text for text in COLUMNS].index("State")
            sheet.conditional_format(1, column, max(len(lines), 1), column, rule)

    def _table(self, name: str, headings: Sequence[Message], rows: Sequence[Sequence[Any]]) -> Worksheet:
        sheet = self.book.add_worksheet(name)
        titles = [render(text, self.language) for text in headings]
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, self.head)
            shown = (width(str(written(row[column]) or "")) for row in rows)
            sheet.set_column(column, column, min(max([width(title), *shown]) + 4, _WIDEST))
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                self._cell(sheet, number, column, value)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(titles) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        # Codes are text on purpose.
        sheet.ignore_errors({"number_stored_as_text": f"A1:{letters(len(titles))}{len(rows) + 1}"})
        return sheet

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Any) -> None:
        match value:
            case dt.datetime():
                sheet.write_datetime(row, column, value.astimezone().replace(tzinfo=None), self.minute)
            case dt.date():
                sheet.write_datetime(row, column, value, self.day)
            case Decimal():
                sheet.write_number(row, column, float(value), self.points)
            case int():
                sheet.write_number(row, column, value, self.number)
            case str() if value:
                # Never `write`, which makes a formula of what begins with an equals sign.
                sheet.write_string(row, column, visible(value), self.text)
            case _:
                sheet.write_blank(row, column, None, self.text)
