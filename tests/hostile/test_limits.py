"""The limits: each has a meaning of its own, can be changed from the command line, and is documented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.hostile import FAULTLESS, encrypted, form_parts, noise, packed, stored, validations
from support.packages_by_hand import biff8, ole2

from xlsform.cli import cli
from xlsform.reading import Limits


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)], env={"XLSFORM_PASSWORD": "a password"})


def mailed(data: bytes) -> bytes:
    from support.inbox_by_hand import mail, named

    return mail(named("inner.eml", mail(named("a.xlsx", data), boundary="inner")))


def boxed(data: bytes) -> bytes:
    return packed({"inner.zip": packed({"a.xlsx": data})})


def padded(padding: bytes) -> bytes:
    """The faultless return with something behind its content types that does not count."""
    types = form_parts()["[Content_Types].xml"]
    return packed(form_parts() | {"[Content_Types].xml": types.replace(b"</", padding + b"</", 1)}, 9)


#: A value that the faultless form is beyond, the file that it is in, and what is told then.
TIGHT: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "file_size": ("1000", "a.xlsx", lambda: FAULTLESS, "at most 1,000 are read"),
    "members": ("5", "a.xlsx", lambda: FAULTLESS, "more than 5 parts"),
    "part_size": ("1000", "a.xlsx", lambda: FAULTLESS, "larger than 1,000 bytes"),
    "total_size": ("50000", "a.xlsx", lambda: FAULTLESS, "unpacked it is larger than 50,000 bytes"),
    "ratio": ("3", "a.xlsx", lambda: padded(b" " * 150_000 + noise(3_000).hex().encode()), "packed more than 3 times"),
    "ratio_from": ("1500", "a.xlsx", lambda: padded(b" " * 95_000), "packed more than 100 times"),
    "archives": ("1", "a.zip", lambda: boxed(FAULTLESS), "more than 1 deep"),
    "mails": ("1", "a.eml", lambda: mailed(FAULTLESS), "more than 1 deep"),
    "cells": ("50", "a.xlsx", lambda: FAULTLESS, "more than 50 cells"),
    "markup": ("50", "a.xlsx", lambda: stored(form_parts()), "more than 50 tags and attributes"),
    "strings": ("50", "a.xlsx", lambda: FAULTLESS, "more than 50 texts"),
    "text_length": ("2", "a.xlsx", lambda: FAULTLESS, "most of what the sheet"),
    "texts": ("100", "a.xlsx", lambda: FAULTLESS, "more than 100 characters in its cells"),
    "formulas": ("100", "a.xlsx", lambda: FAULTLESS, "more than 100 characters of formulas"),
    "ranges": ("5", "a.xlsx", lambda: validations(10), "more than 5 merges"),
    "names": ("15", "a.xlsx", lambda: FAULTLESS, "more than 15 defined names"),
    "styles": ("5", "a.xlsx", lambda: FAULTLESS, "more than 5 styles"),
    "seconds": ("0.000001", "a.xlsx", encrypted, "there was no verdict within 1e-06 seconds"),
    "memory": ("60000000", "a.xls", lambda: ole2({"Workbook": biff8({(1, 1): 1.0, (3_900, 256): 2.0})}),
               "it needs more memory than allowed"),
}  # fmt: skip


def test_every_limit_is_here() -> None:
    assert list(TIGHT) == [each.name for each in fields(Limits)]


@pytest.mark.parametrize("name", TIGHT)
def test_each_limit_can_be_changed(name: str, tmp_path: Path) -> None:
    value, file, build, told = TIGHT[name]
    path = tmp_path / file
    path.write_bytes(build())
    assert told not in run("validate", path).stdout
    result = run("validate", path, "--limit", f"{name}={value}")
    assert result.exit_code == 1
    assert told in result.stdout


def test_several_can_be_changed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(FAULTLESS)
    assert "more than 9 cells" in run("validate", path, "--limit", "cells=9", "--limit", "file_size=19000000").stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("cell=5", "no limit has the name cell; there are file_size, members"),
        ("=5", "no limit has the name ; there are"),
        ("cells", "--limit cells: a limit is a number above 0"),
        ("cells=many", "--limit cells=many: a limit is a number above 0"),
        ("cells=0", "--limit cells=0: a limit is a number above 0"),
        ("cells=-1", "--limit cells=-1: a limit is a number above 0"),
        ("seconds=nan", "--limit seconds=nan: a limit is a number above 0"),
        ("seconds=inf", "--limit seconds=inf: a limit is a number above 0"),
    ],
)
@pytest.mark.parametrize("command", [["validate"], ["summarize", "-o", "out.xlsx"]])
def test_a_limit_that_is_none_is_one_clear_message(given: str, told: str, command: list[str]) -> None:
    result = run(*command, "x.xlsx", "--limit", given)
    assert result.exit_code == 2
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_help_lists_them_all() -> None:
    for command in ("validate", "summarize"):
        page = " ".join(run(command, "--help").output.split())
        assert all(f"{each.name} ({each.default:,})" in page for each in fields(Limits))
