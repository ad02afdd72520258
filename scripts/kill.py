"""Kill every command that writes at random moments, and say what was found in what it left.

Usage: python scripts/kill.py [KILLS] [SEED]

Each kill falls somewhere between the start of the command and the time that it takes. Then every file has to be whole,
the register too, no input may have changed, and the same command once more has to give what it gives where nobody
kills it. docs/reliability.md has the figures.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.killed import COMMANDS, Bench, left_over, recorded, unknown, whole  # noqa: E402


def killed(bench: Bench, name: str, folder: Path, kills: int, chance: random.Random) -> tuple[int, int, list[str]]:
    """Kill a command so many times; return how often before its end, files seen, and what was wrong."""
    started = time.perf_counter()
    assert bench.run(name, folder / "whole", None), name
    takes = time.perf_counter() - started
    wanted, state = sorted(whole(folder / "whole")), recorded(folder / "whole")
    early, seen, wrong = 0, 0, []
    for number in range(kills):
        out = folder / str(number)
        early += not bench.run(name, out, chance.uniform(0, takes))
        found = whole(out)
        seen += len(found)
        wrong += [f"{name}, kill {number}: {path} is not whole" for path, sound in found.items() if not sound]
        wrong += [f"{name}, kill {number}: the register does not know {path}" for path in unknown(out)]
        if not bench.run(name, out, None) or sorted(whole(out)) != wanted or recorded(out) != state:
            wrong.append(f"{name}, kill {number}: the next run did not give what is due")
        wrong += [f"{name}, kill {number}: {path} was left over by the next run" for path in left_over(out)]
        shutil.rmtree(out)
    bench.check_inputs()
    return early, seen, wrong


def main() -> None:
    """Kill, and print a line a command."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chance, faults = random.Random(seed), list[str]()
    print("| command | kills | before its end | files looked at | not as due |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as base:
        bench = Bench(Path(base) / "bench")
        for number, name in enumerate(COMMANDS):
            share = kills // len(COMMANDS) + (number < kills % len(COMMANDS))
            folder = Path(base) / f"of {number}"
            folder.mkdir()
            early, seen, wrong = killed(bench, name, folder, share, chance)
            print(f"| {name} | {share} | {early} | {seen} | {len(wrong)} |", flush=True)
            faults += wrong
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
