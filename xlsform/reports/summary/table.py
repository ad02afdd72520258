"""The bureau's table: one row a project, totals above the headings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xlsxwriter.format import Format

from xlsform.findings import Severity
from xlsform.form.vocabulary import (
    DEPARTMENT,
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_EXECUTED,
    FUNDS_TOTAL_INITIAL,
    FUNDS_TOTAL_RATE,
    GRADE,
    TOTAL_SCORE,
    UNIT,
    Role,
)
from xlsform.messages import render, say
from xlsform.reports.labels import NAME, STANDINGS, made, not_compared
from xlsform.reports.sanitize import visible
from xlsform.reports.summary.book import Book, Column
from xlsform.reports.summary.lists import FIGURES, named
from xlsform.reports.tally import figure
from xlsform.spreadsheet.a1 import letters
from xlsform.verdict.verdict import MissedTarget, Standing, Verdict

TITLE = "项目支出绩效自评结果汇总表"

_COLOURS: Mapping[Standing, tuple[str, str]] = {
    "outstanding": ("#FFEB9C", "#7F6000"),
    "overdue": ("#F4B084", "#7F2A00"),
    "passed": ("#C6EFCE", "#006100"),
    "failed": ("#FFC7CE", "#9C0006"),
    "unreadable": ("#D9D9D9", "#404040"),
}

#: Execution rates below these are coloured, below the second more strongly; the first is that of the ministry's form.
_LOW, _VERY_LOW = Decimal("0.9"), Decimal("0.6")

_TOTAL = {"bold": True, "bg_color": "#F2F2F2"}
_MONEY = (FUNDS_TOTAL_INITIAL, FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED)
_RATIO = (FUNDS_TOTAL_BUDGET, FUNDS_TOTAL_EXECUTED)

#: What all amounts are given in.
_MONEY_UNIT = "万元"

#: Longest text of the shortfalls, in characters.
_MISSED_TARGETS = 8_000

# Totals stand above the headings, where neither a filter nor sorting reaches them.
_TITLE, _ABOUT, _TOTALS, HEAD, FIRST = range(5)


def _columns(language: str) -> dict[str, Column]:
    """Return the columns by name; what the ministry's forms name keeps its name in every language."""
    return {
        "number": Column(render(say("No."), language), 5, "count"),
        "code": Column("项目编码", 13),
        "name": Column("项目名称", 22),
        DEPARTMENT: Column("主管部门", 15),
        UNIT: Column("实施单位", 18),
        FUNDS_TOTAL_INITIAL: Column("年初预算数", 11, "money"),
        FUNDS_TOTAL_BUDGET: Column("全年预算数", 11, "money"),
        FUNDS_TOTAL_EXECUTED: Column("全年执行数", 11, "money"),
        FUNDS_TOTAL_RATE: Column("执行率", 9, "rate"),
        TOTAL_SCORE: Column("自评得分", 8, "points"),
        GRADE: Column("等级", 6, "centred"),
        "status": Column(render(say("Status"), language), 10, "centred"),
        "errors": Column(render(say("Errors"), language), 7, "count"),
        "warnings": Column(render(say("Warnings"), language), 7, "count"),
        "shortfalls": Column(render(say("Targets not met, and why"), language), 40),
    }


class SummaryTable:
    """The sheet of returns, growing downwards."""

    def __init__(self, book: Book, language: str) -> None:
        """Add it to a workbook."""
        self.name = render(say("Summary table"), language)
        self.next_row = FIRST
        self._book, self._language = book, language
        self._columns = _columns(language)
        self._places = {name: place for place, name in enumerate(self._columns)}
        self.sheet = book.sheet(self.name, tuple(self._columns.values()), HEAD, 3)
        self._sums = dict.fromkeys(("errors", "warnings"), Decimal(0)) | dict.fromkeys(FIGURES, Decimal(0))
        self._scores = 0
        self._years: set[int | None] = set()
        self._converted: set[str] = set()
        self._superseded = self._uncompared = 0

    def add(self, verdict: Verdict, findings: tuple[str, int], sources: tuple[str, int]) -> None:
        """Add a return; its number leads to its sources, its errors or warnings lead to its first finding."""
        row, place = self.next_row, self._places
        order = row - FIRST + 1
        figures: dict[str, Decimal | None] = {name: _figure(verdict, name) for name in FIGURES}
        counts = {"errors": verdict.count(Severity.ERROR), "warnings": verdict.count(Severity.WARNING)}
        texts = {
            "code": visible(verdict.project_code or "", NAME),
            "name": visible(named(verdict), NAME),
            DEPARTMENT: visible((verdict.summary and verdict.summary.department) or "", NAME),
            UNIT: visible(verdict.unit or "", NAME),
            GRADE: visible((verdict.summary and verdict.summary.grade) or "", NAME),
            "status": render(STANDINGS[verdict.standing], self._language),
            "shortfalls": self._missed_targets(verdict.summary.missed_targets if verdict.summary else ()),
        }
        values = {"number": order, **texts, **figures, **counts}
        self._book.row(self.sheet, row, tuple(self._columns.values()), [values[name] for name in self._columns])
        self._book.link(self.sheet, row, place["number"], order, sources)
        for name, count in counts.items():
            if count:
                self._book.link(self.sheet, row, place[name], count, findings)
        self._count(verdict, {**figures, **counts})
        self.next_row += 1

    def leave_out(self) -> None:
        """Note that a return has no row, since another counts in its place."""
        self._superseded += 1

    def area(self, name: str, *, absolute: bool = False) -> str:
        """Return the range of a column's cells, such as ``F5:F34``."""
        column, last = letters(self._places[name] + 1), max(self.next_row, FIRST + 1)
        return f"${column}${FIRST + 1}:${column}${last}" if absolute else f"{column}{FIRST + 1}:{column}{last}"

    def finish(self) -> None:
        """Write what depends on all rows: title, totals, filter, conditional formats."""
        width = len(self._columns) - 1
        years = {str(year) for year in self._years if year}
        title = f"{years.pop()}年度{TITLE}" if len(years) == 1 else TITLE
        self.sheet.merge_range(
            _TITLE, 0, _TITLE, width, title, self._book.format(bold=True, font_size=16, align="center")
        )
        self.sheet.set_row(_TITLE, 30)
        self.sheet.merge_range(_ABOUT, 0, _ABOUT, width, self._about(), self._book.format(align="right"))
        self._totals()
        self.sheet.autofilter(HEAD, 0, max(self.next_row - 1, HEAD), width)
        self.sheet.ignore_errors({"number_stored_as_text": self.area("code")})
        self._conditional_formats()

    def _count(self, verdict: Verdict, values: Mapping[str, Decimal | int | None]) -> None:
        for name, value in values.items():
            if value is not None:
                self._sums[name] += value
                self._scores += name == TOTAL_SCORE
        if verdict.summary is not None:
            self._years.add(verdict.year)
            self._uncompared += verdict.uncompared
            self._converted |= {verdict.summary.money_unit} - {_MONEY_UNIT}

    def _missed_targets(self, missed_targets: tuple[MissedTarget, ...]) -> str:
        lines = []
        for order, each in enumerate(missed_targets, 1):
            parts = {key: visible(getattr(each, key)) for key in ("name", "target", "actual", "reason")}
            line = (
                say("{order}. {name}: target {target}, reached {actual}; why: {reason}", order=order, **parts)
                if parts["reason"]
                else say("{order}. {name}: target {target}, reached {actual}; no reason given", order=order, **parts)
            )
            lines.append(render(line, self._language))
        text = "\n".join(lines)
        return text if len(text) <= _MISSED_TARGETS else text[:_MISSED_TARGETS] + "…"

    def _about(self) -> str:
        parts = [say("Money in {unit}", unit=_MONEY_UNIT)]
        if self._converted:
            parts.append(say("converted where the form gives {units}", units=sorted(self._converted)))
        if self._superseded:
            parts.append(say("{count} superseded returns left out, see the sources", count=self._superseded))
        if self._uncompared:
            parts.append(not_compared(self._uncompared))
        parts.append(say("Execution rate and score as the form's formulas give them"))
        parts.append(made())
        return "　".join(render(part, self._language) for part in parts)

    def _totals(self) -> None:
        for place in range(len(self._columns)):
            self.sheet.write_blank(_TOTALS, place, None, self._book.cell("centred", **_TOTAL))
        self.sheet.set_row(_TOTALS, 22)
        self.sheet.merge_range(_TOTALS, 0, _TOTALS, 1, "合计", self._book.cell("centred", **_TOTAL))
        before, _, after = render(say("{count} projects", count="\0"), self._language).partition("\0")
        style = self._book.cell("count", num_format=f'"{before}"0"{after}"', **_TOTAL)
        self._total("name", f"=COUNT({self.area('number')})", self.next_row - FIRST, style)
        for name in (*_MONEY, "errors", "warnings"):
            self._total(name, f"=SUM({self.area(name)})", self._sums[name])
        self._ratios()

    def _ratios(self) -> None:
        budget, executed = (f"{letters(self._places[name] + 1)}{_TOTALS + 1}" for name in _RATIO)
        sums = [self._sums[name] for name in _RATIO]
        rate = sums[1] / sums[0] if sums[0] else None
        self._total(FUNDS_TOTAL_RATE, f'=IF(N({budget})=0,"",{executed}/{budget})', rate)
        average = self._sums[TOTAL_SCORE] / self._scores if self._scores else None
        self._total(TOTAL_SCORE, f'=IFERROR(AVERAGE({self.area(TOTAL_SCORE)}),"")', average)

    def _total(self, name: str, formula: str, result: Decimal | int | None, style: Format | None = None) -> None:
        held = "" if result is None else float(result)
        style = style or self._book.cell(self._columns[name].kind, **_TOTAL)
        self.sheet.write_formula(_TOTALS, self._places[name], formula, style, held)

    def _conditional_formats(self) -> None:
        for status, (fill, ink) in _COLOURS.items():
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{render(STANDINGS[status], self._language)}"',
                "format": self._book.book.add_format({"bg_color": fill, "font_color": ink}),
            }
            self.sheet.conditional_format(self.area("status"), rule)
        cell = f"${letters(self._places[FUNDS_TOTAL_RATE] + 1)}{FIRST + 1}"
        for bound, fill, ink in ((_VERY_LOW, "#FFC7CE", "#9C0006"), (_LOW, "#FFEB9C", "#7F6000")):
            rule = {
                "type": "formula",
                # A blank counts as 0 otherwise.
                "criteria": f"=AND(ISNUMBER({cell}),{cell}<{bound})",
                "format": self._book.book.add_format({"bg_color": fill, "font_color": ink}),
                "stop_if_true": True,
            }
            self.sheet.conditional_format(self.area(FUNDS_TOTAL_RATE), rule)


def _figure(verdict: Verdict, name: Role) -> Decimal | None:
    value = figure(verdict, name)
    if value is None or verdict.summary is None or name not in _MONEY:
        return value
    return verdict.summary.in_wan(value)
