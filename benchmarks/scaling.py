"""Measure how a batch grows: two processes against one, ten thousand forms against a thousand.

Usage: python benchmarks/scaling.py [FORMS] [FOLDER] [RUNS]    10,000 if not given, kept in the folder for the next time

No text and no amount of a form is that of another; every fifth is faulty. Linux only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from memory import Cost, cost

ROOT = Path(__file__).parent.parent


def make(count: int, folder: Path) -> None:
    """Lay forms into folders of a thousand."""
    # Not before: the processes that are measured would share its libraries' memory with this one.
    from bench import filled

    kinds = {"faultless": filled("faultless", count), "seed": filled("seed", count)}
    for start in range(0, count, 1000):
        part = folder / f"{start // 1000:03}"
        part.mkdir(parents=True)
        for number in range(start, min(start + 1000, count)):
            data = next(kinds["faultless" if number % 5 else "seed"])
            (part / f"{number:06}.xlsx").write_bytes(data)


def measure(folder: Path, runs: int) -> None:
    """Print what judging them takes, and what it would take of a tenth of them."""
    parts = sorted(folder.iterdir())
    few = parts[: max(1, len(parts) // 10)]
    judge(parts, "jsonl", 2)  # What is read from the disk for the first time is read now.
    gains, possible = [], []
    for _ in range(runs):
        alone, together = judge(parts, "jsonl", 1), judge(parts, "jsonl", 2)
        gains.append(alone.seconds / together.seconds)
        possible.append(alone.seconds / side_by_side(parts[::2], parts[1::2]))
    print(f"two processes are {statistics.median(gains):.2f} × as fast as one")
    print(
        f"two runs side by side, of half of them each: {statistics.median(possible):.2f} ×, what the machine can give"
    )
    for form in ("jsonl", "csv"):
        small, large = judge(few, form, 2), judge(parts, form, 2)
        print(f"{form}: memory of all against memory of {len(few)} folders: {large.megabytes / small.megabytes:.2f} ×")


def command(paths: Sequence[Path], form: str, jobs: int) -> list[str]:
    return [sys.executable, "-m", "xlsform", "validate", *map(str, paths), "--format", form, "--jobs", str(jobs)]


def judge(paths: Sequence[Path], form: str, jobs: int) -> Cost:
    """Judge forms, and print what it took."""
    found = cost(command(paths, form, jobs), {"PYTHONPATH": str(ROOT)})
    files = sum(sum(1 for _ in path.iterdir()) for path in paths)
    print(
        f"{files:6} forms, {form:<5} --jobs {jobs}: {found.seconds:6.1f} s, {found.processor:6.1f} s of processor,"
        f" {found.megabytes:5.1f} MB",
        flush=True,
    )
    return found


def side_by_side(*halves: Sequence[Path]) -> float:
    """Return the seconds that runs of one process each take at the same time."""
    start = time.perf_counter()
    runs = [subprocess.Popen(command(half, "jsonl", 1), stdout=subprocess.DEVNULL, cwd=ROOT) for half in halves]
    for each in runs:
        each.wait()
    return time.perf_counter() - start


if __name__ == "__main__":
    forms = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else Path(temporary) / "forms"
        if not where.exists():
            make(forms, where)
        measure(where, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
