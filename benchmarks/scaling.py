"""Measure how a batch grows: two processes against one, ten thousand forms against a thousand.

Usage: python benchmarks/scaling.py [FORMS] [FOLDER]    10,000 if not given, kept in the folder for the next time

No text and no amount of a form is that of another; every fifth is faulty. Linux only.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import ROOT, filled
from memory import Cost, cost


def make(count: int, folder: Path) -> None:
    """Lay forms into folders of a thousand."""
    kinds = {"faultless": filled("faultless", count), "seed": filled("seed", count)}
    for start in range(0, count, 1000):
        part = folder / f"{start // 1000:03}"
        part.mkdir(parents=True)
        for number in range(start, min(start + 1000, count)):
            data = next(kinds["faultless" if number % 5 else "seed"])
            (part / f"{number:06}.xlsx").write_bytes(data)


def measure(folder: Path) -> None:
    """Print what judging them takes, and what it would take of a tenth of them."""
    parts = sorted(folder.iterdir())
    few = parts[: max(1, len(parts) // 10)]
    judge(parts, "jsonl", 2)  # What is read from the disk for the first time is read now.
    alone, together = judge(parts, "jsonl", 1), judge(parts, "jsonl", 2)
    print(f"two processes are {alone.seconds / together.seconds:.2f} × as fast as one")
    for form in ("jsonl", "csv"):
        small, large = judge(few, form, 2), judge(parts, form, 2)
        print(f"{form}: memory of all against memory of {len(few)} folders: {large.megabytes / small.megabytes:.2f} ×")


def judge(paths: list[Path], form: str, jobs: int) -> Cost:
    """Judge forms, and print what it took."""
    arguments = ("validate", *paths, "--format", form, "--jobs", str(jobs))
    found = cost((sys.executable, "-m", "xlsform", *arguments), {"PYTHONPATH": str(ROOT)})
    files = sum(sum(1 for _ in path.iterdir()) for path in paths)
    print(
        f"{files:6} forms, {form:<5} --jobs {jobs}: {found.seconds:6.1f} s, {found.processor:6.1f} s of processor,"
        f" {found.megabytes:4.0f} MB",
        flush=True,
    )
    return found


if __name__ == "__main__":
    forms = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary) / "forms"
        if not where.exists():
            make(forms, where)
        measure(where)
