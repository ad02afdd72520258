"""The status of a round as text: a table of the units, then lists of what wants attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple

from xlsform.messages import Message, render, say
from xlsform.register import Counts, ProjectStatus, State, Status, Stray
from xlsform.reports.sanitize import visible
from xlsform.reports.status.words import COUNTS, STATES, STRAYS, minute, who
from xlsform.spreadsheet.text_width import width

_SHOWN = 100
"""Lines of a list that are shown; the rest is counted."""


def render_text(status: Status, language: str) -> str:
    """Return a table of the units, then the projects that are not through, withdrawn ones, and what counts for none."""
    heading = [render(say("Unit"), language), *(render(text, language) for text in COUNTS)]
    rows = [[visible(unit.unit), *map(str, astuple(unit.counts))] for unit in status.units]
    total = [render(say("Total"), language), *map(str, astuple(Counts.of(status.projects)))]
    parts = ["".join(_table([heading, *rows, total]))]
    waiting = [each for each in status.projects if each.state not in (State.PASSED, State.WITHDRAWN)]
    if waiting:
        parts.append(_listed(say("Not through yet:"), [_project_line(each, language) for each in waiting], language))
    withdrawn = [each for each in status.projects if each.state is State.WITHDRAWN]
    if withdrawn:
        lines = ["  ".join(filter(None, (each.code, who(each.name, each.unit), each.reason))) for each in withdrawn]
        parts.append(_listed(say("Withdrawn:"), lines, language))
    if status.strays:
        title = say("Returned, but counted for no project:")
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
    states = {state: render(text, language) for state, text in STATES.items()}
    state = states[project.state] + " " * (max(map(width, states.values())) - width(states[project.state]))
    parts = [state, project.code, who(project.name, project.unit)]
    if project.state is State.SENT_BACK:
        counts = {"errors": project.errors, "warnings": project.warnings}
        parts.append(render(say("{errors} errors, {warnings} warnings", **counts), language))
        parts.append(minute(project.received))
    elif project.due is not None:
        parts.append(render(say("due {day}", day=project.due.isoformat()), language))
    return "  ".join(parts)


def _stray_line(stray: Stray, language: str) -> str:
    why = render(STRAYS[stray.why], language)
    parts = (stray.origin, stray.code, who(stray.name, stray.unit), minute(stray.received), why)
    return "  ".join(part for part in parts if part)
