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

from memory import cost

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
    seconds(command(parts, "jsonl", 2))  # What is read from the disk for the first time is read now.
    gains, possible = [], []
    for _ in range(runs):
        alone = seconds(command(parts, "jsonl", 1))
        together = seconds(command(parts, "jsonl", 2))
        beside = seconds(*(command(half, "jsonl", 1) for half in (parts[::2], parts[1::2])))
        print(f"--jobs 1 {alone:.1f} s, --jobs 2 {together:.1f} s, halves side by side {beside:.1f} s", flush=True)
        gains.append(alone / together)
        possible.append(alone / beside)
    print(f"two processes are {statistics.median(gains):.2f} × as fast as one")
    print(
        f"two runs side by side, of half of them each: {statistics.median(possible):.2f} ×, what the machine can give"
    )
    for form in ("jsonl", "csv"):
        small, large = memory(few, form), memory(parts, form)
        print(f"{form}: memory of all against memory of {len(few)} folders: {large / small:.2f} ×", flush=True)


def command(paths: Sequence[Path], form: str, jobs: int) -> list[str]:
    return [sys.executable, "-m", "xlsform", "validate", *map(str, paths), "--format", form, "--jobs", str(jobs)]


def seconds(*commands: Sequence[str]) -> float:
    """Return what commands take at the same time; their memory, which takes time to be told, is left alone."""
    start = time.perf_counter()
    running = [subprocess.Popen(each, stdout=subprocess.DEVNULL, cwd=ROOT) for each in commands]
    for each in running:
        each.wait()
    return time.perf_counter() - start


def memory(paths: Sequence[Path], form: str) -> float:
    """Return the megabytes of all processes while two judge forms, and print what it took."""
    found = cost(command(paths, form, 2), {"PYTHONPATH": str(ROOT)})
    files = sum(sum(1 for _ in path.iterdir()) for path in paths)
    print(f"{files:6} forms, {form:<5} --jobs 2: {found.processor:6.1f} s of processor, {found.megabytes:5.1f} MB")
    return found.megabytes


if __name__ == "__main__":
    forms = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else Path(temporary) / "forms"
        if not where.exists():
            make(forms, where)
        measure(where, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
