"""What the reports that people look at call the same things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, timezone

from xlsform.files.atomic import creation_time
from xlsform.messages import Message, say
from xlsform.verdict.verdict import Standing

STANDINGS: Mapping[Standing, Message] = {
    "outstanding": say("not returned"),
    "overdue": say("overdue"),
    "passed": say("passed"),
    "failed": say("failed"),
    "unreadable": say("unreadable"),
}
#: In the order of lists: what wants work first.
WORST_FIRST: tuple[Standing, ...] = ("unreadable", "failed", "overdue", "outstanding", "passed")
#: The same of files that came in.
RETURNED = tuple(standing for standing in WORST_FIRST if standing not in ("overdue", "outstanding"))

#: Bars of a chart of rules or units.
BARS = 15
BY_STATUS = say("Files by result")
BY_RATE = say("Execution rate (files)")
BY_SCORE = say("Score (files)")
BY_RULE = say("Findings by rule (most frequent {count})", count=BARS)

#: Longest name of a project, a unit or a cell.
NAME = 300

#: What every report says of a return that nothing was compared with; the long one says why.
NOT_COMPARED = say("not compared with what was approved")

_BEIJING = timezone(timedelta(hours=8))


def not_compared(count: int) -> Message:
    """Return that some returns were not compared with what was approved, and why."""
    return say(
        "{count} not compared with what was approved: there is no project list or register that has the project",
        count=count,
    )


def made() -> Message:
    """Return when a report was made, by the clock of those who read it."""
    return say("Made on {time}, Beijing time", time=f"{creation_time().astimezone(_BEIJING):%Y-%m-%d %H:%M}")
