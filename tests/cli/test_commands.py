"""The command line as people and scripts use it: output, exit codes, one clear message, nothing half-written."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from xlsform import __version__
from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.reading import read
from xlsform.reading.workbook import Workbook

SCHEMAS = Path(__file__).parents[2] / "xlsform/reports/schema"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XLSFORM_PASSWORD", "a password")


def run(*arguments: str | Path, stdin: str | None = None, env: Mapping[str, str | None] | None = None) -> Result:
    result = CliRunner().invoke(cli, [str(each) for each in arguments], input=stdin, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def returns(tmp_path: Path) -> Path:
    """A folder with a faultless return, a faulty one, and one that is no workbook."""
    folder = tmp_path / "returns"
    (folder / "a unit").mkdir(parents=True)
    shutil.copy(samples_folder() / "faultless.xlsx", folder / "a unit" / "good.xlsx")
    shutil.copy(samples_folder() / "faults-weights.xlsx", folder / "bad.xlsx")
    (folder / "broken.xlsx").write_bytes(b"")
    return folder


def test_what_a_message_quotes_does_not_break_its_line(returns: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.csv"
    waivers.write_text('code,project,reason,until\nM106,001,agreed,"2022\n12\r31"\n', newline="")
    result = run("--lang", "en", "validate", returns, "--waive", waivers)
    assert result.exit_code == 2
    heading, problem = result.stderr.splitlines()
    assert heading.startswith(str(waivers))
    assert "2022 12 31" in problem


def test_version_and_help() -> None:
    assert process("--version").stdout == f"xlsform {__version__}\n"
    for flag in ("-h", "--help"):
        assert "validate" in run(flag).output


# --- templates


def test_templates_lists_the_official_forms() -> None:
    assert [line.split()[0] for line in run("templates").output.splitlines()] == ["mof-2020", "mof-2021", "shanxi-2021"]
    listed = json.loads(run("templates", "--format", "json").output)
    assert {each["id"]: each["source"] for each in listed}["mof-2021"] == "财预〔2021〕101号"


def test_a_shown_template_is_whole_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    assert run("templates", "show", "shanxi-2021", "-o", path).exit_code == 0
    result = run("templates", "check", path)
    assert result.exit_code == 0
    assert [line.partition("F101")[0] for line in result.stdout.splitlines()] == [
        f"{path}: judged by ",
        f"{path}: not judged by T104: nothing in the form has the role grade",
    ]
    assert result.stderr == f"{path}: sound\n"


def test_every_problem_of_a_template_is_told(tmp_path: Path) -> None:
    content = json.loads(run("templates", "show", "mof-2020").output)
    content["fields"]["total_score"]["formula"] = "=SUM({funds.total.scores})"
    content["checks"]["weights-not-100"]["at"] = ["weights"]
    path = tmp_path / "own.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    result = run("templates", "check", path)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        f"{path}: $.fields.total_score.formula: no field {{funds.total.scores}}; known: funds.total.score, "
        "funds.total.rate, funds.other.score",
        f"{path}: $.checks.weights-not-100.at: no field fits 'weights'; known: total_weight",
    ]


# --- generate


def test_generate_writes_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "form.xlsx"
    result = run("generate", "mof-2020", "--year", "2025", "--rows", "4", "-o", path)
    assert result.exit_code == 0
    assert result.stderr == f"written: {path}\n"
    workbook = read(path)
    assert isinstance(workbook, Workbook)
    assert workbook.sheets[0].values[2, 1] == 2025.0
    assert list(path.parent.iterdir()) == [path]


def test_generate_into_a_folder_names_the_file(tmp_path: Path) -> None:
    run("generate", "mof-2021", "--year", "2025", "-o", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mof-2021-2025.xlsx"]


def test_a_random_password_is_told_but_not_shown(tmp_path: Path) -> None:
    result = run("generate", "mof-2020", "-o", tmp_path / "a.xlsx", env={"XLSFORM_PASSWORD": None})
    assert result.exit_code == 0
    assert "random password that is not kept" in result.stderr


def test_the_password_file_is_used(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("令\n", encoding="utf-8")
    result = run(
        "generate", "mof-2020", "--password-file", secret, "-o", tmp_path / "a.xlsx", env={"XLSFORM_PASSWORD": None}
    )
    assert (result.exit_code, result.stderr) == (0, f"written: {tmp_path / 'a.xlsx'}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "mof-1999"], "no template mof-1999: give one of mof-2020, mof-2021, shanxi-2021"),
        (["generate", "none.json"], "none.json: cannot be opened (No such file or directory)"),
        (["generate", "mof-2020", "--password-file", "none"], "none: cannot be opened"),
        (["validate", "nowhere"], "nowhere: no such file or folder"),
        (["validate", ".", "--select", "Q"], "no rule has the code Q; families are "),
        (["validate", ".", "--template", "none.json"], "none.json: cannot be opened"),
        (["extract", "none.xlsx"], "none.xlsx: cannot be opened"),
        (["fill", "none.xlsx", "none.json", "-o", "x.xlsx"], "none.xlsx: cannot be opened"),
        (["rules", "Z999"], "no rule has the code Z999"),
    ],
)
def test_a_mistake_is_one_clear_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_broken_template_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text('{"format": "xlsform-template",', encoding="utf-8")
    result = run("generate", path, "-o", tmp_path / "out.xlsx")
    assert result.exit_code == 2
    assert "line 1, column 31: not JSON" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["own.json"]


def test_an_output_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("generate", "mof-2020", "-o", tmp_path / "file" / "form.xlsx")
    assert result.exit_code == 2
    assert "form.xlsx: cannot be written" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_messages_are_chinese_where_asked() -> None:
    assert "没有" in run("--lang", "zh", "generate", "mof-1999").stderr
    assert "没有" in run("generate", "mof-1999", env={"LC_ALL": "zh_CN.UTF-8"}).stderr


def test_global_options_may_stand_anywhere(returns: Path) -> None:
    before = run("--lang", "zh", "validate", returns).stdout
    assert run("validate", returns, "--lang", "zh").stdout == before
    assert run("validate", "--lang=zh", returns, "-q").stdout == before
    assert run("validate", returns, "-v").stderr.splitlines() == [
        f"{returns / 'a unit' / 'good.xlsx'}: 0 findings",
        f"{returns / 'bad.xlsx'}: 1 findings",
        f"{returns / 'broken.xlsx'}: 1 findings",
    ]


# --- describe, fill, extract


def test_fill_and_extract_are_inverse(tmp_path: Path) -> None:
    form, filled, data = tmp_path / "form.xlsx", tmp_path / "filled.xlsx", tmp_path / "data.json"
    content = json.loads((samples_folder() / "faultless.json").read_text(encoding="utf-8"))["data"]
    data.write_text(json.dumps(content), encoding="utf-8")
    run("generate", "mof-2020", "-o", form)
    before = form.read_bytes()
    assert run("fill", form, data, "-o", filled).exit_code == 0
    found = json.loads(run("extract", filled).output)
    assert found.pop("computed")["total_score"] == 99.47
    assert found == content
    assert form.read_bytes() == before


def test_data_that_do_not_fit_are_refused_whole(tmp_path: Path) -> None:
    form, data = tmp_path / "form.xlsx", tmp_path / "data.json"
    run("generate", "mof-2020", "-o", form)
    data.write_text('{"template": "mof-2020", "fields": {"name": "x"}}', encoding="utf-8")
    result = run("fill", form, data, "-o", tmp_path / "filled.xlsx")
    assert result.exit_code == 2
    assert "$.fields.name: unknown key" in result.stderr
    assert not (tmp_path / "filled.xlsx").exists()


def test_describe_knows_templates_and_workbooks(tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    run("generate", "mof-2020", "--rows", "5", "-o", form)
    of_workbook = json.loads(run("describe", form, "--format", "json").output)
    assert sum(1 for each in of_workbook if each["name"].endswith(".reason")) == 45
    of_template = json.loads(run("describe", "mof-2020", "--format", "json").output)
    assert of_template[0] == {
        "name": "year", "cell": "自评表!A2", "kind": "input", "type": "year", "label": "年度", "required": True,
    }  # fmt: skip
    assert "* unit " in run("describe", "mof-2020").output


# --- validate


def test_text_is_grouped_by_file_worst_first(returns: Path) -> None:
    result = run("validate", returns)
    assert result.exit_code == 1
    headings = [line.split()[0] for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert headings[:-2] == ["UNREADABLE", "FAILED", "PASSED"]
    assert result.stdout.splitlines()[-2:] == [
        "3 files: 1 passed, 1 failed, 1 unreadable; 2 errors, 0 warnings, 0 notes",
        "2 not compared with what was approved: there is no project list or register that has the project",
    ]
    assert result.stderr == ""


def test_json_follows_its_schema_and_the_contract(returns: Path) -> None:
    result = run("validate", returns, "--format", "json")
    report = json.loads(result.stdout)
    Draft202012Validator(json.loads((SCHEMAS / "report.schema.json").read_text(encoding="utf-8"))).validate(report)
    assert report["summary"] == {
        "files": 3, "passed": 1, "failed": 1, "unreadable": 1, "findings": {"error": 2, "warning": 0, "note": 0},
    }  # fmt: skip
    assert [Path(each["path"]).name for each in report["files"]] == ["good.xlsx", "bad.xlsx", "broken.xlsx"]
    good, bad, broken = report["files"]
    assert (good["status"], good["findings"], good["score"], good["year"]) == ("passed", [], 99.47, 2021)
    assert (good["template"], good["project_name"], good["unit"]) == ("mof-2020", "农村公路养护", "某县公路养护中心")
    finding = bad["findings"][0]
    assert (finding["code"], finding["rule"], finding["severity"]) == ("W101", "weights-not-100", "error")
    assert (finding["cell"], finding["field"], finding["found"], finding["expected"]) == (
        "自评表!G40",
        "total_weight",
        105,
        100,
    )
    assert (broken["status"], broken["findings"][0]["code"]) == ("unreadable", "F101")


def test_json_lines_and_csv_say_the_same(returns: Path) -> None:
    files = json.loads(run("validate", returns, "--format", "json").stdout)["files"]
    lines = [json.loads(line) for line in run("validate", returns, "--format", "jsonl").stdout.splitlines()]
    assert lines == files
    table = run("validate", returns, "--format", "csv").stdout
    assert table.startswith("\ufeffpath,")
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [(row["code"], row["cell"], row["message"]) for row in rows] == [
        (finding["code"], finding["cell"] or "", finding["message"]) for each in files for finding in each["findings"]
    ]


def test_a_report_is_written_whole(returns: Path, tmp_path: Path) -> None:
    output = tmp_path / "reports" / "report.json"
    result = run("validate", returns, "--format", "json", "-o", output)
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(output.read_text(encoding="utf-8"))["summary"]["files"] == 3
    assert [each.name for each in output.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["faultless.xlsx"], 0),
        (["faults-weights.xlsx"], 1),
        (["faults-weights.xlsx", "--fail-on", "never"], 0),
        (["faults-goal.xlsx"], 0),
        (["faults-goal.xlsx", "--fail-on", "warning"], 1),
        (["faults-weights.xlsx", "--ignore", "W"], 0),
        (["faults-weights.xlsx", "--ignore", "P1,W101"], 0),
        (["faults-weights.xlsx", "--select", "M,H1"], 0),
        (["faults-weights.xlsx", "--select", "w10"], 1),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert run("validate", samples_folder() / arguments[0], *arguments[1:]).exit_code == code


def test_an_unreadable_file_fails_the_batch(returns: Path) -> None:
    assert run("validate", returns / "broken.xlsx").exit_code == 1
    assert run("validate", returns / "broken.xlsx", "--fail-on", "never").exit_code == 0


def test_a_folder_without_workbooks_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x", encoding="utf-8")
    (tmp_path / "~$open.xlsx").write_bytes(b"lock")
    result = run("validate", tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("no workbook found; looked for ")


def test_a_named_template_is_taken(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    run("templates", "show", "mof-2020", "-o", own)
    assert run("validate", samples_folder() / "faultless.xlsx", "--template", own).exit_code == 0


def test_annotated_copies_validate_like_any_return(returns: Path, tmp_path: Path) -> None:
    back = tmp_path / "back"
    before = {path: path.read_bytes() for path in returns.rglob("*.xlsx")}
    result = run("validate", returns, "--annotate", back)
    assert result.exit_code == 1
    assert "broken.xlsx: cannot be marked" in result.stderr
    assert [path.relative_to(back).as_posix() for path in back.rglob("*.xlsx")] == ["bad_退回.xlsx"]
    assert {path: path.read_bytes() for path in returns.rglob("*.xlsx")} == before
    first = json.loads(run("validate", returns / "bad.xlsx", "--format", "json").stdout)["files"][0]
    again = json.loads(run("validate", back, "--format", "json").stdout)["files"][0]
    assert again["findings"] == first["findings"]


def test_a_sound_command_line_prints_nothing_twice(returns: Path) -> None:
    assert run("validate", returns, returns / "bad.xlsx", "--format", "jsonl").stdout.count("bad.xlsx") == 1


# --- rules, demo


def test_rules_prints_manual_pages() -> None:
    page = run("rules", "m102").output
    assert page.startswith("M102 total-not-sum-of-sources (error)\n\n")
    assert "Why it matters" in page
    every = run("rules").output
    assert page.strip() in every
    assert json.loads(run("rules", "M102", "--format", "json").output)[0]["code"] == "M102"


def test_the_demo_shows_the_whole_way(tmp_path: Path) -> None:
    result = run("demo", tmp_path / "demo")
    assert result.exit_code == 0
    folder = tmp_path / "demo"
    assert {path.name for path in (folder / "2-returned").iterdir()} == {
        "faultless.xlsx",
        "faults-points.xlsx",
        "seed.xlsx",
    }
    assert "seed.xlsx: failed" in result.stdout
    assert "faultless.xlsx: passed, 0 findings" in result.stdout
    for line in result.stdout.splitlines()[:4]:
        assert any(Path(line.split(": ")[0]).iterdir())


# --- as a process


def process(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    command = [sys.executable, "-m", "xlsform", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


def test_output_is_utf_8_whatever_the_console(returns: Path) -> None:
    done = process("--lang", "zh", "validate", returns, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 1
    assert "农村公路养护" in done.stdout


def loaded_by(*arguments: object) -> set[str]:
    """Return the modules that are loaded when a command has done its work, named whole and by each of their parents."""
    code = (
        f"import sys; sys.argv = {['xlsform', *map(str, arguments)]!r}\n"
        "from xlsform.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True)
    return set(done.stdout.splitlines()[-1].split())


#: What costs much of a start, or is of no use without what it is for; no command has these loaded unasked.
COSTLY = {
    "calendar", "concurrent.futures", "csv", "difflib", "email", "html", "http", "jinja2", "jsonschema", "logging",
    "msoffcrypto", "multiprocessing", "olefile", "openpyxl", "python_calamine", "rich", "sqlite3", "ssl", "subprocess",
    "urllib.request",
}  # fmt: skip


def test_the_version_is_told_with_no_more_than_click() -> None:
    loaded = loaded_by("--version")
    assert "click" in loaded
    own = {name for name in loaded if name.startswith("xlsform.")}
    assert own == {"xlsform.cli", "xlsform.cli.console", "xlsform.cli.group", "xlsform.cli.streams"}
    assert not loaded & {*COSTLY, "lxml", "ironcalc", "xlsxwriter", "pathlib"}


def test_the_help_is_told_without_what_commands_need() -> None:
    loaded = loaded_by("--help")
    own = {name for name in loaded if name.startswith("xlsform.")}
    assert all(name == "xlsform.cli" or name.startswith("xlsform.cli.") for name in own), own
    assert not loaded & {*COSTLY, "lxml", "ironcalc", "xlsxwriter"}


def test_one_return_is_judged_without_what_only_others_need() -> None:
    loaded = loaded_by("validate", samples_folder() / "faultless.xlsx")
    assert {"lxml.etree", "ironcalc", "xlsform.verdict.verdict"} <= loaded
    rooms = {"xlsform.projects", "xlsform.register"}
    parts = {
        "xlsform.batch.processes", "xlsform.verdict.waivers", "xlsform.workbook.prepared", "xlsform.workbook.issued",
        "xlsform.inbox.archives", "xlsform.inbox.mail", "xlsform.inbox.mailboxes", "xlsform.inbox.headers",
        "xlsform.reading.legacy", "xlsform.reports.tally", "xlsform.reports.html", "xlsform.form.check.grid",
        "xlsform.form.check.meaning",
    }  # fmt: skip
    assert all(importlib.util.find_spec(name) for name in rooms | parts), "what is gone cannot be loaded"
    assert not loaded & {*COSTLY, *rooms, *parts, "pickle", "tempfile", "xlsxwriter"}


def test_a_form_is_written_without_what_only_returns_need(tmp_path: Path) -> None:
    loaded = loaded_by("generate", "mof-2020", "-o", tmp_path / "form.xlsx")
    assert {"xlsxwriter", "xlsform.workbook.prepared"} <= loaded
    rooms = {f"xlsform.{name}" for name in ("verdict", "rules", "submission", "inbox", "projects", "register")}
    assert all(importlib.util.find_spec(name) for name in rooms), "what is gone cannot be loaded"
    # Click asks difflib about every short option.
    assert not loaded & ({*COSTLY, *rooms} - {"difflib"})


def test_a_reader_that_stops_early_is_no_error(returns: Path) -> None:
    command = f"'{sys.executable}' -m xlsform rules | head -1"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert done.stderr == ""
