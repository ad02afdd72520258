"""No output is ever an input, and no file that is not its own is replaced: for every command that writes files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from support.registers import project

from xlsform.cli import cli
from xlsform.cli.options import Reads, Writes
from xlsform.demo.samples import samples_folder
from xlsform.register import Register


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XLSFORM_PASSWORD", "a password")


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def commands(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def refused(folder: Path, *arguments: str | Path) -> str:
    """Run a command that is refused: exit code 2, one line, and nothing in the folder has changed."""
    before = contents(folder)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert contents(folder) == before
    return result.stderr.strip()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with one file of each kind that commands read."""
    folder = tmp_path / "desk"
    (folder / "texts").mkdir(parents=True)
    monkeypatch.chdir(folder)
    shutil.copy(samples_folder() / "faults-weights.xlsx", "in.xlsx")
    Path("data.json").write_text('{"template": "mof-2020"}', encoding="utf-8")
    Path("list.csv").write_text("项目编码,项目名称,实施单位\n001,甲,站\n", encoding="utf-8")
    Path("list-指标.csv").write_text("项目编码,二级指标,三级指标\n001,数量指标,里程\n", encoding="utf-8")
    Path("accounts.csv").write_text("项目编码,全年预算数\n001,4\n", encoding="utf-8")
    Path("waive.json").write_text("[]", encoding="utf-8")
    Path("password.txt").write_text("secret\n", encoding="utf-8")
    Path("texts/issue.txt").write_text("{{ unit }}", encoding="utf-8")
    run("templates", "show", "mof-2020", "-o", "own.json")
    with Register.open(Path("r.db"), create=True) as register:
        register.record_issued(
            project("001"), template="mof-2020", edition="2020.1", year=2021, file="x", digest="d", password="p"
        )
    return folder


REGISTER = ("r.db", "r.db-journal", "r.db-wal")
OFFICE = ("in.xlsx", "own.json", "list.csv", "list-指标.csv", "accounts.csv", *REGISTER)
_REVIEW = "in.xlsx --template own.json --projects list.csv --accounts accounts.csv --register r.db"

#: Of every command that writes files: how it is called, `OUT` in place of the output; and every file that it reads.
CASES: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {
    ("validate",): [
        (f"{_REVIEW} --waive waive.json -o OUT", (*OFFICE, "waive.json")),
        (f"{_REVIEW} --waive waive.json --format xlsx -o OUT", (*OFFICE, "waive.json")),
        (f"{_REVIEW} --waive waive.json --annotate OUT", (*OFFICE, "waive.json")),
    ],
    ("summarize",): [(f"{_REVIEW} -o OUT", OFFICE)],
    ("extract",): [("in.xlsx -o OUT", ("in.xlsx",))],
    ("fill",): [("in.xlsx data.json -o OUT", ("in.xlsx", "data.json"))],
    ("generate",): [
        ("own.json --password-file password.txt -o OUT", ("own.json", "password.txt")),
        (
            "own.json --projects list.csv --register r.db --password-file password.txt -o OUT",
            ("own.json", "list.csv", "list-指标.csv", "password.txt", *REGISTER),
        ),
    ],
    ("projects", "template"): [("own.json -o OUT", ("own.json",))],
    ("templates", "show"): [("own.json -o OUT", ("own.json",))],
    ("status",): [
        ("--register r.db -o OUT", REGISTER),
        ("--register r.db --format xlsx -o OUT", REGISTER),
        ("--register r.db --project 001 -o OUT", REGISTER),
    ],
    ("mail", "draft"): [
        (
            "OUT --register r.db --from a@example.cn --texts texts --returns in.xlsx",
            ("in.xlsx", "texts/issue.txt", *REGISTER),
        )
    ],
    ("mail", "send"): [
        (
            "--drafts OUT --smtp localhost --register r.db --from a@example.cn --texts texts --returns in.xlsx",
            ("in.xlsx", "texts/issue.txt", *REGISTER),
        )
    ],
    ("mail", "texts"): [("OUT", ())],
    ("register", "backup"): [("r.db -o OUT", REGISTER), ("r.db --replace -o OUT", REGISTER)],
    ("demo",): [("OUT", ())],
}


def test_every_command_that_writes_is_tried_here() -> None:
    writing = {name for name, command in commands(cli) if any(isinstance(each.type, Writes) for each in command.params)}
    assert writing == CASES.keys()


def test_every_path_says_whether_it_is_read_or_written() -> None:
    """A parameter of another type would escape the guard."""
    for name, command in commands(cli):
        for each in command.params:
            plain = isinstance(each.type, click.Path | click.File) and not isinstance(each.type, Reads | Writes)
            assert not plain, (name, each.name)
            if each.name in ("output", "folder", "annotate") or "-o" in each.opts:
                assert isinstance(each.type, Writes), (name, each.name)
            if each.name in ("template", "projects", "listed", "accounts", "register", "waive", "texts", "paths"):
                assert isinstance(each.type, Reads), (name, each.name)


def linked(path: Path) -> str:
    link = path.with_name("a link")
    link.symlink_to(path.name)
    return os.fspath(link)


def hard_linked(path: Path) -> str:
    link = path.with_name("a second name")
    link.hardlink_to(path)
    return os.fspath(link)


WAYS: dict[str, Callable[[Path], str]] = {
    "as given": os.fspath,
    "absolute": lambda path: os.fspath(path.absolute()),
    "by a folder's parent": lambda path: f"../desk//.//{path}",
    "by a symbolic link": linked,
    "by a hard link": hard_linked,
    "in another case": lambda path: os.fspath(path).upper(),
    "with a point at its end": lambda path: f"{path}.",
}


@pytest.mark.parametrize("name", CASES, ids=" ".join)
def test_no_output_is_an_input(name: tuple[str, ...], desk: Path) -> None:
    for text, inputs in CASES[name]:
        for each in inputs:
            arguments = [each if word == "OUT" else word for word in text.split()]
            told = refused(desk, *name, *arguments)
            assert told == f"{each}: the same command reads this file; give the output another name"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("read", ["in.xlsx", "r.db"])
def test_an_input_is_known_by_whatever_name(way: str, read: str, desk: Path) -> None:
    output = WAYS[way](Path(read))
    told = refused(desk, "validate", "in.xlsx", "--register", "r.db", "-o", output)
    assert "which the same command reads; give the output another name" in told or way == "as given"
    if way not in ("in another case", "with a point at its end"):
        told = refused(desk, "validate", output, "--register", "r.db", "-o", read)


def test_a_register_that_is_yet_to_be_made_is_none_either(desk: Path) -> None:
    for output in ("new/r.db", "new/R.DB", "new/../new/r.db"):
        told = refused(desk, "generate", "own.json", "--projects", "list.csv", "--register", "new/r.db", "-o", output)
        assert "the same command reads" in told


# --- the folder that is searched


@pytest.fixture
def inbox(desk: Path) -> Path:
    (desk / "inbox" / "unit").mkdir(parents=True)
    shutil.copy("in.xlsx", "inbox/unit/a.xlsx")
    return desk / "inbox"


@pytest.mark.parametrize(
    "output", ["inbox/report.xlsx", "inbox/unit/a.xlsx", "inbox/new/x.ZIP", "inbox/../inbox/m.eml"]
)
def test_no_report_is_written_where_it_would_be_taken_for_a_return(output: str, inbox: Path) -> None:
    told = refused(inbox.parent, "validate", "inbox", "--format", "xlsx", "-o", output)
    assert "inbox is searched for returns, and what is written here would be taken for one" in told


@pytest.mark.parametrize("output", ["inbox/report.html", "inbox/.made/report.xlsx", "report.xlsx"])
def test_a_report_may_lie_where_nobody_takes_it_for_a_return(output: str, inbox: Path) -> None:
    shown = output.rpartition(".")[2]
    assert run("validate", "inbox", "--format", shown, "-o", output).exit_code == 1
    assert run("validate", "inbox", "--format", shown, "-o", output).exit_code == 1
    assert Path(output).stat().st_size > 1000


@pytest.mark.parametrize("folder", ["inbox", "inbox/unit", "inbox/back", "linked"])
def test_copies_do_not_go_where_they_would_be_taken_for_returns(folder: str, inbox: Path) -> None:
    Path("linked").symlink_to("inbox/unit")
    told = refused(inbox.parent, "validate", "inbox", "--annotate", folder)
    assert f"{folder}: inbox is searched for returns" in told
    told = refused(
        inbox.parent, "mail", "draft", folder, "--from", "a@example.cn", "--register", "r.db", "--returns", "inbox"
    )
    assert "inbox is searched for returns" in told


def test_a_url_of_this_computer_is_no_way_round(inbox: Path) -> None:
    pytest.importorskip("fsspec")
    assert "is searched" in refused(inbox.parent, "validate", inbox.as_uri(), "-o", "inbox/x.xlsx", "--format", "xlsx")
    name = (inbox / "unit" / "a.xlsx").as_uri()
    assert "the same command reads" in refused(inbox.parent, "validate", name, "-o", "inbox/unit/a.xlsx")


def test_a_copy_does_not_take_the_place_of_a_return(desk: Path) -> None:
    assert run("validate", "in.xlsx", "--annotate", ".").exit_code == 1
    # A copy that nobody has saved since is written again.
    assert run("validate", "in.xlsx", "--annotate", ".").exit_code == 1
    for returns in (["in_退回.xlsx"], ["in.xlsx", "in_退回.xlsx"], ["in_退回.xlsx", "in.xlsx"]):
        assert "in_退回.xlsx: the same command reads this file" in refused(
            desk, "validate", *returns, "--annotate", "."
        )


def test_copies_stay_beside_an_inbox_that_lies_in_their_folder(inbox: Path) -> None:
    """It is seen only when the copy is to be written, since what lies in an archive is not known before."""
    (inbox / "inbox").mkdir()
    shutil.move(inbox / "unit" / "a.xlsx", inbox / "inbox" / "a.xlsx")
    assert "is searched for returns" in refused(inbox.parent, "validate", "inbox", "--annotate", ".")


def test_two_outputs_are_not_one(desk: Path) -> None:
    assert "two outputs would go there" in refused(desk, "validate", "in.xlsx", "--annotate", "x", "-o", "X")


# --- what stands there already


def saved_by_a_person(source: Path | str, target: Path | str) -> None:
    import openpyxl

    openpyxl.load_workbook(source).save(target)


@pytest.fixture
def own_files(desk: Path) -> list[Path]:
    """What a person would miss, of each kind."""
    Path("重要.docx").write_bytes(b"PK\3\4 a document")
    Path("notes.txt").write_text("2026-01-02\ncall the bureau\n", encoding="utf-8")
    Path("page.html").write_text("<!doctype html>\n<html><body>ours</body></html>", encoding="utf-8")
    Path("numbers.json").write_text('{"a": 1}', encoding="utf-8")
    run("generate", "mof-2020", "-o", "blank.xlsx")
    faultless = json.loads((samples_folder() / "faultless.json").read_text(encoding="utf-8"))["data"]
    Path("faultless.json").write_text(json.dumps(faultless), encoding="utf-8")
    assert run("fill", "blank.xlsx", "faultless.json", "-o", "written.xlsx").exit_code == 0
    saved_by_a_person("written.xlsx", "return.xlsx")
    run("projects", "template", "-o", "filled-list.xlsx")
    fill_in_list(Path("filled-list.xlsx"))
    shutil.copy("r.db", "other.db")
    return [desk / name for name in (
        "重要.docx", "notes.txt", "page.html", "numbers.json", "return.xlsx", "filled-list.xlsx", "other.db",
        "list.csv", "data.json", "accounts.csv", "waive.json",
    )]  # fmt: skip


def fill_in_list(path: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(3, 1).value = "001"
    book.save(path)


#: Commands that write one file, and what of the files above they read.
ONE_FILE = [
    "validate in.xlsx -o OUT",
    "validate in.xlsx --format json -o OUT",
    "validate in.xlsx --format xlsx -o OUT",
    "summarize in.xlsx -o OUT",
    "status --register r.db -o OUT",
    "extract in.xlsx -o OUT",
    "fill blank.xlsx faultless.json -o OUT",
    "projects template -o OUT",
    "templates show mof-2021 -o OUT",
]


@pytest.mark.slow
@pytest.mark.parametrize("command", ONE_FILE)
def test_a_file_of_somebody_else_is_not_replaced(command: str, own_files: list[Path], desk: Path) -> None:
    for each in own_files:
        told = refused(desk, *(each.name if word == "OUT" else word for word in command.split()))
        assert told.startswith(f"{each.name}: another file stands here, and is not replaced: only ")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_earlier_report_is_replaced_whatever_its_format(language: str, desk: Path) -> None:
    """Scripts write today's report over yesterday's, and not every day in the same format."""
    reports = [f"validate in.xlsx --format {each}" for each in ("text", "json", "jsonl", "csv", "html", "xlsx")]
    reports += ["validate in.xlsx --projects list.csv", "summarize in.xlsx"]
    reports += [f"status --register r.db --format {each}" for each in ("text", "json", "csv", "xlsx")]
    reports += [f"status --register r.db --project 001 --format {each}" for each in ("text", "json")]
    Path("out").touch()
    for each in reports:
        for _ in range(2):
            result = run("--lang", language, *each.split(), "-o", "out")
            assert result.exit_code in (0, 1), (each, result.stderr)
    for name in ("status", "summarize"):
        more = ["--register", "r.db", "--format", "xlsx"] if name == "status" else ["in.xlsx"]
        run("--lang", language, name, *more, "-o", "book.xlsx")
        saved_by_a_person("book.xlsx", "saved.xlsx")
        assert run("--lang", language, name, *more, "-o", "saved.xlsx").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", ONE_FILE)
def test_what_a_command_wrote_it_writes_again(command: str, own_files: list[Path]) -> None:
    arguments = ["out" if word == "OUT" else word for word in command.split()]
    assert run(*arguments).exit_code in (0, 1)
    assert run(*arguments).exit_code in (0, 1)


@pytest.mark.slow
def test_what_was_filled_in_is_never_issued_over(own_files: list[Path], desk: Path) -> None:
    issue = ("generate", "mof-2020", "--projects", "list.csv", "-o", "issued")
    Path("list.csv").write_text("项目编码,项目名称,实施单位\n001,甲,站\n002,乙,站\n", encoding="utf-8")
    Path("list-指标.csv").unlink()
    assert run(*issue).exit_code == 0
    first, second = sorted(Path("issued/站").iterdir())
    saved_by_a_person(first, first)
    # It was opened and saved, but nothing was filled in.
    assert run(*issue).exit_code == 0
    Path("goal.json").write_text('{"template": "mof-2020", "fields": {"goal_actual": "建成"}}', encoding="utf-8")
    run("fill", second, "goal.json", "-o", "second.xlsx")
    shutil.copy("second.xlsx", second)
    assert f"{second}: another file stands here" in refused(desk, *issue)
    refused(desk, *issue, "--register", "new.db")
    # All of them are told at once, if there are not too many.
    shutil.copy(first, "blank.xlsx")
    shutil.copy("second.xlsx", first)
    told = run(*issue).stderr.splitlines()
    assert [line.partition(": another file stands here")[0] for line in told] == [str(first), str(second)]
    shutil.copy("blank.xlsx", first)
    second.write_bytes(b"no workbook at all")
    refused(desk, *issue)
    # What would stop the round half-way is told before it begins.
    second.unlink()
    second.mkdir()
    assert refused(desk, *issue) == f"{second}: cannot be written (Is a directory)"
    shutil.rmtree("issued/站")
    Path("issued/站").write_text("a file", encoding="utf-8")
    assert refused(desk, *issue) == f"{first}: cannot be written (Not a directory)"
    # One form alone, also where its name is not given.
    assert run("generate", "mof-2020").exit_code == 0
    assert run("generate", "mof-2020").exit_code == 0
    shutil.copy("return.xlsx", "mof-2020.xlsx")
    assert "mof-2020.xlsx: another file stands here" in refused(desk, "generate", "mof-2020")
    refused(desk, "generate", "mof-2020", "-o", "return.xlsx")


def test_what_was_drafted_and_is_issued_anew_is_told(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("list.csv").write_text("项目编码,项目名称,实施单位,邮箱\n001,甲,站,a@example.cn\n", encoding="utf-8")
    Path("list-指标.csv").unlink()
    issue = ("generate", "mof-2020", "--projects", "list.csv", "-o", "issued", "--register", "new.db")
    assert "issued anew" not in run(*issue).stderr
    assert "issued anew" not in run(*issue, "--due", "2026-01-31").stderr
    assert run("mail", "draft", "drafts", "--register", "new.db", "--from", "b@example.cn").exit_code == 0
    monkeypatch.delenv("XLSFORM_PASSWORD")
    told = run(*issue, "--due", "2026-01-31").stderr
    assert ("issued anew" in told, "password" in told) == (False, False), told
    told = run(*issue, "--due", "2026-02-28").stderr
    assert "drafted or mailed before, and now issued anew: 1 workbooks; send the new ones to their units: 001" in told
    assert "random password, which the register keeps" in told


def test_what_the_system_refuses_is_told_in_the_readers_language(desk: Path) -> None:
    told = refused(desk, "--lang", "zh", "validate", "return.xlsx", "-o", "texts")
    assert told == "texts：无法写入（这是文件夹，不是文件）；请检查文件夹的权限和磁盘空间"


@pytest.mark.slow
def test_a_list_is_issued_into_the_folder_that_it_lies_in_but_not_over_it(desk: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["项目编码", "项目名称", "实施单位"])
    sheet.append(["001", "甲", "站"])
    Path("站").mkdir()
    listed = Path("站/001_甲_站.xlsx")
    book.save(listed)
    told = refused(desk, "generate", "mof-2020", "--projects", listed, "-o", ".")
    assert told == f"{listed}: the same command reads this file; give the output another name"
    listed = listed.rename("站/清单.xlsx")
    assert run("generate", "mof-2020", "--projects", listed, "-o", ".").exit_code == 0
    assert len(list(Path("站").iterdir())) == 2


@pytest.mark.slow
def test_only_what_was_filled_from_the_same_workbook_is_filled_over(own_files: list[Path], desk: Path) -> None:
    fill = ("faultless.json", "-o", "out.xlsx")
    for source in ("blank.xlsx", "saved.xlsx"):
        saved_by_a_person("blank.xlsx", "saved.xlsx")
        Path("out.xlsx").unlink(missing_ok=True)
        for _ in range(2):
            assert run("fill", source, *fill).exit_code == 0
    run("generate", "mof-2020", "--year", "2025", "-o", "other.xlsx")
    Path("goal.json").write_text('{"template": "mof-2020", "fields": {"goal_actual": "建成"}}', encoding="utf-8")
    told = refused(desk, "fill", "other.xlsx", "goal.json", "-o", "written.xlsx")
    assert "only this workbook filled in before, which nobody has saved since would be" in told


@pytest.mark.slow
@pytest.mark.parametrize("saved", [False, True], ids=["as we wrote it", "saved by a person"])
def test_a_copy_that_was_filled_in_is_not_marked_over(saved: bool, desk: Path) -> None:
    if saved:
        saved_by_a_person("in.xlsx", "in.xlsx")
    assert run("validate", "in.xlsx", "--annotate", "back").exit_code == 1
    assert run("validate", "in.xlsx", "--annotate", "back").exit_code == 1
    copy = Path("back/in_退回.xlsx")
    saved_by_a_person(copy, copy)
    assert f"{copy}: another file stands here" in refused(desk, "validate", "in.xlsx", "--annotate", "back")
    archive = shutil.make_archive("returns", "zip", ".", "in.xlsx")
    run("validate", archive, "--annotate", "back")
    (packed,) = Path("back/returns.zip").iterdir()
    saved_by_a_person(packed, packed)
    assert f"{packed}: another file stands here" in refused(desk, "validate", archive, "--annotate", "back")


@pytest.mark.slow
def test_the_wording_and_the_drafts_of_an_office_stay(desk: Path) -> None:
    draft = ("mail", "draft", "drafts", "--from", "a@example.cn", "--register", "r.db")
    assert run("mail", "texts", "wording").exit_code == 0
    assert run("mail", "texts", "wording").exit_code == 0
    edited = sorted(Path("wording").iterdir())[-1]
    edited.write_text("ours", encoding="utf-8")
    assert f"{edited}: another file stands here" in refused(desk, "mail", "texts", "wording")
    run("generate", "mof-2020", "--projects", "list.csv", "--register", "r2.db", "-o", "issued")
    Path("drafts").mkdir()
    mail = Path("drafts/001_站.eml")
    mail.write_text("From: a@example.cn\n\nX-Unsent: 1\n", encoding="utf-8")
    assert f"{mail}: another file stands here" in refused(desk, *draft)


@pytest.mark.slow
def test_the_demo_writes_over_an_earlier_one_but_not_over_what_was_filled_in(desk: Path) -> None:
    assert run("demo", "demo").exit_code == 0
    assert run("demo", "demo").exit_code == 0
    saved_by_a_person("demo/2-returned/faultless.xlsx", "demo/1-issued/mof-2020.xlsx")
    assert "demo/1-issued/mof-2020.xlsx: another file stands here" in refused(desk, "demo", "demo")


# --- places that cannot be written to, and devices


@pytest.mark.parametrize("name", CASES, ids=" ".join)
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_read(name: tuple[str, ...], desk: Path) -> None:
    Path("file").write_text("x", encoding="utf-8")
    for text, _ in CASES[name]:
        # What is read is gone: had the command begun to read, it would say so.
        gone = {} if name == ("generate",) else {"in.xlsx": "gone.xlsx", "data.json": "gone.json"}
        arguments = ["file/x" if word == "OUT" else gone.get(word, word) for word in text.split()]
        told = refused(desk, *name, *(each.replace("r.db", "new.db") for each in arguments))
        # What one workbook is named is added to the folder only when the form is known.
        told = told.replace("x/mof-2020.xlsx", "x")
        assert told == "file/x: cannot be written (Not a directory)"


def test_a_folder_is_no_file(desk: Path) -> None:
    for output in ("texts", "texts/"):
        told = refused(desk, "validate", "gone.xlsx", "-o", output)
        assert told == "texts: cannot be written (Is a directory)"


@pytest.mark.skipif(os.name == "nt", reason="there are no such devices")
def test_devices_and_pipes_are_written_to(desk: Path) -> None:
    assert run("validate", "in.xlsx", "-o", "/dev/null").exit_code == 1
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run("validate", "in.xlsx", "--format", "json", "-o", "pipe").exit_code == 1
    assert os.read(reader, 100).startswith(b'{"format": "xlsform-report"')
    os.close(reader)
