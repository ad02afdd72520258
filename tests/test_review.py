"""A second run judges only what is new or changed, and says the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xlsform import review
from xlsform.batch import Judged
from xlsform.inbox import Incoming, incoming
from xlsform.reading import Limits
from xlsform.register import Register
from xlsform.verdicts import Judge, Options, Verdict

ROOT = Path(__file__).parent.parent


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were judged, not remembered."""
    names: list[str] = []
    verdict = Judge.verdict

    def watched(self: Judge, file: Incoming) -> Verdict:
        names.append(file.name)
        return verdict(self, file)

    monkeypatch.setattr(Judge, "verdict", watched)
    return names


def test_what_is_known_is_not_judged_again(tmp_path: Path, judged: list[str]) -> None:
    inbox = tmp_path / "收件箱"
    inbox.mkdir()
    for name in ("faultless", "faults-goal"):
        shutil.copy(ROOT / f"samples/{name}.xlsx", inbox)

    def run() -> list[Judged]:
        judged.clear()
        with Register.open(tmp_path / "register.db", create=True) as register:
            return list(review.review(incoming([inbox], Limits()), Options(), 1, register))

    first = run()
    assert judged == ["faultless.xlsx", "faults-goal.xlsx"]
    assert [each.verdict for each in run()] == [each.verdict for each in first]
    assert judged == []
    # Another extension is judged: whether it tells the truth is a rule of its own.
    shutil.copy(inbox / "faultless.xlsx", inbox / "copy.xls")
    shutil.copy(ROOT / "samples/faults-head.xlsx", inbox / "faults-goal.xlsx")
    last = run()
    assert judged == ["copy.xls", "faults-goal.xlsx"]
    assert [Path(each.verdict.path).name for each in last] == ["copy.xls", "faultless.xlsx", "faults-goal.xlsx"]
    assert last[2].verdict.findings != first[1].verdict.findings
