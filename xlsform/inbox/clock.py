"""How long it may take to open what came in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

from xlsform.inbox.incoming import SpentError
from xlsform.messages import say
from xlsform.reading import Limits

T = TypeVar("T")


class Clock:
    """The time of a processor that one file may take to be opened, with all that is in it.

    What is found in a file is judged in a process that may be ended, but found in this one, and in one thread. So time
    is asked for between two steps, none of which takes long. That of a slow disk or network does not count, nor that of
    other programs.
    """

    def __init__(self, size: int, limits: Limits) -> None:
        """Allow for a file of that size (bytes): a mailbox of gigabytes has as many mails as many files have."""
        self._seconds = limits.seconds * max(1.0, size / limits.part_size)
        self._spent = 0.0
        self._since: float | None = None
        """When it was last set going, None while it stands still."""

    def check(self) -> None:
        """Go on, or not.

        Raises:
            SpentError: the time is over.
        """
        spent = self._spent + (time.thread_time() - self._since if self._since is not None else 0.0)
        if spent > self._seconds:
            most = f"{self._seconds:.3g}"
            raise SpentError("timeout", say("opened for {seconds} seconds; the rest of it is left out", seconds=most))

    def timed(self, found: Iterator[T]) -> Iterator[T]:
        """Pass on what is found, and count only the time that it takes to find it."""
        while True:
            self._since = time.thread_time()
            try:
                each = next(found)
            except StopIteration:
                return
            finally:
                self._spent += time.thread_time() - self._since
                self._since = None
            yield each
