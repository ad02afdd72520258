"""Each workbook in samples/ gets the report that stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlsform.demo.samples import Sample, samples, samples_folder
from xlsform.reading import read, read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.reports.text import render_text
from xlsform.submission.extract import extract
from xlsform.submission.recognition import recognise
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Options

WORKBOOKS = sorted(samples_folder().glob("*.xlsx"))


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.stem)
def test_the_report_beside_a_sample_is_what_validate_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    verdict = check(Path(path.name), Options())
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")
    for language in ("zh", "en"):
        assert "".join(render_text([verdict], language)) in expected


@pytest.mark.parametrize("sample", list(samples()), ids=lambda sample: sample.name)
def test_a_workbook_holds_the_data_beside_it(sample: Sample) -> None:
    committed = read(samples_folder() / f"{sample.name}.xlsx")
    anew = read_bytes(sample.workbook())
    assert isinstance(committed, Workbook)
    assert isinstance(anew, Workbook)
    first, second = recognise(Path("a.xlsx"), committed), recognise(Path("b.xlsx"), anew)
    assert first is not None
    assert second is not None
    assert extract(first) == extract(second)


def test_the_seed_has_its_known_faults_and_no_others() -> None:
    """The faults that docs/domain.md#what-goes-wrong tells of the published form that this project began with."""
    findings = check(samples_folder() / "seed.xlsx", Options()).findings
    errors = {(each.code, each.cell) for each in findings if each.severity.value == "error"}
    assert errors == {
        ("M107", "自评表!G6"),
        ("S106", "自评表!I6"),
        ("W101", "自评表!G40"),
        ("T101", "自评表!H40"),
    }
    warnings = {(each.code, each.cell) for each in findings if each.severity.value == "warning"}
    assert {("G102", "自评表!F11"), ("P109", "自评表!F23"), ("H104", "自评表!C2")} <= warnings


def test_there_is_a_sample_for_each_family() -> None:
    """F stands in the corpus of unreadable files, X needs more than one file."""
    texts = [path.with_suffix(".txt").read_text(encoding="utf-8") for path in WORKBOOKS]
    for family in "SHVMGKWPT":
        assert any(f" {family}1" in text for text in texts), family
    assert any("PASSED" in text and " error " not in text for text in texts)
