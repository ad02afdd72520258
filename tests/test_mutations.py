"""Every planted fault is found at its cell, alone, in each form where it can occur; several are all found."""

from __future__ import annotations

import pytest
from forms import findings
from mutations import MUTATIONS, Mutation

from xlsform.submission import Submission

ALONE = [(each, template) for each in MUTATIONS for template in each.templates]


def told(subject: Submission) -> list[tuple[str, str, str | None]]:
    """Return code, severity and cell of each finding, without the note that every .xls has."""
    found = [(each.code, each.severity.value, each.cell) for each in findings(subject)]
    return found


@pytest.mark.parametrize(
    ("mutation", "template"), ALONE, ids=[f"{each.code}-{each.about}-{template}" for each, template in ALONE]
)
def test_a_planted_fault_gives_exactly_its_finding(mutation: Mutation, template: str) -> None:
    expected = [mutation.expected(template)]
    if mutation.values_only and mutation.code != "F106":
        expected.insert(0, ("F106", "note", None))
    assert told(mutation.planted(template)) == expected
