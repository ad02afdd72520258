"""A form whose fields have other names is judged as the official one is, but for the names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from support.data import document
from support.forms import TEMPLATES, faultless, informed, issued, layout_of
from support.mutations import MUTATIONS
from support.renamed import Renaming
from support.valid_forms import Filling, filling

from xlsform.cli import cli
from xlsform.demo.samples import Sample, samples, typed_over
from xlsform.findings import Finding
from xlsform.form.check import problems
from xlsform.form.definition import Form
from xlsform.form.field_types import Cast
from xlsform.form.layout import lay_out
from xlsform.form.template import build, load
from xlsform.messages import render
from xlsform.projects import read_accounts, read_projects, values
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.submission.extract import extract
from xlsform.submission.office_records import OfficeRecords
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Options, Verdict
from xlsform.workbook.data import fill
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

SEEDS = (1, 2)
LOCK = lock_for("a password")


@cache
def renamed(template: str, seed: int) -> tuple[Renaming, Form]:
    renaming = Renaming(template, seed)
    assert problems(renaming.template()) == []
    return renaming, renaming.form()


def judged(subject: Submission) -> list[Finding]:
    return judge(ReceivedFile(subject.path, subject.workbook, subject))


def told(findings: list[Finding], renaming: Renaming | None = None) -> list[tuple[Any, ...]]:
    """Return what findings say, under new names where a renaming is given."""
    return [
        (
            *(each.code, each.rule, each.severity, each.cell, each.found, each.expected, each.place),
            renaming.name(each.field) if renaming and each.field else each.field,
            # The one message that spells names out.
            render(each.message, "en") if each.code != "S114" else each.found,
        )
        for each in findings
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("template", "seed"), [("mof-2020", 1), ("mof-2021", 2), ("shanxi-2021", 3)])
def test_planted_faults_give_the_same_findings(template: str, seed: int) -> None:
    renaming, form = renamed(template, seed)
    for mutation in (each for each in MUTATIONS if template in each.templates):
        subject = mutation.planted(template)
        assert told(judged(renaming.returned(subject, form))) == told(judged(subject), renaming), mutation.about


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_has_no_finding(template: str, seed: int) -> None:
    renaming, form = renamed(template, seed)
    values = {renaming.name(name): value for name, value in faultless(template).items()}
    workbook = issued(lay_out(form), values)
    subject = recognise(Path("x.xlsx"), workbook, form)
    assert subject is not None
    assert judged(subject) == []
    assert subject.typed.keys() == values.keys()


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(st.builds(filling, st.randoms(use_true_random=True)), st.sampled_from(SEEDS))
def test_whatever_is_filled_in_gives_the_same_findings(filled: Filling, seed: int) -> None:
    renaming, form = renamed(filled.template, seed)
    layout = layout_of(filled.template, filled.rows)
    held = {name: value for name, value in filled.values.items() if name in layout.fields}
    subject = recognise(Path("x.xlsx"), issued(layout, held))
    assert subject is not None
    assert told(judged(renaming.returned(subject, form))) == told(judged(subject), renaming)


# --- generated, filled in, read and validated


def opened(data: bytes, form: Form) -> Submission:
    contents = read_bytes(data)
    assert isinstance(contents, Workbook)
    subject = recognise(Path("x.xlsx"), contents, form)
    assert subject is not None
    return subject


def filled_in(form: Form, data: Mapping[str, Any], sample: Sample, year: int) -> bytes:
    blank = issue(lay_out(form), LOCK, year=year)
    content = fill(opened(blank, form), blank, data)
    return typed_over(content, sample.typed_over) if sample.typed_over else content


def verdict(data: bytes, form: Form) -> Verdict:
    subject = opened(data, form)
    return Judge(Options(), form).concluded("x.xlsx", None, ReceivedFile(subject.path, subject.workbook, subject))


@pytest.mark.parametrize("sample", list(samples()), ids=lambda sample: sample.name)
def test_samples_come_out_the_same(sample: Sample) -> None:
    template, year = sample.data["template"], int(sample.data["year"])
    renaming, form = renamed(template, 3)
    original = verdict(filled_in(load(template), sample.data, sample, year), load(template))
    data = filled_in(form, renaming.data(sample.data), sample, year)
    found = verdict(data, form)
    assert told(list(found.findings)) == told(list(original.findings), renaming)
    assert found.summary is not None
    assert original.summary is not None
    for name in ("status", "template", "year", "project_name", "unit", "score"):
        assert getattr(found, name) == getattr(original, name)
    for name in ("department", "figures", "grade", "missed_targets", "narratives"):
        assert getattr(found.summary, name) == getattr(original.summary, name)
    # Data go by the form's own names.
    assert extract(opened(data, form))["fields"].keys() <= form.fields.keys()


HEADINGS = (
    "项目编码",
    "项目名称",
    "主管部门",
    "实施单位",
    "年初预算数",
    "全年预算数",
    "其中：当年财政拨款全年预算数",
    "年度总体目标",
)
PROJECT = ("001", "农村公路养护", "某县交通运输局", "某县公路养护中心", "100", "120", "110", "养护农村公路 120 公里。")


@pytest.fixture
def project_list(tmp_path: Path) -> Path:
    layout, held = layout_of("mof-2020"), faultless("mof-2020")
    path = tmp_path / "项目.csv"
    path.write_text(f"{','.join(HEADINGS)}\n{','.join(PROJECT)}\n", encoding="utf-8")
    lines = ["项目编码,二级指标,三级指标,年度指标值,分值"]
    for row in layout.indicator_rows:
        first = next(iter(row.values()))
        name, target, weight = (held.get(f"indicators.{first.row}.{column}") for column in ("name", "target", "weight"))
        lines += [f"001,{first.level2},{name},{target},{weight}"] if name else []
    (tmp_path / "项目-指标.csv").write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_project_list_prefills_the_same_cells(project_list: Path) -> None:
    renaming, form = renamed("mof-2020", 4)
    official = load("mof-2020")
    ours, theirs = read_projects(project_list, form), read_projects(project_list, official)
    assert ours.problems == theirs.problems == ()
    assert ours.projects == theirs.projects
    (project,) = ours.projects
    layout, other = lay_out(form, 1), lay_out(official, 1)
    prefilled = values(project, layout)
    assert prefilled == {renaming.name(name): value for name, value in values(project, other).items()}
    assert {layout.fields[name].cell for name in prefilled} >= {
        "B3",
        "B4",
        "F4",
        "D6",
        "E6",
        "E7",
        "B11",
        "D13",
        "E13",
        "G13",
    }


def test_a_list_may_name_columns_by_role_and_by_the_forms_own_names(tmp_path: Path) -> None:
    renaming, form = renamed("mof-2020", 4)
    for name in ("funds.carryover.budget", renaming.name("funds.carryover.budget")):
        path = tmp_path / "list.csv"
        path.write_text(f"project_code,project_name,unit,{name}\n001,农村公路养护,某单位,10\n", encoding="utf-8")
        found = read_projects(path, form)
        assert [problem.line for problem in found.problems] == []
        assert found.projects[0].amounts == {"funds.carryover.budget": Decimal(10)}


def test_final_accounts_are_compared(tmp_path: Path) -> None:
    renaming, form = renamed("mof-2020", 4)
    path = tmp_path / "accounts.csv"
    path.write_text("项目编码,全年执行数\nP-1,118\n", encoding="utf-8")
    accounts = read_accounts(path, form)
    assert accounts == read_accounts(path, load("mof-2020")) == {"P-1": {"funds.total.executed": Decimal(118)}}
    data = issue(lay_out(form), LOCK, project_code="P-1")
    held = document(layout_of("mof-2020"), faultless("mof-2020"))
    subject = opened(fill(opened(data, form), data, renaming.data(held)), form)
    (finding,) = judged(informed(subject, OfficeRecords(accounts=accounts)))
    assert (finding.code, finding.cell, finding.field) == ("M111", "自评表!F6", renaming.name("funds.total.executed"))


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--lang", "en"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def round_of(folder: Path, template: Path, listed: Path, rename: Renaming | None) -> list[dict[str, Any]]:
    """Issue a project's workbook, fill it in with a fault or two, and return what is said of the return."""
    folder.mkdir()
    register = folder / "register.db"
    run("generate", template, "--projects", listed, "--year", "2021", "--register", register, "-o", folder / "issued")
    (path,) = (folder / "issued").rglob("*.xlsx")
    form = build(json.loads(template.read_text(encoding="utf-8")))
    blank = path.read_bytes()
    held: dict[str, Cast] = faultless("mof-2020")
    held |= {"goal_expected": "养护农村公路 120 公里。", "goal_actual": "养护农村公路 120 公里。"}
    data = document(layout_of("mof-2020"), held)
    data["template"] = form.id
    data["funds"]["total"]["executed"] = 200
    returned = folder / "returned.xlsx"
    returned.write_bytes(fill(opened(blank, form), blank, rename.data(data) if rename else data))
    options = ("--template", template, "--register", register, "--jobs", "1", "--format", "json")
    first: list[dict[str, Any]] = json.loads(run("validate", returned, *options))["files"]
    # Remembered by the register, and compared with what was issued.
    again = json.loads(run("validate", returned, "--projects", listed, *options))["files"]
    assert [each.pop("approved_by") for each in first + again] == ["register", "list"]
    assert again == first
    status = json.loads(run("status", "--register", register, "--format", "json"))
    assert [unit["projects"][0]["state"] for unit in status["units"]] == ["sent_back"]
    return first


@pytest.mark.slow
def test_a_round_with_list_and_register_comes_out_the_same(tmp_path: Path, project_list: Path) -> None:
    renaming, _ = renamed("mof-2020", 5)
    own, official = tmp_path / "renamed.json", tmp_path / "official.json"
    own.write_text(json.dumps(renaming.template() | {"id": "renamed"}), encoding="utf-8")
    official.write_text(json.dumps(renaming.content | {"id": "renamed"}), encoding="utf-8")
    found = round_of(tmp_path / "a", own, project_list, renaming)
    expected = round_of(tmp_path / "b", official, project_list, None)
    for each in found + expected:
        del each["path"], each["sha256"]
    for each in expected[0]["findings"]:
        each["field"] = each["field"] and renaming.name(each["field"])
    assert found == expected
    assert {"G102", "M102"} <= {each["code"] for each in found[0]["findings"]}
