"""Project lists as CSV, whatever program wrote them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from xlsform.messages import say
from xlsform.projects.lists.tables import Cell, ListTable, Recognise, unreadable
from xlsform.spreadsheet.a1 import MAX_COLUMN, letters

_DELIMITERS = (",", ";", "\t", "，", "|")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
#: Some systems write ="001" so that Excel does not turn 001 into 1.
_SHIELDED = re.compile(r'="([^"]*)"')


def csv_table(path: Path, text: str, recognise: Recognise, indicators: bool) -> ListTable:
    """Return the table of a CSV file, its delimiter found by the headings it yields.

    Raises:
        UsageError: its quotes do not match.
    """
    line = _SEPARATOR_LINE.match(text)
    delimiter = line[1] if line else _delimiter(text, recognise, indicators)
    # Rows are numbered as Excel shows them: it does not show the line that names the delimiter.
    reader = csv.reader(io.StringIO(text[line.end() :] if line else text, newline=""), delimiter=delimiter, strict=True)
    rows: dict[int, dict[str, Cell]] = {}
    try:
        for number, record in enumerate(reader, 1):
            columns = enumerate(record[:MAX_COLUMN], 1)
            cells = {letters(column): _cell(value) for column, value in columns if value.strip()}
            if cells:
                rows[number] = cells
    except csv.Error:
        raise unreadable(path, say("line {line}: the quotes do not match", line=reader.line_num)) from None
    return ListTable(path.name, rows)


def _cell(value: str) -> Cell:
    shielded = _SHIELDED.fullmatch(value.strip())
    return Cell(shielded[1] if shielded else value)


def _delimiter(text: str, recognise: Recognise, indicators: bool) -> str:
    lines = text[:100_000].splitlines()[:30]

    def fits(delimiter: str) -> int:
        split = ([part.strip(' "') for part in line.split(delimiter)] for line in lines)
        return max((recognise(parts, indicators=indicators) for parts in split), default=0)

    return max(_DELIMITERS, key=fits)
