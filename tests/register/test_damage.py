"""Registers that were damaged: every command ends with one line or works, and what is left can be told and copied."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.registers import issue, mail, project, receive, verdict
from support.round import a_round

from xlsform.cli import cli
from xlsform.errors import UsageError
from xlsform.form.identity import Identity
from xlsform.form.template import load
from xlsform.register import Register
from xlsform.register.codec import DamagedError, decode, encode
from xlsform.verdict.verdict import Verdict

PLACES = 300


def run(*arguments: str | Path) -> Result:
    environment = {"XLSFORM_PASSWORD": "x"}
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def whole_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a round: its list, its register, what came back."""
    return a_round(tmp_path_factory.mktemp("round"))


#: With ROUND, DB and OUT for the folder of the round, the damaged register, and a folder for outputs.
COMMANDS = (
    "status --register DB",
    "validate ROUND/one --jobs 1 --register DB",
    "status --register DB --format xlsx -o OUT/status.xlsx",
    "summarize ROUND/one --jobs 1 --register DB -o OUT/summary.xlsx",
    "mail draft OUT/drafts --register DB --from a@example.cn",
    "status --register DB --project 001",
    "mail draft OUT/replies --returns ROUND/one --register DB --from a@example.cn",
    "projects withdraw 003 --register DB",
    "generate mof-2020 --projects ROUND/list.csv --year 2025 --register DB -o OUT/again",
    "register check DB",
    "register backup DB -o OUT/copy.db",
)


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a register with a bit or a byte changed, cut short, or with a page of zeros."""
    data, place, kind = bytearray(whole), chance.randrange(len(whole)), chance.random()
    if kind < 0.55:
        data[place] ^= 1 << chance.randrange(8)
    elif kind < 0.75:
        data[place] = chance.randrange(256)
    elif kind < 0.85:
        del data[place:]
    else:
        start = place // 4096 * 4096
        data[start : start + 4096] = bytes(4096)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_wherever_it_is_damaged_every_command_ends_with_one_line_or_works(
    part: int, whole_round: Path, tmp_path: Path
) -> None:
    whole = (whole_round / "r.db").read_bytes()
    for number in range(part, PLACES, 5):
        data = damaged(whole, random.Random(f"damage {number}"))
        for command in (COMMANDS[number % len(COMMANDS)], COMMANDS[(number // 5 + 3) % len(COMMANDS)]):
            out = tmp_path / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            (out / "r.db").write_bytes(data)
            result = run(*words(command, {"ROUND": whole_round, "DB": out / "r.db", "OUT": out}))
            about = (number, command, result.output, result.exception)
            assert result.exception is None or isinstance(result.exception, SystemExit), about
            assert result.exit_code in (0, 1, 2), about
            if result.exit_code == 2:
                assert result.stderr.count("\n") == 1, about


def words(command: str, paths: dict[str, Path]) -> list[str | Path]:
    """Return a command with its paths."""
    parts = [word.split("/") for word in command.split()]
    return [Path(paths[first], *rest) if first in paths else first for first, *rest in parts]


# --- rows that are not what was written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
def register(path: Path) -> Path:
    """A register of three projects: what was issued, a return of each, a mail."""
    with Register.open(path, create=True) as opened:
        for code in ("001", "002", "003"):
            said = Identity("mof-2020", "2020", (1,), "2021", code, issued={"year": 2021}).sealed(opened.key)
            issue(opened, project(code), identity=said, form=load("mof-2020"))
            receive(opened, verdict(code, code, errors=1), origin=code)
        mail(opened, "sent", "x")
    return path


def change(path: Path, sql: str, *values: Any) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(sql, values)
        database.commit()


READERS: dict[str, Callable[[Register], object]] = {
    "status": lambda register: register.status(),
    "issued": lambda register: list(register.issued()),
    "returns": lambda register: list(register.returns()),
    "history": lambda register: register.history("002"),
    "project": lambda register: register.project("002"),
    "known": lambda register: register.known(str(verdict("002").sha256), lambda _: "rules 1"),
    "to_answer": lambda register: register.to_answer(),
    "to_mail": lambda register: register.to_mail(),
}

#: Table, column, what stands there, and who notices.
DAMAGE: dict[str, tuple[str, str, Any, str]] = {
    "JSON that breaks off": ("issues", "project", '{"Project": {"code"', "issued history project to_mail"),
    "another type": ("issues", "project", '{"Mapping": {}}', "issued history project to_mail"),
    "an unknown type": ("issues", "project", '{"Projekt": {}}', "issued history project to_mail"),
    "an identity of nothing": ("issues", "identity", '{"Identity": {"rows": 5}}', "issued history to_mail"),
    "no number": ("issues", "year", b"\xff", "issued history to_mail"),
    "a day that never was": ("issues", "due", "2022-02-30", "status issued history returns to_mail to_answer"),
    "no UTF-8": ("issues", "name", None, "status issued returns to_mail to_answer"),
    "no status": ("returns", "status", "pasred", "status returns to_answer"),
    "a time without a zone": ("returns", "received", "2022-03-01T08:00:00", "status returns history to_answer"),
    "a verdict of another type": ("returns", "verdict", "[]", "returns history known to_answer"),
    "half a verdict": ("returns", "verdict", '{"Verdict": {"path": "x"}}', "returns history known to_answer"),
    "no list": ("mails", "about", "7", "status history to_mail to_answer"),
    "no kind of mail": ("mails", "kind", "zent", "status history to_mail to_answer"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_row_that_is_not_what_was_written_is_told_as_damage(what: str, register: Path) -> None:
    table, column, value, readers = DAMAGE[what]
    number = 1 if table == "mails" else 2
    if value is None:
        change(register, f"UPDATE {table} SET {column} = CAST(x'ff41' AS TEXT) WHERE id = ?", number)
    else:
        change(register, f"UPDATE {table} SET {column} = ? WHERE id = ?", value, number)
    for name in readers.split():
        with (
            Register.open(register) as opened,
            pytest.raises(UsageError, match=r"register\.db: the register is damaged; `xlsform register check`"),
        ):
            READERS[name](opened)
    result = run("register", "check", register, "--format", "json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["sound"]) == (1, False)
    project = None if table == "mails" else "002"
    assert [(each["table"], each["row"], each["project"]) for each in found["lost"]] == [(table, number, project)]


@pytest.mark.parametrize(
    "text",
    [
        '{"Finding": {"code": 5}}',
        '{"Decimal": "12,5"}',
        '{"Message": ["{n} of {m}", {"n": 1}]}',
        '{"Message": ["{n", {"n": 1}]}',
        '{"Severity": "errxr"}',
        '{"Decimal": "1", "Severity": "error"}',
        "{}",
    ],
)
def test_what_cannot_have_been_written_is_damage(text: str) -> None:
    with pytest.raises(DamagedError):
        decode(text, object)


def test_what_is_nested_without_end_is_damage() -> None:
    with pytest.raises(DamagedError):
        decode("[" * 100_000, object)


@pytest.mark.parametrize(
    ("old", "new"), [('"97.80"', '"97:80"'), ('"year": 2021', '"year": "2021"'), ('"passed"', '"passfd"')]
)
def test_a_field_that_holds_another_kind_of_value_is_damage(old: str, new: str) -> None:
    text = encode(verdict())
    assert decode(text, Verdict) == verdict()
    assert old in text
    with pytest.raises(DamagedError):
        decode(text.replace(old, new), Verdict)


# --- what is left


def test_a_sound_register_is_told_so(register: Path) -> None:
    result = run("register", "check", register)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{register}: sound; 3 projects, 3 issues, 3 returns, 1 mails\n"
    found = json.loads(run("register", "check", register, "--format", "json").stdout)
    assert found["sound"]
    assert found["projects"][1] == {"code": "002", "issues": 1, "returns": 1, "lost": 0}


def test_what_is_damaged_and_what_is_left_is_told(register: Path) -> None:
    change(register, "UPDATE returns SET verdict = '{' WHERE code = '002'")
    result = run("register", "check", register)
    assert result.exit_code == 1
    first, row, kept, whole, hurt, _ = result.stdout.splitlines()
    assert first == f"{register}: damaged"
    assert row.startswith("  table returns, row 2, project 002: cannot be read (JSONDecodeError: ")
    assert kept == "can be read: 3 issues, 2 returns, 1 mails"
    assert whole == "projects of which everything can be read (2): 001, 003"
    assert hurt == "projects of which something is lost (1): 002"


def test_an_identity_or_a_template_that_was_altered_is_damage(register: Path) -> None:
    change(register, "UPDATE issues SET identity = replace(identity, '2021', '2022') WHERE code = '001'")
    change(register, "UPDATE forms SET json = replace(json, '2020', '2030')")
    found = json.loads(run("register", "check", register, "--format", "json").stdout)
    assert [(each["table"], each["reason"]) for each in found["lost"]] == [
        ("forms", "the template is not what was written"),
        ("issues", "the identity is not what was written"),
    ]


def test_what_lies_before_and_behind_a_lost_page_is_found(path: Path) -> None:
    codes = {f"{number:03}" for number in range(100)}
    with Register.open(path, create=True) as opened, opened.together():
        for code in sorted(codes):
            issue(opened, project(code))
    data = bytearray(path.read_bytes())
    page = data.index(b'"code": "050"') // 4096 * 4096
    data[page : page + 4096] = bytes(4096)
    path.write_bytes(data)
    result = run("register", "check", path, "--format", "json")
    found = json.loads(result.stdout)
    assert (result.exit_code, bool(found["structure"])) == (1, True)
    lost = {each["project"] for each in found["lost"]}
    assert "050" in lost
    assert len(lost) < 10
    assert {each["code"] for each in found["projects"] if not each["lost"]} == codes - lost


def test_what_is_no_register_is_told(tmp_path: Path) -> None:
    text, foreign = tmp_path / "a.txt", tmp_path / "b.db"
    text.write_text("x" * 200, encoding="utf-8")
    change(foreign, "CREATE TABLE issues (id)")
    for path, said in [(text, "is no register"), (foreign, "is no register"), (tmp_path / "c.db", "there is no")]:
        for result in (run("register", "check", path), run("register", "backup", path, "-o", tmp_path / "copy.db")):
            assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
            assert said in result.stderr
    assert not (tmp_path / "copy.db").exists()


def test_a_register_of_a_newer_version_is_not_judged(register: Path) -> None:
    change(register, "PRAGMA user_version = 99")
    result = run("register", "check", register)
    assert (result.exit_code, "newer xlsform (version 99" in result.stderr) == (2, True)


# --- copies


def test_a_register_is_copied_while_it_is_used(register: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Register.open(register) as opened, opened.together():
        issue(opened, project("004"))
        assert run("register", "backup", register, "-o", copy).exit_code == 0
    with Register.open(copy) as opened, Register.open(register) as own:
        assert [each.code for each in opened.status().projects] == ["001", "002", "003"]
        assert opened.key == own.key
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "register.db"]


def test_nothing_is_replaced_that_is_not_an_earlier_copy(register: Path, tmp_path: Path) -> None:
    copy, other, link = tmp_path / "copy.db", tmp_path / "list.xlsx", tmp_path / "link.db"
    assert run("register", "backup", register, "-o", copy).exit_code == 0
    before = copy.read_bytes()
    with Register.open(register) as opened:
        issue(opened, project("004"))
    result = run("register", "backup", register, "-o", copy)
    assert (result.exit_code, result.stderr) == (
        2,
        f"{copy}: there is a file already; name another, or replace it with --replace\n",
    )
    assert copy.read_bytes() == before
    assert run("register", "backup", register, "-o", copy, "--replace").exit_code == 0
    assert copy.read_bytes() != before
    other.write_bytes(b"PK")
    link.symlink_to(register)
    for target, said in [(other, "is no copy of a register"), (link, "which the same command reads")]:
        result = run("register", "backup", register, "-o", target, "--replace")
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert other.read_bytes() == b"PK"


def test_a_full_disk_is_told_of_the_copy_and_not_of_the_register(
    register: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullError(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_FULL

    def full(*_: object) -> None:
        raise FullError("database or disk is full")

    monkeypatch.setattr("xlsform.register.backup.copy_database", full)
    result = run("register", "backup", register, "-o", tmp_path / "copy.db")
    assert (result.exit_code, result.stderr) == (
        2,
        f"{tmp_path / 'copy.db'}: cannot be written (No space left on device)\n",
    )


def test_a_damaged_register_does_not_take_the_place_of_an_earlier_copy(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Register.open(path, create=True) as opened, opened.together():
        for number in range(100):
            issue(opened, project(str(number)))
    assert run("register", "backup", path, "-o", copy).exit_code == 0
    before = copy.read_bytes()
    page = before.index(b'"code": "50"') // 4096 * 4096
    path.write_bytes(before[:page] + bytes(4096) + before[page + 4096 :])
    result = run("register", "backup", path, "-o", copy, "--replace")
    assert (result.exit_code, "the register is damaged" in result.stderr) == (2, True)
    assert copy.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "register.db"]
