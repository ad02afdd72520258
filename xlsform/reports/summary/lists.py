"""The sheets behind the bureau's table: findings, and where every figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from xlsform.form.vocabulary import (
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    FUNDS_TOTAL_RATE,
    TOTAL_SCORE,
)
from xlsform.messages import render, say
from xlsform.reports.labels import NAME
from xlsform.reports.sanitize import visible
from xlsform.reports.summary.book import Book, Column
from xlsform.verdict.verdict import Verdict

#: The figures of the table by role, with the heading that each has there.
FIGURES = {
    FUNDS_TOTAL_INITIAL: "年初预算数",
    FUNDS_TOTAL_BUDGET: "全年预算数",
    FUNDS_TOTAL_EXECUTED: "全年执行数",
    FUNDS_TOTAL_RATE: "执行率",
    TOTAL_SCORE: "自评得分",
}


class FindingList:
    """The sheet of findings, growing downwards."""

    def __init__(self, book: Book, language: str, table: str) -> None:
        """Add it; ``table`` is the sheet that its numbers lead to."""
        self.name = render(say("Findings list"), language)
        self.next_row = 1
        self._book, self._language, self._table = book, language, table
        self._columns = (
            Column(render(say("No."), language), 6, "count"),
            Column("项目编码", 14),
            Column("项目名称", 26),
            Column("实施单位", 22),
            Column(render(say("Severity"), language), 8, "centred"),
            Column(render(say("Code"), language), 8, "centred"),
            Column(render(say("Place"), language), 14),
            Column(render(say("What is wrong"), language), 70),
        )
        self.sheet = book.sheet(self.name, self._columns, 0, 0)

    def add(self, number: int, row: int, verdict: Verdict) -> None:
        """Add the findings of a return that has this number and row in the table."""
        for finding in verdict.findings:
            values = (
                number,
                visible(verdict.project_code or "", NAME),
                visible(named(verdict), NAME),
                visible(verdict.unit or "", NAME),
                render(finding.severity.label, self._language),
                visible(finding.code, NAME),
                visible(finding.cell or "", NAME),
                visible(render(finding.message, self._language)),
            )
            self._book.row(self.sheet, self.next_row, self._columns, values)
            self._book.link(self.sheet, self.next_row, 0, number, (self._table, row))
            self.next_row += 1

    def finish(self) -> None:
        """Set what depends on how many there are."""
        _filter(self.sheet, self.next_row, self._columns)


class SourceList:
    """The sheet that says of every figure which file and cell it was read from."""

    def __init__(self, book: Book, language: str, table: str) -> None:
        """Add it; ``table`` is the sheet that its numbers lead to."""
        self.name = render(say("Sources of figures"), language)
        self.next_row = 1
        self._book, self._table = book, table
        self._columns = (
            Column(render(say("No."), language), 6, "count"),
            Column("项目编码", 14),
            Column("项目名称", 26),
            *(Column(heading, 13, "centred") for heading in FIGURES.values()),
            Column(render(say("File"), language), 50),
            Column(render(say("Form"), language), 13),
            Column(render(say("Year"), language), 7, "count"),
            Column("SHA-256", 34),
            Column(render(say("Superseded by"), language), 50),
        )
        self.sheet = book.sheet(self.name, self._columns, 0, 0)

    def add(self, number: int, row: int, verdict: Verdict) -> None:
        """Add the sources of a return whose project has this number and row in the table."""
        figures = verdict.summary.figures if verdict.summary else {}
        values = (
            number,
            visible(verdict.project_code or "", NAME),
            visible(named(verdict), NAME),
            *(visible(figures[name].cell, NAME) if name in figures else "" for name in FIGURES),
            visible(verdict.path),
            visible(verdict.template or "", NAME),
            verdict.year,
            verdict.sha256 or "",
            visible(verdict.superseded),
        )
        self._book.row(self.sheet, self.next_row, self._columns, values)
        self._book.link(self.sheet, self.next_row, 0, number, (self._table, row))
        self.next_row += 1

    def finish(self) -> None:
        """Set what depends on how many there are."""
        _filter(self.sheet, self.next_row, self._columns)


def named(verdict: Verdict) -> str:
    """Return what a return is known by: its project's name, else its file's."""
    return verdict.project_name or Path(verdict.path).name


def _filter(sheet: Worksheet, end: int, columns: Sequence[Column]) -> None:
    sheet.autofilter(0, 0, end - 1, len(columns) - 1)
    # Codes of projects are text on purpose.
    sheet.ignore_errors({"number_stored_as_text": f"B1:B{end}"})
