"""Every planted fault is found at its cell, alone, in each form where it can occur; several are all found."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from forms import TEMPLATES, findings
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import MUTATIONS, Mutation, planted

from xlsform.refs import position
from xlsform.rules import catalogue
from xlsform.submission import Submission

ALONE = [(each, template) for each in MUTATIONS for template in each.templates]

#: Codes that no single faultless form can be given: the file is no form at all (test_mutated_files.py plants these), or
#: needs more than the form: a list, a template with grades, another split of the weights.
NOT_HERE = {"F101", "F102", "F103", "F104", "S104", "W104", "T104"}


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
    assert {each.code for each in MUTATIONS} == set(catalogue()) - NOT_HERE
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


@settings(max_examples=400, deadline=None)
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
