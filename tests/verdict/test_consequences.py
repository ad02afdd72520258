"""What findings mean for a return."""

from __future__ import annotations

import pytest

from xlsform.findings import Finding, Severity
from xlsform.messages import render, say
from xlsform.verdict.consequences import genuine, is_forged, of_withdrawn_project, set_aside, status_of


def finding(code: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code, "a-rule", severity, say("something"), None, None, None, None, (0, 0, 0))


@pytest.mark.parametrize(
    ("severities", "status"),
    [([], "passed"), ([Severity.NOTE, Severity.WARNING], "passed"), ([Severity.NOTE, Severity.ERROR], "failed")],
)
def test_one_error_fails_a_return(severities: list[Severity], status: str) -> None:
    found = [finding("M106", severity) for severity in severities]
    assert status_of(found) == status
    assert status_of(found, readable=False) == "unreadable"


def test_an_identity_is_forged_unless_that_was_excused() -> None:
    assert is_forged([finding("M106"), finding("S113")])
    assert not is_forged([finding("S113", Severity.NOTE), finding("M106")])


def test_a_forged_return_counts_only_while_there_is_no_better_one() -> None:
    known = genuine([("001", True), ("001", False), ("002", True), (None, False)])
    assert known == {"001"}
    assert set_aside("001", True, known)
    assert not set_aside("001", False, known)
    assert not set_aside("002", True, known)


def test_of_a_withdrawn_project_it_is_told_why_it_is_not_in_the_list() -> None:
    told = of_withdrawn_project(finding("X104"), "农村公路养护", "年中调减")
    assert render(told.message, "en") == "“农村公路养护” was withdrawn (年中调减)"
    told = of_withdrawn_project(finding("X104"), "农村公路养护", "")
    assert render(told.message, "en") == "“农村公路养护” was withdrawn (no reason given)"
    assert of_withdrawn_project(finding("M106"), "农村公路养护", "") == finding("M106")
