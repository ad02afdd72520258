"""Forged, older and foreign workbooks, judged with what the office knows: whatever they claim, the change is found."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from xlsform.batch.compare import compared
from xlsform.batch.remembered import judged_by
from xlsform.cli import cli
from xlsform.findings import Severity
from xlsform.form import identity as identities
from xlsform.form.identity import Identity
from xlsform.form.template import load
from xlsform.inbox import Incoming
from xlsform.messages import render
from xlsform.projects import ListedIndicator, Project
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.submission.carriers import identities_in
from xlsform.submission.office_records import LatestIssue
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Options, Verdict
from xlsform.workbook.issue_projects import issue_project
from xlsform.workbook.locks import lock_for

FORM = load("mof-2020")
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
YEAR = 2024
TRUE = Project(
    code="P-1",
    name="农村公路养护",
    department="某县交通运输局",
    unit="某县公路养护中心",
    email="",
    amounts={"funds.total.initial": Decimal(100), "funds.total.budget": Decimal("120.5")},
    indicators=(
        ListedIndicator("产出指标", "数量指标", "养护里程", "≥120公里", Decimal(50)),
        ListedIndicator("产出指标", "质量指标", "验收合格率", "≥95%", Decimal(40)),
    ),
    extra={},
    row=2,
    texts={"goal_expected": "养护农村公路 120 公里，验收合格率不低于 95%。"},
)


def _first(**changes: Any) -> Project:
    first, *others = TRUE.indicators
    return dataclasses.replace(TRUE, indicators=(dataclasses.replace(first, **changes), *others))


#: Each thing that is approved, changed to the unit's advantage.
CHANGED: Mapping[str, Project] = {
    "name": dataclasses.replace(TRUE, name="农村公路养护（一期）"),
    "department": dataclasses.replace(TRUE, department="某县财政局"),
    "unit": dataclasses.replace(TRUE, unit="某县公路局"),
    "initial": dataclasses.replace(TRUE, amounts={**TRUE.amounts, "funds.total.initial": Decimal(80)}),
    "budget": dataclasses.replace(TRUE, amounts={**TRUE.amounts, "funds.total.budget": Decimal(100)}),
    "goal": dataclasses.replace(TRUE, texts={"goal_expected": "养护农村公路 1 公里。"}),
    "target": _first(target="≥1公里"),
    "weight": _first(weight=Decimal(45)),
    "indicator's name": _first(name="养护次数"),
    "indicator left out": dataclasses.replace(TRUE, indicators=TRUE.indicators[1:]),
}
#: The codes by which it is told that a return is not what was approved.
TELLING = ("S104", "P114", "W105", "H103", "K101", "M113", "G105", "H102", "H105", "S113", "X104")
LOCK = lock_for("office secret")


def issued(project: Project, key: bytes | None = KEY, year: int = YEAR) -> Workbook:
    contents = read_bytes(issue_project(FORM, project, LOCK, year=year, key=key))
    assert isinstance(contents, Workbook)
    return contents


def identity_of(workbook: Workbook) -> Identity:
    return identities_in(workbook)["sheet"]


def rewritten(workbook: Workbook, sheet: Identity, others: Identity | None = None) -> Workbook:
    """Return a workbook whose carriers hold other identities; the properties and the name those of `others`."""
    others = others or sheet
    hidden = dataclasses.replace(
        workbook.sheets[-1],
        values={
            (row, column): text for row, pair in enumerate(sheet.sheet_rows(), 1) for column, text in enumerate(pair, 1)
        },
    )
    properties = {identities.PROPERTY_PREFIX + key: value for key, value in others.pairs().items()}
    names = {**workbook.names, identities.NAME: f'"{others.name_text()}"'}
    return dataclasses.replace(workbook, sheets=(*workbook.sheets[:-1], hidden), properties=properties, names=names)


def without_identity(workbook: Workbook) -> Workbook:
    names = {name: target for name, target in workbook.names.items() if name != identities.NAME}
    return dataclasses.replace(workbook, sheets=workbook.sheets[:-1], properties={}, names=names)


GENUINE = identity_of(issued(TRUE))


def _edited(project: Project) -> Workbook:
    """What was prefilled is changed, and so is the record of it; the seal stays what it was."""
    workbook = issued(project)
    claimed = dataclasses.replace(identity_of(workbook), digest=GENUINE.digest, signature=GENUINE.signature)
    return rewritten(workbook, claimed)


def _resealed(project: Project) -> Workbook:
    """The same, sealed anew: all but the signature is right."""
    return issued(project, key=None)


def _signature_carried_over(project: Project) -> Workbook:
    workbook = issued(project, key=None)
    return rewritten(workbook, dataclasses.replace(identity_of(workbook), signature=GENUINE.signature))


def _claims_dropped(project: Project) -> Workbook:
    """Nothing is claimed to have been prefilled, as if the unit had typed all of it into a blank workbook."""
    workbook = issued(project, key=None)
    return rewritten(workbook, dataclasses.replace(identity_of(workbook), issued={}).sealed())


def _claims_and_code_dropped(project: Project) -> Workbook:
    workbook = issued(project, key=None)
    return rewritten(workbook, dataclasses.replace(identity_of(workbook), issued={}, project_code="").sealed())


def _mixed(project: Project) -> Workbook:
    """The hidden sheet is forged, the other carriers are those of the genuine workbook."""
    workbook = issued(project, key=None)
    return rewritten(workbook, identity_of(workbook), GENUINE)


def _typed_over(project: Project) -> Workbook:
    """The identity is the genuine one, the cells hold something else."""
    return rewritten(issued(project), GENUINE)


def _other_project(project: Project) -> Workbook:
    """It claims to be of a project that nobody knows."""
    return issued(dataclasses.replace(project, code="P-9"), key=None)


FORGERIES: Mapping[str, Callable[[Project], Workbook]] = {
    "edited": _edited,
    "resealed": _resealed,
    "signature carried over": _signature_carried_over,
    "claims dropped": _claims_dropped,
    "claims and code dropped": _claims_and_code_dropped,
    "an earlier issue": issued,
    "of another register": partial(issued, key=OTHER_KEY),
    "of an earlier year": partial(issued, year=YEAR - 1),
    "of an earlier year of another register": partial(issued, key=OTHER_KEY, year=YEAR - 1),
    "carriers mixed": _mixed,
    "typed over": _typed_over,
    "another project's code": _other_project,
    "stripped": lambda project: without_identity(issued(project)),
}

LATER_LIST = dataclasses.replace(
    TRUE,
    amounts={**TRUE.amounts, "funds.total.budget": Decimal(130)},
    indicators=(dataclasses.replace(TRUE.indicators[0], target="≥150公里"), TRUE.indicators[1]),
)
LATEST = {"P-1": LatestIssue(TRUE, YEAR, GENUINE.digest)}
#: What the office has.
KNOWN: Mapping[str, Options] = {
    "list": Options(projects={"P-1": TRUE}, listed=True),
    "register": Options(projects={"P-1": TRUE}, issues=LATEST, keys=(KEY,)),
    "register without digests": Options(
        projects={"P-1": TRUE}, issues={"P-1": LatestIssue(TRUE, YEAR, "")}, keys=(KEY,)
    ),
    "both": Options(projects={"P-1": TRUE}, issues=LATEST, keys=(KEY,), listed=True),
    "both, differing": Options(projects={"P-1": LATER_LIST}, issues=LATEST, keys=(KEY,), listed=True),
}


def verdict(workbook: Workbook, options: Options) -> Verdict:
    judge = Judge(options)
    path = Path("return.xlsx")
    submission = recognise(path, workbook, None, judge.records)
    found = judge.concluded(str(path), "0" * 64, ReceivedFile(path, workbook, submission))
    first, *_ = compared([Judged(Incoming(str(path), path.name, b"", None, ""), found)], options)
    return first.verdict


def told(workbook: Workbook, options: Options) -> list[str]:
    """Return the codes of the errors that tell that a return is not what was approved."""
    findings = verdict(workbook, options).findings
    return [each.code for each in findings if each.code in TELLING and each.severity is Severity.ERROR]


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("changed", CHANGED)
def test_whatever_was_changed_is_found(changed: str, forgery: str, known: str) -> None:
    assert told(FORGERIES[forgery](CHANGED[changed]), KNOWN[known])


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("stripped", [False, True])
def test_the_genuine_workbook_and_its_faithful_copy_are_not_accused(known: str, stripped: bool) -> None:
    genuine = issued(TRUE)
    found = told(without_identity(genuine) if stripped else genuine, KNOWN[known])
    # A copy is compared with the list, which asks for more by now.
    assert found == (["M113", "P114"] if stripped and known == "both, differing" else [])


@pytest.mark.parametrize("forgery", [name for name in FORGERIES if name not in ("typed over", "an earlier issue")])
def test_without_list_and_register_nothing_is_proved_and_that_is_told(forgery: str) -> None:
    found = verdict(FORGERIES[forgery](CHANGED["target"]), Options())
    assert found.approved_by == "return"
    assert found.uncompared


@pytest.mark.parametrize(("known", "by"), [("list", "list"), ("register", "register"), ("both", "list")])
def test_who_says_what_was_approved(known: str, by: str) -> None:
    assert verdict(issued(TRUE), KNOWN[known]).approved_by == by


def test_a_workbook_that_was_issued_again_without_a_change_is_a_note() -> None:
    again = Options(projects={"P-1": TRUE}, issues={"P-1": LatestIssue(TRUE, YEAR, "0" * 64)}, keys=(KEY,))
    found = [(each.code, each.severity) for each in verdict(issued(TRUE), again).findings if each.code in TELLING]
    assert found == [("H102", Severity.NOTE)]


def test_a_workbook_of_an_earlier_year_is_told_as_that_and_not_as_forged() -> None:
    for key in (KEY, OTHER_KEY):
        assert told(issued(TRUE, key=key, year=YEAR - 1), KNOWN["register"]) == ["H102"]


def test_what_an_earlier_issue_was_issued_with_is_told_as_that() -> None:
    earlier = issued(CHANGED["target"])
    typed_over = rewritten(issued(_first(target="≥2公里")), identity_of(earlier))
    (finding,) = [each for each in verdict(typed_over, KNOWN["register"]).findings if each.code == "S104"]
    assert render(finding.message, "en").endswith("was issued as ≥1公里, now it is ≥2公里")


def test_an_earlier_issue_names_what_changed_since() -> None:
    earlier = issued(CHANGED["target"])
    (finding,) = [each for each in verdict(earlier, KNOWN["register"]).findings if each.code in TELLING]
    assert finding.code == "H102"
    message = render(finding.message, "en")
    assert message.startswith("a later workbook was issued for this project; changed since: ")
    assert "指标值" in message


def test_what_a_stripped_workbook_says_is_compared_by_code_where_the_form_has_one() -> None:
    found = verdict(without_identity(issued(CHANGED["target"])), KNOWN["list"])
    assert (found.read_by, found.project_code) == ("labels", "P-1")
    assert "P114" in [each.code for each in found.findings]
    structure = [each.code for each in found.findings if each.code[0] == "S"]
    assert structure == ["S116"]


def listed(path: Path, target: str) -> Path:
    content = {
        "projects": [
            {
                "project_code": "P-1",
                "project_name": "农村公路养护",
                "department": "某县交通运输局",
                "unit": "某县公路养护中心",
                "indicators": [
                    {"level2": "数量指标", "name": "养护里程", "target": target, "weight": 50},
                    {"level2": "社会效益指标", "name": "受益人口", "target": "≥1万人", "weight": 30},
                    {"level2": "服务对象满意度指标", "name": "群众满意度", "target": "≥90%", "weight": 10},
                ],
            }
        ]
    }
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def run(*arguments: str | Path, code: int) -> Result:
    result = CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def filled_in(folder: Path, projects: Path, *options: str | Path) -> Path:
    """Issue the workbook of a list, and fill it in without a fault."""
    run("generate", "mof-2020", "--projects", projects, "--year", "2024", "-o", folder / "issued", *options, code=0)
    (workbook,) = (folder / "issued").rglob("*.xlsx")
    data = json.loads(run("extract", workbook, code=0).stdout)
    data["fields"] |= {
        "goal_expected": "养护农村公路 120 公里。",
        "goal_actual": "全年共养护农村公路 3 公里，其余推迟到次年。",
    }
    data["funds"] = {row: {"initial": 4, "budget": 4, "executed": 3.92} for row in ("total", "appropriation")}
    for each, actual in zip(data["indicators"], ("3", "12000", "0.95"), strict=False):
        each |= {"actual": actual, "score": each["weight"]}
    data.pop("computed")
    (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    run("fill", workbook, folder / "data.json", "-o", folder / "return.xlsx", code=0)
    return folder / "return.xlsx"


def test_a_workbook_made_with_a_lower_target_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "forger").mkdir()
    forged = filled_in(tmp_path / "forger", listed(tmp_path / "forger/list.json", "≥1公里"))
    told_alone = json.loads(run("validate", forged, "--format", "jsonl", code=0).stdout)
    assert (told_alone["status"], told_alone["approved_by"]) == ("passed", "return")
    approved = listed(tmp_path / "approved.json", "≥120公里")
    result = json.loads(run("validate", forged, "--projects", approved, "--format", "jsonl", code=1).stdout)
    (finding,) = [each for each in result["findings"] if each["severity"] == "error"]
    assert (finding["code"], finding["found"], finding["expected"]) == ("S104", "≥1公里", "≥120公里")
    assert finding["field"].endswith(".target")
    assert "approved was ≥120公里, now it is ≥1公里" in finding["message"]


def test_where_list_and_register_differ_the_office_is_told_once(tmp_path: Path) -> None:
    register = tmp_path / "r.db"
    genuine = filled_in(tmp_path, listed(tmp_path / "list.json", "≥2公里"), "--register", register)
    both = ("--projects", listed(tmp_path / "later.json", "≥120公里"), "--register", register)
    result = run("validate", genuine, genuine, *both, "--format", "jsonl", code=0)
    assert result.stderr.count("the list differs from what was issued last (P-1)") == 1
    assert {json.loads(line)["approved_by"] for line in result.stdout.splitlines()} == {"register"}


def _with(workbook: Workbook, field: str, formula: str) -> Workbook:
    """Return a workbook with a formula in a field, beside the result that is stored there."""
    sheet = workbook.sheets[0]
    place = recognise_plainly(workbook).entries[field].position
    assert place is not None
    changed = dataclasses.replace(sheet, formulas={**sheet.formulas, place: formula})
    return dataclasses.replace(workbook, sheets=(changed, *workbook.sheets[1:]))


def recognise_plainly(workbook: Workbook) -> Submission:
    submission = recognise(Path("return.xlsx"), workbook)
    assert submission is not None
    return submission


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(
    ("field", "formula"),
    [("indicators.1.target", '"≥1公里"'), ("indicators.1.weight", "40"), ("project_name", '"别名"')],
)
def test_a_formula_in_a_locked_value_is_a_change_whatever_its_stored_result(
    field: str, formula: str, known: str
) -> None:
    found = [
        each for each in verdict(_with(issued(TRUE), field, formula), KNOWN[known]).findings if each.code == "S104"
    ]
    assert [(each.field, each.found) for each in found] == [(field, f"={formula}")]
    assert render(found[0].message, "en").endswith("now a formula stands there")


@pytest.mark.parametrize("named", ["养护里程（含计划）", "养护的里程"])
def test_a_locked_name_that_was_only_rephrased_does_not_pass(named: str) -> None:
    assert told(_resealed(_first(name=named)), KNOWN["list"]) or "K103" in [
        each.code
        for each in verdict(_resealed(_first(name=named)), KNOWN["list"]).findings
        if each.severity is Severity.ERROR
    ]


def test_an_approved_amount_that_is_left_out_does_not_pass() -> None:
    without = dataclasses.replace(TRUE, amounts={"funds.total.budget": Decimal("120.5")})
    for forgery in (_resealed, lambda project: without_identity(issued(project))):
        found = [each for each in verdict(forgery(without), KNOWN["list"]).findings if each.code == "M113"]
        assert [(each.field, each.expected) for each in found] == [("funds.total.initial", Decimal(100))]


#: Issued with names alone; targets and weights were approved later.
BARE = dataclasses.replace(
    TRUE, indicators=tuple(dataclasses.replace(each, target="", weight=None) for each in TRUE.indicators)
)


def _typed(workbook: Workbook, **values: str | float) -> Workbook:
    sheet = workbook.sheets[0]
    entries = recognise_plainly(workbook).entries
    typed = {entries[name.replace("__", ".")].position: value for name, value in values.items()}
    changed = dataclasses.replace(sheet, values={**sheet.values, **{key: typed[key] for key in typed if key}})
    return dataclasses.replace(workbook, sheets=(changed, *workbook.sheets[1:]))


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_targets_that_were_approved_after_the_names_are_compared(again: bool, listed: bool) -> None:
    workbook = issued(BARE)
    latest = LatestIssue(TRUE, YEAR, "0" * 64) if again else LatestIssue(BARE, YEAR, identity_of(workbook).digest)
    office = Options(
        projects={"P-1": TRUE if listed else latest.project}, issues={"P-1": latest}, keys=(KEY,), listed=listed
    )
    typed = _typed(workbook, indicators__1__target="≥1公里", indicators__1__weight=45.0)
    expected = {"P114", "W105"} if again or listed else set()
    assert set(told(typed, office)) == expected


@pytest.mark.parametrize("piece", ['"\\ud800"', "1" + "0" * 400])
def test_a_claim_that_nobody_can_have_been_issued_with_is_told_and_not_our_fault(piece: str) -> None:
    workbook = issued(TRUE)
    hidden = workbook.sheets[-1]
    last = max(row for row, _ in hidden.values) + 1
    values = {**hidden.values, (last, 1): "issued:funds.other.budget", (last, 2): piece}
    forged = dataclasses.replace(workbook, sheets=(*workbook.sheets[:-1], dataclasses.replace(hidden, values=values)))
    assert "S113" in told(forged, KNOWN["register"])


def test_a_verdict_by_name_is_not_remembered_once_there_are_two_of_that_name() -> None:
    other = dataclasses.replace(TRUE, code="P-2")
    before = judged_by(Options(projects={"P-1": TRUE}, listed=True))
    after = judged_by(Options(projects={"P-1": TRUE, "P-2": other}, listed=True))
    issued_too = judged_by(Options(projects={"P-1": TRUE}, issues={"P-2": LatestIssue(other, YEAR, "")}, listed=True))
    assert before("a.xlsx", "P-1") not in {each("a.xlsx", "P-1") for each in (after, issued_too)}


def test_a_list_in_another_order_is_still_what_approves() -> None:
    moved = dataclasses.replace(TRUE, row=9, email="a@example.com")
    assert verdict(issued(TRUE), dataclasses.replace(KNOWN["both"], projects={"P-1": moved})).approved_by == "list"


def test_a_list_whose_indicators_stand_in_another_order_is_still_what_approves() -> None:
    moved = dataclasses.replace(TRUE, indicators=TRUE.indicators[::-1])
    assert verdict(issued(TRUE), dataclasses.replace(KNOWN["both"], projects={"P-1": moved})).approved_by == "list"


def test_a_project_that_was_withdrawn_and_is_still_in_the_list_is_told(tmp_path: Path) -> None:
    register, projects = tmp_path / "r.db", listed(tmp_path / "list.json", "≥2公里")
    genuine = filled_in(tmp_path, projects, "--register", register)
    run("projects", "withdraw", "P-1", "--register", register, "--reason", "cut", code=0)
    result = run("validate", genuine, "--projects", projects, "--register", register, code=0)
    assert "1 projects are withdrawn in the register and still in the list (P-1)" in result.stderr
    assert "withdrawn" not in run("validate", genuine, "--projects", projects, code=0).stderr
