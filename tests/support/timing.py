"""How long something may take, of the processor: the machine may be at something else, the test beside this one say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes more of this process, or ten times as long by the clock: it may wait for others."""
    used, begun = time.process_time(), time.monotonic()
    yield
    assert time.process_time() - used < seconds
    assert time.monotonic() - begun < 10 * seconds
