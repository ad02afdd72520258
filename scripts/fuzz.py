"""Look for an input that brings the program down, guided by the code that each input reaches.

Usage: python scripts/fuzz.py TARGET [INPUTS] [SEED] [CORPUS]
       python scripts/fuzz.py minimise CORPORA

The targets are those of tests/support/fuzzing: `python scripts/fuzz.py` lists them. An input fails when an exception
gets through, when the last resort is what answers it, when nothing is told of it, or when it takes two seconds. It is
then written to the current folder as crash-TARGET-…; what was fixed gets a line in tests/support/hostile.py or a test
of its own, which builds it small. CORPUS is a folder whose inputs are begun with, and to which those are added that
reach something new.

`minimise` takes such folders, each named after its target, and keeps as few inputs as take the same steps from line to
line, in tests/data/fuzzing.zip, which the tests try again.

Needs atheris (Linux: pip install atheris). Everything is seeded: the same numbers give the same inputs.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import zipfile
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import atheris

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["xlsform"]):
    from support.fuzzing import TARGETS, Target, mutated


KEPT = ROOT / "tests/data/fuzzing.zip"
#: Longer inputs reach little that shorter ones do not, and would make the archive large.
LONGEST_KEPT = 3_000


def fuzz(name: str, options: list[str], corpora: list[str]) -> None:
    """Run a target with libFuzzer's options; the first of the folders is the one that inputs are added to."""
    target = TARGETS[name]
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
        options = [*options, f"-max_len={longest}", "-rss_limit_mb=1024", "-timeout=30", "-print_final_stats=1"]
        custom = {} if target.whole else {"custom_mutator": mutator}
        atheris.Setup([sys.argv[0], *options, *corpora, begin], tried, **custom)
        atheris.Fuzz()


def reached(target: Target, data: bytes) -> set[tuple[CodeType, int, int]]:
    """Return the steps from line to line that the program takes with an input."""
    steps: set[tuple[CodeType, int, int]] = set()

    def called(frame: FrameType, event: str, argument: object) -> Any:
        code, before = frame.f_code, 0
        if "/xlsform/" not in code.co_filename:
            return None

        def moved(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal before
            steps.add((code, before, frame.f_lineno))
            before = frame.f_lineno
            return moved

        return moved

    sys.settrace(called)
    try:
        target.tried(data)
    finally:
        sys.settrace(None)
    return steps


def minimise(corpora: Path) -> None:
    """Keep as few inputs of each target as take the same steps."""
    with zipfile.ZipFile(KEPT, "w") as archive:
        for name, target in TARGETS.items():
            found = {path.read_bytes() for path in (corpora / name).glob("*")}
            seen: set[tuple[CodeType, int, int]] = set()
            for data in [*target.seeds(), *sorted(found, key=lambda each: (len(each), each))]:
                if len(data) > LONGEST_KEPT:
                    continue
                steps = reached(target, data)
                if not steps <= seen and data not in target.seeds():
                    member = zipfile.ZipInfo(f"{name}/{hashlib.sha256(data).hexdigest()[:8]}")
                    archive.writestr(member, data, zipfile.ZIP_DEFLATED, 9)
                seen |= steps


def main() -> None:
    """Fuzz, or minimise, as asked for on the command line."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["minimise"]:
        minimise(Path(arguments[1]))
    elif arguments and arguments[0] in TARGETS:
        name, inputs, seed, *corpus = [*arguments, *("100000", "1")[max(0, len(arguments) - 1) :]]
        fuzz(name, [f"-runs={inputs}", f"-seed={seed}"], corpus)
    else:
        sys.exit("\n".join(f"{name:12} {target.about}" for name, target in TARGETS.items()))


if __name__ == "__main__":
    main()
