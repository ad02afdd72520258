"""What waits in temporary files: in order, by place, and told plainly where there is no room."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.files.spool import Spool


class Full:
    """A temporary file on a disk that is full."""

    def __init__(self, *_: Any) -> None: ...

    def tell(self) -> int:
        return 0

    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    close = tell


def test_one_alone_waits_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Full)
    with Spool[str]() as held:
        assert list(held) == []
        place = held.add("甲")
        assert len(held) == 1
        assert list(held) == list(held) == [held.at(place)] == ["甲"]


def test_all_come_back_in_order_and_any_by_its_place() -> None:
    with Spool[object]() as held:
        things = ["甲", "\ud800", {"a": (1, None)}, "x" * 5_000_000, ""]
        places = [held.add(each) for each in things]
        assert len(held) == len(things)
        assert list(held) == list(held) == things
        assert [held.at(place) for place in reversed(places)] == list(reversed(things))


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_full_temporary_folder_is_one_clear_message(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Full)
    report = tmp_path / "report"
    returns = [str(samples_folder() / name) for name in ("faults-money.xlsx", "seed.xlsx")]
    words = ["--lang", "en", "validate", "--jobs", "1", *returns, "--format", form, "-o", str(report)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert result.stderr == (
        f"{tempfile.gettempdir()}: the folder for temporary files cannot be written to (No space left on device); make "
        "room there, or name another in the environment variable TMPDIR\n"
    )
    assert not report.exists()
    assert list(tmp_path.iterdir()) == []
