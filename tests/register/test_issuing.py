"""A round is issued whole: killed at any moment, the next run of the same command makes whatever is missing, once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.registers import mail, project

from xlsform.errors import UsageError
from xlsform.files import parts
from xlsform.form.template import load
from xlsform.projects import Project
from xlsform.register import Register, issuing, store
from xlsform.register.issuing import Round, issue_round

FORM = load("mof-2020")
PROJECTS = [project(f"{number:03}", unit=f"单位{number % 2}") for number in range(5)]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "_GROUP", 3)
    monkeypatch.setattr(parts, "_tidied", set())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.db"


def run(
    path: Path, projects: Sequence[Project] = PROJECTS, password: str | None = "x", due: dt.date | None = None
) -> list[str]:
    """Issue the round; return the codes of the projects that were left as they were."""
    left: list[Project] = []
    with Register.open(path, create=True) as register:
        about = Round(FORM, 2025, due=due)
        written = list(issue_round(about, projects, path.parent / "issued", password, register, left.append))
    assert len(written) == len(projects)
    return [each.code for each in left]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows(path: Path) -> list[tuple[str, str]]:
    """Return the code and the digest of every issue."""
    with Register.open(path) as register:
        found = register._store.rows("SELECT code, digest FROM issues ORDER BY id")
    return [tuple(row) for row in found]


def files(path: Path) -> list[Path]:
    return sorted((path.parent / "issued").rglob("*.xlsx"))


def assert_whole(path: Path) -> None:
    """See that every project's newest workbook lies in its place, and nothing else."""
    with Register.open(path) as register:
        newest = {each.file: each.digest for each in register.issued()}
    assert {str(each.resolve()): digest(each) for each in files(path)} == newest
    assert [each.name for each in path.parent.rglob(".xlsform-*")] == []


def test_what_was_issued_is_left_as_it_is(path: Path) -> None:
    assert run(path) == []
    before = rows(path)
    assert run(path) == [each.code for each in PROJECTS]
    assert rows(path) == before
    assert_whole(path)


def test_its_line_in_the_list_makes_no_difference(path: Path) -> None:
    run(path)
    assert len(run(path, [dataclasses.replace(each, row=99) for each in PROJECTS])) == 5


def test_with_a_random_password_what_was_issued_keeps_its_own(path: Path) -> None:
    run(path, password=None)
    with Register.open(path) as register:
        passwords = {each.password for each in register.issued()}
    assert len(passwords) == 1
    assert len(run(path, password=None)) == 5
    assert run(path, password="chosen") == []
    assert len(rows(path)) == 10


@pytest.mark.parametrize(
    "change",
    [
        {"name": "新名"},
        {"email": "new@qq.com"},
        {"indicators": ()},
        {"texts": {}},
    ],
)
def test_what_has_changed_is_issued_anew(path: Path, change: dict[str, object]) -> None:
    run(path)
    changed = [*PROJECTS[:4], dataclasses.replace(PROJECTS[4], **change)]  # type: ignore[arg-type]
    assert run(path, changed) == ["000", "001", "002", "003"]
    assert [code for code, _ in rows(path)] == ["000", "001", "002", "003", "004", "004"]
    assert run(path, PROJECTS, due=dt.date(2026, 1, 31)) == []


def test_a_withdrawn_project_is_issued_anew(path: Path) -> None:
    run(path)
    with Register.open(path) as register:
        register.withdraw(["001"], "")
    assert run(path) == ["000", "002", "003", "004"]


def test_a_workbook_that_is_gone_or_altered_is_made_again_in_the_same_row(path: Path) -> None:
    run(path)
    gone, altered, *_ = files(path)
    gone.unlink()
    altered.write_bytes(b"x")
    assert len(run(path)) == 3
    assert len(rows(path)) == 5
    assert_whole(path)


def test_what_was_mailed_stays_in_the_register(path: Path) -> None:
    run(path)
    [*_, (code, mailed)] = rows(path)
    with Register.open(path) as register:
        mail(register, "sent", mailed)
        [file] = [Path(each.file) for each in register.issued() if each.project.code == code]
    file.unlink()
    run(path)
    assert [each for each, _ in rows(path)].count(code) == 2
    assert (code, mailed) in rows(path)
    assert_whole(path)


def test_a_file_that_cannot_be_written_leaves_nothing_of_its_group(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, calls = os.fsync, []

    def full(file: int) -> None:
        calls.append(file)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        run(path)
    assert rows(path) == []
    assert [each for each in (path.parent / "issued").rglob("*") if each.is_file()] == []
    monkeypatch.setattr(os, "fsync", fsync)
    run(path)
    assert_whole(path)


def test_of_two_runs_at_once_one_gives_the_names(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one issues the same while this one has recorded, and not yet named, its first workbooks."""
    record = issuing._record
    runs: list[object] = []

    def overtaken(bundle: issuing._Bundle, waiting: dict[str, issuing._Waiting]) -> None:
        monkeypatch.setattr(issuing, "_record", record)
        record(bundle, waiting)
        runs.append(bundle)

    change = store.Store.change

    def between(self: store.Store) -> object:
        # Behind the change in which the first workbooks were recorded.
        if len(runs) == 1 and not self._connection.in_transaction:
            runs.append(self)
            run(path)
        return change(self)

    monkeypatch.setattr(issuing, "_record", overtaken)
    monkeypatch.setattr(store.Store, "change", between)
    run(path)
    assert len(runs) == 2
    assert len(rows(path)) == 5
    assert_whole(path)


# --- killed


def killed(path: Path, where: tuple[object, str], number: int, action: Callable[[], object]) -> bool:
    """Do something in a process that is killed when it calls a function for the nth time; whether it was."""
    child = os.fork()
    if child == 0:
        owner, name = where
        function, calls = getattr(owner, name), []

        def counted(*arguments: object, **more: object) -> object:
            calls.append(name)
            if len(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **more)

        setattr(owner, name, counted)
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


#: Where it is killed: before a file is whole, before it takes its name, around each statement of the register.
PLACES: dict[str, tuple[object, str]] = {
    "whole": (os, "fsync"),
    "name": (Path, "replace"),
    "register": (store.Store, "_execute"),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
@pytest.mark.parametrize("again", [False, True], ids=["first", "reissued"])
@pytest.mark.parametrize("where", PLACES)
def test_killed_at_any_moment_the_next_run_makes_it_whole_and_nothing_twice(
    where: str, again: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = [dataclasses.replace(each, texts={"goal_expected": "新目标"}) for each in PROJECTS]
    number = kills = 0
    while True:
        number += 1
        folder = path.parent / str(number)
        folder.mkdir()
        own = folder / "r.db"
        with Register.open(own, create=True):
            pass
        if again:
            run(own)
        if not killed(own, PLACES[where], number, lambda own=own: run(own, changed)):  # type: ignore[misc]
            break
        kills += 1
        known = {each for _, each in rows(own)}
        assert {digest(each) for each in files(own)} <= known, "there is no workbook that the register does not know"
        monkeypatch.setattr(parts, "_tidied", set())
        run(own, changed)
        assert len(rows(own)) == (10 if again else 5)
        assert_whole(own)
    assert kills >= 5
