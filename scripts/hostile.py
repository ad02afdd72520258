"""Print the table of hostile files for scripts/pages/reliability.head.md: the verdict on each, its time, its memory.

Usage: python scripts/hostile.py (not on Windows: each file is judged in a forked process)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.hostile import HOSTILE  # noqa: E402
from support.measured import judges  # noqa: E402


def main() -> None:
    """Judge every file of the table."""
    print("| file | size | verdict | seconds of processor | MB |\n|---|---|---|---|---|")
    with judges() as measured, tempfile.TemporaryDirectory() as folder:
        for about, hostile in HOSTILE.items():
            path = Path(folder, hostile.name)
            path.write_bytes(hostile.build())
            size = path.stat().st_size
            cost = measured.cost(path)
            path.unlink()
            shown = f"{size / 1e6:.1f} MB" if size > 100_000 else f"{size / 1e3:.1f} kB"
            first = f"{cost.status} {cost.codes[0]}" if cost.codes else cost.status
            print(f"| {about} | {shown} | {first} | {cost.seconds:.2f} | {cost.megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
