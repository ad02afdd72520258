"""The sheet of charts, and the small table of counts that they draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlsform.form.formula import quote
from xlsform.form.vocabulary import FUNDS_TOTAL_RATE, TOTAL_SCORE
from xlsform.messages import render, say
from xlsform.reports.labels import BARS, BY_RATE, BY_RULE, BY_SCORE, BY_STATUS, RETURNED, STANDINGS
from xlsform.reports.rule_texts import title
from xlsform.reports.sanitize import cut, visible
from xlsform.reports.summary.book import FONT, Book
from xlsform.reports.summary.lists import FindingList
from xlsform.reports.summary.table import SummaryTable
from xlsform.reports.tally import RATE_BANDS, SCORE_BANDS, Band, Tally
from xlsform.spreadsheet.a1 import quoted
from xlsform.verdict.verdict import Standing

_COLOURS = {
    "passed": "#2E7D32",
    "failed": "#C62828",
    "unreadable": "#7F7F7F",
    "outstanding": "#E0A800",
    "overdue": "#B45F06",
}
_BAR = "#3B6EA5"
_CHART = {"width": 560, "height": 420}
"""In pixels; two stand side by side."""
_LABEL = 40
"""Width of the labels, in characters."""
_PLACES = ("D2", "M2", "D24", "M24")


@dataclass(frozen=True, slots=True)
class _Count:
    label: str
    formula: str
    count: int


class ChartSheet:
    """The sheet of charts; it is filled when all counts are known."""

    def __init__(self, book: Book, language: str) -> None:
        """Add it to a workbook."""
        self.name = render(say("Charts"), language)
        self._book, self._language = book, language
        self.sheet = book.book.add_worksheet(self.name)
        self._row = 0

    def finish(self, tally: Tally, table: SummaryTable, findings: FindingList) -> None:
        """Write counts and charts.

        Args:
            tally: of the returns of the table.
            table: what is counted, one row a return.
            findings: what is counted, one row a finding.
        """
        self.sheet.set_column(0, 0, _LABEL, self._book.format())
        self.sheet.set_column(1, 1, 8, self._book.format())
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 1)
        self._statuses(tally, table)
        self._bands(render(BY_RATE, self._language), FUNDS_TOTAL_RATE, RATE_BANDS, tally, table)
        self._bands(render(BY_SCORE, self._language), TOTAL_SCORE, SCORE_BANDS, tally, table)
        if tally.codes:
            self._codes(tally, findings)

    def _statuses(self, tally: Tally, table: SummaryTable) -> None:
        heading = render(BY_STATUS, self._language)
        area = f"{quoted(table.name)}!{table.area('status', absolute=True)}"
        kinds: list[Standing] = [*reversed(RETURNED)]
        kinds += [kind for kind in ("outstanding", "overdue") if tally.standings[kind]]
        labels = {kind: render(STANDINGS[kind], self._language) for kind in kinds}
        counts = [
            _Count(label, f"=COUNTIF({area},{quote(label)})", tally.standings[status])
            for status, label in labels.items()
        ]
        series = self._counted(heading, counts)
        series["points"] = [{"fill": {"color": _COLOURS[status]}} for status in labels]
        series["data_labels"] = {
            "value": True,
            "percentage": True,
            "separator": "\n",
            "font": _font(10, color="#FFFFFF"),
        }
        self._chart("doughnut", heading, series, _PLACES[0], legend=True)

    def _bands(self, heading: str, name: str, bands: Sequence[Band], tally: Tally, table: SummaryTable) -> None:
        area = f"{quoted(table.name)}!{table.area(name, absolute=True)}"
        found = tally.rates if name == FUNDS_TOTAL_RATE else tally.scores
        counts = []
        for band in bands:
            criteria = ",".join(f'{area},"{sign}{bound}"' for sign, bound in band.bounds)
            counts.append(_Count(band.label, f"=COUNTIFS({criteria})", found[band.label]))
        self._chart("column", heading, self._counted(heading, counts), _PLACES[1 if bands is RATE_BANDS else 2])

    def _codes(self, tally: Tally, findings: FindingList) -> None:
        heading = render(BY_RULE, self._language)
        area = f"{quoted(findings.name)}!$F$2:$F${findings.next_row}"
        counts = [
            _Count(self._rule(code), f"=COUNTIF({area},{quote(visible(code))})", count)
            for code, count in tally.most_frequent(BARS)
        ]
        self._chart("bar", heading, self._counted(heading, counts), _PLACES[3])

    def _rule(self, code: str) -> str:
        return cut(f"{visible(code)} {title(code, self._language)}".rstrip(), _LABEL - 2)

    def _counted(self, heading: str, counts: Sequence[_Count]) -> dict[str, Any]:
        """Write a block of counts and return the series that draws it."""
        self.sheet.write_string(self._row, 0, heading, self._book.format(bold=True))
        first = self._row + 1
        for row, each in enumerate(counts, first):
            self.sheet.write_string(row, 0, each.label, self._book.cell("text"))
            self.sheet.write_formula(row, 1, each.formula, self._book.cell("count"), each.count)
        last = first + len(counts) - 1
        self._row = last + 2
        return {
            "name": heading,
            "categories": [self.name, first, 0, last, 0],
            "values": [self.name, first, 1, last, 1],
            "fill": {"color": _BAR},
            "gap": 50,
            "data_labels": {"value": True, "font": _font(9)},
        }

    def _chart(self, kind: str, heading: str, series: dict[str, Any], place: str, *, legend: bool = False) -> None:
        chart = self._book.book.add_chart({"type": kind})
        if kind == "doughnut":
            del series["gap"], series["fill"]
        else:
            labels = {"num_font": _font(9), "reverse": kind == "bar"}
            values = {"visible": False, "major_gridlines": {"visible": False}, "min": 0}
            chart.set_x_axis(values if kind == "bar" else labels)
            chart.set_y_axis(labels if kind == "bar" else values)
        chart.add_series(series)
        chart.set_title({"name": heading, "name_font": _font(13, bold=True), "overlay": False})
        chart.set_legend({"position": "right", "font": _font(10)} if legend else {"none": True})
        chart.set_size(_CHART)
        self.sheet.insert_chart(place, chart)


def _font(size: int, **properties: Any) -> dict[str, Any]:
    return {"name": FONT, "size": size, **properties}
