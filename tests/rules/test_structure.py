"""Family S: sheets, labels, rows, merged cells, prefilled values, identity and names, against what was issued."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import excel_edits
from support.excel_edits import Axis
from support.forms import (
    TEMPLATES,
    codes,
    faultless,
    findings,
    found,
    issued,
    layout_of,
    prefilled,
    put,
    sheet_of,
    submission,
)

from xlsform.findings import Severity
from xlsform.form import identity as identities
from xlsform.form.identity import Identity
from xlsform.form.layout import Layout
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.rules.structure import RETURN_SHEET
from xlsform.spreadsheet.a1 import Range, a1, letters, position
from xlsform.spreadsheet.values import CellError
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission

Edit = Callable[[Workbook], None]


def over(**cells: Any) -> Edit:
    """Return an edit that puts something over cells; None clears one."""

    def edit(workbook: Workbook) -> None:
        for address, value in cells.items():
            put(sheet_of(workbook), position(address), value)

    return edit


def with_sheets(*sheets: Sheet) -> Edit:
    def edit(workbook: Workbook) -> None:
        workbook.sheets += sheets

    return edit


class TestSheets:
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s101_the_forms_sheet_was_deleted(self, template: str) -> None:
        def delete(workbook: Workbook) -> None:
            workbook.sheets = (Sheet("台账"), *workbook.sheets[1:])

        subject = submission(template, delete)
        assert found("S101", subject) == ["None the sheet 自评表 is gone; the workbook has: 台账, 填报说明"]
        assert codes(subject) == ["S101", "S102"]

    def test_s101_its_name_is_there_and_nothing_else_of_it(self) -> None:
        def empty(workbook: Workbook) -> None:
            sheet_of(workbook).values = {(1, 1): "项目支出绩效自评表"}

        whole = submission(edit=empty)
        subject = Submission(whole.path, whole.workbook, whole.layout, None, whole.identities)
        assert found("S101", subject) == ["None most of what the sheet 自评表 printed is gone or changed"]

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s101_the_forms_sheet_was_renamed_and_is_judged_all_the_same(self, template: str) -> None:
        layout = layout_of(template)
        workbook = copy.deepcopy(issued(layout, faultless(template) | {"unit": " "}))
        sheet_of(workbook).name = "自评表（终稿）"
        subject = Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))
        assert found("S101", subject) == ["None the sheet 自评表 was renamed to 自评表（终稿）"]
        assert codes(subject) == ["S101", "H101"]
        assert findings(subject)[1].cell == "自评表（终稿）!F4"

    def test_s102_foreign_sheets_hidden_or_not(self) -> None:
        sheets = Sheet("Sheet2"), Sheet("密", "hidden"), Sheet("更密", "veryHidden"), Sheet("自评表 (2)")
        subject = submission(edit=with_sheets(*sheets))
        assert found("S102", subject) == [
            "None the sheet Sheet2 was not issued",
            "None the hidden sheet 密 was not issued",
            "None the hidden sheet 更密 was not issued",
            "None the sheet 自评表 (2) was not issued",
        ]
        assert codes(subject) == ["S102"] * 4
        assert [each.found for each in findings(subject)] == ["Sheet2", "密", "更密", "自评表 (2)"]

    def test_s102_the_sheet_of_a_copy_that_was_sent_back_is_expected(self) -> None:
        assert codes(submission(edit=with_sheets(Sheet(RETURN_SHEET, protected=True)))) == []

    def test_other_sheets_may_be_missing_shown_or_in_another_order(self) -> None:
        def edit(workbook: Workbook) -> None:
            form, instructions, hidden = workbook.sheets
            instructions.state, hidden.state = "hidden", "visible"
            workbook.sheets = (hidden, form)

        layout = layout_of("mof-2020")
        workbook = copy.deepcopy(issued(layout, faultless("mof-2020")))
        edit(workbook)
        subject = Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[1], identities_in(workbook))
        assert codes(subject) == []


def printed_cells(layout: Layout) -> list[tuple[str, str]]:
    return [(a1(*label.range.anchor), label.text) for label in layout.labels if label.text]


class TestLabels:
    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s103_every_label_changed_is_found_at_its_cell_old_and_new(self, template: str) -> None:
        for address, text in printed_cells(layout_of(template)):
            (finding,) = findings(submission(template, over(**{address: "另一个名称"})))
            assert (finding.code, finding.cell) == ("S103", f"自评表!{address}")
            assert (finding.found, finding.expected) == ("另一个名称", text.strip())

    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s103_every_label_deleted_is_found(self, template: str) -> None:
        for address, text in printed_cells(layout_of(template)):
            subject = submission(template, over(**{address: None}))
            printed = text.strip().replace("\n", "")
            assert found("S103", subject) == [f"自评表!{address} the printed {printed} is gone"]
            assert codes(subject) == ["S103"]

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize(
        "spell",
        [
            lambda text: text.replace("\n", ""),
            lambda text: text.replace("\n", "\r\n"),
            lambda text: f"  {' '.join(text)}\u3000",
            lambda text: text.replace("：", ":").replace("（", "(").replace("）", ")"),
            lambda text: text.replace("支", "支\u200b"),
            lambda text: text.replace("\u3000", ""),
        ],
    )
    def test_s103_space_width_and_line_breaks_make_no_difference(
        self, template: str, spell: Callable[[str], str]
    ) -> None:
        spelled = {address: spell(text) for address, text in printed_cells(layout_of(template))}
        assert codes(submission(template, over(**spelled))) == []

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(7.0, "7"), (0.5, "0.5"), (True, "True"), (CellError("#REF!"), "#REF!"), ("x" * 500, "x" * 60)],
    )
    def test_s103_whatever_stands_there_now_is_shown(self, value: Any, shown: str) -> None:
        assert found("S103", submission(edit=over(D5=value))) == [
            f"自评表!D5 the printed 年初预算数 was changed to {shown}"
        ]

    @pytest.mark.parametrize("mark", ["-", "/", "－", "——", " — ", None, ""])
    def test_s103_a_mark_for_not_applicable_may_be_another_or_none(self, mark: str | None) -> None:
        assert codes(submission(raw={"funds.other.score": mark, "funds.carryover.weight": mark})) == []

    def test_s103_a_text_in_place_of_such_a_mark_is_none(self) -> None:
        subject = submission(raw={"funds.other.score": "不计分"})
        assert found("S103", subject) == ["自评表!I9 the printed — was changed to 不计分"]
        assert codes(subject) == ["S103"]

    def test_s103_of_what_is_above_the_hints(self) -> None:
        assert found("S103", submission(edit=over(K1="备注"))) == [
            "自评表!K1 the printed 填报提示（不打印） was changed to 备注"
        ]
        assert found("S103", submission(edit=over(K1=None))) == ["自评表!K1 the printed 填报提示（不打印） is gone"]


class TestPrefilledValues:
    ISSUED: tuple[tuple[str, str, Any, str], ...] = (
        ("project_name", "B3", "农村公路建设", "项目名称 was issued as 农村公路养护, now it is 农村公路建设"),
        ("unit", "F4", "别的单位", "实施单位 was issued as 某县公路养护中心, now it is 别的单位"),
        ("funds.total.initial", "D6", 90, "年度资金总额·年初预算数 was issued as 100, now it is 90"),
        ("funds.appropriation.budget", "E7", "一百一",
         "其中：当年财政拨款·全年预算数 was issued as 110, now it is 一百一"),
        ("goal_expected", "B11", None, "预期目标 was issued as 养护农村公路 120 公里，保持路况良好，群众出行方便。, "
         "now it is nothing"),
    )  # fmt: skip

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize(("name", "address", "value", "text"), ISSUED)
    def test_s104_old_and_new(self, template: str, name: str, address: str, value: Any, text: str) -> None:
        subject = prefilled(template, [name], typed={name: value})
        assert found("S104", subject) == [f"自评表!{address} {text}"]
        assert codes(subject) == ["S104"]
        assert findings(subject)[0].severity is Severity.ERROR

    @pytest.mark.parametrize("column", ["name", "target", "weight"])
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s104_of_every_approved_indicator(self, template: str, column: str) -> None:
        values = faultless(template)
        names = [name for name in values if name.endswith(f".{column}") and name.startswith("indicators.")]
        for name in names:
            subject = prefilled(template, names, typed={name: Decimal(3) if column == "weight" else "别的"})
            (finding,) = findings(subject)
            assert (finding.code, finding.field) == ("S104", name)
            assert (finding.found, finding.expected) == (3 if column == "weight" else "别的", _json(values[name]))

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s104_is_silent_when_all_is_as_issued(self, template: str) -> None:
        assert codes(prefilled(template, faultless(template))) == []

    def test_s104_says_nothing_of_what_was_not_issued(self) -> None:
        subject = prefilled("mof-2020", ["unit"], project_name="别的项目")
        assert codes(subject) == []

    def test_s104_only_speaks_of_a_year_that_is_none(self) -> None:
        assert codes(prefilled("mof-2020", ["year"], year=2020)) == ["H102"]
        blank = prefilled("mof-2020", ["year"], year=None)
        assert found("S104", blank) == ["自评表!A2 年度 was issued as 2021, now it is nothing"]
        assert codes(blank) == ["S104"]

    def test_s104_follows_its_cell_when_rows_moved(self) -> None:
        def insert(workbook: Workbook) -> None:
            excel_edits.insert(workbook, "rows", 3)

        subject = prefilled("mof-2020", ["unit"], insert, unit="别的单位")
        assert [(each.code, each.cell) for each in findings(subject)] == [("S105", "自评表!A3"), ("S104", "自评表!F5")]


def _json(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value


@cache
def base(template: str, *blank: str) -> Workbook:
    """Return a faultless workbook, calculated, some of its fields blank."""
    values = {name: value for name, value in faultless(template).items() if name not in blank}
    return issued(layout_of(template), values)


def edited(template: str, edit: Edit, *blank: str) -> Submission:
    workbook = copy.deepcopy(base(template, *blank))
    edit(workbook)
    return Submission(Path("a.xlsx"), workbook, layout_of(template), workbook.sheets[0], identities_in(workbook))


def only(code: str, subject: Submission) -> str:
    """Return what the one finding says."""
    assert codes(subject) == [code]
    return found(code, subject)[0]


#: The rows of mof-2020 are the first forty of shanxi-2021's.
LINES = [
    (template, axis)
    for template in TEMPLATES
    for axis in ("rows", "columns")
    if (template, axis) != ("mof-2020", "rows")
]


class TestRowsAndColumns:
    """S105: one finding a place, whatever Excel did, and nothing that only follows from it."""

    @pytest.mark.slow
    @pytest.mark.parametrize(("template", "axis"), LINES)
    def test_one_inserted(self, template: str, axis: Axis) -> None:
        layout = layout_of(template)
        for at in range(1, (layout.row_count if axis == "rows" else layout.column_count) + 1):
            subject = edited(template, lambda workbook, at=at: excel_edits.insert(workbook, axis, at))  # type: ignore[misc]
            expected = f"A{at} row {at} was" if axis == "rows" else f"{letters(at)}1 column {letters(at)} was"
            assert only("S105", subject) == f"自评表!{expected} inserted"

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_one_inserted_behind_the_form_is_nothing(self, template: str) -> None:
        layout = layout_of(template)
        for axis, at in (("rows", layout.row_count + 1), ("columns", layout.hint_column + 1)):
            assert codes(edited(template, lambda book, axis=axis, at=at: excel_edits.insert(book, axis, at))) == []  # type: ignore[misc]

    @pytest.mark.slow
    @pytest.mark.parametrize("keep", [True, False])
    @pytest.mark.parametrize(("template", "axis"), LINES)
    def test_one_deleted(self, template: str, axis: Axis, keep: bool) -> None:
        """The results stored are those that are left when the figures of the row or column are gone."""
        layout = layout_of(template)
        for at in range(1, (layout.row_count if axis == "rows" else layout.column_count) + 1):
            lost = [
                name
                for name, item in layout.fields.items()
                if at == (item.range.top if axis == "rows" else item.range.left)
            ]
            inputs = [name for name in lost if layout.fields[name].spec.kind == "input"]
            blank = inputs if not keep or all(layout.fields[name].range.single for name in inputs) else []

            def delete(workbook: Workbook, at: int = at) -> None:
                excel_edits.delete(workbook, axis, at, keep=keep)

            what = f"row {at}" if axis == "rows" else f"column {letters(at)}"
            assert only("S105", edited(template, delete, *blank)).endswith(f" {what} of the issued form was deleted")

    def test_where_a_deleted_one_stood(self) -> None:
        assert found("S105", edited("mof-2020", lambda book: excel_edits.delete(book, "rows", 14, keep=False))) == [
            "自评表!A14 row 14 of the issued form was deleted"
        ]
        assert found("S105", edited("mof-2020", lambda book: excel_edits.delete(book, "columns", 9, keep=False))) == [
            "自评表!I1 column I of the issued form was deleted"
        ]

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_two_rows_that_changed_places(self, template: str) -> None:
        # Excel cuts no row through merged cells; those inside a block are swapped by taking the block apart.
        for at in (1, 2, 3, 6, 7, 8, 13, 14, 20, 38):
            subject = edited(template, lambda workbook, at=at: excel_edits.swap(workbook, "rows", at))  # type: ignore[misc]
            assert only("S105", subject) in (
                f"自评表!A{at + 1} row {at} of the issued form now stands in row {at + 1}",
                f"自评表!A{at} row {at + 1} of the issued form now stands in row {at}",
            )

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_two_columns_that_changed_places(self, template: str) -> None:
        subject = edited(template, lambda workbook: excel_edits.swap(workbook, "columns", 7))
        assert only("S105", subject) in (
            "自评表!H1 column G of the issued form now stands in column H",
            "自评表!G1 column H of the issued form now stands in column G",
        )

    def test_several_at_one_place_are_one_finding(self) -> None:
        def edit(workbook: Workbook) -> None:
            excel_edits.insert(workbook, "rows", 14, 3)
            excel_edits.insert(workbook, "columns", 5, 2)
            for _ in range(2):
                excel_edits.delete(workbook, "rows", 30, keep=False)

        subject = edited("mof-2020", edit)
        assert found("S105", subject) == [
            "自评表!E1 columns E to F were inserted",
            "自评表!A14 rows 14 to 16 were inserted",
            "自评表!A30 rows 27 to 28 of the issued form were deleted",
        ]

    def test_a_block_of_rows_that_moved_is_one_finding(self) -> None:
        def move_up(workbook: Workbook) -> None:
            for at in (7, 6, 8, 7):
                excel_edits.swap(workbook, "rows", at)

        subject = edited("mof-2020", move_up)
        (finding,) = findings(subject, "S105")
        moved = subject.alignment.rows.moved
        assert len(moved) == 2
        assert finding.expected == moved[0]
        assert found("S105", subject) == [
            f"自评表!A{finding.found} rows {moved[0]} to {moved[1]} of the issued form now stand from row "
            f"{finding.found} on"
        ]

    def test_an_indicator_in_an_inserted_row_is_not_missed_elsewhere(self) -> None:
        """Its weight is in the sum that the workbook shows; no rule says that the weights make 90."""
        changed = {"indicators.1.weight": Decimal(10), "indicators.1.score": Decimal("9.83")}
        workbook = copy.deepcopy(issued(layout_of("mof-2020"), faultless("mof-2020") | changed))
        excel_edits.insert(workbook, "rows", 14)
        over(D14="新增里程", E14="≥10公里", F14="11公里", G14=10.0, H14=10.0, G41=100.0, H41=99.63)(workbook)
        subject = Submission(
            Path("a.xlsx"), workbook, layout_of("mof-2020"), workbook.sheets[0], identities_in(workbook)
        )
        assert only("S105", subject) == "自评表!A14 row 14 was inserted"

    def test_weights_that_are_too_many_are_told_beside_a_deleted_row(self) -> None:
        values = faultless("mof-2020") | {"indicators.1.weight": Decimal(50)}
        workbook = copy.deepcopy(issued(layout_of("mof-2020"), values))
        excel_edits.delete(workbook, "rows", 14, keep=False)
        subject = Submission(
            Path("a.xlsx"), workbook, layout_of("mof-2020"), workbook.sheets[0], identities_in(workbook)
        )
        assert "W101" in codes(subject)

    def test_of_a_file_without_formulas_and_names(self) -> None:
        def edit(workbook: Workbook) -> None:
            excel_edits.insert(workbook, "rows", 14)
            excel_edits.delete(workbook, "columns", 1, keep=False)
            workbook.kind, workbook.complete, workbook.names = "xls", False, {}
            for sheet in workbook.sheets:
                sheet.formulas, sheet.unlocked, sheet.protected = {}, set(), False

        assert found("S105", edited("mof-2020", edit)) == [
            "自评表!A1 column A of the issued form was deleted",
            "自评表!A14 row 14 was inserted",
        ]


def on_form(**attributes: Any) -> Edit:
    def edit(workbook: Workbook) -> None:
        for name, value in attributes.items():
            setattr(sheet_of(workbook), name, value)

    return edit


class TestMergedCells:
    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s110_each_taken_apart(self, template: str) -> None:
        for area in sheet_of(base(template)).merges:

            def split(workbook: Workbook, area: Range = area) -> None:
                sheet_of(workbook).merges = tuple(each for each in sheet_of(workbook).merges if each != area)

            assert (
                only("S110", edited(template, split))
                == f"自评表!{area} merged cells were taken apart or merged otherwise: {area}"
            )

    def test_s110_others_merged_or_merged_otherwise(self) -> None:
        def merge(workbook: Workbook) -> None:
            sheet_of(workbook).merges += (Range(13, 4, 13, 5), Range(60, 1, 60, 9))

        def otherwise(workbook: Workbook) -> None:
            areas = set(sheet_of(workbook).merges) - {Range(3, 2, 3, 9)}
            sheet_of(workbook).merges = (*areas, Range(3, 2, 3, 5))

        assert only("S110", edited("mof-2020", merge)) == (
            "自评表!D13:E13 cells were merged that are apart in the form: D13:E13"
        )
        assert only("S110", edited("mof-2020", otherwise)) == (
            "自评表!B3:I3 merged cells were taken apart or merged otherwise: B3:I3"
        )

    def test_s110_names_eight_and_counts_the_rest(self) -> None:
        subject = edited("mof-2020", on_form(merges=()))
        (text,) = found("S110", subject)
        assert text == (
            "自评表!A1:I1 merged cells were taken apart or merged otherwise: "
            "A1:I1, A2:I2, B3:I3, B4:D4, F4:I4, A5:A9, B5:C5, B6:C6 and 22 more"
        )
        assert findings(subject, "S110")[0].found == 30

    def test_s110_is_silent_where_rows_moved_and_where_nothing_can_be_seen(self) -> None:
        def inserted(workbook: Workbook) -> None:
            merges = sheet_of(workbook).merges
            excel_edits.insert(workbook, "rows", 14)
            sheet_of(workbook).merges = merges

        assert codes(edited("mof-2020", inserted)) == ["S105"]

        def unseen(workbook: Workbook) -> None:
            workbook.complete = False
            sheet_of(workbook).merges = ()

        assert found("S110", edited("mof-2020", unseen)) == []


class TestHidden:
    def test_s111_rows_and_columns_of_the_form(self) -> None:
        subject = edited("mof-2020", on_form(hidden_rows=frozenset({16, 14}), hidden_columns=frozenset({9, 2})))
        assert found("S111", subject) == [
            "自评表!B1 columns of the form are hidden: B, I",
            "自评表!A14 rows of the form are hidden: 14, 16",
        ]
        assert codes(subject) == ["S111", "S111"]

    def test_s111_says_nothing_of_what_is_not_the_form(self) -> None:
        outside = on_form(hidden_rows=frozenset({41, 500}), hidden_columns=frozenset({10, 11, 12, 256}))
        assert codes(edited("mof-2020", outside)) == []

    def test_s111_follows_rows_that_moved(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).hidden_rows = frozenset({14})
            excel_edits.insert(workbook, "rows", 3)

        assert found("S111", edited("mof-2020", edit)) == ["自评表!A15 rows of the form are hidden: 15"]

    def test_s111_the_whole_sheet(self) -> None:
        subject = edited("mof-2020", on_form(state="hidden"))
        assert found("S111", subject) == ["None the sheet 自评表 is hidden"]
        assert codes(subject) == ["S111"]


class TestOutside:
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s112_below_and_beside_the_form(self, template: str) -> None:
        for address in ("A60", "B48", "J6", "L1", "M30", "Z999"):
            subject = edited(template, over(**{address: "备注：待核实"}))
            assert (
                only("S112", subject) == f"自评表!{address} outside the form's fields stands: 备注：待核实 ({address})"
            )

    def test_s112_in_cells_that_the_form_prints_blank(self) -> None:
        assert only("S112", edited("mof-2020", over(B5="说明"))).startswith("自评表!B5 ")
        assert only("S112", edited("mof-2020", over(I40="优"))).startswith("自评表!I40 ")
        assert only("S112", edited("shanxi-2021", over(G2="联系人"))).startswith("自评表!G2 ")

    def test_s112_what_merged_cells_cover_is_not_seen_by_anyone(self) -> None:
        assert only("S112", edited("mof-2020", over(D3="藏在合并单元格里"))).startswith("自评表!D3 ")
        assert only("S112", edited("mof-2020", over(C6=5.0))) == "自评表!C6 outside the form's fields stands: 5 (C6)"

    def test_s112_one_finding_a_row(self) -> None:
        subject = edited("mof-2020", over(B60="填表人：张三", E60="电话", H60=123.0, A61="审核人"))
        assert found("S112", subject) == [
            "自评表!B60 outside the form's fields stands: 填表人：张三 (B60, E60, H60)",
            "自评表!A61 outside the form's fields stands: 审核人 (A61)",
        ]

    def test_s112_blanks_are_nothing(self) -> None:
        assert codes(edited("mof-2020", over(B60=" ", C60="", D60="\u3000\n"))) == []


class TestIdentity:
    def test_s113_the_hidden_sheet_is_missing(self) -> None:
        def drop(workbook: Workbook) -> None:
            workbook.sheets = workbook.sheets[:2]

        subject = prefilled("mof-2020", ["unit"], drop, unit="别的单位")
        text = "None this is not the workbook that was issued: its identity is missing or was written over"
        assert found("S113", subject) == [text]
        assert "S104" not in codes(subject)

    @pytest.mark.parametrize("carrier", ["sheet", "properties", "name"])
    def test_s113_a_carrier_was_written_over(self, carrier: str) -> None:
        def edit(workbook: Workbook) -> None:
            if carrier == "sheet":
                workbook.sheets[-1].values = {(1, 1): "备注", (1, 2): "无"}
            elif carrier == "name":
                workbook.names[identities.NAME] = '"x"'
            else:
                workbook.properties = {identities.PROPERTY_PREFIX + "template": "mof-2020"}

        text = "None this is not the workbook that was issued: its identity is missing or was written over"
        assert found("S113", prefilled("mof-2020", ["unit"], edit)) == [text]

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("digest", "0" * 64),
            ("digest", ""),
            ("project_code", "P-2"),
            ("year", "2020"),
            ("edition", "9"),
            ("issued:unit", '"别的单位"'),
        ],
    )
    def test_s113_the_identity_was_edited(self, key: str, value: str) -> None:
        def edit(workbook: Workbook) -> None:
            hidden = workbook.sheets[-1]
            row = next(row for (row, column), text in hidden.values.items() if column == 1 and text == key)
            put(hidden, (row, 2), value)

        subject = prefilled("mof-2020", ["unit"], edit)
        assert found("S113", subject) == ["None the workbook's identity was edited"]

    def test_s113_a_row_was_taken_out_of_the_identity(self) -> None:
        def edit(workbook: Workbook) -> None:
            hidden = workbook.sheets[-1]
            last = max(row for row, _ in hidden.values)
            del hidden.values[last, 1], hidden.values[last, 2]

        assert codes(prefilled("mof-2020", ["unit", "project_name"], edit)) == ["S113"]

    @pytest.mark.parametrize("carrier", ["properties", "name"])
    def test_s113_two_identities(self, carrier: str) -> None:
        other = Identity("mof-2020", "2020.1", (3,) * 9, "2020", "P-7").sealed()

        def edit(workbook: Workbook) -> None:
            if carrier == "name":
                workbook.names[identities.NAME] = f'"{other.name_text()}"'
            else:
                prefix = identities.PROPERTY_PREFIX
                workbook.properties = {prefix + key: value for key, value in other.pairs().items()}

        subject = prefilled("mof-2020", (), edit)
        text = "the workbook carries two identities: one of mof-2020 2021 P-1, one of mof-2020 2020 P-7"
        assert found("S113", subject) == [f"None {text}"]
        assert codes(subject) == ["S113"]
        (finding,) = findings(subject)
        assert finding.found == other.digest

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("carrier", ["properties", "name"])
    def test_s113_a_carrier_was_taken_out(self, template: str, carrier: str) -> None:
        def lose(workbook: Workbook) -> None:
            if carrier == "properties":
                workbook.properties.clear()
            else:
                del workbook.names[identities.NAME]

        def unseen(workbook: Workbook) -> None:
            lose(workbook)
            workbook.complete = False

        text = "None part of the workbook's identity was taken out; it is no longer whole"
        assert found("S113", prefilled(template, ["unit"], lose)) == [text]
        assert found("S113", prefilled(template, ["unit"], unseen)) == []

    def test_s113_foreign_properties_are_no_finding(self) -> None:
        def add(workbook: Workbook) -> None:
            workbook.properties |= {"KSOProductBuildVer": "2052-12.1.0", "ICV": "A", "xlsform.template": "mof-2020"}

        assert codes(prefilled("mof-2020", (), add)) == []


class TestNames:
    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s114_each_name_deleted_or_pointed_elsewhere(self, template: str) -> None:
        layout = layout_of(template)
        subject = submission(template)
        for number, name in enumerate(layout.fields):
            names = dict(subject.workbook.names)
            target = names.pop(name)
            if number % 3:
                names[name] = "'自评表'!#REF!" if number % 3 == 1 else target + "9"
            workbook = replace(subject.workbook, names=names)
            other = Submission(subject.path, workbook, layout, subject.sheet, subject.identities)
            assert only("S114", other) == f"None 1 names of fields are missing or point elsewhere: {name}"

    def test_s114_all_names_lost(self) -> None:
        subject = edited("mof-2020", lambda workbook: workbook.names.clear())
        (text,) = found("S114", subject)
        count = len(layout_of("mof-2020").fields)
        assert text.startswith(f"None {count} names of fields are missing or point elsewhere: year, project_name, ")
        assert text.endswith(f" and {count - 8} more")
        assert codes(subject) == ["S113", "S114"]
        assert findings(subject)[1].severity is Severity.NOTE

    def test_s114_names_may_be_spelled_otherwise_and_others_may_be_there(self) -> None:
        def edit(workbook: Workbook) -> None:
            workbook.names = {name.upper(): target.replace("'", "") for name, target in workbook.names.items()}
            workbook.names |= {
                "_xlfn_IFERROR": "#NAME?",
                "_xlnm_Print_Area": "自评表!$A$1:$I$40",
                "我的": "自评表!$A$1",
            }

        assert codes(edited("mof-2020", edit)) == []

    def test_s114_is_silent_where_rows_moved_and_where_names_cannot_be_seen(self) -> None:
        def moved(workbook: Workbook) -> None:
            excel_edits.insert(workbook, "rows", 3)
            workbook.names = {name: target for name, target in workbook.names.items() if name == identities.NAME}

        def unseen(workbook: Workbook) -> None:
            workbook.complete = False
            workbook.names.clear()

        assert codes(edited("mof-2020", moved)) == ["S105"]
        assert found("S114", edited("mof-2020", unseen)) == []


def test_validations_that_are_all_gone_are_a_note() -> None:
    assert codes(edited("mof-2020", on_form(validated=()))) == ["S115"]
