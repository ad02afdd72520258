"""Completeness of the indicators: kinds that are missing, rows that are half filled, said twice or apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, INDICATORS, SCORE, TARGET, WEIGHT
from xlsform.messages import say
from xlsform.rules.indicators import OF_A_ROW, indicators, shown
from xlsform.rules.registry import rule
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

Row = Mapping[str, Entry]


def _name_of(row: Row) -> str:
    """Return the field that stands for a row: its name's, or its first one's."""
    return (row.get(INDICATOR_NAME) or next(iter(row.values()))).field.name


def _kind(row: Row, level: int) -> str:
    item = next(iter(row.values())).field
    return (item.level1 if level == 1 else item.level2) or ""


def _row_label(entry: Entry) -> str:
    """Return how messages name the row of a field: 数量指标 第 1 行."""
    return entry.field.label.rpartition("·")[0]


def _first_rows(submission: Submission, level: int) -> dict[str, Row]:
    """Return the first row of each kind; a kind that is gone from the sheet with all its rows is structure's affair."""
    found: dict[str, Row] = {}
    kept = submission.alignment.unchanged
    for row, levels in zip(submission.rows, submission.layout.row_kinds, strict=True):
        if levels[level - 1] not in found and (kept or any(entry.position is not None for entry in row.values())):
            found[levels[level - 1]] = row
    return found


def _used_kinds(submission: Submission, level: int) -> set[str]:
    """Return the kinds that have an indicator, or may have had one in a row that is gone."""
    return {_kind(row, level) for row in (*submission.used_rows, *submission.gone_rows)}


@rule("K104", Severity.ERROR, reads=(INDICATORS,), may_read=(INDICATOR_NAME,))
def level1_missing(submission: Submission) -> Iterator[Violation]:
    """A level-1 kind that the form requires has no indicator.

    Required are the kinds named in the template's setting `required_levels`; without that setting, every level 1
    to which `level_weights` gives points. The ministry's form asks for output, benefit and satisfaction, the
    guide of 2021 for cost as well.

    ## Why it matters

    A form without, say, satisfaction leaves a tenth of the evaluation out, and its weights cannot be right.

    ## How to fix it

    Fill in at least one indicator of that kind: name, target, actual value, weight and score.
    """
    used = _used_kinds(submission, 1)
    rows = _first_rows(submission, 1)
    for level1 in submission.form.required_levels:
        if level1 in rows and level1 not in used:
            message = say("no indicator is filled in under {level1}; at least one is required", level1=level1)
            yield Violation(message, field=_name_of(rows[level1]))


@rule("K105", Severity.WARNING, reads=(INDICATORS,), may_read=(INDICATOR_NAME,))
def level2_missing(submission: Submission) -> Iterator[Violation]:
    """Level-2 kinds that the form requires have no indicator.

    The setting `required_level2` says it for each level 1, in one of two ways: `kinds` lists those that each need
    an indicator (of output: quantity, quality, time and cost); `at_least` tells how many kinds must be in use,
    whichever they are (of benefit two of the four, since hardly any project has all). Without the setting nothing
    is required. One finding names all kinds of a level 1; where the whole level 1 is blank, K104 speaks instead.
    The ministry prints the kinds and does not say that each must be used: this is the project's own choice.

    ## Why it matters

    An output told by quantity alone says nothing of whether the work was good, in time and worth its price.

    ## How to fix it

    Fill in an indicator of each kind named. Where a kind cannot apply to the project, the office that issued the
    form may accept it as it is.
    """
    used, rows = _used_kinds(submission, 2), _first_rows(submission, 2)
    levels = _used_kinds(submission, 1)
    for level1, wanted in submission.form.setting("required_level2").items():
        own = [level2 for level2, row in rows.items() if _kind(row, 1) == level1]
        blank = [level2 for level2 in own if level2 not in used]
        missing = [level2 for level2 in blank if level2 in wanted.get("kinds", ())]
        if level1 not in levels:
            continue
        if missing:
            message = say(
                "under {level1} no indicator is filled in for {kinds}; each of them needs one",
                level1=level1,
                kinds=missing,
            )
            yield Violation(message, field=_name_of(rows[missing[0]]))
        elif blank and len(own) - len(blank) < wanted.get("at_least", 0):
            message = say(
                "under {level1} {filled} of {all} kinds has an indicator, at least {least} are expected; "
                "blank: {kinds}",
                level1=level1,
                filled=len(own) - len(blank),
                all=len(own),
                least=wanted["at_least"],
                kinds=blank,
            )
            yield Violation(message, field=_name_of(rows[blank[0]]))


@rule("K106", Severity.ERROR, of_checks=True)
def indicator_incomplete(submission: Submission) -> Iterator[Violation]:
    """A row in use lacks its target, actual value, weight or score.

    A row is in use as soon as something stands in it. One finding a row, at the first blank cell, lists all that
    is missing. Whether the reason is filled in is P106's affair, and whether the name is, K107's.

    ## Why it matters

    An indicator without a target cannot be missed, one without an actual value was not measured; without weight
    and score the total is wrong.

    ## How to fix it

    Fill in the cells named. If the indicator does not belong there, clear its whole row.
    """
    failing = {check.field.name for check in submission.results.failing if check.check.code == "K106"}
    blank = failing - submission.altered
    for row in submission.rows if blank else ():
        missing = [entry for entry in row.values() if entry.field.name in blank and entry.position is not None]
        if missing:
            message = say(
                "{row} is not complete: {columns} must be filled in",
                row=_row_label(missing[0]),
                columns=[entry.field.spec.label for entry in missing],
            )
            yield Violation(message, field=missing[0].field.name)


@rule("K107", Severity.ERROR, reads=(INDICATOR_NAME,), may_read=(TARGET, ACTUAL, WEIGHT, SCORE), of_checks=True)
def indicator_without_name(submission: Submission) -> Iterator[Violation]:
    """A row holds values but no name.

    The printed 指标1： or …… alone is no name. Other cells of the row that are blank are named by K106.

    ## Why it matters

    Nobody can tell what the values measure, and the points of the row count all the same.

    ## How to fix it

    Write the indicator's name into the row, or clear its values if they were typed into the wrong one.
    """
    columns = (TARGET, ACTUAL, WEIGHT, SCORE)
    nameless = {check.field.name for check in submission.results.failing if check.check.code == "K107"}
    for row in submission.rows if nameless else ():
        name = row.get(INDICATOR_NAME)
        if name is None or name.field.name not in nameless or name.position is None:
            continue
        filled = [row[column].field.spec.label for column in columns if column in row and not row[column].blank]
        message = say("{row} has {columns} but no name", row=_row_label(name), columns=filled)
        yield Violation(message, field=name.field.name)


@rule("K108", Severity.WARNING, reads=(INDICATOR_NAME, TARGET), may_read=OF_A_ROW)
def indicator_duplicated(submission: Submission) -> Iterator[Violation]:
    """The same indicator stands in the form twice.

    Two rows have the same name and the same target, once spaces, width and the printed 指标1： no longer count.
    The finding stands at the later one.

    ## Why it matters

    What was done once earns its points twice.

    ## How to fix it

    Clear one of the two rows and give its weight to the other, or correct the name that was copied.
    """
    seen: dict[tuple[str, str], Entry] = {}
    for indicator in indicators(submission):
        if not indicator.name or indicator.target is None:
            continue
        key, name = (indicator.name, indicator.target.text), indicator.row[INDICATOR_NAME]
        if key in seen:
            message = say(
                "{row} repeats {other}: “{name}” with the same target {target}",
                row=_row_label(name),
                other=_row_label(seen[key]),
                name=indicator.name,
                target=shown(indicator.row[TARGET]),
            )
            yield Violation(message, field=name.field.name)
        seen.setdefault(key, name)


@rule("K109", Severity.NOTE, reads=(INDICATOR_NAME,))
def gap_between_rows(submission: Submission) -> Iterator[Violation]:
    """A row is in use below one that is blank, in the same level-2 block.

    One finding a block, at the first row below the gap.

    ## Why it matters

    It is harmless, but often the trace of an indicator that was deleted or forgotten.

    ## How to fix it

    Move the indicators up so that the blank rows come last, unless one of them was forgotten: then fill it in.
    """
    used = {id(row) for row in submission.used_rows}
    present = [row for row in submission.rows if INDICATOR_NAME in row and row[INDICATOR_NAME].position is not None]
    for _, block in groupby(present, lambda row: row[INDICATOR_NAME].field.level2):
        blank: Row | None = None
        for row in block:
            if id(row) not in used:
                blank = blank or row
            elif blank is not None:
                message = say(
                    "{row} is filled in, although {blank} above it is blank",
                    row=_row_label(row[INDICATOR_NAME]),
                    blank=_row_label(blank[INDICATOR_NAME]),
                )
                yield Violation(message, field=_name_of(row))
                break
