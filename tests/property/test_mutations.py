"""Every planted fault is found at its cell, alone, in each form where it can occur; several are all found."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import TEMPLATES, faultless, findings, layout_of
from support.mutations import MUTATIONS, Mutation, cell, planted

from xlsform.reports.text import render_text
from xlsform.rules.registry import catalogue
from xlsform.spreadsheet.a1 import position
from xlsform.submission.submission import Submission
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

ALONE = [(each, template) for each in MUTATIONS for template in each.templates]

#: Codes that a form by itself cannot be given: the file is no form at all or was prefilled (test_mutated_files.py
#: plants these), or it takes a list of projects (tests/rules/test_approved.py), a template with grades, another split
#: of the weights.
NOT_HERE = {
    "F101",
    "F102",
    "F103",
    "F104",
    "F113",
    "S104",
    "H103",
    "H105",
    "K101",
    "K102",
    "K103",
    "M111",
    "M113",
    "G105",
    "P114",
    "T104",
    "W104",
    "W105",
}


def told(subject: Submission) -> list[tuple[str, str, str | None]]:
    """Return code, severity and cell of each finding."""
    return [(each.code, each.severity.value, each.cell) for each in findings(subject)]


@pytest.mark.parametrize(
    ("mutation", "template"), ALONE, ids=[f"{each.code}-{each.about}-{template}" for each, template in ALONE]
)
def test_a_planted_fault_gives_exactly_its_finding(mutation: Mutation, template: str) -> None:
    expected = [mutation.expected(template)]
    if mutation.values_only and mutation.code != "F106":
        expected.insert(0, ("F106", "note", None))
    assert told(mutation.planted(template)) == expected


def test_the_table_plants_a_fault_for_every_rule() -> None:
    assert len(MUTATIONS) >= 150
    planted_codes = {each.code for each in MUTATIONS}
    assert planted_codes <= set(catalogue())
    assert {code for code in catalogue() if code[0] != "X"} - planted_codes <= NOT_HERE
    assert len({(each.code, each.about, each.templates) for each in MUTATIONS}) == len(MUTATIONS)


# --- several at once


#: Rules compare these with one another.
_TOGETHER = {"year": "project_name", "goal_actual": "project_name", "goal_expected": "project_name"}


def _part(mutation: Mutation) -> str:
    """Return the one part of the form that a fault touches: a row of indicators, the funds, a field; blank if more."""
    parts = {place.partition(".")[0] for place in [*mutation.typed, *mutation.over, mutation.at]}
    touched = {_TOGETHER.get(part, part) for part in parts}
    return touched.pop() if len(touched) == 1 else ""


#: Faults of which one does not bear on another: each in a part of its own, none that tells of the form as a whole.
_ALONE_IN_ITS_PART = [
    each
    for each in MUTATIONS
    if _part(each)
    and each.edit is None
    and not each.values_only
    and each.code[0] in "HVGPSKM"
    and not {f"{_part(each)}.{column}" for column in ("weight", "score")} & set(each.typed)
    and each.code not in ("M104", "M109", "M110", "M112", "K104", "V107", "S106", "S103", "G104")
]
_INDEPENDENT = {
    template: {
        part: [each for each in _ALONE_IN_ITS_PART if _part(each) == part and template in each.templates]
        for part in sorted({_part(each) for each in _ALONE_IN_ITS_PART})
    }
    for template in TEMPLATES
}


@st.composite
def _several(draw: st.DrawFn) -> tuple[str, list[Mutation]]:
    template = draw(st.sampled_from(TEMPLATES))
    parts = [part for part in _INDEPENDENT[template].values() if part]
    chosen = draw(st.lists(st.sampled_from(range(len(parts))), min_size=2, unique=True))
    return template, [draw(st.sampled_from(parts[number])) for number in chosen]


@settings(max_examples=100, deadline=None)
@given(_several())
def test_n_faults_of_different_causes_give_n_findings(case: tuple[str, list[Mutation]]) -> None:
    template, mutations = case
    found = told(planted(mutations, template))
    assert Counter(found) == Counter(each.expected(template) for each in mutations)
    places = [position((cell or "!A1").rpartition("!")[2].partition(":")[0]) for _, _, cell in found]
    assert places == sorted(places)


def test_there_are_enough_independent_faults() -> None:
    for template in TEMPLATES:
        parts = _INDEPENDENT[template]
        assert sum(map(len, parts.values())) >= 60
        assert sum(map(bool, parts.values())) >= 9


def test_all_parts_faulty_at_once() -> None:
    """One fault in every part: as many findings as faults, whatever order they were planted in."""
    for template in TEMPLATES:
        mutations = [part[-1] for part in _INDEPENDENT[template].values() if part]
        found = told(planted(mutations, template))
        assert len(found) == len(mutations)
        random.Random(3).shuffle(mutations)
        assert told(planted(mutations, template)) == found


# --- what follows from a fault is not told as well

#: A form in which everything that calculates itself was typed over, with the right values.
_TYPED = {"funds.total.rate": 0.98, "funds.total.score": 9.8, "total_score": 99.47}
_NO_BUDGET = {"funds.total.budget": 0, "funds.appropriation.budget": 0, "funds.carryover.budget": 0}


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("old", [False, True], ids=["xlsx", "xls"])
@pytest.mark.parametrize(
    ("typed", "over", "errors"),
    [
        ({"funds.total.budget": None}, {}, {("M101", "funds.total.budget")}),
        ({"funds.total.executed": None}, {}, {("M101", "funds.total.executed")}),
        ({"funds.total.budget": "约120"}, {}, {("V101", "funds.total.budget")}),
        ({"funds.total.budget": 1200000}, {}, {("V107", "funds.total.budget")}),
        (_NO_BUDGET, {}, {("M104", "funds.total.executed")}),
        ({"funds.total.budget": 0, "funds.total.executed": 0}, {},
         {("M102", "funds.total.budget"), ("M102", "funds.total.executed")}),
        ({"质量.score": None}, {}, {("K106", "质量.score")}),
        ({"质量.weight": "十"}, {"total_weight": 100.0}, {("V101", "质量.weight")}),
        ({"质量.weight": 20, "质量.score": 20}, {"total_weight": 100.0, "total_score": 100.0},
         {("W101", "total_weight")}),
        ({"质量.score": 12}, {"total_score": 101.47}, {("P101", "质量.score")}),
    ],
)  # fmt: skip
def test_one_cause_gives_one_error_where_everything_was_typed_over(
    template: str, old: bool, typed: dict[str, Any], over: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    if ("W101", "total_weight") in errors:
        over = over | {"total_score": 109.47}
    subject = planted([Mutation("", "", "", "", typed, _TYPED | over, values_only=old)], template)
    expected = {(code, f"自评表!{cell(template, place)}") for code, place in errors}
    assert {(code, where) for code, severity, where in told(subject) if severity == "error"} == expected


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("over", "errors"),
    [
        # The score follows the wrong rate, and the total the score.
        ({"funds.total.rate": 1.0, "funds.total.score": 10.0, "total_score": 99.67}, {"funds.total.rate"}),
        ({"funds.total.rate": 0.98, "funds.total.score": 9.0, "total_score": 98.67}, {"funds.total.score"}),
        # A total that follows from nothing is wrong by itself.
        ({"funds.total.rate": 0.98, "funds.total.score": 9.0, "total_score": 90.0},
         {"funds.total.score", "total_score"}),
    ],
)  # fmt: skip
def test_what_follows_from_a_cell_typed_over_is_not_wrong_as_well(
    template: str, over: dict[str, Any], errors: set[str]
) -> None:
    subject = planted([Mutation("", "", "", "", {}, over)], template)
    assert {where for _, severity, where in told(subject) if severity == "error"} == {
        f"自评表!{cell(template, place)}" for place in errors
    }
    assert Counter(code for code, _, _ in told(subject)) == Counter(S106=3)


def test_the_text_report_caps_a_long_list() -> None:
    """A form of 72 nameless rows: 30 findings are shown, the rest is counted."""
    layout = layout_of("mof-2020", 8)
    typed = {f"indicators.{row}.target": "100%" for row in range(1, 73)}
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    values: dict[str, Any] = {item.name: typed.get(item.name) for item in layout.inputs}
    data = filled(issue(layout, lock_for("a password")), layout, places, values)
    verdict = judged(Path("return.xlsx"), data, Options())
    lines = "".join(render_text([verdict], "en")).splitlines()
    assert len(verdict.findings) > 144
    assert sum(line.startswith("  error") for line in lines) == 30
    assert f"  … and {len(verdict.findings) - 30} more findings" in lines


def test_the_text_report_tells_many_alike_together() -> None:
    """Nine actuals copied from their targets: nine warnings for programs, one line and their places for people."""
    layout = layout_of("mof-2020")
    values = faultless("mof-2020")
    rows = [name.removesuffix(".actual") for name in values if name.endswith(".actual")]
    for row in rows:
        if str(values[f"{row}.target"]).startswith("≥"):
            values[f"{row}.actual"], values[f"{row}.score"] = values[f"{row}.target"], values[f"{row}.weight"]
    values = {name: value for name, value in values.items() if not name.endswith(".reason")}
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    data = filled(
        issue(layout, lock_for("a password")),
        layout,
        places,
        {item.name: values.get(item.name) for item in layout.inputs},
    )
    verdict = judged(Path("return.xlsx"), data, Options())
    alike = [finding for finding in verdict.findings if finding.code == "P109"]
    assert len(alike) >= 4
    lines = "".join(render_text([verdict], "en")).splitlines()
    assert sum("P109" in line for line in lines) == 1
    cells = ", ".join(str(finding.cell).rpartition("!")[2] for finding in alike[1:])
    assert f"    … and {len(alike) - 1} more like it: {cells}" in [line[2:] for line in lines]
