"""Family S: formulas, their results, the hints beside the form, and locks, against what was issued."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support import excel_edits
from support.forms import TEMPLATES, codes, findings, found, layout_of, prefilled, put, sheet_of, submission
from support.variants import old

from xlsform.findings import Severity
from xlsform.form.evaluation.hints import hint_formulas
from xlsform.form.layout import Layout
from xlsform.reading.workbook import Workbook
from xlsform.spreadsheet.a1 import a1, position
from xlsform.spreadsheet.values import CellError
from xlsform.submission.submission import Submission

Edit = Callable[[Workbook], None]

ALL = [(template, name) for template in TEMPLATES for name in layout_of(template).computed]


def only(subject: Submission, code: str, severity: Severity) -> str:
    """Return what the one finding says, with its cell."""
    (finding,) = findings(subject)
    assert (finding.code, finding.severity) == (code, severity)
    return found(code, subject)[0]


def changed(name: str, formula: str, value: Any = None) -> Edit:
    """Return an edit that puts another formula into a field, and a result that goes with it."""

    def edit(workbook: Workbook) -> None:
        place = layout_of("mof-2020").fields[name].range.anchor
        sheet_of(workbook).formulas[place] = formula
        if value is not None:
            put(sheet_of(workbook), place, value)

    return edit


def stored(name: str, value: Any) -> Edit:
    """Return an edit that leaves a formula and puts another result beside it."""

    def edit(workbook: Workbook) -> None:
        put(sheet_of(workbook), layout_of("mof-2020").fields[name].range.anchor, value)

    return edit


class TestOverwritten:
    @pytest.mark.parametrize(("template", "name"), ALL)
    def test_s106_by_the_right_value(self, template: str, name: str) -> None:
        subject = submission(template)
        item, right = subject.layout.fields[name], subject.entries[name].raw
        assert right is not None
        text = only(submission(template, raw={name: right}), "S106", Severity.WARNING)
        shown = f"{subject.entries[name].number}" if right != "" else "nothing"
        assert (
            text == f"自评表!{item.cell} the formula of {item.label} was replaced by the value {shown}, which is right"
        )

    @pytest.mark.parametrize(("template", "name"), ALL)
    def test_s106_by_a_wrong_one(self, template: str, name: str) -> None:
        subject = submission(template, raw={name: 3.0})
        (finding,) = findings(subject)
        assert (finding.code, finding.severity, finding.field) == ("S106", Severity.ERROR, name)
        assert finding.found == 3
        assert finding.expected == submission(template).results.computed[name]

    def test_s106_says_what_stands_there_and_what_belongs_there(self) -> None:
        assert only(submission(raw={"funds.total.rate": 0.5}), "S106", Severity.ERROR) == (
            "自评表!H6 the formula of 年度资金总额·执行率 was replaced by 0.5; it gives 0.98"
        )
        assert only(submission(raw={"total_weight": "一百"}), "S106", Severity.ERROR) == (
            "自评表!G40 the formula of 总分分值 was replaced by 一百; it gives 100"
        )
        assert only(submission(raw={"total_weight": CellError("#N/A")}), "S106", Severity.ERROR) == (
            "自评表!G40 the formula of 总分分值 was replaced by #N/A; it gives 100"
        )
        assert only(submission(raw={"funds.other.rate": 0.5}), "S106", Severity.ERROR) == (
            "自评表!H9 the formula of 其他资金·执行率 was replaced by 0.5; it gives nothing"
        )

    def test_s106_deleted(self) -> None:
        assert only(submission(raw={"funds.total.rate": None}), "S106", Severity.ERROR) == (
            "自评表!H6 the formula of 年度资金总额·执行率 was deleted; it gives 0.98"
        )
        assert only(submission(raw={"funds.other.rate": None}), "S106", Severity.WARNING) == (
            "自评表!H9 the formula of 其他资金·执行率 was deleted; it gives nothing"
        )

    @pytest.mark.parametrize("blank", [None, " ", "\u3000"])
    def test_a_blank_total_is_told_as_that(self, blank: str | None) -> None:
        assert codes(submission(raw={"total_score": blank})) == ["T101"]

    @pytest.mark.parametrize(
        ("value", "severity"),
        [
            (9.8, Severity.WARNING),
            (10.0, Severity.WARNING),
            (9.0, Severity.ERROR),
            (9.79, Severity.ERROR),
            (9.7, Severity.ERROR),
            ("9.8分", Severity.WARNING),
        ],
    )
    def test_s106_a_whole_point_is_a_warning_and_nothing_else_that_differs(
        self, value: float | str, severity: Severity
    ) -> None:
        only(submission(raw={"funds.total.score": value}), "S106", severity)

    @pytest.mark.parametrize(("value", "severity"), [(0.9833, "warning"), (0.9834, "error"), (1.0, "error")])
    def test_s106_a_rate_may_be_truncated_or_rounded_and_not_more(self, value: float, severity: str) -> None:
        """118 of 120 is 98.3333 %."""
        subject = submission(
            funds__total__executed=118, funds__appropriation__executed=108, raw={"funds.total.rate": value}
        )
        assert {each.severity.value for each in findings(subject, "S106")} == {severity}

    def test_s106_is_silent_where_the_weights_or_the_total_are_told(self) -> None:
        assert codes(submission(indicators__4__weight=20, raw={"total_weight": 100.0})).count("W101") == 1
        assert found("S106", submission(indicators__4__weight=20, raw={"total_weight": 100.0})) == []
        perfect = submission(raw={"total_score": 100.0})
        assert codes(perfect) == ["T105"]

    def test_s106_speaks_where_the_weights_are_100_but_for_a_rounding(self) -> None:
        """No other rule finds fault with weights of 99.995."""
        weight = Decimal("9.995")
        subject = submission(indicators__22__weight=weight, indicators__22__score=weight, raw={"total_weight": 50.0})
        assert [each.code for each in findings(subject) if each.code[0] in "SW"] == ["S106"]

    def test_s106_is_silent_where_formulas_cannot_be_seen(self) -> None:
        assert codes(old()) == ["F106"]

    def test_s106_follows_its_cell(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).formulas.pop(position("H6"))
            excel_edits.insert(workbook, "rows", 3)

        assert found("S106", submission(edit=edit)) == [
            "自评表!H7 the formula of 年度资金总额·执行率 was replaced by the value 0.98, which is right"
        ]


class TestChanged:
    @pytest.mark.parametrize(("template", "name"), ALL)
    def test_s107_another_formula(self, template: str, name: str) -> None:
        layout = layout_of(template)

        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).formulas[layout.fields[name].range.anchor] += "+0"

        subject = submission(template, edit)
        (finding,) = findings(subject)
        formula = layout.computed[name]
        assert (finding.code, finding.severity, finding.field) == ("S107", Severity.ERROR, name)
        assert (finding.found, finding.expected) == (f"={formula}+0", f"={formula}")

    def test_s107_says_both(self) -> None:
        assert only(submission(edit=changed("funds.total.rate", "F6/D6", 1.176)), "S107", Severity.ERROR) == (
            "自评表!H6 the formula of 年度资金总额·执行率 was changed to =F6/D6; issued was "
            '=IF(OR(N(E6)=0,TRIM(F6&"")=""),"",ROUND(N(F6)/E6,4))'
        )

    def test_s107_a_long_one_is_cut_in_the_message_alone(self) -> None:
        formula = "+".join(["A1"] * 200)
        (finding,) = findings(submission(edit=changed("total_weight", formula)), "S107")
        assert finding.found == f"={formula}"
        assert len(finding.message.values["found"]) == 200

    @pytest.mark.parametrize(
        "formula",
        [
            'IF(OR(N(E6)=0,TRIM(F6&"")=""),"",ROUND(N(F6)/E6,4))',
            '=if(or( n($E$6) = 0,trim(f6&"")="" ) , "" , round(n(F6) / E6, 4) )',
            '_xlfn.IF(OR(N(E6)=0,TRIM(F6&"")=""),"",ROUND(N(F6)/E6,4))',
        ],
    )
    def test_s107_another_spelling_is_no_other_formula(self, formula: str) -> None:
        assert codes(submission(edit=changed("funds.total.rate", formula))) == []

    @pytest.mark.parametrize(
        "formula",
        [
            'IF(N(E6)=0," ",ROUND(N(F6)/E6,4))',
            'IF(N(E6)=0,"",ROUND(N(F6)/E6,2))',
            'IF(N(E7)=0,"",ROUND(N(F6)/E6,4))',
            "TRUE",
            "#REF!",
            "",
        ],
    )
    def test_s107_a_small_difference_is_one(self, formula: str) -> None:
        assert codes(submission(edit=changed("funds.total.rate", formula))) == ["S107"]

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s107_libreoffices_way_of_writing(self, template: str) -> None:
        def respell(workbook: Workbook) -> None:
            for sheet in workbook.sheets:
                for place, formula in sheet.formulas.items():
                    sheet.formulas[place] = formula.replace("FALSE", "FALSE()").replace("'自评表'!", "自评表!")

        assert codes(submission(template, respell)) == []

    def test_s107_a_formula_that_a_program_left_behind_is_no_other(self) -> None:
        """openpyxl moves cells and leaves formulas as they are; S105 says what happened."""

        def insert(workbook: Workbook) -> None:
            sheet = sheet_of(workbook)
            texts = list(sheet.formulas.values())
            excel_edits.insert(workbook, "rows", 14)
            sheet.formulas = dict(zip(sheet.formulas, texts, strict=True))

        assert codes(submission(edit=insert)) == ["S105"]

    def test_s107_one_that_leaves_a_row_out_is(self) -> None:
        """After a row was inserted, the sum was made to pass over the last row."""

        def insert(workbook: Workbook) -> None:
            excel_edits.insert(workbook, "rows", 14)
            sheet_of(workbook).formulas[41, 7] = "SUM(G6,G13:G38)"

        assert codes(submission(edit=insert)) == ["S105", "S107"]

    def test_s107_is_found_where_the_last_row_of_a_sum_was_deleted(self) -> None:
        def delete(workbook: Workbook, formula: str | None = None) -> None:
            excel_edits.delete(workbook, "rows", 39, keep=False)
            if formula:
                sheet_of(workbook).formulas[39, 7] = formula

        assert codes(submission(edit=delete)) == ["S105"]
        assert codes(submission(edit=lambda book: delete(book, "100"))) == ["S105", "S107"]


class TestStale:
    @pytest.mark.parametrize(
        ("name", "value", "text"),
        [
            ("funds.total.rate", 0.5, "自评表!H6 年度资金总额·执行率 shows 0.5, but its formula gives 0.98"),
            ("total_weight", 90.0, "自评表!G40 总分分值 shows 90, but its formula gives 100"),
            ("total_score", 95.0, "自评表!H40 总分 shows 95, but its formula gives 99.47"),
            ("funds.other.rate", 0.0, "自评表!H9 其他资金·执行率 shows 0, but its formula gives nothing"),
            ("total_weight", "", "自评表!G40 总分分值 shows nothing, but its formula gives 100"),
            ("total_weight", CellError("#NAME?"), "自评表!G40 总分分值 shows #NAME?, but its formula gives 100"),
        ],
    )
    def test_s108_a_result_that_its_formula_does_not_give(self, name: str, value: Any, text: str) -> None:
        assert only(submission(edit=stored(name, value)), "S108", Severity.WARNING) == text

    def test_s108_a_total_that_follows_from_a_stale_score_is_found_with_it(self) -> None:
        def edit(workbook: Workbook) -> None:
            stored("funds.total.score", 5.0)(workbook)
            stored("total_score", 94.67)(workbook)

        assert codes(submission(edit=edit)) == ["S108", "S108"]

    def test_s108_is_silent_where_a_figure_was_typed_as_text(self) -> None:
        """Excel's formulas do not count it; V102 names the cell."""
        subject = submission(edit=stored("total_weight", 90.0), raw={"indicators.4.weight": "10"})
        assert codes(subject) == ["V102"]

    def test_s108_is_silent_of_another_formula(self) -> None:
        assert codes(submission(edit=changed("total_weight", "90", 90.0))) == ["S107"]

    def test_s108_is_silent_of_an_issued_value_that_was_changed(self) -> None:
        subject = prefilled(
            "mof-2020", ["indicators.1.weight"], stored("total_weight", 100.0), indicators__1__weight=15
        )
        assert codes(subject) == ["S104"]

    def test_s108_is_silent_where_its_cells_are_gone(self) -> None:
        def delete(workbook: Workbook) -> None:
            excel_edits.delete(workbook, "rows", 6, keep=False)
            put(sheet_of(workbook), (39, 8), CellError("#REF!"))

        assert codes(submission(edit=delete)) == ["S105"]


def hint_cells(layout: Layout) -> dict[str, str]:
    """Return the issued formula of each hint by its address."""
    return {a1(row, layout.hint_column): f"={formula}" for row, formula in hint_formulas(layout).items()}


class TestHints:
    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s106_each_hint_typed_over_or_deleted(self, template: str) -> None:
        for number, (address, formula) in enumerate(hint_cells(layout_of(template)).items()):
            value = ("没有问题", 1.0, "", None)[number % 4]

            def edit(workbook: Workbook, address: str = address, value: Any = value) -> None:
                del sheet_of(workbook).formulas[position(address)]
                put(sheet_of(workbook), position(address), value)

            (finding,) = findings(submission(template, edit))
            assert (finding.code, finding.cell, finding.field) == ("S106", f"自评表!{address}", None)
            assert (finding.severity, finding.found, finding.expected) == (Severity.WARNING, value or None, formula)

    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s107_each_hint_with_another_formula(self, template: str) -> None:
        for address, formula in hint_cells(layout_of(template)).items():

            def edit(workbook: Workbook, address: str = address) -> None:
                sheet_of(workbook).formulas[position(address)] = '""'

            (finding,) = findings(submission(template, edit))
            assert (finding.code, finding.cell, finding.field) == ("S107", f"自评表!{address}", None)
            assert (finding.severity, finding.found, finding.expected) == (Severity.WARNING, '=""', formula)

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_all_hints_cleared_are_one_finding(self, template: str) -> None:
        layout = layout_of(template)

        def clear(workbook: Workbook, title: bool) -> None:
            sheet = sheet_of(workbook)
            for row in layout.checks_by_row:
                del sheet.formulas[row, layout.hint_column], sheet.values[row, layout.hint_column]
            if title:
                del sheet.values[1, layout.hint_column]

        count, text = len(layout.checks_by_row), "hints beside the form were deleted or replaced by values"
        expected = f"自评表!K2 {count} {text}: K2, K3, K4, K6, K7, K8, K9, K11"
        for title in (False, True):
            subject = submission(template, lambda workbook, title=title: clear(workbook, title))  # type: ignore[misc]
            assert only(subject, "S106", Severity.WARNING) == expected

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_so_is_their_column_deleted(self, template: str) -> None:
        hints = layout_of(template).hint_column
        subject = submission(template, lambda workbook: excel_edits.delete(workbook, "columns", hints, keep=False))
        assert codes(subject) == ["S106"]

    def test_hints_typed_over_and_changed_are_a_finding_each(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet = sheet_of(workbook)
            for row in (13, 14, 15):
                del sheet.formulas[row, 11]
            sheet.formulas[6, 11] = sheet.formulas[7, 11] = "1"

        assert [(each.code, each.cell, each.found) for each in findings(submission(edit=edit))] == [
            ("S107", "自评表!K6", 2),
            ("S106", "自评表!K13", 3),
        ]

    def test_what_a_hint_says_is_not_judged(self) -> None:
        """It is what the form said when it was last calculated, by whatever did so."""

        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).values[13, 11] = "请填写偏差原因"
            sheet_of(workbook).values.pop((14, 11))

        assert codes(submission(edit=edit)) == []


class TestProtection:
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s109_taken_off_is_one_finding_whatever_was_unlocked(self, template: str) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).protected = False
            sheet_of(workbook).unlocked = set(sheet_of(workbook).values)

        text = "None the protection of the sheet was taken off"
        assert only(submission(template, edit), "S109", Severity.WARNING) == text

    @pytest.mark.slow
    @pytest.mark.parametrize("template", TEMPLATES)
    def test_s109_each_locked_cell_unlocked(self, template: str) -> None:
        sheet = sheet_of(submission(template).workbook)
        for place in sorted((set(sheet.values) | set(sheet.formulas)) - sheet.unlocked):
            address = a1(*place)
            subject = submission(template, lambda workbook, place=place: sheet_of(workbook).unlocked.add(place))  # type: ignore[misc]
            assert found("S109", subject) == [f"自评表!{address} 1 locked cells were unlocked: {address}"]
        assert codes(subject) == ["S109"]

    def test_s109_a_prefilled_cell_unlocked(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).unlocked.add(position("B3"))

        assert codes(prefilled("mof-2020", ["project_name"])) == []
        assert only(prefilled("mof-2020", ["project_name"], edit), "S109", Severity.WARNING) == (
            "自评表!B3 1 locked cells were unlocked: B3"
        )

    def test_s109_cells_to_be_filled_were_locked(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).unlocked -= {position("E6"), position("B11")}

        assert only(submission(edit=edit), "S109", Severity.WARNING) == (
            "自评表!E6 2 cells to be filled were locked: E6, B11"
        )

    def test_s109_blank_cells_need_not_be_in_the_file(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet = sheet_of(workbook)
            sheet.unlocked &= set(sheet.values)

        assert codes(submission(edit=edit)) == []

    def test_s109_names_eight_and_counts_them_all(self) -> None:
        def edit(workbook: Workbook) -> None:
            sheet_of(workbook).unlocked |= {(row, 2) for row in range(1, 41)} | {(13, 20), (90, 1)}

        subject = submission(edit=edit)
        (finding,) = findings(subject)
        assert len(finding.message.values["cells"]) == 8
        assert finding.found > 30
        assert finding.cell == "自评表!B1"

    def test_s109_inserted_lines_are_nobodys(self) -> None:
        for axis, at in (("rows", 14), ("columns", 6), ("columns", 10)):

            def insert(workbook: Workbook, axis: Any = axis, at: int = at) -> None:
                excel_edits.insert(workbook, axis, at)

            assert codes(submission(edit=insert)) == ["S105"]

    def test_s109_the_structures_lock_is_not_looked_at(self) -> None:
        def edit(workbook: Workbook) -> None:
            workbook.structure_locked = False
            for sheet in workbook.sheets[1:]:
                sheet.protected = False

        assert codes(submission(edit=edit)) == []

    def test_s109_does_not_guess_what_was_prefilled_without_the_identity(self) -> None:
        def drop(workbook: Workbook) -> None:
            workbook.sheets = workbook.sheets[:2]

        assert codes(prefilled("mof-2020", ["unit", "indicators.1.weight"], drop)) == ["S113"]
