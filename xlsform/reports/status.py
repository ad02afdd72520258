"""How far a round has come, as text, JSON, CSV and a workbook: who has returned what, and who has not."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsform.findings import Message, plain, say
from xlsform.messages import render
from xlsform.refs import letters
from xlsform.register import Counts, ProjectStatus, State, Status, Stray
from xlsform.reports.table import safe
from xlsform.reports.visible import harmless_json, visible
from xlsform.text_size import width

FORMATS = ("text", "json", "csv", "xlsx")

_SHOWN = 100
"""Lines of a list in the text that are shown; the rest is counted."""

_STATES = {
    State.PASSED: say("Passed"),
    State.SENT_BACK: say("Sent back"),
    State.OUTSTANDING: say("Outstanding"),
    State.OVERDUE: say("Overdue"),
}
_NOT_ISSUED = say("No project of this register")
_COUNTS = (say("Issued"), say("Returned"), say("Passed"), say("Sent back"), say("Outstanding"), say("Overdue"))
_COLUMNS = (
    say("Project code"),
    say("Project name"),
    say("Department"),
    say("Unit"),
    say("E-mail"),
    say("State"),
    say("Due"),
    say("Received"),
    say("Files received"),
    say("Score"),
    say("Errors"),
    say("Warnings"),
    say("Came from"),
)

_WIDEST = 48


def rendered(status: Status, form: str, language: str) -> bytes:
    """Return the report in one of `FORMATS`, in the language given."""
    if form == "xlsx":
        return render_xlsx(status, language)
    text = {"text": render_text, "json": render_json, "csv": render_csv}[form](status, language)
    # An origin may hold half a character, which no encoding can carry.
    return text.encode("utf-8", "replace")


# --- text


def render_text(status: Status, language: str) -> str:
    """Return a table of the units, then the projects that are not through, then what belongs to no project."""
    heading = [render(say("Unit"), language), *(render(text, language) for text in _COUNTS)]
    rows = [[visible(unit.unit), *map(str, _numbers(unit.counts))] for unit in status.units]
    total = [render(say("Total"), language), *map(str, _numbers(Counts.of(status.projects)))]
    parts = ["".join(_table([heading, *rows, total]))]
    waiting = [project for project in status.projects if project.state is not State.PASSED]
    if waiting:
        parts.append(_listed(say("Not through yet:"), [_project_line(each, language) for each in waiting], language))
    if status.strays:
        title = say("Returned, but no project of this register:")
        parts.append(_listed(title, [_stray_line(each, language) for each in status.strays], language))
    return "\n".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for first, *numbers in rows:
        cells = [first + " " * (widths[0] - width(first))]
        cells += [" " * (room - width(text)) + text for text, room in zip(numbers, widths[1:], strict=True)]
        yield "  ".join(cells) + "\n"


def _listed(title: Message, lines: Sequence[str], language: str) -> str:
    shown = [render(title, language), *(f"  {visible(line)}" for line in lines[:_SHOWN])]
    if len(lines) > _SHOWN:
        more = say("… and {count} more; --format csv and xlsx list all", count=len(lines) - _SHOWN)
        shown.append(f"  {render(more, language)}")
    return "\n".join(shown) + "\n"


def _project_line(project: ProjectStatus, language: str) -> str:
    states = {state: render(text, language) for state, text in _STATES.items()}
    state = states[project.state] + " " * (max(map(width, states.values())) - width(states[project.state]))
    parts = [state, project.code, f"{project.name}（{project.unit}）"]
    if project.state is State.SENT_BACK:
        counts = {"errors": project.errors, "warnings": project.warnings}
        parts.append(render(say("{errors} errors, {warnings} warnings", **counts), language))
        parts.append(_minute(project.received))
    elif project.due is not None:
        parts.append(render(say("due {day}", day=project.due.isoformat()), language))
    return "  ".join(parts)


def _stray_line(stray: Stray, language: str) -> str:
    who = f"{stray.name}（{stray.unit}）" if stray.name and stray.unit else stray.name or stray.unit
    return "  ".join(part for part in (stray.origin, stray.code, who, _minute(stray.received)) if part)


# --- JSON


def render_json(status: Status, language: str) -> str:
    """Return the report for programs: the same in every language, times in UTC."""
    content = {
        "format": "xlsform-status",
        "version": 1,
        "today": status.today.isoformat(),
        "summary": {**_counted(Counts.of(status.projects)), "strays": len(status.strays)},
        "units": [
            {
                "unit": unit.unit,
                "email": unit.email or None,
                **_counted(unit.counts),
                "projects": [_project_object(project) for project in unit.projects],
            }
            for unit in status.units
        ],
        "strays": [
            {
                "project_code": stray.code or None,
                "project_name": stray.name or None,
                "unit": stray.unit or None,
                "status": stray.status,
                "received": stray.received.isoformat(timespec="seconds"),
                "origin": stray.origin,
            }
            for stray in status.strays
        ],
    }
    return harmless_json(json.dumps(content, ensure_ascii=False, indent=1)) + "\n"


def _counted(counts: Counts) -> dict[str, int]:
    names = ("issued", "returned", "passed", "sent_back", "outstanding", "overdue")
    return dict(zip(names, _numbers(counts), strict=True))


def _project_object(project: ProjectStatus) -> dict[str, Any]:
    return {
        "project_code": project.code,
        "project_name": project.name,
        "department": project.department or None,
        "unit": project.unit,
        "email": project.email or None,
        "state": project.state.value,
        "due": project.due.isoformat() if project.due else None,
        "returns": project.returns,
        "received": project.received.isoformat(timespec="seconds") if project.received else None,
        "origin": project.origin or None,
        "score": plain(project.score),
        "errors": project.errors,
        "warnings": project.warnings,
    }


# --- CSV


def render_csv(status: Status, language: str) -> str:
    """Return a line for each project, then one for each return of none; the mark in front tells Excel that it is UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([render(text, language) for text in _COLUMNS])
    for row in _rows(status, language):
        writer.writerow([safe(_written(value)) for value in row])
    return "\ufeff" + buffer.getvalue()


def _written(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return _minute(value)
    if isinstance(value, str):
        return visible(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _rows(status: Status, language: str) -> Iterator[list[Any]]:
    """Yield what stands under `_COLUMNS`."""
    for project in status.projects:
        came = project.returns > 0
        yield [
            *(project.code, project.name, project.department, project.unit, project.email),
            *(render(_STATES[project.state], language), project.due, project.received, project.returns, project.score),
            *((project.errors, project.warnings) if came else (None, None)),
            project.origin,
        ]
    for stray in status.strays:
        state = render(_NOT_ISSUED, language)
        yield [stray.code, stray.name, "", stray.unit, "", state, None, stray.received, *[None] * 4, stray.origin]


# --- workbook


def render_xlsx(status: Status, language: str) -> bytes:
    """Return a workbook: a sheet of units with totals, a sheet of projects; no text in it is ever a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    created = dt.datetime(status.today.year, status.today.month, status.today.day)
    book.set_properties(
        {"title": render(say("Returns by {day}", day=status.today.isoformat()), language), "created": created}
    )
    writer = _Writer(book, language)
    writer.units(status)
    writer.projects(status)
    book.close()
    return buffer.getvalue()


class _Writer:
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
        headings = [say("Unit"), *_COUNTS]
        rows = [[unit.unit, *_numbers(unit.counts)] for unit in status.units]
        sheet = self._table(render(say("Units"), self.language), headings, rows)
        last, below = len(rows), len(rows) + 1
        sheet.write_string(below, 0, render(say("Total"), self.language), self.total)
        for column, number in enumerate(_numbers(Counts.of(status.projects)), 1):
            letter = letters(column + 1)
            # SUBTOTAL with 109 leaves out what a filter hides.
            formula = f"=SUBTOTAL(109,{letter}2:{letter}{last + 1})" if rows else "=0"
            sheet.write_formula(below, column, formula, self.total, number)
        for column, look in (
            (len(_COUNTS), self.late),
            (len(_COUNTS) - 1, self.waiting),
            (len(_COUNTS) - 2, self.waiting),
        ):
            sheet.conditional_format(
                1, column, max(last, 1), column, {"type": "cell", "criteria": ">", "value": 0, "format": look}
            )

    def projects(self, status: Status) -> None:
        """Write a line for each project, then one for each return of none."""
        rows = list(_rows(status, self.language))
        sheet = self._table(render(say("Projects"), self.language), _COLUMNS, rows)
        looks = {State.OVERDUE: self.late, State.OUTSTANDING: self.waiting, State.SENT_BACK: self.waiting}
        for state, look in looks.items():
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{render(_STATES[state], self.language)}"',
                "format": look,
            }
            sheet.conditional_format(1, 5, max(len(rows), 1), 5, rule)

    def _table(self, name: str, headings: Sequence[Message], rows: Sequence[Sequence[Any]]) -> Worksheet:
        sheet = self.book.add_worksheet(name)
        titles = [render(text, self.language) for text in headings]
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, self.head)
            shown = (width(str(_written(row[column]) or "")) for row in rows)
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


def _numbers(counts: Counts) -> tuple[int, ...]:
    return astuple(counts)


def _minute(when: dt.datetime | None) -> str:
    """Return a time as the reader's clock shows it."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M") if when else ""
