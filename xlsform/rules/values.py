"""Values: whether what was typed is what its field can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.field_types import MONEY, YEAR, FieldType
from xlsform.form.vocabulary import ACTUAL, INDICATOR_NAME, REASON, TARGET
from xlsform.messages import Message, say
from xlsform.patterns import LazyPattern
from xlsform.quantities import normalize_text
from xlsform.quantities.units import ARITHMETIC
from xlsform.rules.registry import rule
from xlsform.rules.wording import one_line
from xlsform.spreadsheet.values import CellError
from xlsform.submission.entries import Entry
from xlsform.submission.submission import Submission

_SHOWN = 60
"""Characters of a text that a message repeats."""

_POINT_DECIMALS = 2

_LEAST_PROMPT = 8
"""Shorter prompts may stand in a text by chance."""


@rule("V101", Severity.ERROR)
def not_a_number(submission: Submission) -> Iterator[Violation]:
    """Text stands where a number belongs.

    Money, points and the year must be figures: 约4, 叁, 4-5 and 98% (for points) are none. What can be understood
    beyond doubt (3.92万元, １２, 1,200) counts as a number; V102 notes it.

    A dash, a slash or 无 in a field that need not be filled (其他资金, say) means that there is nothing, so it is only
    a note. (The project's own choice.)

    ## Why it matters

    A text is in no sum. Where it stands nothing that depends on it can be checked or calculated.

    ## How to fix it

    Type the figure alone, in Arabic digits, in the unit that the form prints. Where there is no money, leave the cell
    blank or put 0.
    """
    for entry in submission.filled:
        if entry.problem != "not-a-number":
            continue
        field, text = entry.field, _typed(entry)
        if means_none(entry):
            message = say("{field} holds “{found}”; leave it blank or put 0", field=field.label, found=text)
            yield Violation(message, field=field.name, severity=Severity.NOTE)
        else:
            message = say(
                "{field} should be {kind}; the form says “{found}”",
                field=field.label,
                kind=_kind(field.spec.type, submission.form.money_unit),
                found=one_line(text, _SHOWN),
            )
            yield Violation(message, field=field.name)


def _typed(entry: Entry) -> str:
    if isinstance(entry.raw, bool):
        return "TRUE" if entry.raw else "FALSE"
    return str(entry.raw).strip()


def means_none(entry: Entry) -> bool:
    """Whether a dash, a slash or 无 says that there is no money in a field that may stay blank."""
    text = str(entry.raw)
    optional = entry.field.spec.required is None and entry.field.spec.type.name == "money"
    return (
        optional
        and entry.problem == "not-a-number"
        and (quantities.is_blank_mark(text) or normalize_text(text) == "无")
    )


def _kind(kind: FieldType, unit: str) -> Message:
    if kind is MONEY:
        return say("a number, in {unit}", unit=unit)
    if kind is YEAR:
        return say("a year in four digits")
    return say("a number")


@rule("V102", Severity.NOTE)
def number_as_text(submission: Submission) -> Iterator[Violation]:
    """A number was typed as text, and understood.

    With its unit (3.92万元), commas (1,200), full-width digits (１２), spaces, or an apostrophe before it. Money in
    another unit is converted: 39200元 counts as 3.92 where the form asks for 万元.

    ## Why it matters

    This program understands it, a formula does not: in the workbook itself the cell is in no sum, so rates and totals
    look wrong there.

    ## How to fix it

    Type the figure alone. If it still sticks to the left of the cell, set the cell's format to General and type it
    again.
    """
    for entry in submission.filled:
        if entry.as_text and entry.value is not None:
            message = say(
                "{field} was typed as text “{found}” and is read as {value}; type the number alone",
                field=entry.field.label,
                found=one_line(_typed(entry), _SHOWN),
                value=entry.value,
            )
            yield Violation(message, field=entry.field.name, expected=entry.value)


@rule("V103", Severity.ERROR)
def negative_number(submission: Submission) -> Iterator[Violation]:
    """An amount of money or a score is negative.

    A weight below 0 is told by W103.

    ## Why it matters

    Budgets, spending and points cannot be less than nothing. A negative figure lowers sums without being seen.

    ## How to fix it

    Correct the sign. Money that was paid back lowers 全年执行数; put what was spent in the end.
    """
    told = {check.field.name for check in submission.failed("W103")}
    for entry in submission.filled:
        number = entry.number
        if number is None or number >= 0 or entry.field.name in told:
            continue
        if entry.field.spec.type.name in ("money", "points"):
            message = say("{field} is {found}; it cannot be less than 0", field=entry.field.label, found=number)
            yield Violation(message, field=entry.field.name, found=number)


@rule("V104", Severity.ERROR)
def cell_error(submission: Submission) -> Iterator[Violation]:
    """A field to be filled holds an error value, such as #DIV/0! or #REF!.

    ## Why it matters

    An error value comes from a formula of the filler's own that cannot be calculated, often one that pointed into
    another workbook. What it should have shown is lost.

    ## How to fix it

    Delete the formula and type the value itself.
    """
    for entry in submission.filled:
        if entry.problem == "cell-error":
            found = entry.raw.text if isinstance(entry.raw, CellError) else str(entry.raw)
            message = say(
                "{field} holds the error {found}; type the value itself", field=entry.field.label, found=found
            )
            yield Violation(message, field=entry.field.name, found=found)


@rule("V105", Severity.NOTE)
def too_many_decimals(submission: Submission) -> Iterator[Violation]:
    """A figure has more decimals than it can mean.

    Points have two (law: printed on the 2016 form). Money has six in 万元, so that one 分 and every amount converted
    from 元 fit: the setting `money_decimals`.

    ## Why it matters

    Such figures come from a division (3.3333333) or from an amount that was converted twice. On paper they show
    rounded, and sums no longer agree with what is printed.

    ## How to fix it

    Round the figure to the decimals named. If it was calculated, look at the calculation once more.
    """
    decimals = {"money": int(submission.form.setting("money_decimals")), "points": _POINT_DECIMALS}
    for entry in submission.filled:
        number, most = entry.number, decimals.get(entry.field.spec.type.name)
        if number is None or most is None or quantities.decimals_of(number) <= most:
            continue
        rounded = number.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP, ARITHMETIC)
        message = say(
            "{field} is {found}, with {count} decimals; {most} are enough: {expected}",
            field=entry.field.label,
            found=number,
            count=quantities.decimals_of(number),
            most=most,
            expected=rounded,
        )
        yield Violation(message, field=entry.field.name, found=number, expected=rounded)


#: What a printed form or its guide holds where something is to be filled in; looked for in folded text.
_LEFT = LazyPattern(
    r"指标\d*:?|\.{3,}|待填写?|待补充"
    r"|.*?(?P<part>"
    r"(?<![0-9A-Za-z])(?:[Xx]{3,}|×{3,})(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?:[Xx]{2}|××)(?=[年月日个人次%元名户家件项台套份场期亩吨辆所村镇乡县市区局]|万元|公里|千米|平方米|单位|部门)"
    r"|\((?:限|不超过|控制在)?\d+字(?:左右|以内|之内|内)?\)"
    r"|(?:在?此处|在此|这里)(?:填写|输入|填报)|点击(?:此处|这里)?(?:填写|输入|选择)"
    r").*"
    r"|请(?:填写|输入|选择|填报).{0,12}"
)

#: What every text has that `_LEFT` fits; quicker to look for.
_MAYBE_LEFT = LazyPattern(r"指标|\.{3}|[待请此这]|点击|[Xx]{2}|××|字")


@rule("V106", Severity.WARNING, may_read=(INDICATOR_NAME, TARGET, ACTUAL, REASON))
def placeholder_left(submission: Submission) -> Iterator[Violation]:
    """Something that the blank form prints, or a hint for the filler, was left in.

    A line that is only 指标1：, ……, 待填写 or 请填写…; anywhere in a text XXX, XX before a unit or a kind of office
    (XX年, XX公里, XX局), a limit of length such as (100字以内), 此处填写, or the field's own prompt. Looked at are the
    texts of the form and the indicator rows that are in use. 指标1： before a name is how the form prints it, and no
    fault. A row in use that has only its printed 指标1： for a name is told by K107, words beside a figure for a target
    by P110, a reason of …… by P107.

    ## Why it matters

    The forms are published with the final accounts. A placeholder shows every reader that the field was not filled in
    with care, and often the figure itself is missing: 培训XX人次.

    ## How to fix it

    Put what belongs there, or delete it. Rows that are not used may keep what is printed in them.
    """
    for row, entry in _texts(submission):
        left = _left_in(entry)
        if left is not None and _ours(row, entry):
            message = say(
                "{field} still holds “{found}”, which should be filled in or deleted",
                field=entry.field.label,
                found=one_line(left, _SHOWN),
            )
            yield Violation(message, field=entry.field.name)


def _left_in(entry: Entry) -> str | None:
    """Return what was left in a text, None where nothing was."""
    prompt = entry.field.spec.prompt if len(entry.field.spec.prompt) >= _LEAST_PROMPT else ""
    for line in entry.text.splitlines():
        folded = normalize_text(line)
        match = _LEFT.fullmatch(folded) if _MAYBE_LEFT.search(folded) else None
        if match:
            return match["part"] or line
        if prompt and normalize_text(prompt) in folded:
            return prompt
    return None


def _texts(submission: Submission) -> Iterator[tuple[Mapping[str, Entry], Entry]]:
    """Yield the texts of the form, and those of indicator rows that hold something besides a name, with their row."""
    for entry in submission.filled:
        if entry.field.table is None and isinstance(entry.value, str):
            yield {}, entry
    for row in submission.used_rows:
        if any(not entry.blank for column, entry in row.items() if column not in (INDICATOR_NAME, REASON)):
            yield from ((row, entry) for entry in row.values() if isinstance(entry.value, str))


def _ours(row: Mapping[str, Entry], entry: Entry) -> bool:
    """Whether this rule is to tell of a placeholder: P107 tells of empty reasons, P110 of words beside a figure."""
    if entry.field.role == REASON:
        return not quantities.says_nothing(entry.text)
    if entry.field.role == ACTUAL and TARGET in row:
        figure = quantities.read_target(row[TARGET].text).kind in ("number", "range")
        return not figure or any(char.isdigit() for char in entry.text)
    return True
