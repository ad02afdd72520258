"""Every fuzzer for a moment, and everything that longer runs kept.

`python scripts/fuzz.py` runs them for millions of inputs, guided by the code that they reach; docs/reliability.md tells
how many. Here the same changes are made without guidance, and always the same ones.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fuzzing import TARGETS, change_bytes, mutated

CORPUS = Path(__file__).parents[1] / "data" / "fuzzing.zip"
#: So many that none of them takes much longer than a second.
INPUTS = {"verdict": 150, "ods": 200, "xls": 300, "ole": 300, "xlsb": 200, "register": 60}


def kept(name: str) -> Iterator[bytes]:
    """Yield the inputs that reach different code each, as few as do; longer runs found them."""
    with zipfile.ZipFile(CORPUS) as corpus:
        for member in corpus.namelist():
            if member.startswith(f"{name}/"):
                yield corpus.read(member)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_what_is_damaged_at_random_is_told_as_it_should_be(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    raw, pool = change_bytes(chance), list(target.seeds())
    for data in pool:
        target.tried(data)
    for _ in range(INPUTS.get(name, 800)):
        data = mutated(target, chance.choice(pool), chance, raw)
        target.tried(data)
        # Damage adds up.
        if chance.random() < 0.2:
            pool.append(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_what_longer_runs_kept(name: str) -> None:
    for data in kept(name):
        TARGETS[name].tried(data)


@pytest.mark.parametrize("name", TARGETS)
def test_changes_are_the_same_for_the_same_seed(name: str) -> None:
    """Else the seeds of the runs in docs/reliability.md would say nothing."""
    target = TARGETS[name]

    def made() -> list[bytes]:
        chance = random.Random(7)
        return [mutated(target, data, chance, change_bytes(chance)) for data in target.seeds() for _ in range(20)]

    first = made()
    assert first == made()
    assert len(set(first)) > len(target.seeds())
    assert all(len(data) <= target.longest for data in first)
