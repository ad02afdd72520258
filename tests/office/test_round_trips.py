"""A form survives the programs that people fill it in with: same data, same verdict."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.forms import TEMPLATES, faultless, layout_of
from support.office import Office

from xlsform.demo.samples import samples_folder
from xlsform.findings import Severity
from xlsform.reading import read, read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.submission.extract import extract
from xlsform.submission.recognition import recognise
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Options, Verdict
from xlsform.workbook.data import fill
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

LOCK = lock_for("a password")


def returned(template: str, folder: Path) -> Path:
    """Write a faultless return as our own fill makes it."""
    layout = layout_of(template)
    values = faultless(template)
    year = values.pop("year")
    data = issue(
        layout, LOCK, year=int(str(year)), values={"project_name": values.pop("project_name")}, project_code="001"
    )
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    path = folder / f"{template}.xlsx"
    path.write_bytes(
        filled(
            data, layout, places, {item.name: values.get(item.name) for item in layout.inputs} | _prefilled(template)
        )
    )
    return path


def _prefilled(template: str) -> dict[str, Any]:
    values = faultless(template)
    return {"year": values["year"], "project_name": values["project_name"]}


def data_in(path: Path) -> dict[str, Any]:
    workbook = read(path)
    assert isinstance(workbook, Workbook)
    submission = recognise(path, workbook)
    assert submission is not None
    return extract(submission)


def notes(verdict: Verdict) -> set[str]:
    """Return the codes of a verdict that holds nothing but notes."""
    assert verdict.status == "passed"
    assert {finding.severity for finding in verdict.findings} <= {Severity.NOTE}, verdict.findings
    return {finding.code for finding in verdict.findings}


@pytest.mark.parametrize("template", TEMPLATES)
def test_our_own_fill_is_faultless(template: str, tmp_path: Path) -> None:
    path = returned(template, tmp_path)
    assert check(path, Options()).findings == ()
    assert data_in(path)["project_code"] == "001"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("trip", "deserved"),
    [
        (("xlsx",), set()),
        (("xlsx", "xlsx"), set()),
        (("xls",), {"F106"}),
        (("ods",), {"F106"}),
        (("xls", "xlsx"), {"S114"}),
        (("ods", "xlsx"), set()),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_libreoffice(template: str, trip: tuple[str, ...], deserved: set[str], office: Office, tmp_path: Path) -> None:
    original = path = returned(template, tmp_path)
    for number, extension in enumerate(trip):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = office.convert(path, extension, folder)
    assert notes(check(path, Options())) <= deserved
    before, after = data_in(original), data_in(path)
    if path.suffix == ".xls":
        # LibreOffice stores a formula's blank text in .xls in a way that calamine reads as 0.
        before["computed"] = {name: value or 0 for name, value in before["computed"].items()}
        after["computed"] = {name: value or 0 for name, value in after["computed"].items()}
    assert after == before


@pytest.mark.parametrize("template", TEMPLATES)
def test_openpyxl_never_calculates(template: str, tmp_path: Path) -> None:
    original = returned(template, tmp_path)
    path = tmp_path / "saved.xlsx"
    workbook = openpyxl.load_workbook(original)
    workbook.save(path)
    assert notes(check(path, Options())) == {"F110"}
    before, after = data_in(original), data_in(path)
    assert set(before.pop("computed").values()) - {None}
    assert set(after.pop("computed").values()) == {None}
    assert after == before


@pytest.mark.parametrize("name", sorted(path.stem for path in samples_folder().glob("*.json")))
def test_a_never_calculated_copy_gets_the_same_verdict(name: str, tmp_path: Path) -> None:
    original = samples_folder() / f"{name}.xlsx"
    path = tmp_path / "copy.xlsx"
    openpyxl.load_workbook(original).save(path)
    first, second = check(original, Options()), check(path, Options())
    assert [finding for finding in second.findings if finding.code != "F110"] == list(first.findings)
    assert second.score == first.score


@pytest.mark.parametrize("name", sorted(path.stem for path in samples_folder().glob("*.json")))
def test_a_copy_saved_by_libreoffice_gets_the_same_verdict(name: str, office: Office, tmp_path: Path) -> None:
    original = samples_folder() / f"{name}.xlsx"
    first, second = check(original, Options()), check(office.convert(original, "xlsx", tmp_path), Options())
    assert [(each.code, each.cell, each.severity) for each in second.findings] == [
        (each.code, each.cell, each.severity) for each in first.findings
    ]


def test_the_same_file_twice_gives_the_same_verdict() -> None:
    path = samples_folder() / "seed.xlsx"
    assert check(path, Options()) == check(path, Options())


def test_typed_by_hand_in_libreoffice(office: Office, tmp_path: Path) -> None:
    """A clerk fills the form in LibreOffice: totals follow, and the saved file is faultless."""
    layout = layout_of("mof-2020")
    values = faultless("mof-2020")
    blank = tmp_path / "blank.xlsx"
    blank.write_bytes(issue(layout, LOCK))
    entries = [
        (layout.form.sheet, layout.fields[name].cell, format(value, "f") if isinstance(value, Decimal) else value)
        for name, value in values.items()
    ]
    saved = tmp_path / "typed.xlsx"
    sheet = office.type_into(blank, entries, saved)[layout.form.sheet]
    assert sheet["H40"] == pytest.approx(99.47)
    assert notes(check(saved, Options())) == set()
    content = json.loads((samples_folder() / "faultless.json").read_text(encoding="utf-8"))["data"]
    found = data_in(saved)
    found.pop("computed")
    assert found == content


def test_filling_twice_is_filling_once(tmp_path: Path) -> None:
    content = json.loads(
        (samples_folder() / "faultless.json").read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal
    )["data"]
    original = (samples_folder() / "faultless.xlsx").read_bytes()
    workbook = read_bytes(original)
    assert isinstance(workbook, Workbook)
    submission = recognise(tmp_path, workbook)
    assert submission is not None
    again = read_bytes(fill(submission, original, content))
    assert isinstance(again, Workbook)
    assert again.sheets == workbook.sheets
