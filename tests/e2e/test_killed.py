"""Nothing lost: commands that are killed at random moments leave whole files or none.

`python scripts/kill.py` does the same many more times; docs/reliability.md has its figures.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest
from support.killed import COMMANDS, Bench, left_over, recorded, unknown, whole

KILLS = 8

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLSFORM_PASSWORD", "a password")
        return Bench(tmp_path_factory.mktemp("bench"))


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_leaves_whole_files_or_none(
    name: str, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLSFORM_PASSWORD", "a password")
    started = time.perf_counter()
    assert bench.run(name, tmp_path / "whole", None)
    takes = time.perf_counter() - started
    wanted, state = sorted(whole(tmp_path / "whole")), recorded(tmp_path / "whole")
    chance, ended = random.Random(name), 0
    for number in range(KILLS):
        out = tmp_path / str(number)
        ended += bench.run(name, out, chance.uniform(0, takes))
        found = whole(out)
        assert all(found.values()), found
        assert unknown(out) == set()
        if number % 4 == 0:
            # The next run makes everything whole, whatever the killed one left.
            assert bench.run(name, out, None)
            assert sorted(whole(out)) == wanted
            assert recorded(out) == state
            assert left_over(out) == []
    assert ended < KILLS, "some were killed before their end"
    bench.check_inputs()
