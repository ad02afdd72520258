"""What the workbook was issued with: its prefilled values, its identity and its names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from xlsform.findings import Severity, Violation
from xlsform.form.identity import Identity
from xlsform.messages import plain, say
from xlsform.rules.head import of_an_earlier_year
from xlsform.rules.labels import changed_labels
from xlsform.rules.registry import rule, workbook_rule
from xlsform.rules.wording import listed, text_of
from xlsform.submission.submission import Submission


@rule("S104", Severity.ERROR)
def prefilled_value_changed(submission: Submission) -> Iterator[Violation]:
    """A locked value that was issued with the form differs: old → new.

    What was prefilled (names, targets, weights, amounts) is recorded in the workbook when it is issued. That record
    counts where the workbook is signed by the register's key; otherwise what the project list or the register has is
    what was issued, and only without either the workbook's own word. A formula in place of such a value is a change,
    whatever result is stored with it. Other rules say nothing of such a value, nor of
    what follows from it: once it is put back, that may be right again.

    ## Why it matters

    These values were approved. Whoever changes one reports on another project than the one that was approved.

    ## How to fix it

    Put the issued value back. Where it is wrong, ask the office that issued the form to correct it.
    """
    for name, issued in submission.issued.items():
        if name not in submission.altered:
            continue
        entry = submission.entries[name]
        if entry.formula is not None:
            formula = f"={entry.formula}"
            message = say(
                "{field} was issued as {expected}; now a formula stands there", field=entry.field.label, expected=issued
            )
            yield Violation(message, field=name, found=formula, expected=issued)
            continue
        found = None if entry.blank else plain(entry.value) if entry.usable else text_of(entry.raw).strip()
        message = say(
            "{field}: approved was {expected}, now it is {found}"
            if issued != submission.approval.claimed.get(name)
            else "{field} was issued as {expected}, now it is {found}",
            field=entry.field.label,
            expected=issued,
            found=say("nothing") if found is None else found,
        )
        yield Violation(message, field=name, found=found, expected=issued)


@workbook_rule("S113", Severity.ERROR)
def identity_conflict(submission: Submission) -> Iterator[Violation]:
    """What the workbook says of itself disagrees, was edited, or is incomplete.

    When a workbook is issued its identity (template, edition, year, project, what was prefilled) is put into a
    hidden sheet, into its properties and into a defined name. One of them may not be lacking, changed, or say
    something else than the others; where formulas and names cannot be seen (.xls, .et, .ods), only the hidden sheet is
    looked at. With a register the identity has to be signed with its key. A workbook that says nothing of itself is
    S116's, one of an earlier year H102's.

    ## Why it matters

    The return may be a form copied into another workbook, one that was made up, or the form of another project.

    ## How to fix it

    Fill in the workbook that was issued for the project, and do not copy the form into another one.
    """
    found = submission.identities
    sheet = found.get("sheet")
    if submission.by_labels or of_an_earlier_year(submission) is not None:
        return
    if submission.broken_carriers or sheet is None:
        yield Violation(say("this is not the workbook that was issued: its identity is missing or was written over"))
    elif submission.sealed is None:
        yield Violation(say("the workbook's identity was edited"), found=sheet.digest)
    elif (submission.records.keys or submission.records.signatures_hold) and not submission.approval.signed:
        yield Violation(
            say("the workbook was not issued from this register: its signature fails"), found=sheet.signature
        )
    elif (other := next(filter(None, (_conflicting(sheet, found, each) for each in _OTHERS)), None)) is not None:
        yield Violation(
            say(
                "the workbook carries two identities: one of {sheet}, one of {other}",
                sheet=_who(sheet),
                other=_who(other),
            ),
            found=other.digest,
            expected=sheet.digest,
        )
    elif submission.workbook.complete and any(each not in found for each in _OTHERS):
        yield Violation(say("part of the workbook's identity was taken out; it is no longer whole"))


#: How each carrier besides the hidden sheet writes an identity.
_OTHERS: Mapping[str, Callable[[Identity], object]] = {"properties": Identity.pairs, "name": Identity.name_text}


def _conflicting(sheet: Identity, found: Mapping[str, Identity], carrier: str) -> Identity | None:
    """Return the identity of a carrier that says something else than the hidden sheet, None where it does not."""
    other, written = found.get(carrier), _OTHERS[carrier]
    return None if other is None or written(other) == written(sheet) else other


@workbook_rule("S116", Severity.WARNING)
def not_the_issued_workbook(submission: Submission) -> Iterator[Violation]:
    """The form is in a workbook that was not issued: it was read by what it prints.

    It has no identity at all. Nothing is said then of locks, formulas and rows, since nobody tampered with what was
    never issued; the values are judged, and compared with what was approved. The labels that differ from the official
    form are named. Without a project list or a register this is a note.

    ## Why it matters

    In a workbook of one's own the formulas and locks of the form are missing, and what is approved may have been typed
    over by mistake.

    ## How to fix it

    Copy what was filled in into the workbook that was issued for the project, and return that one.
    """
    if not submission.by_labels:
        return
    differing = [] if submission.sheet_gone else changed_labels(submission)
    severity = None if submission.records.know_projects else Severity.NOTE
    if differing:
        message = say(
            "this is not a workbook that was issued; it was read by its labels, of which {count} differ or are "
            "missing: {labels}",
            count=len(differing),
            labels=listed(differing),
        )
    else:
        message = say("this is not a workbook that was issued; it was read by its labels")
    yield Violation(message, found=len(differing), severity=severity)


def _who(identity: Identity) -> str:
    return " ".join(filter(None, [identity.template, identity.year, identity.project_code]))


@rule("S114", Severity.NOTE)
def name_lost(submission: Submission) -> Iterator[Violation]:
    """Defined names of the form are missing or point elsewhere; the fields were found by their place or label.

    ## Why it matters

    Programs that collect figures by name will not find these.

    ## How to fix it

    Nothing need be done; where it recurs, fill in the workbook that was issued and save it as .xlsx.
    """
    if not submission.workbook.complete or not submission.alignment.unchanged:
        return
    if submission.named == submission.layout.places:
        return
    lost = [name for name, entry in submission.entries.items() if submission.named.get(name) != entry.position]
    if lost:
        yield Violation(
            say("{count} names of fields are missing or point elsewhere: {names}", count=len(lost), names=listed(lost)),
            found=len(lost),
        )
