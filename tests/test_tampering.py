"""Every locked cell of every official form: whatever is done to it is found, at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forms import TEMPLATES, found, layout_of, sheet_of, submission

from xlsform.findings import Finding
from xlsform.layout import Layout
from xlsform.reading.contents import Workbook
from xlsform.recognition import recognise
from xlsform.refs import Position, a1
from xlsform.rules import Arrival, judge


def found_at(template: str, edit: Callable[[Workbook], None]) -> list[Finding]:
    workbook = submission(template, edit=edit).workbook
    subject = recognise(Path("return.xlsx"), workbook)
    return judge(Arrival(Path("return.xlsx"), workbook, subject))


def put(place: Position, value: object) -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        sheet.formulas.pop(place, None)
        sheet.values.pop(place, None)
        if value is not None:
            sheet.values[place] = value  # type: ignore[assignment]

    return edit


def labels(layout: Layout) -> Iterator[tuple[Position, str]]:
    return ((label.range.anchor, label.text) for label in layout.labels if label.text.strip())


CASES = [(template, *each) for template in TEMPLATES for each in labels(layout_of(template))]
COMPUTED = [(template, name) for template in TEMPLATES for name in layout_of(template).computed]
PRINTED = [
    (template, item.name)
    for template in TEMPLATES
    for item in layout_of(template).fields.values()
    if item.spec.kind == "printed"
]


@pytest.mark.parametrize(("template", "place", "text"), CASES, ids=str)
@pytest.mark.parametrize("change", ["another text", "gone", "a number"])
def test_a_printed_text(template: str, place: Position, text: str, change: str) -> None:
    new = {"another text": f"{text}改", "gone": None, "a number": 5.0}[change]
    (finding,) = found_at(template, put(place, new))
    assert (finding.code, finding.cell) == ("S103", f"自评表!{a1(*place)}")
    assert finding.expected == text.strip()
    assert finding.found == {"another text": f"{text}改".strip(), "gone": None, "a number": "5"}[change]


@pytest.mark.parametrize(("template", "name"), COMPUTED)
@pytest.mark.parametrize("value", [77.7, "七十", None])
def test_a_value_in_place_of_a_formula(template: str, name: str, value: object) -> None:
    item = layout_of(template).fields[name]
    findings = found_at(template, put(item.range.anchor, value))
    # A total that is gone altogether is told as what it is.
    expected = "T101" if name == "total_score" and value is None else "S106"
    assert [(each.code, each.cell) for each in findings] == [(expected, f"自评表!{item.cell}")]


@pytest.mark.parametrize(("template", "name"), COMPUTED)
@pytest.mark.parametrize("change", ["{}*1", "MIN({},1)", "{}+0", "10"])
def test_another_formula(template: str, name: str, change: str) -> None:
    layout = layout_of(template)
    item = layout.fields[name]
    new = change.format(layout.computed[name])

    def edit(workbook: Workbook) -> None:
        sheet_of(workbook).formulas[item.range.anchor] = new

    (finding,) = found_at(template, edit)
    assert (finding.code, finding.cell) == ("S107", f"自评表!{item.cell}")
    assert (finding.found, finding.expected) == (f"={new}", f"={layout.computed[name]}")


@pytest.mark.parametrize(("template", "name"), COMPUTED)
def test_a_formula_spelled_as_other_programs_do(template: str, name: str) -> None:
    layout = layout_of(template)

    def edit(workbook: Workbook) -> None:
        formula = layout.computed[name]
        sheet_of(workbook).formulas[layout.fields[name].range.anchor] = formula.lower().replace(",", " , ")

    assert found_at(template, edit) == []


@pytest.mark.parametrize(("template", "name"), PRINTED)
def test_a_printed_weight_or_mark(template: str, name: str) -> None:
    item = layout_of(template).fields[name]
    (finding,) = found_at(template, put(item.range.anchor, 33.0))
    assert finding.code == ("M107" if name == "funds.total.weight" else "M108")
    assert finding.cell == f"自评表!{item.cell}"


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_locked_cell_unlocked(template: str) -> None:
    layout = layout_of(template)
    locked = [label.range.anchor for label in layout.labels]
    locked += [item.range.anchor for item in layout.fields.values() if item.spec.kind != "input"]
    for place in locked:

        def edit(workbook: Workbook, place: Position = place) -> None:
            sheet_of(workbook).unlocked.add(place)

        findings = found_at(template, edit)
        assert [(each.code, each.cell) for each in findings] == [("S109", f"自评表!{a1(*place)}")]


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_hint_replaced(template: str) -> None:
    layout = layout_of(template)
    for row in layout.checks_by_row:
        findings = found_at(template, put((row, layout.hint_column), "没有问题"))
        assert [each.code for each in findings] == ["S106"]
        assert findings[0].cell == f"自评表!{a1(row, layout.hint_column)}"


def test_all_hints_cleared_are_one_finding() -> None:
    layout = layout_of("mof-2020")

    def edit(workbook: Workbook) -> None:
        for row in layout.checks_by_row:
            put((row, layout.hint_column), None)(workbook)

    assert [each.code for each in found_at("mof-2020", edit)] == ["S106"]


@pytest.mark.parametrize("name", ["rename", "copy", "add", "hide", "unprotect"])
def test_the_sheet_itself(name: str) -> None:
    from dataclasses import replace

    def edit(workbook: Workbook) -> None:
        sheet = sheet_of(workbook)
        if name == "rename":
            sheet.name = "自评表（新）"
        elif name == "copy":
            workbook.sheets = (*workbook.sheets, replace(sheet, name="自评表 (2)"))
        elif name == "add":
            workbook.sheets = (*workbook.sheets, type(sheet)("Sheet1"))
        elif name == "hide":
            sheet.state = "hidden"
        else:
            sheet.protected = False

    expected = {"rename": "S101", "copy": "S102", "add": "S102", "hide": "S111", "unprotect": "S109"}
    assert [each.code for each in found_at("mof-2020", edit)] == [expected[name]]


def test_every_name_deleted_is_one_note() -> None:
    def edit(workbook: Workbook) -> None:
        workbook.names = {name: text for name, text in workbook.names.items() if name.startswith("_")}

    subject = submission(edit=edit)
    (message,) = found("S114", subject)
    assert str(len(subject.entries)) in message
