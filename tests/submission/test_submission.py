"""A submission: what stands in each field, where, and what other rules will say of it."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import excel_edits
from support.forms import TEMPLATES, faultless, issued, layout_of, prefilled, put, row_number, sheet_of, submission

from xlsform.form import identity as identities
from xlsform.form.identity import Identity
from xlsform.form.vocabulary import FUNDS_TOTAL_BUDGET, GRADE, INDICATOR_NAME, UNIT
from xlsform.messages import plain
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import position
from xlsform.spreadsheet.values import CellError
from xlsform.submission.carriers import identities_in
from xlsform.submission.submission import Submission, once_per_submission


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_typed_value_is_read_back(template: str) -> None:
    subject = submission(template)
    assert subject.typed == faultless(template)
    assert set(subject.entries) == set(layout_of(template).fields)
    assert not subject.missing
    assert not subject.unusable
    assert not subject.altered


def test_an_entry_knows_its_place_and_how_it_was_typed() -> None:
    subject = submission(raw={"funds.total.budget": " 120.50万元 ", "indicators.1.weight": "二十", "unit": "  "})
    budget, weight, unit = (subject.entries[name] for name in ("funds.total.budget", "indicators.1.weight", "unit"))
    assert (budget.number, budget.as_text, budget.decimals, budget.position) == (Decimal("120.5"), True, 2, (6, 5))
    assert (weight.problem, weight.usable, weight.blank, weight.text) == ("not-a-number", False, False, "")
    assert (unit.blank, unit.usable, unit.number) == (True, False, None)
    assert subject.typed["indicators.1.weight"] == "二十"
    assert "unit" not in subject.typed
    assert subject.unusable == {"indicators.1.weight"}
    assert subject.cell("funds.total.budget") == "E6"
    assert subject.label(FUNDS_TOTAL_BUDGET) == "年度资金总额·全年预算数"
    assert subject.number(GRADE) is None


def test_what_the_blank_form_prints_is_no_content() -> None:
    subject = submission("mof-2020")
    unused = row_number(subject.layout, "数量指标", 2)
    assert subject.entries[f"indicators.{unused}.name"].raw == "指标2："
    assert subject.entries[f"indicators.{unused}.name"].blank
    assert [row[INDICATOR_NAME].field.row for row in subject.used_rows] == ["1", "4", "7", "10", "13", "16", "22", "25"]
    other = submission("mof-2020", raw={f"indicators.{unused}.name": "指标1："})
    assert not other.entries[f"indicators.{unused}.name"].blank


def test_an_error_value_is_of_no_use_and_shown_as_it_is() -> None:
    subject = submission(raw={"funds.total.budget": CellError("#REF!")})
    assert subject.entries["funds.total.budget"].problem == "cell-error"
    assert "funds.total.budget" in subject.unusable


@pytest.mark.parametrize("number", [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 1e300])
def test_a_number_that_no_cell_can_hold_is_no_reason_to_fail(number: float) -> None:
    for name in ("funds.total.budget", "indicators.1.weight", "indicators.1.actual", "year", "unit"):
        subject = submission(raw={name: number})
        assert subject.results.computed
        assert subject.exact


TARGETS = {
    "'自评表'!$B$3": (3, 2),
    "自评表!$B$3": (3, 2),
    "自评表!B3": (3, 2),
    "'自评表'!$B$3:$I$3": (3, 2),
    "自评表!#REF!": None,
    "#REF!": None,
    "'填报说明'!$B$3": None,
    "$B$3": None,
    "": None,
    "自评表!$ZZZ$3": None,
    "自评表!$B$0": None,
    "自评表!$B$99999999": None,
    '"自评表!$B$3"': None,
    "OFFSET(自评表!$B$3,1,0)": None,
}


@pytest.mark.parametrize(("target", "expected"), TARGETS.items())
def test_a_defined_name_points_to_a_cell_of_the_form_or_nowhere(target: str, expected: tuple[int, int] | None) -> None:
    subject = submission(edit=lambda workbook: workbook.names.update(project_name=target))
    assert subject.named.get("project_name") == expected
    assert subject.entries["project_name"].text == "农村公路养护"


def test_names_are_compared_without_case() -> None:
    def shout(workbook: Workbook) -> None:
        workbook.names = {name.upper(): target for name, target in workbook.names.items()}

    assert submission(edit=shout).named == submission().named


def test_names_follow_a_sheet_that_was_renamed_without_them() -> None:
    def rename(workbook: Workbook, others: bool = False) -> None:
        sheet_of(workbook).name = "改名"
        if others:
            workbook.sheets += (Sheet("自评表"),)

    layout = layout_of("mof-2020")
    for others in (False, True):
        workbook = copy.deepcopy(issued(layout, {}))
        rename(workbook, others)
        subject = Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[0], {})
        assert bool(subject.named) is not others


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_row_that_is_gone_takes_its_fields_along_and_no_others(template: str) -> None:
    subject = submission(template, lambda workbook: excel_edits.delete(workbook, "rows", 14, keep=False))
    gone = {name for name, entry in subject.entries.items() if entry.position is None}
    assert gone == {f"indicators.2.{column}" for column in ("name", "target", "actual", "weight", "score", "reason")}
    assert gone <= subject.missing
    assert subject.cell("indicators.2.name") == "D14"
    assert subject.typed == faultless(template)


def test_what_is_left_of_a_merged_field_is_read() -> None:
    subject = submission(edit=lambda workbook: excel_edits.delete(workbook, "columns", 2, keep=True))
    assert subject.entries["project_name"].position == (3, 2)
    assert subject.entries["project_name"].text == "农村公路养护"


def test_a_blank_row_that_took_another_rows_place_is_blank() -> None:
    """Without names nobody can tell which of two rows was deleted; 指标2： in the first row is no indicator."""

    def edit(workbook: Workbook) -> None:
        put(sheet_of(workbook), position("D13"), "指标2：")
        for column in "EFGHI":
            put(sheet_of(workbook), position(f"{column}13"), None)
        excel_edits.insert(workbook, "rows", 5)
        workbook.names.clear()

    assert submission(edit=edit).entries["indicators.1.name"].blank


class TestAltered:
    def test_only_what_was_issued_can_be_altered(self) -> None:
        assert not submission(unit="别的单位").altered
        assert prefilled("mof-2020", ["unit"], unit="别的单位").altered == {"unit"}
        assert prefilled("mof-2020", ["unit"], unit=None).altered == {"unit"}

    @pytest.mark.parametrize(
        ("name", "same"),
        [
            ("unit", "某县 公路养护中心"),
            ("unit", "某县公路养护中心\n"),
            ("indicators.1.target", "≧１２０公里"),
            ("indicators.1.target", ">=120公里"),
            ("funds.total.budget", "120"),
            ("funds.total.budget", "１２０.00"),
            ("funds.total.budget", "120万元"),
            ("indicators.1.weight", "20分"),
        ],
    )
    def test_another_spelling_is_the_same_value(self, name: str, same: str) -> None:
        assert not prefilled("mof-2020", [name], typed={name: same}).altered

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("unit", "某县公路养护中心二队"),
            ("indicators.1.target", "≥12公里"),
            ("indicators.1.target", "≤120公里"),
            ("funds.total.budget", "120元"),
            ("funds.total.budget", Decimal("120.01")),
            ("indicators.1.weight", Decimal("-20")),
        ],
    )
    def test_another_value_is_not(self, name: str, other: Any) -> None:
        assert prefilled("mof-2020", [name], typed={name: other}).altered == {name}

    @settings(max_examples=80, deadline=None)
    @given(st.decimals(0, 10**9, places=8))
    def test_a_cell_keeps_fifteen_digits_and_that_is_no_change(self, amount: Decimal) -> None:
        layout, name = layout_of("mof-2020"), "funds.total.initial"
        identity = Identity("mof-2020", "2020.1", layout.rows, issued={name: plain(amount)})
        workbook = issued(layout, {name: Decimal(f"{float(amount):.15g}")}, identity)
        subject = Submission(Path("a.xlsx"), workbook, layout, workbook.sheets[0], identities_in(workbook))
        assert not subject.altered

    def test_the_year_is_another_rules_affair_unless_there_is_none(self) -> None:
        assert not prefilled("mof-2020", ["year"], year=2020).altered
        assert prefilled("mof-2020", ["year"], year=None).altered == {"year"}
        assert prefilled("mof-2020", ["year"], year="去年").altered == {"year"}

    def test_issued_values_of_fields_that_the_form_does_not_have_are_passed_over(self) -> None:
        layout = layout_of("mof-2020")
        workbook = issued(layout, {}, Identity("mof-2020", "2020.1", layout.rows, issued={"grade": "优"}))
        assert not Submission(Path("a"), workbook, layout, workbook.sheets[0], identities_in(workbook)).altered


def test_checks_that_need_what_is_not_there_are_silent() -> None:
    subject = submission(funds__total__budget=None)
    assert subject.missing == {"funds.total.budget"}
    assert [check.field.name for check in subject.failed("M101")] == ["funds.total.budget"]
    assert list(subject.failed("M104")) == []
    unusable = submission(raw={"indicators.1.score": "满分"})
    assert list(unusable.failed("P101")) == []
    gone = submission(edit=lambda workbook: excel_edits.delete(workbook, "rows", 11, keep=False))
    assert list(gone.failed("G101")) == []


class TestIdentities:
    def test_three_carriers_say_the_same(self) -> None:
        found = identities_in(issued(layout_of("mof-2020"), {}))
        assert list(found) == ["sheet", "properties", "name"]
        assert len({identity.digest for identity in found.values()}) == 1
        assert found["sheet"].intact

    def test_only_the_hidden_sheet_knows_what_was_issued(self) -> None:
        found = prefilled("mof-2020", ["unit", "indicators.1.weight"]).identities
        assert found["sheet"].issued == {"unit": "某县公路养护中心", "indicators.1.weight": 20}
        assert not found["properties"].issued
        assert not found["name"].issued
        assert prefilled("mof-2020", ["unit"], lambda workbook: workbook.properties.clear()).issued

    def test_numbers_that_a_program_made_of_its_texts_are_read(self) -> None:
        def numbers(workbook: Workbook) -> None:
            hidden = workbook.sheets[-1]
            for place, value in hidden.values.items():
                if isinstance(value, str) and value.isdigit() and place[1] == 2 and len(value) < 15:
                    hidden.values[place] = float(value)

        subject = prefilled("mof-2020", ["indicators.1.weight", "year"], numbers)
        assert subject.identities["sheet"].year == "2021"
        assert subject.identities["sheet"].intact

    def test_the_hidden_sheet_may_have_been_shown_or_renamed_in_case(self) -> None:
        def edit(workbook: Workbook) -> None:
            workbook.sheets[-1].name, workbook.sheets[-1].state = identities.SHEET.upper(), "visible"

        assert "sheet" in submission(edit=edit).identities

    @pytest.mark.property
    @settings(max_examples=60, deadline=None)
    @given(
        st.dictionaries(
            st.tuples(st.integers(1, 12), st.integers(1, 3)),
            st.one_of(
                st.sampled_from(["template", "edition", "rows", "year", "digest", "issued:unit", "issued:year:30000"]),
                st.sampled_from(["mof-2020", "2020.1", "3,3", "2021", "NaN", "1e999", "[" * 5000, '"x"', "9" * 5000]),
                st.floats(allow_nan=False),
                st.booleans(),
                st.builds(CellError, st.just("#REF!")),
            ),
        ),
        st.text(max_size=30),
    )
    def test_whatever_a_carrier_holds_is_no_reason_to_fail(self, values: dict[tuple[int, int], Any], name: str) -> None:
        def edit(workbook: Workbook) -> None:
            workbook.sheets[-1].values = dict(values)
            workbook.names[identities.NAME] = name

        subject = submission(edit=edit)
        assert not subject.altered - set(subject.layout.fields)


def test_what_follows_from_a_submission_is_worked_out_once_for_each() -> None:
    asked = []

    @once_per_submission
    def unit(subject: Submission) -> str | None:
        asked.append(subject)
        return subject.stated(UNIT)

    first, second = submission(unit="甲"), submission(unit="乙")
    assert [unit(first), unit(second), unit(first)] == ["甲", "乙", "甲"]
    assert asked == [first, second]
