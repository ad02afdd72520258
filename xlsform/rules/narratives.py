"""Narratives: that they are written, say nothing else than the table, and do not repeat each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlsform import figures
from xlsform.findings import Message, Severity, Violation, say
from xlsform.rules import rule
from xlsform.submission import Entry, Submission

_ENDING = "。.;；,，、!！"

#: Texts shorter than this, folded, may well be the same in two places.
_COPIED_FROM = 10

_PROBLEMS = "problems"

#: Which level 1 a narrative is about; the others are about all.
_SCOPES = {
    "analysis_output": ("产出", "成本"),
    "analysis_benefit": ("效益",),
    "analysis_satisfaction": ("满意度",),
}


@rule("T106", Severity.ERROR)
def narrative_missing(submission: Submission) -> Iterator[Violation]:
    """A narrative that the form requires is blank.

    Each field of the template that is required with this code gives its own finding when nothing but spaces stands in
    it. (Law, where the province's form prints the fields; 山西 does.)

    ## Why it matters

    The narratives are published with the table. A blank one is the first thing a reader sees.

    ## How to mend it

    Write two or three sentences on what the label asks for. Where there were no problems, say so.
    """
    for check in submission.failed("T106"):
        yield Violation(say("{field} is blank; it has to be filled in", field=check.field.label), field=check.field.name)


@rule("T107", Severity.WARNING)
def narrative_figure_differs(submission: Submission) -> Iterator[Violation]:
    """A figure that a narrative gives for the total, the budget, the spending or the execution rate is not the table's.

    Read are 实际完成情况 and the narratives, and in them only what is beyond doubt: a clause that begins, after a
    subject such as 本项目, with 自评得分…分, 年初预算数, 全年预算数, 预算安排, 执行数, 全年支出…万元, 执行率 or 完成预算的…%. Figures after
    其中, of another year, of a quarter or a month, with 约, 左右, 以上, and figures of which a text gives two, are passed
    over. A figure agrees if it equals the stated or the exact one, rounded or truncated at its own decimals, whatever
    its unit of money; that of one source of money is right as well. (Practice: the seed's 综述.)

    ## Why it matters

    Text and table are published side by side. Where they differ one of them is wrong, and nobody can say which.

    ## How to mend it

    Look up which figure is right, in the accounts if need be, and make the other the same.
    """
    for entry in _narratives(submission):
        if entry.field.name == "goal_expected":
            continue
        for quantity, told, shown in _told(entry.text, submission):
            due = _due(quantity, submission)
            if due and not any(_same(told, figure, quantity, submission) for figure in due):
                yield Violation(
                    say(
                        "{field} gives {found} for {quantity}; the table has {expected}",
                        field=entry.field.label,
                        found=shown,
                        quantity=submission.label(quantity.field),
                        expected=_printed(due[0], quantity, submission),
                    ),
                    field=entry.field.name,
                    found=shown,
                    expected=due[0],
                )


@rule("T108", Severity.WARNING)
def narrative_contradicts(submission: Submission) -> Iterator[Violation]:
    """A narrative says the contrary of the scores.

    Three things are found. 主要问题 says 无 or that there are no problems, while an indicator lost points. A narrative
    says that all goals and indicators, or the whole project, were completed, while an indicator that it is about lost
    points (产出情况 is about outputs, and so is a claim that the work is done). 主要问题 tells that something was not
    completed, late or put off, while every indicator has full points and the execution rate is 100 %. Only whole
    clauses that say just this are read, and a text with a 但, 除 or 未 makes no claim. (Choice of this project.)

    ## Why it matters

    Points are lost for a reason, and that reason is a problem to be told. A text that denies it was copied from last
    year, or the scores were.

    ## How to mend it

    Tell in 主要问题 why the points were lost; or, if the text is right, correct the scores.
    """
    perfect = _perfect(submission)
    for entry in _narratives(submission):
        if entry.field.name.startswith("goal_"):
            continue
        claim, scope = _claim(entry)
        lost = _lost(submission, scope) if claim else None
        trouble = _trouble(entry.text) if perfect and entry.field.name == _PROBLEMS else None
        if lost is not None:
            yield _contradiction(entry, claim, lost)
        elif trouble:
            yield Violation(
                say(
                    "{field} says “{claim}”, yet every indicator has full points and the execution rate is 100%",
                    field=entry.field.label,
                    claim=trouble,
                ),
                field=entry.field.name,
            )


def _contradiction(entry: Entry, claim: str, lost: tuple[Entry, Decimal, Decimal]) -> Violation:
    row, score, weight = lost
    message = say(
        "{field} says “{claim}”, but {row} is {score} of {weight} points",
        field=entry.field.label,
        claim=claim,
        row=row.field.label,
        score=score,
        weight=weight,
    )
    return Violation(message, field=entry.field.name)


@rule("T109", Severity.NOTE)
def narrative_copied(submission: Submission) -> Iterator[Violation]:
    """The same text stands in two narratives of the form.

    Texts of ten characters or more, compared without spaces, width and the punctuation at the end. The finding is at
    the later one. That 实际完成情况 repeats 预期目标 is told by another rule.

    ## Why it matters

    Each narrative has its own question. A text that answers two of them answers at least one of them not at all.

    ## How to mend it

    Keep the text where it belongs and write another for the other field.
    """
    seen: dict[str, Entry] = {}
    for entry in _narratives(submission):
        text = figures.fold(entry.text).rstrip(_ENDING)
        first = seen.setdefault(text, entry)
        goals = first.field.name.startswith("goal_") and entry.field.name.startswith("goal_")
        if first is not entry and not goals and len(text) >= _COPIED_FROM:
            yield Violation(
                say("{field} is the same text as {other}", field=entry.field.label, other=first.field.label),
                field=entry.field.name,
            )


def _narratives(submission: Submission) -> Iterator[Entry]:
    """Yield the long texts of the form that are filled in, the goals among them."""
    for item in submission.layout.inputs:
        entry = submission.entries[item.name]
        if item.style == "narrative" and item.table is None and isinstance(entry.value, str):
            yield entry
