"""Sixteen programs at once on one register: each ends as it would alone, nothing is lost and nothing doubled."""

from __future__ import annotations

import contextlib
import email
import io
import json
import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from support.killed import PROJECTS, RETURNS, Bench, is_mail, is_workbook

from xlsform.cli import cli
from xlsform.register import Register, State

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")]

IN_USE = "another program is using the register; try again when it has finished"


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    said: str
    told: str
    """On stderr."""


def at_once(commands: list[list[str]], folder: Path) -> list[Ended]:
    """Run commands, each in a process of its own, which all wait for the same moment; return how they ended."""
    gate, opened = os.pipe()
    children = []
    for number, command in enumerate(commands):
        child = os.fork()
        if child == 0:
            os.close(opened)
            os.read(gate, 1)
            _run(command, folder / f"{number}.json")
        children.append(child)
    os.close(gate)
    # Whoever reads from a pipe that nobody holds open comes to its end.
    os.close(opened)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    return [Ended(*json.loads((folder / f"{number}.json").read_text())) for number in range(len(commands))]


def _run(command: list[str], report: Path) -> None:
    said, told = io.StringIO(), io.StringIO()
    code: object = "no exit code"
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
        try:
            cli(command)
        except SystemExit as end:
            code = end.code
        except BaseException as error:
            code = repr(error)
    report.write_text(json.dumps([code, said.getvalue(), told.getvalue()]))
    os._exit(0)


@pytest.mark.parametrize("patience", [60.0, 0.0])
def test_sixteen_programs_on_one_register(patience: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without patience some are turned away in one line, and what they would have done is done by their next run."""
    monkeypatch.setenv("XLSFORM_PASSWORD", "a password")
    monkeypatch.setattr("xlsform.register.store.PATIENCE", patience)
    bench = Bench(tmp_path / "bench")
    register, out, said = tmp_path / "r.db", tmp_path / "out", tmp_path / "said"
    said.mkdir()
    register.write_bytes((bench.places["ISSUED"] / "r.db").read_bytes())
    more = tmp_path / "more.csv"
    listed = bench.places["LISTED"].read_text(encoding="utf-8-sig")
    more.write_text(listed.replace("\n0", "\n9"), encoding="utf-8-sig")

    def issue(path: Path, number: int) -> str:
        return f"generate mof-2020 --projects {path} --year 2021 --register {register} -o {out}/{number}"

    judge = f"validate {bench.places['INBOX']} --jobs 1 --format json --register {register}"
    draft = f"mail draft {out}/%s --register {register} --from a@b.cn"
    withdraw = f"projects withdraw %s --reason cancelled --register {register}"
    commands = [
        *((issue(more, 0), 0), (issue(more, 1), 0), (issue(bench.places["LISTED"], 2), 0)),
        *((f"{judge} -o {out}/{number}.json", 1) for number in range(5)),
        *((draft % name, 0) for name in ("a", "b", "c")),
        *((withdraw % codes, 0) for codes in ("001 002", "002 003")),
        *((f"status --register {register} --format json", 0) for _ in range(3)),
    ]
    assert len(commands) == 16
    random.Random(1).shuffle(commands)
    waiting, rounds = commands, 0
    while waiting:
        rounds += 1
        assert rounds < 40, waiting
        ended = at_once([["--lang", "en", *command.split()] for command, _ in waiting], said)
        turned_away = [each.code == 2 and IN_USE in each.told for each in ended]
        for (command, code), each, away in zip(waiting, ended, turned_away, strict=True):
            assert away or each.code == code, (command, each)
            assert "Traceback" not in each.told
            if away:
                assert [IN_USE in line for line in each.told.splitlines()] == [True], each
        waiting = [command for command, away in zip(waiting, turned_away, strict=True) if away]
    assert rounds == 1 or not patience

    reports = [json.loads((out / f"{number}.json").read_text(encoding="utf-8")) for number in range(5)]
    # What has not come back depends on what was issued by then; what was found in the files does not.
    found = [[file for file in each["files"] if file["sha256"]] for each in reports]
    assert len(found[0]) == RETURNS
    assert found == [found[0]] * len(reports)
    with Register.open(register) as opened:
        status = opened.status()
        issued = [each.project.code for each in opened.issued()]
        assert Counter(each.code for each in status.projects) == Counter(
            [f"{first}{number:02}" for first in "09" for number in range(PROJECTS)]
        )
        # Issued again after it was withdrawn, a project is expected again.
        withdrawn = {each.code for each in status.projects if each.state is State.WITHDRAWN}
        assert withdrawn <= {"001", "002", "003"}
        assert len(issued) == len(set(issued)) == 2 * PROJECTS - len(withdrawn)
        assert [len(opened.history(f"9{number:02}").issued) for number in range(PROJECTS)] == [2] * PROJECTS
        assert sum(each.returns for each in status.projects) + len(status.strays) == RETURNS
        drafts = [each.message_id for each in opened.mails.all()]
        assert {each.kind for each in opened.mails.all()} == {"draft"}
        known = {each.digest for code in issued for each in opened.history(code).issued}
        assert {about for each in opened.mails.all() for about in each.about} <= known | {
            each.digest for code in withdrawn for each in opened.history(code).issued
        }
    letters = [path for name in "abc" for path in (out / name).iterdir()]
    assert all(is_mail(path) for path in letters)
    assert {email.message_from_bytes(path.read_bytes())["Message-ID"] for path in letters} <= set(drafts)
    # One that was turned away half-way has drafted some of its letters twice.
    assert len(drafts) == len(letters) or not patience
    assert all(is_workbook(path) for path in out.rglob("*.xlsx"))
    assert not [path for path in out.rglob(".*") if path.is_file()]
    assert not register.with_name("r.db-journal").exists()
