"""Show on a terminal how far a batch has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from xlsform.cli.console import asked, language

if TYPE_CHECKING:
    from xlsform.messages import Message

Item = TypeVar("Item")

#: Items up to which nothing is shown: they are done before anybody has read it.
_FEW = 20


def progress(
    items: Iterable[Item], expected: int | Callable[[], int | None], doing: Message | None = None
) -> Generator[Item, None, None]:
    """Pass everything on, and show on a terminal how much that is, how much a second, and the time left.

    Args:
        items: what is passed on.
        expected: how many there will be, or tells that, None where nobody knows; it may take its time, and is asked on
            a terminal alone.
        doing: what is being done with them.
    """
    if not sys.stderr.isatty() or asked("quiet"):
        yield from items
        return
    # Only one bar can be shown at a time, and getting the first item may be the end of another.
    iterator = iter(items)
    counted = chain(list(islice(iterator, 1)), iterator)
    total = expected() if callable(expected) else expected
    if total is not None and total < _FEW:
        yield from counted
        return
    yield from _shown(counted, total, doing)


def _shown(items: Iterable[Item], total: int | None, doing: Message | None) -> Generator[Item, None, None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from xlsform.messages import render, say

    def pace(speed: float | None) -> str:
        return render(say("{number} a second", number="–" if speed is None else f"{speed:.0f}"), language())

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    left = (TextColumn(render(say("time left"), language())), TimeRemainingColumn()) if total is not None else ()
    with Progress(*columns, *left, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(render(doing, language()) if doing else "", total=total, pace=pace(None))
        for item in items:
            yield item
            shown.update(task, advance=1, pace=pace(shown.tasks[0].speed))
