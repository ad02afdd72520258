"""A form is known by the identity that it was issued with, else by what it prints."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.forms import TEMPLATES, codes, faultless, issued, layout_of

from xlsform.form import identity as identities
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.form.layout import lay_out
from xlsform.form.template import build, find, load, read
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.submission import recognition
from xlsform.submission.carriers import identities_in
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission


def returned(template: str, rows: int | None = None, identity: Identity | None = None) -> Workbook:
    return copy.deepcopy(issued(layout_of(template, rows), faultless(template, rows), identity))


def known(workbook: Workbook, name: str | None = None) -> Submission | None:
    return recognise(Path("return.xlsx"), workbook, load(name) if name else None)


def without_identity(workbook: Workbook) -> Workbook:
    workbook.sheets = tuple(sheet for sheet in workbook.sheets if sheet.name != identities.SHEET)
    workbook.properties.clear()
    del workbook.names[identities.NAME]
    assert identities_in(workbook) == {}
    return workbook


def test_only_the_form_that_a_return_names_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    workbook = returned("mof-2021")
    recognition._bundled.cache_clear()
    recognition.known_forms.cache_clear()
    names: list[str] = []

    def noted(name: str) -> Form:
        names.append(name)
        return load(name)

    monkeypatch.setattr(recognition, "load", noted)
    submission = known(workbook)
    assert submission is not None
    assert submission.form.id == "mof-2021"
    assert names == ["mof-2021"]


@pytest.mark.parametrize("name", ["", "../templates/mof-2020", "mof-2020.json", "x" * 10_000])
def test_a_form_of_another_name_is_known_by_what_it_prints(name: str) -> None:
    workbook = returned("mof-2020", identity=Identity(name, "2020", (3,)).sealed())
    submission = known(workbook)
    assert submission is not None
    assert submission.form.id == "mof-2020"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [None, 1, 5])
def test_each_form_is_known_by_its_identity(template: str, rows: int | None) -> None:
    found = known(returned(template, rows))
    assert found is not None
    assert (found.form.id, found.layout.rows, found.sheet_gone) == (template, layout_of(template, rows).rows, False)
    assert codes(found) == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("rows", [None, 1, 5])
def test_each_form_is_known_by_what_it_prints(template: str, rows: int | None) -> None:
    found = known(without_identity(returned(template, rows)))
    assert found is not None
    assert (found.form.id, found.layout.rows) == (template, layout_of(template, rows).rows)
    assert codes(found) == ["S116"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("carrier", ["sheet", "properties", "name"])
def test_one_carrier_is_enough(template: str, carrier: str) -> None:
    workbook = returned(template, 4)
    if carrier != "sheet":
        workbook.sheets = workbook.sheets[:2]
    if carrier != "properties":
        workbook.properties.clear()
    if carrier != "name":
        del workbook.names[identities.NAME]
    found = known(workbook)
    assert found is not None
    assert list(found.identities) == [carrier]
    assert (found.form.id, found.layout.rows) == (template, layout_of(template, 4).rows)


def test_where_carriers_disagree_the_hidden_sheet_is_believed() -> None:
    workbook = returned("shanxi-2021")
    workbook.properties[identities.PROPERTY_PREFIX + "template"] = "mof-2020"
    found = known(workbook)
    assert found is not None
    assert found.form.id == "shanxi-2021"
    assert "S103" not in codes(found)


def test_blocks_of_different_sizes_are_counted_as_they_stand() -> None:
    sizes = (1, 4, 2, 3, 1, 1, 6, 2, 3)
    layout = lay_out(load("mof-2020"), sizes)
    found = known(without_identity(copy.deepcopy(issued(layout, {}))))
    assert found is not None
    assert found.layout.rows == sizes


def test_the_row_of_a_subtotal_is_no_row_of_the_block_above() -> None:
    content: dict[str, Any] = copy.deepcopy(dict(read(find("mof-2020"))))
    for group in content["tables"]["indicators"]["groups"]:
        level = group["level1"]
        group["subtotal"] = {"weight": f"=SUM({{indicators.{level}.*.weight}})"}
    form = build({**content, "id": "with-subtotals"})
    layout = lay_out(form, (2, 3, 1, 1, 2, 1, 1, 4, 2))
    workbook = without_identity(copy.deepcopy(issued(layout, {})))
    found = recognise(Path("a.xlsx"), workbook, form)
    assert found is not None
    assert found.layout.rows == layout.rows


def test_a_block_whose_name_is_gone_has_the_printed_number_of_rows() -> None:
    workbook = without_identity(returned("mof-2020", 2))
    sheet = workbook.sheets[0]
    sheet.values = {place: value for place, value in sheet.values.items() if value != "质量指标"}
    found = known(workbook)
    assert found is not None
    assert found.layout.rows == layout_of("mof-2020").rows


def test_rows_that_no_form_can_have_are_not_believed() -> None:
    for rows in ((3,), (0,) * 9, (201,) * 9, (3,) * 400, ()):
        workbook = returned("mof-2020", identity=Identity("mof-2020", "2020.1", rows))
        found = known(workbook)
        assert found is not None
        assert found.layout.rows == (3,) * 9, rows


@pytest.mark.parametrize("name", ["自评表", "Sheet1", "自评表 (2)"])
def test_the_sheet_is_found_under_any_name_and_among_others(name: str) -> None:
    workbook = without_identity(returned("mof-2021"))
    workbook.sheets[0].name = name
    workbook.sheets = (Sheet("封面", values={(1, 1): "项目支出绩效自评表"}), *workbook.sheets)
    found = known(workbook)
    assert found is not None
    assert (found.sheet.name, found.form.id) == (name, "mof-2021")


def test_of_two_copies_the_one_with_the_forms_own_name_is_read() -> None:
    workbook = returned("mof-2020")
    copied = copy.deepcopy(workbook.sheets[0])
    copied.name = "自评表 (2)"
    for sheets in ((copied, *workbook.sheets), (*workbook.sheets, copied)):
        found = known(Workbook("xlsx", sheets, workbook.names, workbook.properties))
        assert found is not None
        assert found.sheet.name == "自评表"


def test_a_form_without_its_sheet_is_known_by_its_identity_alone() -> None:
    workbook = returned("mof-2020")
    workbook.sheets = workbook.sheets[1:]
    found = known(workbook)
    assert found is not None
    assert found.sheet_gone
    assert codes(found) == ["S101"]


def _hidden_deeply(workbook: Workbook) -> None:
    workbook.sheets[0].state = "veryHidden"


def _other_content(workbook: Workbook) -> None:
    workbook.sheets[0].values = {(1, 1): "项目名称", (2, 2): "全年预算数"}


@pytest.mark.parametrize("edit", [_hidden_deeply, _other_content])
def test_what_is_no_form_is_not_taken_for_one(edit: Callable[[Workbook], None]) -> None:
    workbook = without_identity(returned("mof-2020"))
    edit(workbook)
    assert known(workbook) is None
    assert known(workbook, "mof-2020") is None


def test_a_form_that_the_reviewer_names_is_taken_as_that() -> None:
    """Two thirds of the labels are the same; the reviewer knows better which form it was meant to be."""
    found = known(without_identity(returned("mof-2020")), "shanxi-2021")
    assert found is not None
    assert found.form.id == "shanxi-2021"
    assert "S116" in codes(found)
    named = known(returned("mof-2020", 5), "mof-2020")
    assert named is not None
    assert named.layout.rows == (5,) * 9


@pytest.mark.parametrize("template", TEMPLATES)
def test_three_labels_in_ten_may_be_gone(template: str) -> None:
    """Beyond that a sheet is no longer taken for the form."""
    texts = {label.text for label in layout_of(template).labels if label.text}
    for share, expected in ((0.25, template), (0.4, None)):
        workbook = without_identity(returned(template))
        lost = set(sorted(texts)[: int(share * len(texts))])
        sheet = workbook.sheets[0]
        sheet.values = {place: value for place, value in sheet.values.items() if value not in lost}
        found = known(workbook, template)
        assert (found.form.id if found else None) == expected
