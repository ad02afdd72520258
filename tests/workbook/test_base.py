"""The workbook that is issued, as openpyxl and LibreOffice see it: its paper, its locks, its help, its results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from support.audit import audit
from support.dump import MAIN, Dump, Sheet, Validation, cells_of, dump, part
from support.forms import TEMPLATES, faultless, layout_of
from support.office import Office

from xlsform.form import identity as identities
from xlsform.form.evaluation.engine import engine_for
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, TO_DO_CELL, hints, to_do
from xlsform.form.field_types import FIGURE, MONEY, POINTS, RATE, TEXT, YEAR, Cast
from xlsform.form.layout import Field, Layout
from xlsform.workbook.issue import issue
from xlsform.workbook.locks import lock_for

LOCK = lock_for("密码 for tests")
_CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass
class Issued:
    layout: Layout
    values: Mapping[str, Cast]
    path: Path

    @cached_property
    def dump(self) -> Dump:
        return dump(self.path)

    @property
    def sheet(self) -> Sheet:
        return self.dump.sheets[self.layout.form.sheet]


Make = Callable[..., Issued]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Issue a workbook, blank or prefilled with faultless data, once for the session."""
    folder = tmp_path_factory.mktemp("issued")

    @cache
    def made(template: str, rows: int = 3, prefilled: bool = False) -> Issued:
        layout = layout_of(template, rows)
        values = faultless(template, rows) if prefilled else {}
        path = folder / f"{template}-{rows}-{prefilled}.xlsx"
        path.write_bytes(issue(layout, LOCK, values=values, project_code="P-1"))
        return Issued(layout, values, path)

    return made


def where(item: Field) -> set[str]:
    return set(cells_of(str(item.range)))


each_form = pytest.mark.parametrize("template", TEMPLATES)


# --- the file


@pytest.mark.slow
@each_form
@pytest.mark.parametrize("rows", [1, 3, 8])
@pytest.mark.parametrize("prefilled", [False, True])
def test_excel_has_nothing_to_repair(make: Make, template: str, rows: int, prefilled: bool) -> None:
    assert audit(make(template, rows, prefilled).path) == []


@each_form
def test_sheets_and_their_states(make: Make, template: str) -> None:
    issued = make(template)
    assert {name: sheet.state for name, sheet in issued.dump.sheets.items()} == {
        "自评表": "visible",
        INSTRUCTIONS_SHEET: "visible",
        identities.SHEET: "veryHidden",
    }
    view = part(issued.path, "xl/workbook.xml").find(f"{MAIN}bookViews/{MAIN}workbookView")
    assert view is not None
    assert view.get("activeTab", "0") == "0"


@each_form
def test_every_field_has_its_name(make: Make, template: str) -> None:
    issued = make(template)
    names = {name: target.replace("'", "") for name, target in issued.dump.names.items() if name != identities.NAME}
    assert names.keys() == issued.layout.fields.keys()
    for name, item in issued.layout.fields.items():
        column, row = re.fullmatch(r"([A-Z]+)(\d+)", item.cell).groups()  # type: ignore[union-attr]
        assert names[name] == f"自评表!${column}${row}"


# --- the paper


@each_form
@pytest.mark.parametrize("rows", [1, 3])
def test_what_is_printed_stands_where_the_layout_says(make: Make, template: str, rows: int) -> None:
    issued = make(template, rows)
    layout, sheet = issued.layout, issued.sheet
    areas = [label.range for label in layout.labels] + [item.range for item in layout.fields.values()]
    assert sheet.merges == {str(area) for area in areas if not area.single}
    printed = {label.range.anchor: label.text for label in layout.labels if label.text}
    for item in layout.fields.values():
        text = item.spec.value if item.spec.value is not None else item.placeholder
        if text != "" and item.spec.formula is None:
            printed[item.range.anchor] = str(text)
    texts = {cell: text for cell, text in sheet.texts().items() if not cell.startswith("K")}
    wanted = {f"{'ABCDEFGHI'[column - 1]}{row}": "".join(text.split()) for (row, column), text in printed.items()}
    assert texts == {cell: text for cell, text in wanted.items() if text}


@each_form
def test_it_looks_like_the_official_form(make: Make, template: str) -> None:
    issued = make(template)
    layout, sheet = issued.layout, issued.sheet
    title = sheet.cells["A1"]
    assert (title.font, title.size, title.bold, title.horizontal) == ("宋体", 18, True, "center")
    hidden = {cell for area in sheet.merges for cell in list(cells_of(area))[1:]}
    body = {
        cell: held
        for cell, held in sheet.cells.items()
        if cell not in hidden and cell[0] in "ABCDEFGHI" and cell[1:] not in ("1", "2")
    }
    assert len(body) > layout.row_count
    assert {(held.font, held.size) for held in body.values()} == {("宋体", 10.5)}
    assert [cell for cell, held in body.items() if not held.bordered] == []
    assert [cell for cell, held in body.items() if not held.wrap] == []
    for item in layout.fields.values():
        wanted = "left" if item.style in ("left", "narrative", "plain") else "center"
        assert sheet.cells[item.cell].horizontal == wanted, item.name


@each_form
def test_a_merged_area_has_one_style(make: Make, template: str) -> None:
    """Else its right and lower borders are missing on paper, and a part of an input stays locked."""
    issued = make(template)
    root = part(issued.path, "xl/worksheets/sheet1.xml")
    styles = {each.get("r"): each.get("s") for each in root.iter(f"{MAIN}c")}
    for area in issued.sheet.merges:
        assert len({styles[cell] for cell in cells_of(area)}) == 1, area


@each_form
@pytest.mark.parametrize("prefilled", [False, True])
def test_columns_and_rows_have_room(make: Make, template: str, prefilled: bool) -> None:
    issued = make(template, prefilled=prefilled)
    layout, sheet = issued.layout, issued.sheet
    for column, width in layout.widths.items():
        # Excel adds the room beside the text, 5 pixels.
        assert 0 <= sheet.widths["ABCDEFGHI"[column - 1]] - width < 0.9
    assert sheet.heights.keys() == set(range(1, layout.row_count + 1))
    for row, height in layout.heights(issued.values).items():
        assert abs(sheet.heights[row] - height) < 0.5  # whole pixels


@each_form
def test_it_prints_on_a4_one_page_wide_without_the_hints(make: Make, template: str) -> None:
    issued = make(template)
    layout, sheet = issued.layout, issued.sheet
    assert (sheet.paper, sheet.orientation, sheet.pages) == (9, "portrait", (1, 0))
    assert sheet.print_area == f"A1:I{layout.row_count}"
    header = layout.headers[0]
    assert sheet.title_rows == f"${header}:${header}"
    outside = {cell for cell, held in sheet.cells.items() if held.value is not None} - set(cells_of(sheet.print_area))
    assert outside
    assert {re.sub(r"\d", "", cell) for cell in outside} == {"K"} == {"ABCDEFGHIJK"[layout.hint_column - 1]}
    told = issued.dump.sheets[INSTRUCTIONS_SHEET]
    assert (told.paper, told.pages) == (9, (1, 0))


@each_form
def test_the_instructions_are_all_there(make: Make, template: str) -> None:
    issued = make(template)
    form = issued.layout.form
    lines = [str(cell.value) for where, cell in issued.dump.sheets[INSTRUCTIONS_SHEET].cells.items() if cell.value]
    assert len(form.instructions) >= 8
    assert [line for number, line in enumerate(form.instructions, 1) if f"{number}．{line}" not in lines] == []
    assert any(form.source in line for line in lines)
    assert form.title in lines[0]


# --- locks


@pytest.mark.slow
@each_form
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("prefilled", [False, True])
def test_every_cell_but_the_inputs_is_locked(make: Make, template: str, rows: int, prefilled: bool) -> None:
    issued = make(template, rows, prefilled)
    open_cells = {cell for item in issued.layout.inputs if item.name not in issued.values for cell in where(item)}
    assert open_cells
    for name, sheet in issued.dump.sheets.items():
        assert sheet.protected
        found = {cell for cell, held in sheet.cells.items() if not held.locked}
        assert found == (open_cells if name == issued.layout.form.sheet else set())


@each_form
def test_only_widths_and_heights_may_be_changed(make: Make, template: str) -> None:
    sheets = make(template).dump.sheets
    assert sheets["自评表"].may == sheets[INSTRUCTIONS_SHEET].may == {"formatColumns", "formatRows"}
    assert sheets[identities.SHEET].may == set()


def test_no_column_or_row_opens_the_cells_that_are_not_written(make: Make) -> None:
    """A style on a column or a row would count for every cell below or beside the form."""
    for name in ("sheet1", "sheet2", "sheet3"):
        root = part(make("mof-2020").path, f"xl/worksheets/{name}.xml")
        assert [column.get("style") for column in root.iter(f"{MAIN}col") if column.get("style")] == []
        assert [row.get("s") for row in root.iter(f"{MAIN}row") if row.get("s")] == []


# --- help while filling


def validation_of(sheet: Sheet, item: Field) -> Validation:
    (found,) = [each for each in sheet.validations if item.cell in each.cells]
    return found


@each_form
@pytest.mark.parametrize("rows", [1, 3])
def test_every_input_is_validated_and_nothing_else(make: Make, template: str, rows: int) -> None:
    issued = make(template, rows)
    inputs = {cell for item in issued.layout.inputs for cell in where(item)}
    covered = [cell for each in issued.sheet.validations for cell in each.cells]
    assert len(covered) == len(set(covered))
    assert set(covered) == inputs
    for item in issued.layout.inputs:
        assert where(item) <= validation_of(issued.sheet, item).cells


@each_form
def test_prompts_and_errors_are_in_the_clerks_words_and_fit(make: Make, template: str) -> None:
    issued = make(template)
    for item in issued.layout.inputs:
        found = validation_of(issued.sheet, item)
        assert found.stops
        assert len(found.prompt_title) <= 32
        assert len(found.error_title) <= 32
        assert len(found.prompt) <= 255
        assert 0 < len(found.error) <= 255
        assert _CHINESE.search(found.error)
        assert _CHINESE.search(found.error_title)
        assert found.prompt == item.spec.prompt
        if item.spec.prompt:
            assert found.prompt_title == item.spec.label
    texts = {item.spec.label for item in issued.layout.inputs if not item.spec.prompt}
    assert texts <= {"项目实施和预算执行情况及分析", "产出情况及分析", "效益情况及分析", "满意度情况及分析",
                     "主要经验做法",
                     "项目管理中存在的主要问题及原因分析", "下一步改进措施及管理建议"}  # fmt: skip


@each_form
def test_what_an_input_accepts(make: Make, template: str) -> None:
    issued = make(template)
    for item in issued.layout.inputs:
        found, spec = validation_of(issued.sheet, item), item.spec
        bounds = (found.kind, found.operator, found.low, found.high)
        if spec.type is MONEY:
            assert bounds == ("decimal", "greaterThanOrEqual", "0", None)
            assert "单位万元" in found.error
        elif item.column == "score":
            weight = issued.layout.fields[item.name.replace("score", "weight")]
            assert bounds[:3] == ("decimal", "between", "0")
            # In each row its own weight, though one validation serves them all.
            assert found.high_at(item.cell) == weight.cell
            assert spec.label in found.error
            assert weight.spec.label in found.error
        elif spec.type is POINTS:
            assert bounds == ("decimal", "between", "0", "100")
        elif spec.type is YEAR:
            assert bounds == ("whole", "between", "1990", "2100")
        else:
            assert spec.type in (TEXT, FIGURE)
            assert bounds == ("textLength", "lessThanOrEqual", str(spec.max_length), None)
            assert str(spec.max_length) in found.error


@each_form
def test_the_number_formats(make: Make, template: str) -> None:
    issued = make(template)
    formats = {MONEY: "0.00####", RATE: "0.00%", FIGURE: "@", POINTS: "General", YEAR: '"（"0"年度）"'}
    for item in issued.layout.fields.values():
        # Excel shows a text of more than 255 characters as ##### where the format is @.
        short = item.spec.max_length is not None and item.spec.max_length <= 255
        wanted = formats.get(item.spec.type, "@" if short else "General")
        assert issued.sheet.cells[item.cell].number_format == wanted, item.name


def conditions_at(sheet: Sheet, cell: str, fill: str) -> list[str]:
    return [each.at(cell).replace("$", "") for each in sheet.conditions if cell in each.cells and each.fill == fill]


RED, TINT = "FFC7CE", "FFF8DC"


@each_form
def test_a_cell_turns_red_where_its_check_fails(make: Make, template: str) -> None:
    """Each condition serves many rows; carried to a cell it must be that cell's own check."""
    issued = make(template)
    for check in issued.layout.checks:
        cell = check.field.cell
        red = f"AND(NOT(LEN(TRIM({cell}))=0),NOT({check.formula}))"
        # A blank cell is tinted, not red: that it is to be filled is nothing wrong yet.
        assert (red in conditions_at(issued.sheet, cell, RED)) == (not check.check.name.startswith("required:"))
    wanted = sum(1 for check in issued.layout.checks if not check.check.name.startswith("required:"))
    by_anchor = {item.cell for item in issued.layout.fields.values()}
    assert sum(len(each.cells & by_anchor) for each in issued.sheet.conditions if each.fill == RED) == wanted


@each_form
def test_an_input_is_tinted_while_it_is_blank(make: Make, template: str) -> None:
    issued = make(template)
    for item in issued.layout.inputs:
        blank = f"LEN(TRIM({item.cell}))=0"
        own = f'OR({blank},{item.cell}="{item.placeholder}")' if item.placeholder else blank
        assert conditions_at(issued.sheet, item.cell, TINT) == [own]
        assert all(where(item) <= each.cells for each in issued.sheet.conditions if item.cell in each.cells)
    tinted = {cell for each in issued.sheet.conditions if each.fill == TINT for cell in each.cells}
    assert tinted == {cell for item in issued.layout.inputs for cell in where(item)}


@each_form
def test_red_is_seen_where_both_hold(make: Make, template: str) -> None:
    """A row with figures and without a name: 指标1： is still printed there, and that is wrong."""
    sheet = make(template).sheet
    assert len({each.priority for each in sheet.conditions}) == len(sheet.conditions)
    for item in make(template).layout.inputs:
        reds, tints = (
            [each.priority for each in sheet.conditions if item.cell in each.cells and each.fill == fill]
            for fill in (RED, TINT)
        )
        assert max(reds, default=0) < min(tints)


# --- results


def check_results(issued: Issued) -> None:
    results = engine_for(issued.layout).evaluate(issued.values)
    cells = issued.sheet.cells
    formulas = {where for where, cell in cells.items() if cell.formula}
    for name, result in results.computed.items():
        cell = cells[issued.layout.fields[name].cell]
        assert cell.formula == "=" + issued.layout.computed[name]
        assert cell.value == (None if result == "" else pytest.approx(float(result), abs=1e-12))  # type: ignore[arg-type]
    for row, text in hints(issued.layout, results).items():
        assert (cells[f"K{row}"].value or "") == text
    told = issued.dump.sheets[INSTRUCTIONS_SHEET].cells[f"A{TO_DO_CELL[0]}"]
    assert told.value == to_do(hints(issued.layout, results).values())
    hinted = {f"K{row}" for row in issued.layout.checks_by_row}
    assert formulas == {issued.layout.fields[name].cell for name in results.computed} | hinted


@each_form
@pytest.mark.parametrize("prefilled", [False, True])
def test_stored_results_are_right(make: Make, template: str, prefilled: bool) -> None:
    """Also for a reader that never calculates; LibreOffice's opinion is asked in test_recalculation."""
    check_results(make(template, prefilled=prefilled))


@each_form
def test_no_formula_is_without_its_result(make: Make, template: str) -> None:
    """A blank result is stored as blank text; without that a reader takes it for never calculated."""
    for name in ("sheet1", "sheet2"):
        root = part(make(template).path, f"xl/worksheets/{name}.xml")
        for formula in root.iter(f"{MAIN}f"):
            cell, value = formula.getparent(), formula.getnext()
            assert cell is not None
            assert value is not None
            assert value.text or cell.get("t") == "str"


def test_what_a_blank_form_asks_for(make: Make) -> None:
    issued = make("mof-2020")
    told = str(issued.dump.sheets[INSTRUCTIONS_SHEET].cells["A2"].value)
    asked = {
        where: cell.value
        for where, cell in issued.sheet.cells.items()
        if where[0] == "K" and cell.value and cell.formula
    }
    assert asked == {
        "K2": "请填写年度",
        "K3": "请填写项目名称",
        "K4": "请填写主管部门",
        "K6": "请填写全年预算数",
        "K11": "请填写预期目标",
    }
    assert "还有 5 处" in told


def test_a_faultless_form_asks_for_nothing(make: Make) -> None:
    issued = make("shanxi-2021", prefilled=True)
    assert [cell for where, cell in issued.sheet.cells.items() if where[0] == "K" and cell.formula and cell.value] == []
    assert issued.dump.sheets[INSTRUCTIONS_SHEET].cells["A2"].value == "没有待处理的问题，可以发回。"


# --- what may stand in a prefilled cell


def prefilled_with(values: Mapping[str, Cast], path: Path) -> Issued:
    layout = layout_of("mof-2020", 2)
    path.write_bytes(issue(layout, LOCK, values=values))
    assert audit(path) == []
    return Issued(layout, values, path)


def test_text_stays_text(tmp_path: Path) -> None:
    texts = ["=1+1", "+cmd", "-1+2", "@x", '=HYPERLINK("http://x","y")', "{=1+1}", "=cmd|' /C calc'!A0",
             "http://example.org/x",
             "mailto:a@b.c", "'=1", "<b>&amp;</b>", "0012", "1e5", "TRUE", "_x0041_", "  两边  ", "一\n二",
             "𠮷野家"]  # fmt: skip
    values: dict[str, Cast] = {f"indicators.{number}.reason": text for number, text in enumerate(texts, 1)}
    values["project_name"] = "=1+1"
    issued = prefilled_with(values, tmp_path / "x.xlsx")
    root = part(issued.path, "xl/worksheets/sheet1.xml")
    held = {each.get("r"): each for each in root.iter(f"{MAIN}c")}
    for name, text in values.items():
        where = issued.layout.fields[name].cell
        assert issued.sheet.cells[where].formula is None
        assert issued.sheet.cells[where].value == text
        assert held[where].get("t") == "s"
        assert held[where].find(f"{MAIN}f") is None
    assert root.find(f"{MAIN}hyperlinks") is None


def test_what_nobody_can_print_does_not_break_the_file(tmp_path: Path, office: Office) -> None:
    texts = {
        "a\x00b": "ab",
        "\x01\x1f养护\x0b": "养护",
        "a\r\nb\rc\td": "a\nb\nc\td",
        "\ud800养护": "养护",
        "养护\udfff\ufffe\uffff": "养护",
        "\udc00\ud800": "",
        "=\x00": "=",
    }
    names = [f"indicators.{number}.reason" for number in range(1, len(texts) + 1)]
    issued = prefilled_with(dict(zip(names, texts, strict=True)), tmp_path / "x.xlsx")
    seen = office.recalculated(issued.path)
    recorded = {str(value): cell[1:] for cell, value in seen[identities.SHEET].items() if cell[0] == "A"}
    for name, kept in zip(names, texts.values(), strict=True):
        where = issued.layout.fields[name].cell
        assert (issued.sheet.cells[where].value or "") == kept
        assert issued.sheet.cells[where].locked
        # LibreOffice hands a tab over as \x01.
        assert str(seen["自评表"].get(where, "")).replace("\x01", "\t") == kept
        # What was issued is recorded as it stands in the cell, or the return would be taken for tampered with.
        assert json.loads(str(seen[identities.SHEET][f"B{recorded[f'issued:{name}']}"])) == kept


def test_a_code_that_nobody_can_print(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(issue(layout_of("mof-2020", 1), LOCK, project_code="P\x01-\ud8001"))
    assert audit(path) == []
    assert dump(path).properties["xlsform.project_code"] == "P-1"


def test_narratives_as_long_as_a_cell_holds(tmp_path: Path) -> None:
    values: dict[str, Cast] = {"goal_expected": "\n" * 32_766 + "。", "goal_actual": "养" * 32_767}
    issued = prefilled_with(values, tmp_path / "x.xlsx")
    for name, text in values.items():
        assert issued.sheet.cells[issued.layout.fields[name].cell].value == text
    assert issued.sheet.heights[11] <= 409.5


@pytest.mark.parametrize("text", ["养" * 32_768, "𠮷" * 16_384])
def test_a_longer_one_is_refused_and_not_lost(text: str) -> None:
    with pytest.raises(ValueError, match="a cell holds at most 32,767 characters"):
        issue(layout_of("mof-2020", 1), LOCK, values={"goal_actual": text})


# --- typing, as a person does it


def typed_text(item: Field, number: int) -> str:
    if item.spec.type is YEAR:
        return "2021"
    if item.spec.type is MONEY:
        return f"{number}.25"
    if item.spec.type is POINTS:
        return {"weight": "10", "score": "8.5"}[str(item.column)]
    return f"{number}%" if item.spec.type is FIGURE else f"文字{number}"


def as_cast(text: str) -> Cast:
    return Decimal(text) if re.fullmatch(r"[0-9.]+", text) else text


@each_form
def test_inputs_accept_typing_and_the_totals_follow(make: Make, template: str, office: Office) -> None:
    issued = make(template, 1)
    layout = issued.layout
    typed = {item.name: typed_text(item, number) for number, item in enumerate(layout.inputs, 1)}
    entries = [("自评表", layout.fields[name].cell, text) for name, text in typed.items()]
    seen = office.type_into(issued.path, entries)["自评表"]
    for name, text in typed.items():
        value = as_cast(text)
        assert seen[layout.fields[name].cell] == (float(value) if isinstance(value, Decimal) else value), name
    results = engine_for(layout).evaluate({name: as_cast(text) for name, text in typed.items()})
    for name, result in results.computed.items():
        assert isinstance(result, Decimal), name
        assert seen[layout.fields[name].cell] == pytest.approx(float(result), abs=1e-9), name
    assert results.computed["total_weight"] == 10 + 10 * len(layout.rows)
    for row, text in hints(layout, results).items():
        assert seen[f"K{row}"] == text


@each_form
def test_everything_else_refuses_typing(make: Make, template: str, office: Office) -> None:
    """Labels, printed figures, formulas, hints, what lies around the form, the instructions; all at once."""
    issued = make(template, 1)
    layout = issued.layout
    inputs = {item.cell for item in layout.inputs}
    anchors = {
        str(area).partition(":")[0]
        for area in (*(x.range for x in layout.labels), *(x.range for x in layout.fields.values()))
    }
    around = {"J1", "J9", f"A{layout.row_count + 1}", "M50", "Z100", "XFD1"}
    hinted = {f"K{row}" for row in range(1, layout.row_count + 1)}
    entries = [("自评表", cell, "999") for cell in sorted((anchors | around | hinted) - inputs)]
    entries += [(INSTRUCTIONS_SHEET, cell, "999") for cell in ("A1", "A2", "A3", "A15", "B1", "A500")]
    assert len(entries) > 60
    before = office.type_into(issued.path, [])
    assert office.type_into(issued.path, entries) == before
    assert not any("999" in str(value) for sheet in before.values() for value in sheet.values())


def test_a_prefilled_cell_refuses_typing(make: Make, office: Office) -> None:
    issued = make("mof-2021", 1, True)
    layout = issued.layout
    entries = [("自评表", layout.fields[name].cell, "999") for name in issued.values]
    still_open = next(item for item in layout.inputs if item.name not in issued.values)
    before: Any = office.type_into(issued.path, [])
    after = office.type_into(issued.path, [*entries, ("自评表", still_open.cell, "999")])
    changed = {cell for cell in after["自评表"] if after["自评表"].get(cell) != before["自评表"].get(cell)}
    assert still_open.cell in changed
    assert changed & {layout.fields[name].cell for name in issued.values} == set()
