"""Family F: whether the file can be opened at all, and what it carries besides a form."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import get_args

import pytest
from support.forms import (
    TEMPLATES,
    codes,
    faultless,
    findings,
    found,
    issued,
    layout_of,
    sheet_of,
    submission,
)

from xlsform.demo.samples import samples_folder
from xlsform.findings import Severity
from xlsform.form.identity import Identity
from xlsform.messages import render
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Kind, Reason, Sheet, Unreadable, Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.submission.carriers import identities_in
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission


def told(arrival: ReceivedFile) -> list[str]:
    return [f"{each.code} {each.cell} {render(each.message, 'en')}" for each in judge(arrival)]


def of_bytes(data: bytes, name: str = "return.xlsx") -> ReceivedFile:
    contents = read_bytes(data)
    path = Path(name)
    return ReceivedFile(path, contents, recognise(path, contents) if isinstance(contents, Workbook) else None)


REFUSALS: dict[Reason, tuple[str, str]] = {
    "empty": ("F101", "the file is empty"),
    "not-a-spreadsheet": ("F101", "the file is not a spreadsheet"),
    "damaged": ("F101", "the file is damaged"),
    "truncated": ("F101", "the file is cut off; it did not arrive whole"),
    "missing": ("F101", "the file is no longer there"),
    "not-a-file": ("F101", "this is a folder or a device, not a file"),
    "denied": ("F101", "the file may not be opened: permission was denied"),
    "crashed": ("F101", "the file made the reader fail"),
    "timeout": ("F101", "judging the file took too long"),
    "encrypted": ("F102", "the file asks for a password before it opens"),
    "oversized": ("F103", "the file is larger than any form can be"),
    "not-checkable": ("F113", "it came where a form was expected, and cannot be checked"),
}


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_not_to_read_a_file_is_one_finding(reason: Reason) -> None:
    code, text = REFUSALS[reason]
    arrival = ReceivedFile(Path("a.xlsx"), Unreadable(reason), None)
    assert told(arrival) == [f"{code} None {text}"]
    assert told(ReceivedFile(Path("a.xlsx"), Unreadable(reason, "of some kind"), None)) == [
        f"{code} None {text} (of some kind)"
    ]
    (finding,) = judge(arrival)
    severity = Severity.WARNING if reason == "not-checkable" else Severity.ERROR
    assert (finding.severity, finding.field, finding.place) == (severity, None, (0, 0, 0))


def test_what_came_beside_a_workbook_is_told_with_it() -> None:
    arrival = of_bytes((samples_folder() / "faultless.xlsx").read_bytes())
    assert told(arrival) == []
    assert told(arrival._replace(beside=("扫描.pdf", "说明.docx"))) == [
        "F113 None what came with it cannot be checked: 扫描.pdf, 说明.docx; "
        "if a form is among them, ask for its workbook"
    ]


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "F101"),
        (b"%PDF-1.7 and so on", "F101"),
        (b"PK\3\4 and nothing else", "F101"),
        (zipped("readme.txt", b"no workbook"), "F101"),
        (zipped("xl/workbook.xml", b"0" * 200_000_000), "F103"),
    ],
    ids=["empty", "a PDF", "a cut zip", "another zip", "a bomb"],
)
def test_files_that_are_no_workbooks_are_refused_with_their_reason(data: bytes, code: str) -> None:
    assert [finding.code for finding in judge(of_bytes(data))] == [code]


def test_f104_names_the_sheets_of_a_workbook_that_is_no_form() -> None:
    workbook = Workbook("xlsx", (Sheet("台账"), Sheet("密", "hidden"), Sheet("附件")))
    arrival = ReceivedFile(Path("a.xlsx"), workbook, None)
    assert told(arrival) == ["F104 None no known form is recognised in this workbook; its sheets are: 台账, 附件"]
    (finding,) = judge(arrival)
    assert (finding.severity, finding.found) == (Severity.ERROR, "台账, 附件")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_form_gives_no_finding_about_its_file(template: str) -> None:
    assert findings(submission(template), "F") == []


def of_edition(template: str, edition: str, said: str | None = None) -> Submission:
    """Return a faultless form whose identity says that it was made from that edition, of that template."""
    layout = layout_of(template)
    workbook = issued(layout, faultless(template), Identity(said or template, edition, layout.rows))
    return Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))


@pytest.mark.parametrize("template", TEMPLATES)
def test_f105_an_earlier_edition(template: str) -> None:
    in_force = layout_of(template).form.edition
    older = of_edition(template, "2019.1")
    assert codes(older) == ["F105"]
    assert found("F105", older) == [f"None made from edition 2019.1 of the form; edition {in_force} is in force"]
    assert codes(of_edition(template, in_force)) == []


def test_f105_is_silent_of_another_form_and_without_identity() -> None:
    assert found("F105", of_edition("mof-2020", "2019.1", "mof-2021")) == []
    subject = submission("mof-2020")
    assert found("F105", Submission(subject.path, subject.workbook, subject.layout, subject.sheet, {})) == []


def values_only(kind: Kind) -> ReceivedFile:
    def edit(workbook: Workbook) -> None:
        workbook.kind, workbook.complete = kind, False
        for sheet in workbook.sheets:
            sheet.formulas, sheet.unlocked, sheet.protected = {}, set(), False

    subject = submission(edit=edit, path=f"return.{kind}")
    return ReceivedFile(subject.path, subject.workbook, subject)


@pytest.mark.parametrize("kind", ["xls", "xlsb", "ods"])
def test_f106_is_the_only_finding_of_a_faultless_form_without_formulas(kind: Kind) -> None:
    text = f"saved as .{kind}: the values were checked, formulas and locks cannot be seen"
    assert told(values_only(kind)) == [f"F106 None {text}"]
    (finding,) = judge(values_only(kind))
    assert (finding.severity, finding.found) == (Severity.NOTE, kind)


def test_f111_what_was_left_out_is_told() -> None:
    places = tuple(f"自评表!A{number}" for number in range(1, 13))
    subject = submission(edit=lambda workbook: setattr(workbook, "damaged", places))
    assert codes(subject) == ["F111"]
    assert found("F111", subject) == [f"None damaged and therefore left out: {', '.join(places[:10])}"]


def test_f107_macros() -> None:
    subject = submission(edit=lambda workbook: setattr(workbook, "macros", True))
    assert codes(subject) == ["F107"]
    assert found("F107", subject) == ["None the workbook contains macros; the issued one had none"]


def test_f108_links_are_named_five_at_most() -> None:
    def link(workbook: Workbook) -> None:
        workbook.external_links = tuple(f"台账{number}.xlsx" for number in range(7))

    subject = submission(edit=link)
    names = "台账0.xlsx, 台账1.xlsx, 台账2.xlsx, 台账3.xlsx, 台账4.xlsx"
    assert codes(subject) == ["F108"]
    assert found("F108", subject) == [f"None the workbook links to other files or programs: {names}"]


@pytest.mark.parametrize("code", ["F107", "F108"])
def test_macros_and_links_are_told_of_what_is_no_form_too(code: str) -> None:
    workbook = Workbook("xlsm", (Sheet("台账"),), macros=True, external_links=("a.xlsx",))
    assert code in [finding.code for finding in judge(ReceivedFile(Path("a.xlsm"), workbook, None))]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.xlsx", "xlsx"), ("a.XLSX", "xlsx"), ("a.xltx", "xlsx"), ("a.xlsm", "xlsm"), ("a.xls", "xls"),
        ("a.et", "xls"), ("a.ETT", "xls"), ("a.xlsb", "xlsb"), ("a.ods", "ods"), ("2021.12.终稿.xlsx", "xlsx"),
    ],
)  # fmt: skip
def test_f109_is_silent_where_the_extension_tells_the_type(name: str, kind: Kind) -> None:
    subject = submission(edit=lambda workbook: setattr(workbook, "kind", kind), path=name)
    assert found("F109", subject) == []


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("a.xls", "xlsx", "named .xls, but really a .xlsx file"),
        ("a.et", "xlsx", "named .et, but really a .xlsx file"),
        ("a.xlsx", "xls", "named .xlsx, but really a .xls file"),
        ("a.xlsx", "xlsm", "named .xlsx, but really a .xlsm file"),
        ("a", "xlsx", "named without extension, but really a .xlsx file"),
        ("a.副本", "xlsx", "named .副本, but really a .xlsx file"),
    ],
)
def test_f109_says_what_the_file_really_is(name: str, kind: Kind, text: str) -> None:
    subject = submission(edit=lambda workbook: setattr(workbook, "kind", kind), path=name)
    assert found("F109", subject) == [f"None {text}"]
    (finding,) = findings(subject, "F109")
    assert (finding.severity, finding.expected) == (Severity.NOTE, f".{kind}")


class TestNeverCalculated:
    """F110, told apart from stale (S108) and overwritten (S106)."""

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_formulas_without_results_are_one_note(self, template: str) -> None:
        def forget(workbook: Workbook) -> None:
            sheet = sheet_of(workbook)
            for place in sheet.formulas:
                sheet.values.pop(place, None)

        subject = submission(template, forget)
        count = len(subject.layout.computed)
        text = f"None {count} formulas have never been calculated; their results were worked out here"
        assert codes(subject) == ["F110"]
        assert found("F110", subject) == [text]
        assert subject.results.computed["total_weight"] == 100

    def test_one_formula_without_its_result_is_enough(self) -> None:
        def forget(workbook: Workbook) -> None:
            del sheet_of(workbook).values[6, 8]

        text = "None 1 formulas have never been calculated; their results were worked out here"
        assert found("F110", submission(edit=forget)) == [text]
        assert codes(submission(edit=forget)) == ["F110"]

    def test_a_blank_result_is_a_result(self) -> None:
        subject = submission(funds__other__budget=None, funds__other__executed=None)
        assert subject.entries["funds.other.rate"].raw == ""
        assert codes(subject) == []

    def test_a_deleted_formula_was_not_never_calculated(self) -> None:
        assert codes(submission(raw={"funds.total.rate": None})) == ["S106"]

    def test_a_stale_result_was_calculated_once(self) -> None:
        def stale(workbook: Workbook) -> None:
            sheet_of(workbook).values[6, 8] = 0.5

        assert codes(submission(edit=stale)) == ["S108"]
