"""The same faults in real files: filled by our own fill, typed over, edited by openpyxl, saved by LibreOffice."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Protection
from openpyxl.worksheet.worksheet import Worksheet
from support.forms import TEMPLATES, faultless, layout_of
from support.mutations import MUTATIONS, Mutation, cell, name_of
from support.office import Office

from xlsform.demo.samples import typed_over
from xlsform.findings import Severity
from xlsform.spreadsheet.values import CellError
from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options, Verdict
from xlsform.workbook.fill import filled
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

LOCK = lock_for("a password")
Told = list[tuple[str, str, str | None]]

#: Each fault in one of its forms, in turn.
PLANTED = [
    (each, each.templates[number % len(each.templates)])
    for number, each in enumerate(MUTATIONS)
    if each.edit is None and not each.path and not any(isinstance(value, CellError) for value in each.over.values())
]
NEW = [(each, template) for each, template in PLANTED if not each.values_only]
OLD = [(each, template) for each, template in PLANTED if each.values_only]


@cache
def _issued(template: str) -> bytes:
    return issue(layout_of(template), LOCK)


def returned(mutation: Mutation, template: str) -> bytes:
    """Return the workbook as a unit sends it: filled in, and typed over after the protection was taken off."""
    layout = layout_of(template)
    values: dict[str, Any] = dict(faultless(template))
    for place, value in mutation.typed.items():
        values[name_of(template, place)] = value if isinstance(value, str) or value is None else Decimal(str(value))
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    data = filled(_issued(template), layout, places, {item.name: values.get(item.name) for item in layout.inputs})
    over = {
        f"自评表!{cell(template, place)}": Decimal(str(value)) if isinstance(value, float) else value
        for place, value in mutation.over.items()
    }
    assert not any(isinstance(value, CellError | bool) for value in over.values())
    return typed_over(data, over) if over else data  # type: ignore[arg-type]


def told(verdict: Verdict) -> Told:
    return [(each.code, each.severity.value, each.cell) for each in verdict.findings]


def verdict_on(data: bytes, name: str = "return.xlsx") -> Verdict:
    return judged(Path(name), data, Options())


def expected(mutation: Mutation, template: str) -> Told:
    """Return the findings of a fault; to type over a locked cell, somebody took the protection off."""
    unprotected: Told = [("S109", "warning", None)] if mutation.over else []
    return [*unprotected, mutation.expected(template)]


@pytest.mark.parametrize(("mutation", "template"), NEW, ids=[f"{each.code}-{each.about}" for each, _ in NEW])
def test_a_fault_in_a_real_file_gives_exactly_its_finding(mutation: Mutation, template: str) -> None:
    data = returned(mutation, template)
    first = verdict_on(data)
    assert told(first) == expected(mutation, template)
    assert first.status == ("failed" if mutation.severity == "error" else "passed")
    assert verdict_on(data) == first


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("place", "value"),
    [("project_name", "农村公路大修"), ("数量.target", "≥100公里"), ("数量.weight", Decimal(15)),
     ("funds.total.budget", None)],
)  # fmt: skip
def test_a_prefilled_value_that_was_changed(template: str, place: str, value: str | Decimal | None) -> None:
    layout, values = layout_of(template), dict(faultless(template))
    issued = ("project_name", name_of(template, "数量.target"), name_of(template, "数量.weight"), "funds.total.budget")
    data = issue(layout, LOCK, values={name: values[name] for name in issued})
    places = {name: item.range.anchor for name, item in layout.fields.items()}
    data = filled(data, layout, places, {item.name: values.get(item.name) for item in layout.inputs})
    assert told(verdict_on(data)) == []
    changed = typed_over(data, {f"自评表!{cell(template, place)}": value})
    found = told(verdict_on(changed))
    assert found[:2] == [("S109", "warning", None), ("S104", "error", f"自评表!{cell(template, place)}")]
    assert not [each for each in found[2:] if each[1] == "error"]


# --- by openpyxl


def rewritten(data: bytes, edit: Callable[[Any], None] | None = None) -> bytes:
    """Return a workbook as openpyxl saves it: formulas without results, comments and validations as it can."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(io.BytesIO(data))
    if edit is not None:
        edit(workbook)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _form(edit: Callable[[Worksheet], None]) -> Callable[[Any], None]:
    return lambda workbook: edit(workbook["自评表"])


def _set(address: str, value: Any) -> Callable[[Any], None]:
    def edit(workbook: Any) -> None:
        assert workbook["自评表"][address].value != value
        workbook["自评表"][address] = value

    return edit


def _unprotect(sheet: Worksheet) -> None:
    assert sheet.protection.sheet
    sheet.protection.sheet = False


def _unlock(sheet: Worksheet) -> None:
    sheet["A1"].protection = Protection(locked=False)


def _lock(sheet: Worksheet) -> None:
    sheet["E6"].protection = Protection(locked=True)


def _hide_row(sheet: Worksheet) -> None:
    sheet.row_dimensions[14].hidden = True


def _hide_column(sheet: Worksheet) -> None:
    sheet.column_dimensions["I"].hidden = True


def _rename(sheet: Worksheet) -> None:
    sheet.title = "Sheet1"


def _forget_name(workbook: Any) -> None:
    del workbook.defined_names["funds.total.budget"]


def _forget_identity(workbook: Any) -> None:
    del workbook["_xlsform"]


def _add_hidden_sheet(workbook: Any) -> None:
    workbook.create_sheet("底稿").sheet_state = "hidden"


EDITS: list[tuple[str, Callable[[Any], None], tuple[str, str, str | None]]] = [
    ("rate typed, wrong", _set("H6", 0.9), ("S106", "error", "自评表!H6")),
    ("score typed, right", _set("I6", 9.8), ("S106", "warning", "自评表!I6")),
    ("score without its cap", _set("I6", "=H6*10"), ("S107", "error", "自评表!I6")),
    ("rate against the initial budget", _set("H6", "=F6/D6"), ("S107", "error", "自评表!H6")),
    ("rate made a constant formula", _set("H6", "=98%"), ("S107", "error", "自评表!H6")),
    ("label changed", _set("D5", "年初预算"), ("S103", "error", "自评表!D5")),
    ("label cleared", _set("B7", None), ("S103", "error", "自评表!B7")),
    ("weight of execution changed", _set("G6", 15), ("M107", "error", "自评表!G6")),
    ("a remark below", _set("C61", "数据待核实"), ("S112", "warning", "自评表!C61")),
    ("a formula of the filler's own, wrong", _set("F6", "=1/0"), ("M101", "error", "自评表!F6")),
    ("an error value", _set("E9", "#N/A"), ("V104", "error", "自评表!E9")),
    ("protection off", _form(_unprotect), ("S109", "warning", None)),
    ("a label unlocked", _form(_unlock), ("S109", "warning", "自评表!A1")),
    ("an input locked", _form(_lock), ("S109", "warning", "自评表!E6")),
    ("merges apart", _form(lambda sheet: sheet.unmerge_cells("B3:I3")), ("S110", "warning", "自评表!B3:I3")),
    ("cells merged", _form(lambda sheet: sheet.merge_cells("D14:E14")), ("S110", "warning", "自评表!D14:E14")),
    ("a row hidden", _form(_hide_row), ("S111", "warning", "自评表!A14")),
    ("a column hidden", _form(_hide_column), ("S111", "warning", "自评表!I1")),
    ("form sheet renamed", _form(_rename), ("S101", "error", None)),
    ("a sheet added", lambda workbook: workbook.create_sheet("Sheet2"), ("S102", "warning", None)),
    ("a hidden sheet added", _add_hidden_sheet, ("S102", "warning", None)),
    ("a name deleted", _forget_name, ("S114", "note", None)),
    ("identity sheet deleted", _forget_identity, ("S113", "error", None)),
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_faultless_file_that_openpyxl_saved_was_never_calculated_and_nothing_else(template: str) -> None:
    data = rewritten(returned(Mutation("nothing", "", "", ""), template))
    assert told(verdict_on(data)) == [("F110", "note", None)]


@pytest.mark.parametrize(("about", "edit", "finding"), EDITS, ids=[about for about, _, _ in EDITS])
def test_an_edit_by_openpyxl_gives_exactly_its_finding(
    about: str, edit: Callable[[Any], None], finding: tuple[str, str, str | None]
) -> None:
    template = TEMPLATES[len(about) % len(TEMPLATES)]
    data = rewritten(returned(Mutation("nothing", "", "", ""), template), edit)
    found = told(verdict_on(data))
    assert Counter(found) == Counter([("F110", "note", None), finding])


# --- recalculated, and never calculated


def _sample(count: int, seed: int) -> list[tuple[Mutation, str]]:
    chosen = random.Random(seed).sample(NEW, count)
    # A stored result that is wrong cannot survive where all results are made anew.
    return [(each, template) for each, template in chosen if each.code != "S108"]


def _without(verdict: Verdict, code: str) -> list[Any]:
    return [each for each in verdict.findings if each.code != code]


@pytest.mark.parametrize(("mutation", "template"), _sample(40, 1), ids=lambda value: getattr(value, "about", value))
def test_a_copy_that_was_never_calculated_gets_the_same_verdict_but_for_f110(mutation: Mutation, template: str) -> None:
    data = returned(mutation, template)
    calculated, never = verdict_on(data), verdict_on(rewritten(data))
    assert never.status == calculated.status
    assert never.score == calculated.score
    assert _without(never, "F110") == _without(calculated, "")
    assert [each.severity for each in never.findings if each.code == "F110"] == [Severity.NOTE]


def test_a_recalculated_copy_gets_the_same_verdict(office: Office, tmp_path: Path) -> None:
    """LibreOffice calculates what openpyxl stripped of its results; what follows from a cell typed over follows it."""
    wrong: dict[str, Any] = {}
    typed_over_cells = [(each, template) for each, template in NEW if each.code in ("M107", "S106", "T105")]
    for number, (mutation, template) in enumerate(typed_over_cells + _sample(8, 2)):
        data = returned(mutation, template)
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(rewritten(data))
        (tmp_path / "out").mkdir(exist_ok=True)
        again = office.convert(path, "xlsx", tmp_path / "out")
        found, due = told(verdict_on(again.read_bytes())), told(verdict_on(data))
        if found != due:
            wrong[f"{mutation.code} {mutation.about} {template}"] = (found, due)
    assert wrong == {}


def test_a_fault_in_an_xls_gives_exactly_its_finding(office: Office, tmp_path: Path) -> None:
    wrong: dict[str, Any] = {}
    (tmp_path / "out").mkdir()
    for number, (mutation, template) in enumerate(OLD):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(returned(mutation, template))
        found = told(verdict_on(office.convert(path, "xls", tmp_path / "out").read_bytes(), "return.xls"))
        due = [mutation.expected(template)]
        if mutation.code != "F106":
            due.insert(0, ("F106", "note", None))
        if found != due:
            wrong[f"{mutation.code} {mutation.about} {template}"] = (found, due)
    assert wrong == {}


# --- the same every time


def test_the_report_is_the_same_whatever_the_hash_seed_and_the_number_of_processes(tmp_path: Path) -> None:
    folder = tmp_path / "returns"
    folder.mkdir()
    for number, (mutation, template) in enumerate(random.Random(4).sample(NEW, 34)):
        (folder / f"{number:02}.xlsx").write_bytes(returned(mutation, template))
    reports = {
        subprocess.run(
            [
                sys.executable,
                "-m",
                "xlsform",
                "--lang",
                "zh",
                "validate",
                "returns",
                "--format",
                "json",
                "--jobs",
                jobs,
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=False,
        ).stdout
        for seed, jobs in (("0", "1"), ("1", "2"), ("4711", "1"))
    }
    assert len(reports) == 1
    assert reports.pop().count(b'"code"') >= 34


# --- files that are no forms


def test_files_that_are_no_forms() -> None:
    whole = returned(Mutation("nothing", "", "", ""), "mof-2020")
    blank = io.BytesIO()
    openpyxl.Workbook().save(blank)
    cases = {
        b"": "F101",
        b"%PDF-1.7\n": "F101",
        whole[: len(whole) // 2]: "F101",
        blank.getvalue(): "F104",
    }
    for data, code in cases.items():
        assert told(verdict_on(data)) == [(code, "error", None)]
