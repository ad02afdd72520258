"""Goals: what was to be reached in the year, and what was."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import FUNDS_TOTAL_RATE, GOAL_ACTUAL, GOAL_EXPECTED, PROJECT_NAME, SCORE, WEIGHT, Role
from xlsform.messages import Message, say
from xlsform.patterns import LazyPattern
from xlsform.quantities.text import without_ending
from xlsform.rules.narratives import clauses
from xlsform.rules.registry import rule
from xlsform.rules.totals import known
from xlsform.rules.wording import printed_rate
from xlsform.submission.entries import number_in
from xlsform.submission.submission import Submission

#: A text of so many characters is one word.
_ONE_WORD = 4

_SIGNS = "≥≤<>="
_DONE = LazyPattern("(?:全部|全面|100%|百分之百)(?:按时|按期|如期|圆满)?完成|完成(?:率)?(?:为|达到?)?(?:100%|百分之百)")
#: Words by which a text owns up that something is left to do.
_ADMITS = LazyPattern(
    "[未尚但仅只除]|没有|不能|无法|其余|剩余|推迟|滞后|延误|延期|不足|部分|结转|次年|力争|确保|计划[于在到]|争取"
)
_SHARE_DONE = LazyPattern(r"完成(?:了|率)?(?:为|达到?)?([0-9]{1,2}(?:\.[0-9]+)?)%")


@rule("G101", Severity.ERROR, of_checks=True)
def missing_goal(submission: Submission) -> Iterator[Violation]:
    """预期目标 or 实际完成情况 is blank.

    Each field of the template that is required with this code gives its own finding when nothing but spaces stands in
    it. (Law: the form prints both.)

    ## Why it matters

    The annual goal is what the indicators break down. Without it nobody can tell whether they measure the right
    things, and without the actual result there is nothing to evaluate.

    ## How to fix it

    预期目标: copy the goal that was approved with the budget. 实际完成情况: write what was really done, and how much of
    it.
    """
    for check in submission.failed("G101"):
        yield Violation(
            say("{field} is blank; it has to be filled in", field=check.field.label), field=check.field.name
        )


@rule("G102", Severity.WARNING, reads=(GOAL_EXPECTED, GOAL_ACTUAL))
def goal_copied(submission: Submission) -> Iterator[Violation]:
    """实际完成情况 is 预期目标 word for word.

    Width, spaces, line breaks and the punctuation at the end do not count. (Practice: the seed form and one in three of
    the published ones.)

    ## Why it matters

    A plan that is copied tells nothing of what was done, and reads as if the unit had not looked.

    ## How to fix it

    Write in 实际完成情况 what was done in the year, with figures: how many, how much, by when, what was left over.
    """
    if _copied(submission):
        yield Violation(
            say(
                "{actual} repeats {expected} word for word; it should say what was really done, and how much",
                actual=submission.label(GOAL_ACTUAL),
                expected=submission.label(GOAL_EXPECTED),
            ),
            field=submission.name(GOAL_ACTUAL),
        )


@rule("G103", Severity.WARNING, may_read=(GOAL_EXPECTED, GOAL_ACTUAL, PROJECT_NAME))
def goal_too_thin(submission: Submission) -> Iterator[Violation]:
    """A goal is one word, only a number, or only the project's name.

    One word means up to four characters. Where the two goals are the same, the copy is told by another rule, and this
    one speaks only of a 预期目标 that is just the project's name. A goal that was issued, locked, is not the
    filler's and is passed over. (Practice: 43.2 and 37.24 stood in a published form.)

    ## Why it matters

    The goal is to be published. "完成", an amount or the project's name again tells the public nothing.

    ## How to fix it

    Write one or two sentences: what is done, for whom, how much of it, and what it brings.
    """
    copied = _copied(submission)
    for goal in (GOAL_EXPECTED, GOAL_ACTUAL):
        entry = submission.entry(goal)
        if entry is None or entry.blank or entry.field.name in submission.issued:
            continue
        why = _thin(entry.text, submission, only_name=copied)
        if why is not None and not (copied and goal == GOAL_ACTUAL):
            yield Violation(
                say("{field} is {why}; it should say what is done, and how much", field=entry.field.label, why=why),
                field=entry.field.name,
            )


@rule("G104", Severity.WARNING, reads=(GOAL_ACTUAL,), may_read=(GOAL_EXPECTED, FUNDS_TOTAL_RATE, WEIGHT, SCORE))
def goal_claims_done(submission: Submission) -> Iterator[Violation]:
    """实际完成情况 claims that all is done, while execution or a score is low.

    Claims are 全部完成, 全面完成, 100%完成, 完成100% and the like. Low is an execution rate under the template's
    setting `low_execution_rate` (0.9), or an indicator with less than the share `low_score` (0.8) of its points: below
    that the ministry's grade is no longer 达成. Where the text owns up to anything that is left (未, 但, 其余, 推迟 …),
    or where it is a copy of 预期目标, the rule is silent. (Choice of this project.)

    ## Why it matters

    The sentence is read by itself, in the published report. It must not say more than the figures do.

    ## How to fix it

    Say in 实际完成情况 what was not reached and why the money was not spent; or correct the score or the amount.
    """
    entry = submission.entry(GOAL_ACTUAL)
    if entry is None or _copied(submission):
        return
    claim = _claim(entry.text)
    low = _low(submission) if claim else None
    if claim and low:
        yield Violation(
            say("{field} says “{claim}”, but {low}", field=entry.field.label, claim=claim, low=low),
            field=entry.field.name,
        )


def _copied(submission: Submission) -> bool:
    expected, actual = (_folded(submission, goal) for goal in (GOAL_EXPECTED, GOAL_ACTUAL))
    return bool(actual) and actual == expected


def _folded(submission: Submission, role: Role) -> str:
    entry = submission.entry(role)
    return without_ending(quantities.normalize_text(entry.text)) if entry is not None else ""


def _thin(text: str, submission: Submission, only_name: bool) -> Message | None:
    """Return what a goal is, where it is too little."""
    folded = without_ending(quantities.normalize_text(text))
    name = _folded(submission, PROJECT_NAME)
    if folded.removesuffix("项目") == name.removesuffix("项目") and name:
        return say("only the project's name")
    if only_name:
        return None
    if quantities.read_number(folded.lstrip(_SIGNS)) is not None:
        return say("only a number")
    return say("a single word") if len(folded) <= _ONE_WORD else None


def _claim(text: str) -> str | None:
    """Return the clause that claims that all is done, unless the text owns up that it is not."""
    folded = quantities.normalize_text(text)
    if _ADMITS.search(folded) or _SHARE_DONE.search(folded):
        return None
    return next((clause for clause in clauses(text) if _DONE.search(clause)), None)


def _low(submission: Submission) -> Message | None:
    """Return the first result that is low: the execution rate, or an indicator's score."""
    rate, limit = submission.result(FUNDS_TOTAL_RATE), submission.form.exact_setting("low_execution_rate")
    if isinstance(rate, Decimal) and known(submission, FUNDS_TOTAL_RATE) and rate < limit:
        return say(
            "{field} is {rate}, under {limit}",
            field=submission.label(FUNDS_TOTAL_RATE),
            rate=printed_rate(rate),
            limit=f"{limit:.0%}",
        )
    share = submission.form.exact_setting("low_score")
    for row in submission.used_rows:
        score, weight = number_in(row, SCORE), number_in(row, WEIGHT)
        if score is not None and weight is not None and score < weight * share:
            return say(
                "{field} is {score} of {weight} points", field=row[SCORE].field.label, score=score, weight=weight
            )
    return None
