"""Verdicts as the bureau's 汇总表: a workbook with one row a project, charts, findings, and where figures come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from xlsform.reports.summary.book import Book
from xlsform.reports.summary.charts import ChartSheet
from xlsform.reports.summary.lists import FindingList, SourceList
from xlsform.reports.summary.table import TITLE, SummaryTable
from xlsform.reports.tally import Tally
from xlsform.verdict.verdict import Verdict


def write_xlsx(verdicts: Iterable[Verdict], output: IO[bytes], language: str) -> None:
    """Write the workbook once all verdicts have come in.

    A return that is superseded has no row and counts nowhere; it stands among the sources, behind the one that counts.

    Args:
        verdicts: of a batch, in the order of the rows; superseded ones directly behind the one that counts.
        output: what it is written to.
        language: of the program's own words, ``zh`` or ``en``; official terms stay Chinese.

    Raises:
        OSError: the output cannot be written to.
        UsageError: there are more findings than a sheet has rows.
    """
    book = Book(output, TITLE)
    table = SummaryTable(book, language)
    charts = ChartSheet(book, language)
    findings = FindingList(book, language, table.name)
    sources = SourceList(book, language, table.name)
    tally = Tally()
    number = row = 0
    for verdict in verdicts:
        if verdict.superseded:
            table.leave_out()
        else:
            number, row = number + 1, table.next_row
            tally.add(verdict)
            table.add(verdict, (findings.name, findings.next_row), (sources.name, sources.next_row))
            findings.add(number, row, verdict)
        sources.add(number, row, verdict)
    table.finish()
    charts.finish(tally, table, findings)
    findings.finish()
    sources.finish()
    book.close()
