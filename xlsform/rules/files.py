"""The file: whether it can be opened at all, and what it carries besides a form."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform.findings import Severity, Violation
from xlsform.messages import Message, say
from xlsform.reading.workbook import EXTENSIONS, Reason, Unreadable, Workbook
from xlsform.rules.registry import ReceivedFile, file_rule, rule, workbook_rule
from xlsform.submission.submission import Submission

_REASONS: dict[Reason, Message] = {
    "empty": say("the file is empty"),
    "not-a-spreadsheet": say("the file is not a spreadsheet"),
    "damaged": say("the file is damaged"),
    "truncated": say("the file is cut off; it did not arrive whole"),
    "missing": say("the file is no longer there"),
    "not-a-file": say("this is a folder or a device, not a file"),
    "denied": say("the file may not be opened: permission was denied"),
    "crashed": say("the file made the reader fail"),
    "timeout": say("judging the file took too long"),
}


def _refusal(arrival: ReceivedFile, text: Message) -> Violation:
    assert isinstance(arrival.contents, Unreadable)
    detail = arrival.contents.detail
    if not detail:
        return Violation(say("{what}", what=text))
    return Violation(say("{what} ({detail})", what=text, detail=detail), found=str(detail))


@file_rule("F101", Severity.ERROR)
def unreadable_workbook(arrival: ReceivedFile) -> Iterator[Violation]:
    """The file cannot be opened as a workbook.

    It is empty, cut off, damaged, or something else under a spreadsheet's name; the message says which. The real
    type is told by the first bytes of the file, never by its extension.

    ## Why it matters

    Nothing in the file can be judged, so the return does not count.

    ## How to fix it

    Open the file in WPS or Excel. If it opens, save it as .xlsx and send it again; if it does not, fill in the
    workbook that was issued once more.
    """
    if isinstance(arrival.contents, Unreadable) and arrival.contents.reason in _REASONS:
        yield _refusal(arrival, _REASONS[arrival.contents.reason])


@file_rule("F102", Severity.ERROR)
def encrypted_workbook(arrival: ReceivedFile) -> Iterator[Violation]:
    """The file asks for a password before it opens.

    Workbooks that Excel marks as "read-only recommended" are encrypted with a password that everybody knows; they
    are opened all the same and are no finding.

    ## Why it matters

    Nothing in the file can be judged.

    ## How to fix it

    Save the file without a password to open it, and send it again.
    """
    if isinstance(arrival.contents, Unreadable) and arrival.contents.reason == "encrypted":
        yield _refusal(arrival, say("the file asks for a password before it opens"))


@file_rule("F103", Severity.ERROR)
def oversized_workbook(arrival: ReceivedFile) -> Iterator[Violation]:
    """The file is beyond the limits for size, unpacked size, compression, number of cells or memory.

    The limits are far above what a form needs. They are applied while the file is unpacked, before it costs memory;
    ``--limit`` changes them.

    ## Why it matters

    A small file that unpacks to gigabytes can stop the computer that reads it.

    ## How to fix it

    Take pictures and foreign sheets out of the workbook, or fill in the workbook that was issued once more.
    """
    if isinstance(arrival.contents, Unreadable) and arrival.contents.reason == "oversized":
        yield _refusal(arrival, say("the file is larger than any form can be"))


@file_rule("F104", Severity.ERROR)
def unknown_form(arrival: ReceivedFile) -> Iterator[Violation]:
    """No known form is recognised in the workbook.

    A form is recognised by the identity that was issued in it, else by its printed labels. With ``--template`` the
    reviewer names the form.

    ## Why it matters

    Without knowing the form there is nothing to judge it by.

    ## How to fix it

    Check that the right file was sent. If the form was copied into another workbook, fill in the workbook that was
    issued instead.
    """
    if isinstance(arrival.contents, Workbook) and arrival.submission is None:
        names = [sheet.name for sheet in arrival.contents.sheets if sheet.state == "visible"]
        yield Violation(
            say("no known form is recognised in this workbook; its sheets are: {sheets}", sheets=names[:10]),
            found=", ".join(names[:10]),
        )


@file_rule("F111", Severity.WARNING)
def parts_left_out(arrival: ReceivedFile) -> Iterator[Violation]:
    """Something in the workbook is damaged and was left out; all else was judged.

    The message names the parts, sheets, cells or ranges that could not be read.

    ## Why it matters

    What was left out may have held what the form asks for, and another program may show something there.

    ## How to fix it

    Open the file in WPS or Excel, look at the places named, save it as .xlsx and send it again.
    """
    if isinstance(arrival.contents, Workbook) and arrival.contents.damaged:
        places = list(arrival.contents.damaged)
        yield Violation(
            say("damaged and therefore left out: {places}", places=places[:10]),
            found=", ".join(places[:10]),
        )


@file_rule("F113", Severity.WARNING)
def document_not_checkable(arrival: ReceivedFile) -> Iterator[Violation]:
    """Something came where a form was expected, and cannot be read as one.

    It is a mail that has only a text, or only a link to a large attachment (as QQ mail, NetEase mail and Tencent's mail
    for offices make them); a Word document, a PDF or a picture; an archive that is not opened here (.rar, .7z); or
    winmail.dat. It has an entry of its own, which counts as unreadable: nothing of it was read, so it is never passed.
    What came in one mail, or in one folder of an archive, with a workbook is told in the entry of that workbook.

    Delivery reports and automatic replies are no returns, and only counted.

    ## Why it matters

    The unit may take it for its return, and nobody would know that it was not checked.

    ## How to fix it

    Look at what came. If it is meant as the return, ask the unit for the workbook that was issued, filled in, as an
    ordinary attachment or in a .zip. Where the return came beside it, nothing is to be done.
    """
    contents = arrival.contents
    if isinstance(contents, Unreadable) and contents.reason == "not-checkable":
        yield _refusal(arrival, say("it came where a form was expected, and cannot be checked"))
    elif arrival.beside:
        yield Violation(
            say(
                "what came with it cannot be checked: {files}; if a form is among them, ask for its workbook",
                files=list(arrival.beside),
            ),
            found=", ".join(arrival.beside),
        )


@workbook_rule("F105", Severity.WARNING)
def old_edition(submission: Submission) -> Iterator[Violation]:
    """The workbook was made from an earlier edition of the template.

    ## Why it matters

    The form may since have changed, so that labels or formulas are no longer the ones in force.

    ## How to fix it

    Fill in the edition in force; the office that issued the form can send it.
    """
    identity = submission.identity
    if identity is not None and identity.template == submission.form.id:
        issued, current = identity.edition, submission.form.edition
        if issued != current:
            yield Violation(
                say(
                    "made from edition {found} of the form; edition {expected} is in force",
                    found=issued,
                    expected=current,
                ),
                found=issued,
                expected=current,
            )


@workbook_rule("F106", Severity.NOTE)
def not_fully_checkable(submission: Submission) -> Iterator[Violation]:
    """In this type of file formulas and locks cannot be seen; the values are checked all the same.

    Files in .xls, .et, .xlsb and .ods give their values alone.

    ## Why it matters

    Whether a formula was overwritten or a lock was taken off stays unknown.

    ## How to fix it

    Where that matters, ask for the workbook as .xlsx, as it was issued.
    """
    if not submission.workbook.complete:
        kind = submission.workbook.kind
        yield Violation(
            say("saved as .{kind}: the values were checked, formulas and locks cannot be seen", kind=kind), found=kind
        )


@file_rule("F107", Severity.WARNING)
def macro_in_workbook(arrival: ReceivedFile) -> Iterator[Violation]:
    """The workbook contains macros. They are never run.

    ## Why it matters

    The issued workbook has none. Macros are the commonest way in which office files carry harm.

    ## How to fix it

    Save the workbook as .xlsx, which drops macros, and send it again. Do not open this file with macros enabled.
    """
    if isinstance(arrival.contents, Workbook) and arrival.contents.macros:
        yield Violation(say("the workbook contains macros; the issued one had none"))


@file_rule("F108", Severity.WARNING)
def external_link(arrival: ReceivedFile) -> Iterator[Violation]:
    """The workbook links to other workbooks, to programs (DDE) or to data sources.

    ## Why it matters

    Figures that come from another file cannot be checked, change unseen, and the link may give away where the unit
    keeps its files.

    ## How to fix it

    Break the links (Data → Edit links → Break link) so that the figures themselves stand in the cells.
    """
    if isinstance(arrival.contents, Workbook) and arrival.contents.external_links:
        links = list(arrival.contents.external_links)
        yield Violation(
            say("the workbook links to other files or programs: {links}", links=links[:5]), found=", ".join(links[:5])
        )


@file_rule("F109", Severity.NOTE)
def extension_mismatch(arrival: ReceivedFile) -> Iterator[Violation]:
    """The file's extension does not tell its real type.

    ## Why it matters

    Excel warns when such a file is opened, and some programs refuse it. Here it was read by its real type.

    ## How to fix it

    Give the file the right extension, or save it anew as .xlsx.
    """
    if isinstance(arrival.contents, Workbook):
        suffix, kind = arrival.path.suffix.lower(), arrival.contents.kind
        if suffix not in EXTENSIONS[kind]:
            yield Violation(
                say("named {suffix}, but really a .{kind} file", suffix=suffix or say("without extension"), kind=kind),
                found=suffix,
                expected=f".{kind}",
            )


@rule("F110", Severity.NOTE)
def never_calculated(submission: Submission) -> Iterator[Violation]:
    """Formula cells hold no result: the file was saved by something that does not calculate.

    The formulas are those that were issued; their results were worked out here from the values typed in.

    ## Why it matters

    Whoever opens the file in a viewer that does not calculate sees blank totals.

    ## How to fix it

    Open the file in WPS or Excel once and save it.
    """
    blank = [
        name
        for name in submission.layout.computed
        if (entry := submission.entries[name]).formula is not None and entry.raw is None
    ]
    if blank:
        yield Violation(
            say("{count} formulas have never been calculated; their results were worked out here", count=len(blank)),
            found=len(blank),
        )
