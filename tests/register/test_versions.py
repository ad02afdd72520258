"""Registers of earlier versions: brought up to date, nothing lost, the old file kept beside them."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import stat
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from support.registers import DAY, forged, issue, project, verdict

from xlsform.errors import UsageError
from xlsform.form.identity import Identity
from xlsform.form.template import build, load
from xlsform.register import Register, State, schema, store
from xlsform.register.codec import encode
from xlsform.workbook.locks import lock_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


def old_register(path: Path, version: int) -> None:
    """Make a register of an earlier version: two issues of a project, a right return and a forged one, a mail."""
    with contextlib.closing(sqlite3.connect(path)) as old:
        for statement in (*chain.from_iterable(schema.STEPS[:version]), f"PRAGMA user_version = {version}"):
            old.execute(statement)
        old.execute("INSERT INTO register VALUES (?)", [b"k" * 32])
        columns = "code, name, department, unit, email, project, template, edition, year, file, digest, password, due"
        for number, name in ((3, "旧名"), (7, "新名")):
            form = ("mof-2020", "2020", 2021)
            given = ("001", name, "", "甲", "road@qq.com", encode(project(name=name)), *form, "f", "d", "p", None)
            old.execute(
                f"INSERT INTO issues (id, {columns}, issued) VALUES ({', '.join('?' * 15)})",
                (number, *given, DAY.isoformat()),
            )
        for number, judged in ((5, verdict("right")), (9, forged("made up"))):
            day = (DAY + dt.timedelta(days=number)).isoformat(timespec="microseconds")
            told = (2021, judged.status, None, 0, 0, encode(judged), "rules 1", 7)
            returned = (number, judged.sha256, str(number), day, "001", None, None, None, *told)
            old.execute(
                "INSERT INTO returns (id, digest, origin, received, code, name, unit, template, year, status, score,"
                f" errors, warnings, verdict, judged_by, issue) VALUES ({', '.join('?' * 16)})",
                returned,
            )
            if version > 1:
                old.execute("UPDATE returns SET forged = ? WHERE id = ?", (int(judged.forged), number))
        old.execute(
            "INSERT INTO mails VALUES (4, 'issue', '甲', 'road@qq.com', 'sent', '<1>', '[]', '[\"d\"]', ?, '')", [day]
        )
        old.commit()
    path.chmod(0o600)


def table(path: Path, name: str) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.row_factory = sqlite3.Row
        return [dict(row) for row in other.execute(f"SELECT * FROM {name} ORDER BY rowid")]


def schema_of(path: Path) -> dict[str, list[Any]]:
    """Return the columns of tables and indices, and which of them are unique."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        names = [name for (name,) in other.execute("SELECT name FROM sqlite_master")]
        return {
            name: [other.execute(f"PRAGMA {what}({name})").fetchall() for what in ("table_info", "index_info")]
            for name in names
        }


@pytest.mark.parametrize("version", [1, 2])
def test_a_register_of_an_earlier_version_keeps_all_it_said(path: Path, tmp_path: Path, version: int) -> None:
    old_register(path, version)
    before = {name: table(path, name) for name in ("register", "issues", "returns", "mails")}
    with Register.open(path) as register:
        assert register.keys == (register.key,) == (b"k" * 32,)
        status = register.status()
        assert [(each.state, each.origin, each.mailed) for each in status.projects] == [(State.PASSED, "5", "sent")]
        assert [(each.origin, each.why) for each in status.strays] == [("9", "forged")]
        [issued] = register.issued()
        assert (issued.project.name, issued.identity, issued.lock_hash, issued.form) == ("新名", None, "", "")
    for name, rows in before.items():
        assert [{key: row[key] for key in old} for old, row in zip(rows, table(path, name), strict=True)] == rows
    with Register.open(tmp_path / "new.db", create=True):
        pass
    assert schema_of(path) == schema_of(tmp_path / "new.db")


@pytest.mark.parametrize("version", [1, 2])
def test_the_old_file_stays_beside_it(path: Path, version: int) -> None:
    old_register(path, version)
    copy = path.with_name(f"register.v{version}-before.db")
    copy.write_text("somebody's own", encoding="utf-8")
    before = {name: table(path, name) for name in ("register", "issues", "returns", "mails")}
    with Register.open(path):
        pass
    assert copy.read_text(encoding="utf-8") == "somebody's own"
    second = path.with_name(f"register.v{version}-before-2.db")
    assert {name: table(second, name) for name in before} == before
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
    with Register.open(path):
        pass
    assert sorted(path.parent.glob("register*")) == sorted([path, copy, second])


def test_without_a_copy_nothing_is_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_register(path, 2)
    before = path.read_bytes()

    def no_room(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(store, "copy_database", no_room)
    with pytest.raises(UsageError) as caught, Register.open(path):
        pass
    assert str(caught.value) == (
        f"{path}: this register of an older xlsform was not changed, since no copy of it could be made first "
        "(database or disk is full)"
    )
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_to_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_register(path, 2)
    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(UsageError, match=r"no copy .* first \(.*register\.v2-before\.db: cannot be written \(No space"):
        Register.open(path)
    assert list(path.parent.iterdir()) == [path]


def refused(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_file_may_hold_several_forms(path: Path) -> None:
    with Register.open(path, create=True), contextlib.closing(sqlite3.connect(path)) as other:
        insert = (
            "INSERT INTO returns (digest, origin, received, status, errors, warnings, verdict, judged_by, part)"
            " VALUES ('d', 'o', 't', 'passed', 0, 0, '', '', ?)"
        )
        for part in ("", "表1", "表2"):
            other.execute(insert, [part])
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            other.execute(insert, ["表1"])


# --- what an issue is kept with


def identity(code: str = "001", target: str = "≥120公里", key: bytes = b"k") -> Identity:
    issued = {"project_name": "农村公路养护", "indicators.1.target": target, "indicators.1.weight": 7.5}
    return Identity("mof-2020", "2020", (2, 1, 1), "2021", code, issued=issued).sealed(key)


def test_an_issue_is_kept_with_its_identity_its_lock_and_its_form(path: Path) -> None:
    form = load("mof-2020")
    lock = lock_for("x").as_json()
    with Register.open(path, create=True) as register:
        for code in ("001", "002"):
            issue(register, project(code), identity=identity(code), lock_hash=lock, form=form)
    with Register.open(path) as register:
        first, second = register.issued()
        assert first.identity is not None
        assert (first.identity, first.identity.issued) == (identity(), identity().issued)
        assert first.identity.rows == (2, 1, 1)
        assert first.identity.intact
        assert first.identity.signed_with(b"k")
        assert second.identity == identity("002")
        assert json.loads(first.lock_hash) == {
            "algorithm": "SHA-512",
            "salt": lock_for("x").salt,
            "hash": lock_for("x").hash,
            "spins": 100_000,
        }
    [kept] = table(path, "forms")
    assert (kept["digest"], kept["id"], kept["edition"]) == (first.form, "mof-2020", form.edition)
    assert first.form == form.digest
    assert build(json.loads(kept["json"])) == form


def test_earlier_keys_stand_behind_its_own(path: Path) -> None:
    with Register.open(path, create=True) as register, contextlib.closing(sqlite3.connect(path)) as other:
        other.executemany(
            "INSERT INTO keys (key, note, added) VALUES (?, ?, '')", [(b"a" * 32, "2023"), (b"b" * 32, "2024")]
        )
        other.commit()
        own = register.key
    with Register.open(path) as register:
        assert register.keys == (own, b"b" * 32, b"a" * 32)
