"""What rules declare to look at: nothing else is looked at, and where the form lacks what they need they are silent."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from support.forms import TEMPLATES, SureRecords, informed, submission
from support.mutations import MUTATIONS, SHANXI
from support.renamed import Renaming

from xlsform.form.layout import Field
from xlsform.form.template import build, load
from xlsform.form.vocabulary import FIELDS, INDICATOR_NAME, TABLES, TARGET, Role, every_role
from xlsform.messages import render
from xlsform.projects import ListedIndicator, Project
from xlsform.rules.applicability import hindrances
from xlsform.rules.registry import ReceivedFile, Rule, catalogue
from xlsform.rules.run import judge
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

ABOUT_FORMS = [rule for rule in catalogue().values() if rule.about in ("form", "workbook")]


class RecordingRow(dict[str, Entry]):
    """A row that tells what it was asked for."""

    def __init__(self, row: Mapping[str, Entry], asked: set[str]) -> None:
        super().__init__(row)
        self.asked = asked

    def __getitem__(self, key: str) -> Entry:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


class RecordingSubmission(Submission):
    """A submission that tells which roles it was asked for."""

    asked: set[str]

    @classmethod
    def of(cls, subject: Submission) -> RecordingSubmission:
        """Return the same submission, with nothing asked for and nothing kept yet."""
        made = cls(
            subject.path,
            subject.workbook,
            subject.layout,
            None if subject.sheet_gone else subject.sheet,
            subject.identities,
            subject.records,
        )
        made.asked = set()
        # What takes time and asks for no role.
        for name in ("alignment", "entries", "results", "exact", "approval"):
            made.__dict__[name] = getattr(subject, name)
        return made

    def _field_of(self, key: str) -> Field | None:
        self.asked.add(key)
        return super()._field_of(key)

    def beside(self, item: Field, column: Role) -> Entry | None:
        self.asked.add(column)
        return super().beside(item, column)

    @property
    def rows(self) -> tuple[Mapping[str, Entry], ...]:
        return tuple(RecordingRow(row, self.asked) for row in super().rows)


def known_project(subject: Submission) -> Submission:
    """Return a submission of a project that was approved otherwise in nearly all."""
    listed = [
        ListedIndicator(row[TARGET].field.level1 or "", row[TARGET].field.level2 or "", name, "≥1个", Decimal(number))
        for number, row in enumerate(subject.used_rows, 1)
        for name in [row[INDICATOR_NAME].text if number % 2 else "另一项指标"]
    ]
    project = Project("001", "别的项目", "别的部门", "别的单位", "", {}, tuple(listed), {}, 2)
    return informed(subject, SureRecords({"001": project}))


@cache
def subjects() -> tuple[Submission, ...]:
    """Return faultless forms, every second planted fault, and forms of which the office knows more."""
    found = [each.planted(each.templates[-1]) for each in MUTATIONS[::2]]
    found += [submission(template) for template in ("mof-2020", "mof-2021", *SHANXI)]
    return (*found, *map(known_project, found[::5]))


@pytest.mark.slow
@pytest.mark.parametrize("rule", ABOUT_FORMS, ids=[rule.code for rule in ABOUT_FORMS])
def test_a_rule_looks_only_at_what_it_declares(rule: Rule) -> None:
    declared = {*rule.reads, *rule.may_read}
    for subject in subjects():
        recording = RecordingSubmission.of(subject)
        list(rule.run(recording))
        assert recording.asked <= declared, subject.path


def test_what_rules_declare_are_roles() -> None:
    known = {*FIELDS, *TABLES, *(role for table in TABLES.values() for role in (*table.rows, *table.columns))}
    for rule in ABOUT_FORMS:
        assert {*rule.reads, *rule.may_read} <= known, rule.code


ROLES = [role for role, _ in every_role()]


@cache
def planted_once() -> tuple[Submission, ...]:
    return tuple(each.planted(SHANXI[0]) for each in MUTATIONS[::6] if SHANXI[0] in each.templates)


@pytest.mark.slow
@pytest.mark.parametrize("role", [*ROLES, *TABLES])
def test_without_a_role_rules_that_need_it_are_silent_and_none_fails(role: Role) -> None:
    renaming = Renaming(SHANXI[0], 3, swapped=False)
    # The live hints name columns that may be lacking here.
    del renaming.content["outcome"]
    form = renaming.form([role])
    silent = {code for code, why in hindrances(form).items() if why is not None}
    assert {code for code, rule in catalogue().items() if role in rule.reads} <= silent
    for subject in random.Random(role).sample(planted_once(), 8):
        returned = renaming.returned(subject, form)
        given = {finding.code for finding in judge(ReceivedFile(returned.path, returned.workbook, returned))}
        assert given.isdisjoint(silent)


@pytest.mark.parametrize("template", TEMPLATES)
def test_official_forms_are_judged_by_all_rules_but_on_what_they_do_not_have(template: str) -> None:
    """Only Shanxi's has a line for the seal, narratives that it requires; none has a grade."""
    cannot = {code for code, why in hindrances(load(template)).items() if why is not None}
    assert cannot == ({"T104"} if template in SHANXI else {"H104", "T104", "T106"})


def test_why_a_form_cannot_be_judged_by_a_rule_is_told() -> None:
    form = Renaming("mof-2020", 1, swapped=False).form(["goal_expected", "funds.weight"])
    told = {code: render(why, "en") for code, why in hindrances(form).items() if why is not None}
    assert told["G102"] == "nothing in the form has the role goal_expected"
    assert told["M107"] == "nothing in the form has the role funds.weight"
    # Nothing makes 100 without the points of execution.
    assert told["W101"] == "nothing in the form has the role funds.total.weight"
    assert told["T106"] == "the form has no check of that code"
    assert "M106" not in told


def test_a_form_without_points_for_execution_is_judged_by_its_weights() -> None:
    content = Renaming("mof-2020", 1, swapped=False).template(frozenset(["funds.weight"]))
    content["scoring"] = {**content["scoring"], "execution_weight": 0}
    assert hindrances(build(content))["W101"] is None
