"""Run a command and say how long it took, and how much memory it and its children had together at the most.

Usage: python benchmarks/memory.py COMMAND…

Linux only. Memory is the sum of the proportional set sizes (PSS) of all processes, sampled twenty times a second: what
they share is counted once.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_PAUSE = 0.05


class Cost(NamedTuple):
    """What a command took."""

    seconds: float
    """By the clock."""
    processor: float
    """Seconds of all processors: what it would take alone on one of them."""
    megabytes: float
    """All processes together, at the most."""
    parent: float
    """The process that was started, at the most, in megabytes."""
    code: int


def cost(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end."""
    start, before = time.perf_counter(), _used()
    process = subprocess.Popen(
        [str(each) for each in command], stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    most = alone = 0
    while process.poll() is None:
        sizes = [_pss(each) for each in _tree(process.pid)]
        most, alone = max(most, sum(sizes)), max(alone, sizes[0])
        time.sleep(_PAUSE)
    return Cost(time.perf_counter() - start, _used() - before, most / 1024, alone / 1024, process.returncode)


def _used() -> float:
    """Return the processor's seconds of all children that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _tree(root: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield root
    try:
        children = [path.read_text().split() for path in Path(f"/proc/{root}/task").glob("*/children")]
    except OSError:
        return
    for each in children:
        for child in each:
            yield from _tree(int(child))


def _pss(process: int) -> int:
    """Return kilobytes; 0 for a process that has ended meanwhile."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    print(
        "{:.1f} s, {:.1f} s of processor, {:.0f} MB together, {:.0f} MB the first process, exit code {}".format(
            *cost(sys.argv[1:])
        )
    )
