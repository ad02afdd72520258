"""What the workbook was issued with: its prefilled values, its identity and its names."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform.findings import Severity, Violation
from xlsform.form import identity as identities
from xlsform.messages import plain, say
from xlsform.rules.registry import rule, workbook_rule
from xlsform.rules.wording import listed, text_of
from xlsform.submission.submission import Submission


@rule("S104", Severity.ERROR)
def prefilled_value_changed(submission: Submission) -> Iterator[Violation]:
    """A locked value that was issued with the form differs: old → new.

    What was prefilled (names, targets, weights, amounts) is recorded in the workbook when it is issued. Other rules
    say nothing of such a value, nor of what follows from it: once it is put back, that may be right again.

    ## Why it matters

    These values were approved. Whoever changes one reports on another project than the one that was approved.

    ## How to fix it

    Put the issued value back. Where it is wrong, ask the office that issued the form to correct it.
    """
    for name, issued in submission.issued.items():
        if name not in submission.altered:
            continue
        entry = submission.entries[name]
        found = None if entry.blank else plain(entry.value) if entry.usable else text_of(entry.raw).strip()
        message = say(
            "{field} was issued as {expected}, now it is {found}",
            field=entry.field.label,
            expected=issued,
            found=say("nothing") if found is None else found,
        )
        yield Violation(message, field=name, found=found, expected=issued)


@workbook_rule("S113", Severity.ERROR)
def identity_conflict(submission: Submission) -> Iterator[Violation]:
    """What the workbook says of itself disagrees, was edited, or is missing.

    When a workbook is issued its identity (template, edition, year, project, what was prefilled) is put into a
    hidden sheet, into its properties and into a defined name. A trip through .xls or another program may lose the
    last two, which is no finding; the hidden sheet survives them all. With a register the identity has to be signed
    with its key.

    ## Why it matters

    The return may be a form copied into another workbook, one that was made up, or the form of another project.

    ## How to fix it

    Fill in the workbook that was issued for the project, and do not copy the form into another one.
    """
    found = submission.identities
    sheet = found.get("sheet")
    if sheet is None:
        yield Violation(say("this is not the workbook that was issued: its identity is missing"))
        return
    if submission.sealed is None:
        yield Violation(say("the workbook's identity was edited"), found=sheet.digest)
        return
    if submission.key is not None and not sheet.signed_with(submission.key):
        yield Violation(
            say("the workbook was not issued from this register: its signature fails"), found=sheet.signature
        )
        return
    for carrier in ("properties", "name"):
        other = found.get(carrier)
        if other is not None and other.digest != sheet.digest:
            yield Violation(
                say(
                    "the workbook carries two identities: one of {sheet}, one of {other}",
                    sheet=_who(sheet),
                    other=_who(other),
                ),
                found=other.digest,
                expected=sheet.digest,
            )
            return


def _who(identity: identities.Identity) -> str:
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
