"""A workbook of tables: formats made once, text that stays text, links between its sheets."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import IO, Any, Literal, NamedTuple, get_args

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.errors import UsageError
from xlsform.files.atomic import creation_time
from xlsform.messages import say
from xlsform.spreadsheet.a1 import MAX_ROW, quoted
from xlsform.spreadsheet.text_width import lines_needed

FONT = "宋体"

#: Rows that a sheet has.
_ROWS = MAX_ROW
#: Links that Excel allows a sheet.
_LINKS = 65_530
#: Height of a line of text and the greatest height of a row, in points.
_LINE, _HIGHEST = 14.0, 409.0

Kind = Literal["text", "centred", "money", "rate", "points", "count"]
_NUMBER_FORMATS = {"money": "#,##0.00####", "rate": "0.00%", "points": "0.00", "count": "0"}


class Column(NamedTuple):
    """A column of a table."""

    heading: str
    width: float
    """In characters."""
    kind: Kind = "text"


class _Held(io.BytesIO):
    """Memory that cannot be closed: a zip that was given up closes its file whenever it is collected."""

    def close(self) -> None:
        """Stay open."""


class Book:
    """A workbook being written."""

    def __init__(self, output: IO[bytes], title: str) -> None:
        # A table is held until the end: with constant memory, XlsxWriter puts texts into the cells themselves, where
        # Apple Numbers does not show them.
        self._output, self._buffer = output, _Held()
        # The packed workbook is small enough to be held in memory, so that a full disk leaves no zip half open.
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(self._buffer, options)
        self.book.set_properties({"title": title, "created": creation_time().replace(tzinfo=None)})
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._plain = {kind: self.cell(kind) for kind in get_args(Kind)}
        self._link = self.cell("count", font_color="#0563C1", underline=1)

    def format(self, **properties: Any) -> Format:
        """Return the format of these properties, made once."""
        key = tuple(sorted(({"font_name": FONT, "font_size": 10, "valign": "vcenter"} | properties).items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(dict(key))
        return self._formats[key]

    def cell(self, kind: Kind, **properties: Any) -> Format:
        """Return the format of a table's cells. A text is marked as one, so that editing it makes no formula of it."""
        base: dict[str, Any] = {"border": 1, "border_color": "#A6A6A6", "text_wrap": kind in ("text", "centred")}
        if kind in _NUMBER_FORMATS:
            base["num_format"] = _NUMBER_FORMATS[kind]
        else:
            base["quote_prefix"] = True
        if kind in ("centred", "count"):
            base["align"] = "center"
        return self.format(**base | properties)

    def sheet(self, name: str, columns: Sequence[Column], head: int, frozen: int) -> Worksheet:
        """Add a sheet with a table: headings in row ``head``, as many columns frozen; A4 across, one page wide."""
        sheet = self.book.add_worksheet(name)
        heading = self.format(bold=True, border=1, align="center", text_wrap=True, bg_color="#D9E1F2")
        lines = 1
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width, self.format())
            sheet.write_string(head, index, column.heading, heading)
            lines = max(lines, lines_needed(column.heading, column.width - 2))
        # Room for the arrow of the filter below the text.
        sheet.set_row(head, lines * _LINE + 10)
        sheet.freeze_panes(head + 1, frozen)
        sheet.repeat_rows(head)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.set_footer("&C&P / &N")
        return sheet

    def row(
        self, sheet: Worksheet, row: int, columns: Sequence[Column], values: Sequence[str | Decimal | int | None]
    ) -> None:
        """Write a row, as high as its texts need; texts as texts, None as a blank.

        Raises:
            UsageError: the sheet is full.
        """
        if row >= _ROWS:
            raise UsageError(say("more than {rows} rows do not fit on a sheet; take fewer files", rows=_ROWS))
        lines = 1
        for index, (column, value) in enumerate(zip(columns, values, strict=True)):
            style = self._plain[column.kind]
            if isinstance(value, str) and value:
                sheet.write_string(row, index, value, style)
                lines = max(lines, lines_needed(value, column.width - 1))
            elif isinstance(value, Decimal | int):
                sheet.write_number(row, index, float(value), style)
            else:
                sheet.write_blank(row, index, None, style)
        if lines > 1:
            sheet.set_row(row, min(lines * _LINE + 4, _HIGHEST))

    def link(self, sheet: Worksheet, row: int, column: int, value: int, to: tuple[str, int]) -> None:
        """Write a number that leads to a row of another sheet; a bare one where the sheet has all links it may have."""
        if sheet.hlink_count < _LINKS:
            sheet.write_url(row, column, f"internal:{quoted(to[0])}!A{to[1] + 1}", self._link, "")
        sheet.write_number(row, column, value, self._link)

    def close(self) -> None:
        """Write it out.

        Raises:
            OSError: the output cannot be written to.
        """
        self.book.close()
        self._output.write(self._buffer.getbuffer())
