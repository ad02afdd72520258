"""Look for an input that brings the program down, guided by the code that each input reaches.

Usage: python scripts/fuzz.py TARGET [INPUTS] [SEED] [CORPUS]

The targets are those of tests/support/fuzzing: `python scripts/fuzz.py` lists them. An input fails when an exception
gets through, when the last resort is what answers it, when nothing is told of it, or when it takes two seconds. It is
then written to the current folder as crash-TARGET-…; what was fixed gets a line in tests/support/hostile.py or a test
of its own, which builds it small. CORPUS is a folder whose inputs are begun with, and to which those are added that
reach something new.

Needs atheris (Linux: pip install atheris). Everything is seeded: the same numbers give the same inputs.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["xlsform"]):
    from support.fuzzing import TARGETS, mutated


def main() -> None:
    """Fuzz as asked for on the command line."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit("\n".join(f"{name:12} {target.about}" for name, target in TARGETS.items()))
    name, target = sys.argv[1], TARGETS[sys.argv[1]]
    inputs = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    seeds = target.seeds()
    longest = max(target.longest, *map(len, seeds), 0)

    def tried(data: bytes) -> None:
        try:
            target.tried(data)
        except Exception:
            Path(f"crash-{name}-{hashlib.sha256(data).hexdigest()[:8]}").write_bytes(data)
            raise

    def mutator(data: bytes, size: int, seed: int) -> bytes:
        return mutated(target, data, random.Random(seed), atheris.Mutate)[:size]

    with tempfile.TemporaryDirectory() as begin:
        for number, data in enumerate(seeds):
            Path(begin, str(number)).write_bytes(data)
        options = [f"-runs={inputs}", f"-seed={seed}", f"-max_len={longest}", "-rss_limit_mb=1024", "-timeout=30"]
        # The first folder is the one that libFuzzer adds to.
        corpus = [sys.argv[4], begin] if len(sys.argv) > 4 else [begin]
        custom = {} if target.whole else {"custom_mutator": mutator}
        atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", *corpus], tried, **custom)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
