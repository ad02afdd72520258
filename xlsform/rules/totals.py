"""The total: that it is there, that it is the sum of all scores, and what it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsform import quantities
from xlsform.findings import Severity, Violation
from xlsform.form.vocabulary import FUNDS_TOTAL_RATE, FUNDS_TOTAL_SCORE, GRADE, SCORE, TOTAL_SCORE, WEIGHT, Role
from xlsform.messages import Message, say
from xlsform.rules.registry import rule
from xlsform.rules.wording import printed_rate
from xlsform.submission.entries import Entry, number_in
from xlsform.submission.submission import Submission

#: What tells whether a total is right.
OF_THE_TOTAL = (TOTAL_SCORE, FUNDS_TOTAL_SCORE, FUNDS_TOTAL_RATE, SCORE, WEIGHT)


@rule("T101", Severity.ERROR, reads=(TOTAL_SCORE,), may_read=OF_THE_TOTAL)
def missing_total(submission: Submission) -> Iterator[Violation]:
    """总分 is blank although there are scores to add up.

    A cell whose formula is still there but was never calculated is not meant: a note of its own says so. What the total
    should be is said where every score is there and their sum can be a total at all. (Practice: the seed form's total
    row has no score.)

    ## Why it matters

    The total is the result of the whole form; rankings, grades and the published summary are made of it.

    ## How to fix it

    In the issued workbook the total calculates by itself: fill that in. In any other file add the score of execution
    and the scores of all indicators, and enter the sum.
    """
    entry = submission.entry(TOTAL_SCORE)
    due = submission.result(TOTAL_SCORE)
    if entry is None or entry.position is None or not entry.blank or entry.formula is not None:
        return
    if not isinstance(due, Decimal):
        return
    if scores_known(submission) and due <= submission.form.full_score:
        how = _added_up(submission, due)
        message = say(
            "{field} is blank; it should be {expected} ({how})", field=entry.field.label, expected=due, how=how
        )
        yield Violation(message, field=entry.field.name, expected=due)
    else:
        yield Violation(say("{field} is blank", field=entry.field.label), field=entry.field.name)


@rule("T102", Severity.ERROR, reads=(TOTAL_SCORE,), may_read=OF_THE_TOTAL)
def total_not_sum(submission: Submission) -> Iterator[Violation]:
    """总分 is not the score of execution plus the scores of the indicators.

    For files whose formulas cannot be seen (.xls, .et, .ods) and forms that were not issued (S116); elsewhere the rules
    on overwritten formulas say so.
    The total agrees if it equals the sum, or that sum rounded or truncated at the decimals it is printed with; rounded
    to a whole point it is a warning. A total that follows from the execution score as stated is right by this rule,
    even where that score is wrong. Nothing is said where a score is lacking, or where the scores make more than the
    template's setting `total`: what is wrong then is a score or a weight. (Law: the total is the sum of all scores.)

    ## Why it matters

    The total goes into the bureau's summary as it stands.

    ## How to fix it

    Add the score column up again, the score of execution included, and enter the sum.
    """
    entry, due = submission.entry(TOTAL_SCORE), submission.result(TOTAL_SCORE)
    if submission.shows_formulas or entry is None or entry.number is None or not isinstance(due, Decimal):
        return
    exact = submission.exact_result(TOTAL_SCORE)
    exact = exact if isinstance(exact, Decimal) else due
    right = entry.number == due or quantities.agrees(entry.number, exact, entry.decimals) or follows(submission, entry)
    if right or not scores_known(submission) or speaks_of_total(submission) or due > submission.form.full_score:
        return
    yield Violation(
        say(
            "{field} should be {expected} ({how}); the form says {found}",
            field=entry.field.label,
            expected=due,
            how=_added_up(submission, due),
            found=entry.number,
        ),
        field=entry.field.name,
        found=entry.number,
        expected=due,
        severity=Severity.WARNING if quantities.whole_point(entry.number, exact) else None,
    )


@rule("T103", Severity.ERROR, reads=(TOTAL_SCORE,), may_read=OF_THE_TOTAL)
def total_over_100(submission: Submission) -> Iterator[Violation]:
    """总分 is more than 100.

    More than the template's setting `total`, to be exact. Where the total only follows from a score over its weight or
    from weights that do not make 100, the rules on those speak, and this one is silent.

    ## Why it matters

    No score may exceed its weight and the weights make 100, so such a total cannot be.

    ## How to fix it

    Add the score column up again; look for a score that was counted twice, and for a subtotal among the scores.
    """
    entry = submission.entry(TOTAL_SCORE)
    if entry is not None and _over(submission, entry):
        top = submission.form.full_score
        message = say(
            "{field} is {found}; it cannot be more than {top}", field=entry.field.label, found=entry.number, top=top
        )
        yield Violation(message, field=entry.field.name, found=entry.number, expected=submission.result(TOTAL_SCORE))


@rule("T104", Severity.ERROR, reads=(GRADE, TOTAL_SCORE), may_read=OF_THE_TOTAL)
def grade_off(submission: Submission) -> Iterator[Violation]:
    """The grade is not the one of the total's band.

    For forms with a field `grade`. The bands are the template's setting `grades` (优 from 90, 良 from 80, 中 from 60,
    差 below). The word has to hold exactly one of the grades (优秀 is 优), or nothing is said; the grade of the total
    as stated is accepted as well as that of the total as calculated. (Practice.)

    ## Why it matters

    Next year's budget of the project depends on the grade.

    ## How to fix it

    Enter the grade of the band in which the total lies.
    """
    entry, bands = submission.entry(GRADE), submission.form.setting("grades")
    if entry is None or entry.blank or not bands or not scores_known(submission):
        return
    named = [word for word in bands if word in quantities.normalize_text(entry.text)]
    totals = [submission.number(TOTAL_SCORE), submission.result(TOTAL_SCORE)]
    due = [_grade(total, bands) for total in totals if isinstance(total, Decimal)]
    if len(named) == 1 and due and named[0] not in due:
        yield Violation(
            say(
                "{field} should be {expected}, the grade of a total of {total}; the form says {found}",
                field=entry.field.label,
                expected=due[-1],
                total=next(total for total in reversed(totals) if isinstance(total, Decimal)),
                found=entry.text,
            ),
            field=entry.field.name,
            expected=due[-1],
        )


def _grade(total: Decimal, bands: dict[str, float]) -> str:
    """Return the word of the highest band that a total reaches; of the lowest where it reaches none."""
    ordered = sorted(bands.items(), key=lambda band: -band[1])
    return next((word for word, least in ordered if total >= Decimal(str(least))), ordered[-1][0])


@rule("T105", Severity.ERROR, reads=(TOTAL_SCORE, FUNDS_TOTAL_RATE), may_read=OF_THE_TOTAL)
def perfect_despite_execution(submission: Submission) -> Iterator[Violation]:
    """总分 is 100 although the money was not all spent.

    With an execution rate under 100 % the execution score is less than its weight, so the total is less than the
    template's setting `total`. The rule is silent where the missing part is so small that it is lost in rounding,
    where the form states a rate of 100 % (then the rate is what is wrong), and where the total's formula is in order
    and only follows an execution score that was typed over. (Law: 执行率*该指标分值.)

    ## Why it matters

    It is the contradiction that a reader of the published form sees first.

    ## How to fix it

    Set the execution score right (the rate times its weight) and add the scores up again.
    """
    entry = submission.entry(TOTAL_SCORE)
    rate, due = submission.result(FUNDS_TOTAL_RATE), submission.result(TOTAL_SCORE)
    if entry is not None and _perfect(submission, entry) and isinstance(rate, Decimal) and isinstance(due, Decimal):
        yield Violation(
            say(
                "{field} is {found} although the execution rate is only {rate}; it should be {expected} ({how})",
                field=entry.field.label,
                found=entry.number,
                rate=printed_rate(rate),
                expected=due,
                how=_added_up(submission, due),
            ),
            field=entry.field.name,
            found=entry.number,
            expected=due,
        )


def speaks_of_total(submission: Submission) -> bool:
    """Whether T103 or T105 says what is wrong with the total, so that no other rule need."""
    entry = submission.entry(TOTAL_SCORE)
    return entry is not None and (_over(submission, entry) or _perfect(submission, entry))


def _over(submission: Submission, entry: Entry) -> bool:
    stated = entry.number
    if stated is None or stated <= submission.form.full_score:
        return False
    if follows(submission, entry):
        return not any(WEIGHT in row for row in submission.rows)
    return entry.formula is None


def _perfect(submission: Submission, entry: Entry) -> bool:
    rate, due, top = submission.result(FUNDS_TOTAL_RATE), submission.result(TOTAL_SCORE), submission.form.full_score
    if entry.number != top or not (isinstance(rate, Decimal) and rate < 1):
        return False
    if not (isinstance(due, Decimal) and due < top and scores_known(submission)):
        return False
    stated_rate = submission.number(FUNDS_TOTAL_RATE)
    if stated_rate is not None and stated_rate >= 1:
        return False
    return entry.formula is None or not follows(submission, entry)


def known(submission: Submission, role: Role) -> bool:
    """Whether all that people type for a computed field is there and of use; otherwise other rules speak."""
    fields, lacking = submission.layout.fields, submission.unusable | submission.missing
    entry = submission.entry(role)
    needed = lacking.intersection(submission.layout.computed_references.get(entry.field.name, ())) if entry else ()
    return not any(fields[each].spec.kind == "input" for each in needed)


def scores_known(submission: Submission) -> bool:
    """Whether all is there that the total is made of; without a budget there is no execution score."""
    execution = submission.result(FUNDS_TOTAL_SCORE, Decimal(0))
    scores = [row[SCORE] for row in submission.used_rows if SCORE in row]
    whole = known(submission, TOTAL_SCORE) and isinstance(execution, Decimal)
    return whole and not any(score.blank for score in scores)


def _stated_scores(submission: Submission) -> Decimal:
    scores = [number_in(row, SCORE) for row in submission.used_rows]
    return sum((score for score in scores if score is not None), Decimal(0))


def follows(submission: Submission, entry: Entry) -> bool:
    """Whether a stated total is the sum of the scores that stand in the form."""
    whole = (submission.number(FUNDS_TOTAL_SCORE) or Decimal(0)) + _stated_scores(submission)
    return entry.number is not None and quantities.agrees(entry.number, whole, entry.decimals)


def _added_up(submission: Submission, total: Decimal) -> Message:
    """Return how a total follows from the scores."""
    execution, indicators = submission.result(FUNDS_TOTAL_SCORE), _stated_scores(submission)
    if isinstance(execution, Decimal) and execution + indicators == total:
        return say(
            "{execution} for execution + {indicators} for the indicators", execution=execution, indicators=indicators
        )
    return say("all scores added up")
