"""The form is found again wherever its rows and columns went: by its labels, its names, or what lies between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import excel_edits
from support.excel_edits import Axis
from support.forms import TEMPLATES, faultless, issued, layout_of, put

from xlsform.form.layout import Layout
from xlsform.form.vocabulary import INDICATOR_NAME
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Range, position
from xlsform.submission.alignment import Alignment, align, in_place
from xlsform.submission.submission import Submission


def returned(template: str, values: bool = True) -> Workbook:
    """Return an issued workbook in which every input holds a value of its own."""
    workbook = untouched(template)
    form, *others = workbook.sheets
    # Formulas are no evidence, and moving them takes time.
    form = replace(form, values=dict(form.values), formulas={}, unlocked=set(form.unlocked))
    for number, item in enumerate(laid_out(template).inputs if values else ()):
        put(form, item.range.anchor, f"值{number}")
    return replace(workbook, sheets=(form, *others), names=dict(workbook.names))


@cache
def untouched(template: str) -> Workbook:
    return issued(laid_out(template), faultless(template))


laid_out = cache(layout_of)


def aligned(template: str, workbook: Workbook) -> Alignment:
    return subject(template, workbook).alignment


def subject(template: str, workbook: Workbook) -> Submission:
    return Submission(Path("a.xlsx"), workbook, laid_out(template), workbook.sheets[0], {})


def read(template: str, workbook: Workbook) -> dict[str, object]:
    """Return what is read of each input."""
    submission = subject(template, workbook)
    return {item.name: submission.entries[item.name].raw for item in submission.layout.inputs}


def nameless(workbook: Workbook) -> None:
    workbook.names.clear()


def with_names_left_behind(edit: Callable[[Workbook], None]) -> Callable[[Workbook], None]:
    """Return an edit by a program that moves cells alone: openpyxl leaves names, merges and formulas as they were."""

    def moved(workbook: Workbook) -> None:
        names, merges = dict(workbook.names), workbook.sheets[0].merges
        edit(workbook)
        workbook.names, workbook.sheets[0].merges = names, merges

    return moved


LINES = [(template, axis) for template in TEMPLATES for axis in ("rows", "columns")]


def count(layout: Layout, axis: Axis) -> int:
    return layout.row_count if axis == "rows" else layout.column_count


def test_the_simulator_does_what_excel_does() -> None:
    sheet = Sheet("表", values={(1, 1): "甲", (3, 2): 5.0}, formulas={(4, 2): 'SUM(B1:B3)+$B$3&"B3"'})
    sheet.merges, sheet.unlocked = (Range(1, 1, 3, 1),), {(3, 2)}
    workbook = Workbook("xlsx", (sheet,), names={"n": "表!$B$3", "other": "别!$B$3"})
    excel_edits.insert(workbook, "rows", 2)
    assert (sheet.values, sheet.formulas) == ({(1, 1): "甲", (4, 2): 5.0}, {(5, 2): 'SUM(B1:B4)+$B$4&"B3"'})
    assert (sheet.merges, sheet.unlocked, workbook.names["n"]) == ((Range(1, 1, 4, 1),), {(4, 2)}, "表!$B$4")
    excel_edits.insert(workbook, "rows", 5)
    assert sheet.unlocked == {(4, 2), (5, 2)}
    excel_edits.delete(workbook, "rows", 1, keep=True)
    assert (sheet.values[1, 1], sheet.merges) == ("甲", (Range(1, 1, 3, 1),))
    excel_edits.delete(workbook, "rows", 3, keep=False)
    assert sheet.formulas == {(4, 2): 'SUM(B1:B2)+#REF!&"B3"'}
    assert workbook.names == {"n": "表!#REF!", "other": "别!$B$3"}
    excel_edits.swap(workbook, "columns", 2)
    assert sheet.formulas == {(4, 3): 'SUM(C1:C2)+#REF!&"B3"'}


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_untouched_form_stands_in_place(template: str) -> None:
    layout, workbook = laid_out(template), returned(template)
    assert aligned(template, workbook) == in_place(layout)
    nameless(workbook)
    assert aligned(template, workbook).unchanged


@pytest.mark.slow
@pytest.mark.parametrize(("template", "axis"), LINES)
@pytest.mark.parametrize("how", ["excel", "names left behind", "no names"])
def test_nothing_is_lost_where_a_row_or_column_was_inserted(template: str, axis: Axis, how: str) -> None:
    expected = read(template, returned(template))
    for at in range(1, count(laid_out(template), axis) + 2):
        workbook = returned(template)

        def insert(workbook: Workbook, at: int = at) -> None:
            excel_edits.insert(workbook, axis, at)

        (with_names_left_behind(insert) if how == "names left behind" else insert)(workbook)
        if how == "no names":
            nameless(workbook)
        found = aligned(template, workbook)
        own, other = (found.rows, found.columns) if axis == "rows" else (found.columns, found.rows)
        if at <= count(laid_out(template), axis):
            assert (own.inserted, own.deleted, own.moved) == ((at,), (), ()), at
        assert other.unchanged
        assert read(template, workbook) == expected, at


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("template", "axis"), LINES)
def test_only_its_own_is_lost_where_a_row_or_column_was_deleted(template: str, axis: Axis, keep: bool) -> None:
    layout = laid_out(template)
    for at in range(1, count(layout, axis) + 1):
        workbook = returned(template)
        expected = read(template, workbook)
        excel_edits.delete(workbook, axis, at, keep=keep)
        found = aligned(template, workbook)
        own, other = (found.rows, found.columns) if axis == "rows" else (found.columns, found.rows)
        assert (own.inserted, own.deleted, own.moved) == ((), (at,), ()), at
        assert other.unchanged
        for name, value in read(template, workbook).items():
            area = layout.fields[name].range
            first, last = (area.top, area.bottom) if axis == "rows" else (area.left, area.right)
            lost = first == at and (last == at or not keep)
            assert value == (None if lost else expected[name]), (at, name)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_deleted_row_is_told_from_its_neighbours_without_names(template: str) -> None:
    layout = laid_out(template)
    rows = [row[INDICATOR_NAME].range.top for row in layout.indicator_rows]
    for at in [row for row in range(1, layout.row_count + 1) if row not in rows]:
        workbook = returned(template)
        nameless(workbook)
        excel_edits.delete(workbook, "rows", at, keep=False)
        assert aligned(template, workbook).rows.deleted == (at,)
    for at in rows:
        # In a block that is blank, what the form prints in the rows tells which one is gone.
        workbook = returned(template, values=False)
        nameless(workbook)
        for item in layout.inputs:
            put(workbook.sheets[0], item.range.anchor, item.placeholder or None)
        excel_edits.delete(workbook, "rows", at, keep=False)
        assert aligned(template, workbook).rows.deleted == (at,)


def feasible(layout: Layout, workbook: Workbook, axis: Axis) -> list[int]:
    """Return the lines that can change places with the next: merged cells that reach over lines stand in both alike."""
    held: dict[int, set[int]] = {}
    for area in workbook.sheets[0].merges:
        along = (area.top, area.bottom) if axis == "rows" else (area.left, area.right)
        across = (area.left, area.right) if axis == "rows" else (area.top, area.bottom)
        for line in range(along[0], along[1] + 1) if along[0] < along[1] else ():
            held.setdefault(line, set()).update(range(across[0], across[1] + 1))
    return [line for line in range(1, count(layout, axis)) if held.get(line) == held.get(line + 1)]


@pytest.mark.parametrize(("template", "axis"), LINES)
def test_what_changed_places_is_read_where_it_stands_now(template: str, axis: Axis) -> None:
    layout, expected = laid_out(template), read(template, returned(template))
    tried = feasible(layout, returned(template), axis)
    assert len(tried) > (15 if axis == "rows" else 1)
    for at in tried:
        workbook = returned(template)
        excel_edits.swap(workbook, axis, at)
        found = aligned(template, workbook)
        own = found.rows if axis == "rows" else found.columns
        assert (own.inserted, own.deleted) == ((), ()), at
        assert own.moved in ((at,), (at + 1,)), at
        assert {own.found[at], own.found[at + 1]} == {at, at + 1}
        assert read(template, workbook) == expected, at


EDITS = st.lists(
    st.tuples(st.sampled_from(["insert", "delete"]), st.sampled_from(["rows", "columns"]), st.integers(1, 48))
)


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEMPLATES), EDITS.filter(lambda edits: 1 < len(edits) <= 5))
def test_whatever_excel_did_what_is_left_is_found(template: str, edits: list[tuple[str, Axis, int]]) -> None:
    """Names follow in Excel, so no sequence of edits puts a value into another field."""
    layout, workbook = laid_out(template), returned(template)
    expected = read(template, workbook)
    for what, axis, at in edits:
        if what == "insert":
            excel_edits.insert(workbook, axis, min(at, count(layout, axis)))
        elif axis == "rows":
            excel_edits.delete(workbook, axis, at, keep=False)
    for name, value in read(template, workbook).items():
        if position_of(workbook, name) is not None:
            assert value == expected[name], name
        else:
            assert value is None, name


def position_of(workbook: Workbook, name: str) -> tuple[int, int] | None:
    target = workbook.names[name]
    return None if "#REF" in target else position(target.rpartition("!")[2])


def test_names_that_were_pointed_elsewhere_move_nothing() -> None:
    layout = laid_out("mof-2020")
    expected = read("mof-2020", returned("mof-2020"))
    targets = [
        "自评表!$D$20",
        "自评表!$Z$999",
        "自评表!$A$1",
        "自评表!#REF!",
        "别的表!$A$1",
        "自评表!$XFE$1",
        "自评表!$A$0",
        "7",
    ]
    for target in targets:
        for names in (["year"], ["project_name"], ["indicators.2.name"], ["goal_expected", "goal_actual"]):
            workbook = returned("mof-2020")
            workbook.names |= dict.fromkeys(names, target)
            assert aligned("mof-2020", workbook) == in_place(layout), (target, names)
            assert read("mof-2020", workbook) == expected


def test_names_of_one_row_that_point_into_another_do_not_make_two_rows_one() -> None:
    workbook = returned("mof-2020")
    for column in ("name", "target", "actual", "weight", "score", "reason"):
        workbook.names[f"indicators.2.{column}"] = workbook.names[f"indicators.5.{column}"]
    assert aligned("mof-2020", workbook).unchanged
    assert read("mof-2020", workbook) == read("mof-2020", returned("mof-2020"))


def test_labels_settle_what_stale_names_leave_open() -> None:
    """Two programs in turn: one inserts a row and leaves the names, so that they all point a row too high."""
    workbook = returned("mof-2020")
    expected = read("mof-2020", workbook)
    with_names_left_behind(lambda book: excel_edits.insert(book, "rows", 1))(workbook)
    assert aligned("mof-2020", workbook).rows.inserted == (1,)
    assert read("mof-2020", workbook) == expected


def test_labels_typed_over_do_not_move_rows() -> None:
    for text in ("资金总额", "其他资金", None, 7.0):
        workbook = returned("mof-2020")
        put(workbook.sheets[0], (6, 2), text)
        assert aligned("mof-2020", workbook).unchanged, text


def test_a_sheet_with_nothing_of_the_form_is_no_reason_to_fail() -> None:
    layout = laid_out("mof-2020")
    for values in ({}, {(1, 1): "甲"}, {(500, 40): "乙"}, {(1, 1): 3.0, (2, 2): True}):
        found = align(layout, Sheet("自评表", values=dict(values)), {})
        assert set(found.rows.found) <= set(range(1, layout.row_count + 1))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 60), st.integers(1, 14)),
        st.sampled_from(["项目名称", "得分", "总分", "数量指标", "……", "填报提示（不打印）", "别的", 3.0, True]),
        max_size=40,
    ),
    st.dictionaries(
        st.sampled_from(sorted(laid_out("mof-2020").fields)),
        st.tuples(st.integers(1, 60), st.integers(1, 14)),
        max_size=30,
    ),
)
def test_any_sheet_is_aligned_somehow(
    values: dict[tuple[int, int], str | float | bool], named: dict[str, tuple[int, int]]
) -> None:
    """Each issued line is in one place or none, no two in one place, and those that are left stay in order."""
    layout = laid_out("mof-2020")
    found = align(layout, Sheet("自评表", values=dict(values)), named)
    for axis, last in ((found.rows, layout.row_count), (found.columns, layout.hint_column)):
        assert len(set(axis.found.values())) == len(axis.found)
        assert set(axis.found) | set(axis.deleted) == set(range(1, last + 1))
        assert not set(axis.found) & set(axis.deleted)
        assert not set(axis.inserted) & set(axis.found.values())
        kept = [axis.found[line] for line in sorted(axis.found) if line not in axis.moved]
        assert kept == sorted(kept)


def test_an_area_keeps_what_is_left_of_it() -> None:
    workbook = returned("mof-2020")
    excel_edits.delete(workbook, "rows", 13, keep=False)
    found = aligned("mof-2020", workbook)
    assert found.place((13, 2)) is None
    assert found.area(Range(13, 2, 24, 2)) == Range(13, 2, 23, 2)
    assert found.area(Range(13, 4, 13, 4)) is None


def test_hints_are_found_with_their_column_and_without() -> None:
    layout = laid_out("mof-2020")
    workbook = returned("mof-2020")
    excel_edits.insert(workbook, "columns", 10)
    assert aligned("mof-2020", workbook).columns.found[layout.hint_column] == layout.hint_column + 1
    workbook = returned("mof-2020")
    excel_edits.delete(workbook, "columns", layout.hint_column, keep=False)
    assert aligned("mof-2020", workbook) == in_place(layout)


def test_a_faultless_amount_is_no_label() -> None:
    """Texts that people type like labels do not lead astray: 其他资金 as an indicator's name, 得分 as a reason."""
    layout = laid_out("mof-2020")
    values = faultless("mof-2020") | {
        "indicators.1.name": "其他资金",
        "indicators.1.reason": "得分",
        "unit": "主管部门",
    }
    assert isinstance(values["funds.total.budget"], Decimal)
    workbook = issued(layout, values)
    excel_edits.insert(workbook, "rows", 9)
    assert aligned("mof-2020", workbook).rows.inserted == (9,)
    nameless(workbook)
    assert aligned("mof-2020", workbook).rows.inserted == (9,)
