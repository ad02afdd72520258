"""Codes that only a template knows are chosen, excused and looked up like those of rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.renamed import Renaming

from xlsform.cli import cli
from xlsform.form.layout import lay_out
from xlsform.form.template import build
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.rules.own_checks import known_codes, own_checks
from xlsform.rules.registry import catalogue
from xlsform.rules.template_report import report
from xlsform.submission.recognition import recognise
from xlsform.workbook.data import fill
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

TEMPLATE = Path(__file__).parents[1] / "data" / "county-2023.json"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A return that names no documents, and no unit either."""
    layout = lay_out(build(json.loads(TEMPLATE.read_text(encoding="utf-8"))), 1)
    blank = issue(layout, lock_for("x"))
    contents = read_bytes(blank)
    assert isinstance(contents, Workbook)
    submission = recognise(Path("x.xlsx"), contents, layout.form)
    assert submission is not None
    data: dict[str, Any] = {"template": "county-2023", "year": 2023, "fields": {"project_name": "乡镇图书室建设"}}
    kinds = (("产出", "数量"), ("产出", "质量"), ("效果", "社会效果"), ("效果", "公众评价"))
    data["indicators"] = [
        {
            "level1": one,
            "level2": two,
            "name": f"{two}一项",
            "target": "≥4个",
            "actual": "4个",
            "weight": 20,
            "score": 20,
        }
        for one, two in kinds
    ]
    path = tmp_path_factory.mktemp("returned") / "x.xlsx"
    path.write_bytes(fill(submission, blank, data))
    return path


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--lang", "en"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def found(path: Path, *options: str | Path) -> list[tuple[str, str]]:
    """Return code and severity of what is found in a return."""
    result = run("validate", path, "--template", TEMPLATE, "--jobs", "1", "--format", "json", *options)
    findings = json.loads(result.stdout)["files"][0]["findings"]
    return [(each["code"], each["severity"]) for each in findings]


def test_own_codes_are_those_that_no_rule_has() -> None:
    checks = own_checks([build(json.loads(TEMPLATE.read_text(encoding="utf-8")))])
    assert {code: (each.name, each.severity.value, each.form) for code, each in checks.items()} == {
        "L001": ("evidence-missing", "error", "county-2023"),
        "L002": ("heavier-than-execution", "warning", "county-2023"),
    }
    assert known_codes(str(TEMPLATE)) == catalogue().keys() | {"L001", "L002"}
    assert known_codes(None) == catalogue().keys()


def test_they_are_selected_and_ignored(returned: Path) -> None:
    every = found(returned)
    assert ("L001", "error") in every
    assert ("H101", "error") in every
    assert set(found(returned, "--select", "L001")) == {("L001", "error")}
    assert set(found(returned, "--select", "L,H")) == {("L001", "error"), ("H101", "error")}
    assert found(returned, "--ignore", "L001") == [each for each in every if each[0] != "L001"]


def test_a_code_that_nobody_knows_is_refused(returned: Path) -> None:
    result = run("validate", returned, "--template", TEMPLATE, "--select", "L009")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no rule has the code L009; families are F, G, H, K, L, M" in result.stderr
    # Without the template that brings it L001 is unknown, too.
    result = run("validate", returned, "--select", "L001")
    assert result.exit_code == 2
    assert "no rule has the code L001; families are F, G, H, K, M" in result.stderr


def test_they_are_excused(returned: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.csv"
    waivers.write_text("code,project,reason\nL001,乡镇图书室建设,本年不要求\n", encoding="utf-8")
    assert set(found(returned, "--select", "L", "--waive", waivers)) == {("L001", "note")}
    result = run("validate", returned, "--waive", waivers)
    assert result.exit_code == 2
    assert "no rule has the code L001" in result.stderr


def test_they_have_a_page() -> None:
    page = run("rules", "L001", "--template", TEMPLATE).stdout
    assert page.splitlines()[0] == "L001 evidence-missing (error)"
    assert "(a check of the form county-2023)" in page
    every = json.loads(run("rules", "--template", TEMPLATE, "--format", "json").stdout)
    assert [each["code"] for each in every] == [*catalogue(), "L001", "L002"]
    assert "## L The form's own checks" in run("rules", "--template", TEMPLATE, "--format", "markdown").stdout
    assert "no rule has the code L001" in run("rules", "L001").stderr


# --- what is said of a template


def test_a_template_is_told_by_which_rules_it_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "renamed.json"
    content = Renaming("mof-2020", 4, swapped=False).template(frozenset(["goal_expected"]))
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    result = run("templates", "check", path)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{path}: warning: $.fields.")
    assert lines[1].startswith(f"{path}: judged by F101, F102,")
    assert lines[2:] == [
        f"{path}: not judged by H104, T106: the form has no check of that code",
        f"{path}: not judged by G102: nothing in the form has the role goal_expected",
        f"{path}: not judged by T104: nothing in the form has the role grade",
    ]


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    told = json.loads(run("templates", "check", TEMPLATE, "--format", "json").stdout)
    assert told["sound"] is True
    assert told["roles"]["funds.total.budget"] == "funds.total.budget"
    assert told["roles"]["indicators.actual"] == "indicators.*.actual"
    assert told["roles"]["grade"] is None
    assert told["rules"].keys() == catalogue().keys()
    assert (told["rules"]["M106"], told["rules"]["T104"]) == (True, False)
    assert told["not_judged"]["T104"] == "nothing in the form has the role grade"
    assert {code for code, judged in told["rules"].items() if not judged} == told["not_judged"].keys()
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": "xlsform-template"}', encoding="utf-8")
    result = run("templates", "check", "mof-2020", wrong, "--format", "json")
    assert result.exit_code == 2
    both = json.loads(result.stdout)
    assert [each["sound"] for each in both] == [True, False]
    assert both[1]["problems"]
    assert both[1]["rules"] == {}


def test_a_report_says_where_a_form_calls_its_fields_otherwise(tmp_path: Path) -> None:
    renaming = Renaming("mof-2020", 4)
    path = tmp_path / "renamed.json"
    path.write_text(json.dumps(renaming.template(), ensure_ascii=False), encoding="utf-8")
    roles = report(path).roles
    assert roles["project_name"] == renaming.name("project_name")
    assert roles["funds.total.rate"] == renaming.name("funds.total.rate")
    assert roles["indicators.score"] == renaming.name("indicators.*.score")
