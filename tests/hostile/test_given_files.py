"""Files that the person who runs the program names: odd ones and hostile ones cost one clear message, and no time."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.timing import within

from xlsform.cli import cli

SECONDS = 2.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to work in, with an issued workbook and data for it."""
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert run("generate", "mof-2020", "-o", "issued.xlsx").exit_code == 0
        (tmp_path / "data.json").write_text('{"template": "mof-2020"}')
        yield tmp_path
    finally:
        os.chdir(before)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)], env={"XLSFORM_PASSWORD": "a password"})


#: Where a file is named on the command line.
PLACES: dict[str, tuple[str, ...]] = {
    "data": ("fill", "issued.xlsx", "FILE", "-o", "out.xlsx"),
    "a workbook to be filled": ("fill", "FILE", "data.json", "-o", "out.xlsx"),
    "a workbook": ("extract", "FILE"),
    "a template or workbook": ("describe", "FILE"),
    "a template": ("templates", "check", "FILE"),
    "a template to issue": ("generate", "FILE", "-o", "out.xlsx"),
    "a template to judge by": ("validate", "issued.xlsx", "--template", "FILE"),
    "waivers": ("validate", "issued.xlsx", "--waive", "FILE"),
    "a project list": ("validate", "issued.xlsx", "--projects", "FILE"),
    "a project list to issue": ("generate", "mof-2020", "--projects", "FILE", "-o", "out"),
    "accounts": ("validate", "issued.xlsx", "--accounts", "FILE"),
    "a password": ("generate", "mof-2020", "--password-file", "FILE", "-o", "out.xlsx"),
}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000_000)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe that nobody writes to": fifo,
    "a device that never ends": endless,
    "a folder": Path.mkdir,
    "a socket": listening,
    "a link to itself": loop,
    "a file of 50 GB": sparse,
    "nothing": lambda path: None,
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files on Windows")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("extension", [".json", ""])
def test_what_is_no_file_is_one_line_wherever_it_is_named(odd: str, extension: str, folder: Path) -> None:
    path = folder / f"odd{extension}"
    ODD[odd](path)
    for place, command in PLACES.items():
        with within(SECONDS):
            result = run(*(path.name if word == "FILE" else word for word in command))
        told = result.output.strip().splitlines()
        assert result.exit_code == 2, (place, result.output, result.exception)
        assert len([line for line in told if not line.startswith("locked with")]) == 1, (place, told)
        assert "odd" in result.output, place
    assert not (folder / "out.xlsx").exists()


#: What JSON can spell and nothing can hold.
NUMBERS = {
    "a huge exponent": "1e99999999",
    "a huge exponent below zero": "1e-99999999",
    "an exponent that no decimal has": "1e999999999999999999999",
    "a million digits": "9" * 1_000_000,
    "half a million zeros": f"0.{'0' * 500_000}1",
    "more than a cell holds": "1e400",
    "NaN": "NaN",
    "infinity": "-Infinity",
    "lists within lists": "[" * 200_000 + "]" * 200_000,
    "objects within objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
}

#: Files of JSON with a number in them, and where they are named.
JSON = {
    "an amount of data": ('{"template": "mof-2020", "funds": {"total": {"budget": NUMBER}}}', "data"),
    "a text of data": ('{"template": "mof-2020", "fields": {"project_name": NUMBER}}', "data"),
    "the year of data": ('{"template": "mof-2020", "year": NUMBER}', "data"),
    "an amount of a list": ('[{"project_code": "A1", "project_name": "x", "budget": NUMBER}]', "a project list"),
    "the code of a list": ('[{"project_code": NUMBER, "project_name": "x", "budget": 1}]', "a project list"),
    "an amount of accounts": ('[{"project_code": "A1", "budget": NUMBER}]', "accounts"),
    "the reason of a waiver": ('[{"code": "M101", "project": "x", "reason": NUMBER}]', "waivers"),
    "the total of a template": ('{"extends": "mof-2020", "id": "mine", "scoring": {"total": NUMBER}}', "a template"),
    "a label of a template": ('{"extends": "mof-2020", "id": "mine", "title": NUMBER}', "a template"),
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_nothing_can_hold_are_refused_at_once(number: str, folder: Path) -> None:
    for about, (text, place) in JSON.items():
        (folder / "odd.json").write_text(text.replace("NUMBER", NUMBERS[number]))
        with within(SECONDS):
            result = run(*("odd.json" if word == "FILE" else word for word in PLACES[place]))
        told = result.output.strip()
        assert result.exit_code == 2, (about, told, result.exception)
        assert "odd.json" in told, about
        # A heading and the problem, whatever the number's length.
        assert len(told) < 600, (about, told)
        assert told.count("\n") <= 1, (about, told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"code,project,reason\nM101,x," + b"y" * 5_000_000, "line 2: field larger than field limit"),
        (b'code,project,reason\nM101,x,"y\nM102,x,z\n', "line 3: unexpected end of data"),
        (b"code,project,reason\nM101,a\0b,z\n", "neither UTF-8 nor GB18030 text"),
        (b"\0" * 1_000, "neither UTF-8 nor GB18030 text"),
    ],
)
def test_waivers_that_are_no_table(text: bytes, told: str, folder: Path) -> None:
    (folder / "odd.csv").write_bytes(text)
    result = run("validate", "issued.xlsx", "--waive", "odd.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("odd.csv: ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--projects", "--accounts"])
@pytest.mark.parametrize(
    "text",
    [
        b"project_code,project_name,unit,budget\nA1," + b"x" * 5_000_000 + b",u,1\n",
        b'project_code,project_name,unit,budget\nA1,"' + b"x\n" * 500_000,
        b"project_code,project_name,unit,budget\nA1,a\0b,u,1\n",
        b"\0" * 1_000,
    ],
)
def test_lists_that_are_no_table(option: str, text: bytes, folder: Path) -> None:
    (folder / "odd.csv").write_bytes(text)
    with within(SECONDS):
        result = run("validate", "issued.xlsx", option, "odd.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("odd.csv: ")
    assert result.stderr.count("\n") == 1


def test_templates_that_build_on_many_others(folder: Path) -> None:
    for number in range(50):
        (folder / f"t{number}.json").write_text(f'{{"extends": "t{number + 1}"}}')
    (folder / "t50.json").write_text('{"extends": "mof-2020"}')
    result = run("templates", "check", "t0.json")
    assert result.exit_code == 2
    assert "$.extends: more than 10 templates build on one another" in result.output
