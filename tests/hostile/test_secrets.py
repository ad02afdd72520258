"""Passwords and keys come from the environment, a prompt or a file, and go nowhere.

A whole round is done, and everything that it wrote is searched.
"""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import json
import os
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from xlsform.cli import cli
from xlsform.demo.samples import samples
from xlsform.reading import legacy

LOCK, MAIL = "锁-hunter2-Zq9", "smtp-swordfish-7Kx"


def written_as(secret: bytes) -> Iterator[bytes]:
    """Yield the ways in which bytes are written that are to be hidden from nobody."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):
        # In Base64 it looks different by what stands before it; the first and last characters mix with that.
        yield base64.b64encode(b"\0" * before + secret)[4 if before else 0 : -4]
    for digest in ("sha256", "sha1", "md5"):
        yield hashlib.new(digest, secret).hexdigest().encode()


def text_as(secret: str) -> list[bytes]:
    return [
        each
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
        for each in written_as(secret.encode(encoding))
    ]


def opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file, and all that is packed into it."""
    yield name, data
    if data.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from opened(f"{name}/{member}", archive.read(member))
    if name.endswith(".eml"):
        for number, part in enumerate(email.message_from_bytes(data, policy=default).walk()):
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                yield from opened(f"{name}#{number}", content)


class Round:
    """Commands run as a person runs them, all that they say kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[tuple[str, bytes]] = []

    def run(self, *arguments: str) -> None:
        assert not any(secret in argument for argument in arguments for secret in (LOCK, MAIL))
        done = CliRunner().invoke(cli, ["-v", *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        self.said.append((" ".join(arguments), done.output.encode()))

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Yield what was said and written, the secrets' own places left out."""
        yield from self.said
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in ("r.db", "r.db-wal", "r.db-shm", "password.txt"):
                yield from opened(str(path.relative_to(self.folder)), path.read_bytes())


@pytest.fixture(scope="module")
def whole_round(tmp_path_factory: pytest.TempPathFactory) -> Round:
    folder = tmp_path_factory.mktemp("round")
    (folder / "tmp").mkdir()
    done = Round(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XLSFORM_PASSWORD", LOCK)
        patch.setenv("XLSFORM_SMTP_PASSWORD", MAIL)
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        go_round(done, folder)
    legacy.stop()
    return done


def go_round(done: Round, folder: Path) -> None:
    sample = next(each for each in samples() if each.name == "faultless")
    with (folder / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [["项目编码", "项目名称", "主管部门", "实施单位", "电子邮箱"], ["001", "甲", "局", "站", "a@example.cn"]]
        )
    (folder / "password.txt").write_text(LOCK + "\n", encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(sample.data, default=float, ensure_ascii=False), encoding="utf-8")
    sender = ("--from", "县财政局 <jx@example.gov.cn>")
    done.run("generate", "mof-2020", "-o", "blank.xlsx", "--password-file", "password.txt")
    done.run("generate", "mof-2020", "--projects", "list.csv", "--year", "2025", "--register", "r.db", "-o", "issued")
    done.run("fill", "blank.xlsx", "data.json", "-o", "returns/a.xlsx")
    for path in folder.glob("issued/*/*.xlsx"):
        (folder / "returns" / path.name).write_bytes(path.read_bytes())
    for form in ("text", "json", "jsonl", "csv", "html", "xlsx"):
        done.run("validate", "returns", "--format", form, "-o", f"report.{form}", "--jobs", "2")
    done.run("validate", "returns", "--annotate", "copies", "--register", "r.db")
    done.run("summarize", "returns", "--register", "r.db", "-o", "summary.xlsx")
    for form in ("text", "json", "csv", "xlsx"):
        done.run("status", "--register", "r.db", "--format", form, "-o", f"status.{form}")
    done.run("mail", "draft", "drafts", "--register", "r.db", *sender)
    done.run("mail", "draft", "replies", "--register", "r.db", *sender, "--returns", "returns")
    # Nobody listens there: what is told of the failure is searched too.
    done.run("mail", "send", "--register", "r.db", *sender, "--smtp", "127.0.0.1:9", "--user", "jx", "--pause", "0")
    done.run("extract", "returns/a.xlsx", "-o", "extracted.json")
    done.run("describe", "blank.xlsx")


def test_the_round_wrote_all_there_is_to_search(whole_round: Round) -> None:
    names = {path.relative_to(whole_round.folder).parts[0] for path in whole_round.folder.rglob("*")}
    assert names >= {
        "blank.xlsx",
        "issued",
        "returns",
        "copies",
        "drafts",
        "replies",
        "summary.xlsx",
        "status.xlsx",
        "report.html",
        "extracted.json",
    }
    assert sum(1 for _ in whole_round.everything()) > 100
    assert any("127.0.0.1" in said.decode() or "not delivered" in said.decode() for _, said in whole_round.said)


@pytest.mark.parametrize("secret", [LOCK, MAIL], ids=["the lock's password", "the mail account's password"])
def test_a_password_is_nowhere(secret: str, whole_round: Round) -> None:
    found = [name for name, data in whole_round.everything() if any(form in data for form in text_as(secret))]
    assert found == []


def test_the_registers_key_is_nowhere(whole_round: Round) -> None:
    with sqlite3.connect(whole_round.folder / "r.db") as register:
        ((key,),) = register.execute("SELECT key FROM register").fetchall()
    register.close()
    assert len(key) >= 32
    found = [name for name, data in whole_round.everything() if any(form in data for form in written_as(key))]
    assert found == []


def test_the_search_finds_what_is_there(whole_round: Round) -> None:
    leak = whole_round.folder / "leak.txt"
    leak.write_bytes(b"x" + base64.b64encode(f"pass={LOCK};".encode()))
    try:
        with pytest.raises(AssertionError, match=r"leak\.txt"):
            test_a_password_is_nowhere(LOCK, whole_round)
    finally:
        leak.unlink()


def test_what_keeps_secrets_is_its_owners_alone(whole_round: Round) -> None:
    if os.name == "posix":
        assert stat.S_IMODE((whole_round.folder / "r.db").stat().st_mode) == 0o600


def test_nothing_is_left_in_the_temporary_folder(whole_round: Round) -> None:
    assert list((whole_round.folder / "tmp").iterdir()) == []


def commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def test_no_option_takes_a_secret() -> None:
    """What stands on a command line can be read by every user of the machine, and stays in the shell's history."""
    options = {option for command in commands(cli) for each in command.params for option in each.opts}
    assert "--password-file" in options
    assert not [each for each in options if any(word in each for word in ("pass", "key", "secret", "token"))][1:]
