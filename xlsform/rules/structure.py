"""Structure: sheets, merged cells and what is hidden, against what was issued."""

from __future__ import annotations

from collections.abc import Iterator

from xlsform.findings import Severity, Violation
from xlsform.form import identity as identities
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET
from xlsform.messages import say
from xlsform.rules.registry import rule, workbook_rule
from xlsform.rules.wording import listed
from xlsform.spreadsheet.a1 import Range, a1, letters
from xlsform.submission.submission import Submission

#: The sheet that an annotated copy carries in front; a fixed copy comes back with it.
RETURN_SHEET = "退回意见"


@workbook_rule("S101", Severity.ERROR)
def form_sheet_missing(submission: Submission) -> Iterator[Violation]:
    """The form's sheet is gone or was renamed.

    A renamed sheet is recognised by its labels and judged all the same. A sheet that kept its name but hardly any of
    its labels is not.

    ## Why it matters

    Formulas of the workbook and the bureau's summary find the form by the name of its sheet.

    ## How to fix it

    Give the sheet its name back. If it was deleted, fill in the workbook that was issued once more.
    """
    name = submission.form.sheet
    if submission.sheet_gone and submission.workbook.sheet(name) is not None:
        yield Violation(say("most of what the sheet {name} printed is gone or changed", name=name), expected=name)
    elif submission.sheet_gone:
        others = [sheet.name for sheet in submission.workbook.sheets if sheet.state == "visible"]
        yield Violation(
            say("the sheet {name} is gone; the workbook has: {sheets}", name=name, sheets=others[:10]),
            found=", ".join(others[:10]),
            expected=name,
        )
    elif submission.sheet.name != name:
        found = submission.sheet.name
        yield Violation(
            say("the sheet {name} was renamed to {found}", name=name, found=found), found=found, expected=name
        )


@workbook_rule("S102", Severity.WARNING)
def extra_sheet(submission: Submission) -> Iterator[Violation]:
    """The workbook has sheets that were not issued.

    Hidden ones are named as such. The sheet 退回意见 of a copy that was sent back is expected.

    ## Why it matters

    What stands on a foreign sheet is not read, and hidden sheets may hold what nobody meant to send.

    ## How to fix it

    Delete the sheets that do not belong to the form, or move what they hold into the form.
    """
    known = {INSTRUCTIONS_SHEET, identities.SHEET, RETURN_SHEET}
    for sheet in submission.workbook.sheets:
        if sheet.name in known or sheet is submission.sheet:
            continue
        hidden = sheet.state != "visible"
        message = say(
            "the hidden sheet {name} was not issued" if hidden else "the sheet {name} was not issued", name=sheet.name
        )
        yield Violation(message, sheet=sheet.name, found=sheet.name)


@rule("S110", Severity.WARNING)
def merge_changed(submission: Submission) -> Iterator[Violation]:
    """Merged cells of the form were taken apart, or others merged.

    Where rows or columns were inserted, deleted or moved, merged cells change with them and nothing more is said.

    ## Why it matters

    Cells merged over one another hide what they hold, and the form no longer looks like the official one.

    ## How to fix it

    Restore the merged cells of the issued form, or fill in the workbook that was issued once more.
    """
    if not submission.workbook.complete or not submission.alignment.unchanged:
        return
    layout = submission.layout
    expected = layout.merged
    if expected == frozenset(submission.sheet.merges):
        return
    whole = Range(1, 1, layout.row_count, layout.hint_column)
    found = {area for area in submission.sheet.merges if area in expected or area.overlaps(whole)}
    lost = expected - found
    apart = [str(area) for area in sorted(lost)]
    new = [str(area) for area in sorted(found - expected) if not any(area.overlaps(each) for each in lost)]
    if apart:
        yield Violation(
            say("merged cells were taken apart or merged otherwise: {cells}", cells=listed(apart)),
            cell=apart[0],
            found=len(apart),
        )
    if new:
        yield Violation(
            say("cells were merged that are apart in the form: {cells}", cells=listed(new)),
            cell=new[0],
            found=len(new),
        )


@rule("S111", Severity.WARNING)
def hidden_rows(submission: Submission) -> Iterator[Violation]:
    """Rows or columns of the form are hidden, or its whole sheet is.

    ## Why it matters

    What is hidden is not seen when the form is read or printed, yet it counts in the sums.

    ## How to fix it

    Select the rows or columns on both sides, right-click and choose Unhide. For a sheet, right-click the tab of
    another.
    """
    alignment, layout, sheet = submission.alignment, submission.layout, submission.sheet
    if sheet.state != "visible":
        yield Violation(say("the sheet {name} is hidden", name=sheet.name), found=sheet.state)
    rows = sorted(place for place in alignment.rows.found.values() if place in sheet.hidden_rows)
    if rows:
        message = say("rows of the form are hidden: {rows}", rows=listed([str(row) for row in rows]))
        yield Violation(message, cell=a1(rows[0], 1), found=len(rows))
    columns = sorted(
        place
        for column, place in alignment.columns.found.items()
        if column <= layout.column_count and place in sheet.hidden_columns
    )
    if columns:
        message = say("columns of the form are hidden: {columns}", columns=listed([letters(each) for each in columns]))
        yield Violation(message, cell=a1(1, columns[0]), found=len(columns))
