"""The engine: rules found by listing the package, codes taken once, findings stamped, chosen and put in order."""

from __future__ import annotations

import json
import pickle
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.forms import (
    TEMPLATES,
    codes,
    faultless,
    findings,
    found,
    issued,
    layout_of,
    prefilled,
    sheet_of,
    submission,
)

from xlsform.findings import Finding, Severity, Violation
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, read
from xlsform.messages import plain, render, say
from xlsform.reading.workbook import Sheet, Unreadable, Workbook
from xlsform.rules import registry, run
from xlsform.rules.families import FAMILIES, family_name, order
from xlsform.rules.registry import ReceivedFile, catalogue, wanted
from xlsform.rules.run import judge
from xlsform.spreadsheet.a1 import position
from xlsform.spreadsheet.values import CellError
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission

#: Families F and S of the catalogue of checks: codes are stable for ever, and so are names.
NAMES = {
    "F101": ("unreadable-workbook", "error"), "F102": ("encrypted-workbook", "error"),
    "F103": ("oversized-workbook", "error"), "F104": ("unknown-form", "error"), "F105": ("old-edition", "warning"),
    "F106": ("not-fully-checkable", "note"), "F107": ("macro-in-workbook", "warning"),
    "F108": ("external-link", "warning"), "F109": ("extension-mismatch", "note"), "F110": ("never-calculated", "note"),
    "F111": ("parts-left-out", "warning"),
    "F113": ("document-not-checkable", "warning"),
    "S116": ("not-the-issued-workbook", "warning"),
    "S101": ("form-sheet-missing", "error"), "S102": ("extra-sheet", "warning"), "S103": ("label-changed", "error"),
    "S104": ("prefilled-value-changed", "error"), "S105": ("rows-or-columns-moved", "error"),
    "S106": ("formula-overwritten", "error"), "S107": ("formula-changed", "error"), "S108": ("stale-result", "warning"),
    "S109": ("protection-removed", "warning"), "S110": ("merge-changed", "warning"), "S111": ("hidden-rows", "warning"),
    "S112": ("value-outside-form", "warning"), "S113": ("identity-conflict", "error"), "S114": ("name-lost", "note"),
    "S115": ("validations-removed", "note"),
}  # fmt: skip


def test_the_catalogue_has_the_families_file_and_structure() -> None:
    present = {code: (rule.name, rule.severity.value) for code, rule in catalogue().items() if code[0] in "FS"}
    assert present == NAMES


def test_every_rule_has_a_manual_page() -> None:
    for code, each in catalogue().items():
        first, _, rest = each.page.partition("\n\n")
        assert re.fullmatch(r"[A-Z0-9全年总分预期实际一-鿿].*\.", first), (code, first)
        assert re.findall(r"^## .*", rest, re.MULTILINE)[-2:] == ["## Why it matters", "## How to fix it"], code
        assert "\n" not in first, code


def test_a_code_is_taken_once() -> None:
    assert catalogue()["S101"].name == "form-sheet-missing"
    with pytest.raises(ValueError, match="S101 is taken by form-sheet-missing"):
        registry.rule("S101", Severity.ERROR)(lambda submission: iter(()))


def test_families_stand_in_the_catalogues_order() -> None:
    order = list(catalogue())
    assert order == sorted(order, key=lambda code: ("FSHVMGKWPTX".index(code[0]), code))
    assert len(order) > 90


def test_a_family_that_does_not_exist_yet_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {code[0] for code in catalogue()} == set(FAMILIES)
    assert sorted(["Y101", "X106", "N101", "L001", "F101"], key=order) == ["F101", "X106", "L001", "N101", "Y101"]
    monkeypatch.setitem(FAMILIES, "N", say("Narrative of a public text"))
    assert sorted(["Y101", "X106", "N101", "F101"], key=order) == ["F101", "X106", "N101", "Y101"]
    assert render(family_name("N101"), "en") == "Narrative of a public text"
    assert render(family_name("L001"), "en") == "The form's own checks"


@pytest.mark.parametrize(
    ("code", "select", "ignore", "expected"),
    [
        ("M106", [], [], True),
        ("M106", ["M"], [], True),
        ("M106", ["M1"], [], True),
        ("M106", ["M105", "M106"], [], True),
        ("M106", ["S", "F"], [], False),
        ("M106", [], ["M"], False),
        ("M106", [], ["M105"], True),
        ("M106", ["M"], ["M106"], False),
        ("M106", iter(["M106"]), iter([]), True),
    ],
)
def test_codes_are_chosen_by_how_they_begin(code: str, select: Any, ignore: Any, expected: bool) -> None:
    assert wanted(code, select, ignore) is expected


def spoiled() -> Submission:
    def edit(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        sheet.values[position("A40")] = "合计"
        sheet.values[position("B60")] = "备注"
        sheet.protected = False
        workbook.sheets += (Sheet("别的"),)
        workbook.macros = True

    return submission("mof-2020", edit, raw={"funds.total.rate": 0.5}, project_name=None)


def test_findings_stand_by_place_then_by_code() -> None:
    """Those about the file come first, the form's from top to bottom and left to right, other sheets' last."""
    places = [(each.cell, each.code) for each in findings(spoiled())]
    assert places == [
        (None, "F107"),
        (None, "S109"),
        ("自评表!B3", "H101"),
        ("自评表!H6", "S106"),
        ("自评表!A40", "S103"),
        ("自评表!B60", "S112"),
        (None, "S102"),
    ]


def test_what_is_chosen_is_what_all_rules_find_of_those_codes() -> None:
    subject = spoiled()
    arrival = ReceivedFile(subject.path, subject.workbook, subject)
    every = judge(arrival)
    for select, ignore in ((["S"], []), ([], ["S10"]), (["F", "H1"], ["H101"]), (["S102"], []), (["X"], [])):
        assert judge(arrival, select, ignore) == [each for each in every if wanted(each.code, select, ignore)]


def test_a_finding_is_stamped_with_what_its_rule_is() -> None:
    (finding,) = findings(submission(raw={"total_weight": 110.0}))
    assert finding == Finding(
        code="S106",
        rule="formula-overwritten",
        severity=Severity.ERROR,
        message=finding.message,
        cell="自评表!G40",
        field="total_weight",
        found=Decimal(110),
        expected=Decimal(100),
        place=(1, 40, 7),
    )


def test_a_violation_may_weigh_otherwise_than_its_rule() -> None:
    (finding,) = findings(submission(raw={"total_weight": 100.0}))
    assert (finding.code, finding.severity) == ("S106", Severity.WARNING)
    assert catalogue()["S106"].severity is Severity.ERROR


def test_what_stands_in_a_field_is_what_was_found_there() -> None:
    (finding,) = findings(submission(raw={"funds.total.initial": CellError("#DIV/0!")}), "V104")
    assert finding.found == "#DIV/0!"
    json.dumps(plain(finding.found))


def test_a_file_that_cannot_be_read_is_judged_by_the_rules_on_files_alone() -> None:
    arrival = ReceivedFile(Path("a.xlsx"), Unreadable("damaged", "no directory"), None)
    assert [each.code for each in judge(arrival)] == ["F101"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_without_the_forms_sheet_only_the_workbook_is_judged(template: str) -> None:
    def gone(workbook: Workbook) -> None:
        workbook.sheets = (Sheet("别的"), *workbook.sheets[1:])
        workbook.properties["xlsform.digest"] = "0" * 64

    assert codes(submission(template, gone)) == ["S101", "S113", "S102"]


def test_what_an_altered_value_would_lead_to_is_not_told() -> None:
    """S104 says that an issued value was changed; put back, the rest is right again."""
    weight = ["indicators.1.weight"]
    assert codes(prefilled("mof-2020", weight)) == []
    assert codes(prefilled("mof-2020", weight, indicators__1__weight=15)) == ["S104"]  # not also P101, W101
    assert codes(prefilled("mof-2020", weight, indicators__1__weight=-1)) == ["S104"]  # not also V103, W103
    assert codes(prefilled("mof-2020", weight, indicators__1__weight="二十")) == ["S104"]  # not also V101
    assert codes(prefilled("mof-2020", weight, indicators__1__weight=None)) == ["S104"]  # not also K106
    budget = ["funds.total.budget"]
    assert codes(prefilled("mof-2020", budget, funds__total__budget=100)) == ["S104"]  # not also M102, M103
    assert codes(prefilled("mof-2020", budget, funds__total__budget=None)) == ["S104"]  # not also M101


def test_what_is_wrong_beside_an_altered_value_is_told() -> None:
    subject = prefilled(
        "mof-2020", ["indicators.1.weight"], indicators__1__weight=15, unit=None, indicators__4__score=11
    )
    assert codes(subject) == ["H101", "S104", "P101"]
    named = prefilled("mof-2020", ["indicators.1.name"], indicators__1__name=None, indicators__1__actual=None)
    assert found("K106", named) == ["自评表!F13 数量指标 第 1 行 is not complete: 实际完成值 must be filled in"]
    assert codes(named) == ["S104", "K106"]


def test_a_check_of_the_templates_own_is_judged_like_a_rule() -> None:
    content: dict[str, Any] = {
        **read(find("mof-2020")),
        "id": "own-check",
        "checks": {
            **read(find("mof-2020"))["checks"],
            "unit-is-department": {
                "code": "Z101",
                "severity": "warning",
                "at": ["unit"],
                "formula": "={@}<>{department}",
                "hint": {"zh": "实施单位与主管部门相同", "en": "The unit is its own department"},
            },
        },
    }
    layout = lay_out(build(content))
    values = faultless("mof-2020") | {"unit": "某局", "department": "某局"}
    workbook = issued(layout, values)
    subject = Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))
    (finding,) = findings(subject)
    assert (finding.code, finding.rule, finding.severity) == ("Z101", "unit-is-department", Severity.WARNING)
    # As it comes from another process.
    assert pickle.loads(pickle.dumps(finding)) == finding
    assert finding.cell == "自评表!F4"
    assert render(finding.message, "en") == "实施单位: The unit is its own department"
    assert render(finding.message, "zh").endswith("实施单位与主管部门相同")
    assert findings(subject, "S") == []
    assert found("Z101", subject) == ["自评表!F4 实施单位: The unit is its own department"]
    workbook.sheets[0].values.pop(position("F4"))
    assert [each.code for each in findings(subject.__class__(
        subject.path, workbook, layout, workbook.sheets[0], identities_in(workbook)
    ))] == ["H101"]  # fmt: skip


def test_a_violation_of_a_place_that_is_no_field_keeps_its_cell() -> None:
    violation = Violation(say("x"), cell="B5:C5")
    finding = run._finding("S110", "x", Severity.NOTE, violation, submission())
    assert (finding.cell, finding.place) == ("自评表!B5:C5", (1, 5, 2))


NUMBERS = st.one_of(
    st.floats(-1.7e308, 1.7e308),
    st.sampled_from([1e98, -1e98, 1e307, 5e-324, 1e15 + 0.5, 0.0, -0.0, 123456789.123456789]),
    st.from_regex(r"-?[0-9]{1,40}(\.[0-9]{1,20})?(%|万元|元|分|亿)?", fullmatch=True),
    st.text("0123456789.%-+/eE≥≤~～至不少于—万元人次天月日年一二十", max_size=30),
)
FIELDS = sorted(item.name for item in layout_of("shanxi-2021").fields.values())


@pytest.mark.property
@example({"indicators.1.score": "100000000000000000000000000.001"})
@example({"indicators.1.weight": 1.016949152542375e98})
@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), NUMBERS | st.booleans() | st.builds(CellError, st.text()), max_size=8))
def test_whatever_stands_in_the_cells_is_no_reason_to_fail(raw: dict[str, Any]) -> None:
    for finding in findings(submission("shanxi-2021", raw=raw)):
        for language in ("zh", "en"):
            assert render(finding.message, language)
        json.dumps([plain(finding.found), plain(finding.expected)])
