"""Planted faults: one row each, planted alone in a faultless form it gives exactly one finding, at its cell.

Places are written as a clerk would name them, and looked up here, not by the program's layout: ``funds.total.budget``,
``质量.score`` (the first row under 质量指标), ``质量.2.name`` (the second), ``D5`` (a cell that is no field).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import excel_edits
from support.forms import TEMPLATES, layout_of, row_number, submission
from support.variants import COLUMNS, FIRST, values_only

from xlsform.form import identity as identities
from xlsform.form.identity import Identity
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.spreadsheet.a1 import Range, position
from xlsform.spreadsheet.values import CellError, Value
from xlsform.submission.recognition import recognise
from xlsform.submission.submission import Submission

E, W, N = "error", "warning", "note"
MOF = ("mof-2020", "mof-2021")
OLD = ("mof-2020", "shanxi-2021")
SHANXI = ("shanxi-2021",)

_KINDS = {"数量": "数量指标", "质量": "质量指标", "时效": "时效指标", "社会": "社会效益指标", "满意": "服务对象满意度指标",
          "经济": "经济效益指标", "生态": "生态效益指标", "持续": "可持续影响指标"}  # fmt: skip
_FUNDS_ROWS = {"total": 6, "appropriation": 7, "carryover": 8, "other": 9}
_FUNDS_COLUMNS = {"initial": "D", "budget": "E", "executed": "F", "weight": "G", "rate": "H", "score": "I"}
_HEAD = {"project_name": "B3", "department": "B4", "unit": "F4", "goal_expected": "B11", "goal_actual": "F11"}
_ANALYSIS = (
    "analysis_execution",
    "analysis_output",
    "analysis_benefit",
    "analysis_satisfaction",
    "experience",
    "problems",
    "improvements",
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault, where it is planted, and what must come of it."""

    about: str
    code: str
    severity: str
    at: str
    """The place of the finding; blank where it is about the file."""
    typed: Mapping[str, Any] = field(default_factory=dict)
    """What was typed into input cells, by place; None clears. The workbook's formulas follow."""
    over: Mapping[str, Value | None] = field(default_factory=dict)
    """What was put over printed or computed cells; the rest of the workbook does not follow."""
    edit: Callable[[Workbook], None] | None = None
    templates: tuple[str, ...] = TEMPLATES
    values_only: bool = False
    """Whether it is planted in an .xls, in which formulas cannot be seen."""
    path: str = ""

    def planted(self, template: str, rows: int | None = None) -> Submission:
        """Return a faultless form with this fault."""
        return planted([self], template, rows)

    def expected(self, template: str) -> tuple[str, str, str | None]:
        """Return code, severity and cell of the finding."""
        return self.code, self.severity, f"自评表!{cell(template, self.at)}" if self.at else None


def planted(mutations: list[Mutation], template: str, rows: int | None = None) -> Submission:
    """Return a faultless form with these faults."""
    layout = layout_of(template, rows)
    typed = {name_of(template, place, rows): value for each in mutations for place, value in each.typed.items()}
    over = {place: value for each in mutations for place, value in each.over.items()}
    raw = {name: value for place, value in over.items() if (name := name_of(template, place, rows)) in layout.fields}
    printed = {place: value for place, value in over.items() if name_of(template, place, rows) not in layout.fields}

    def edit(workbook: Workbook) -> None:
        for place, value in printed.items():
            put(workbook.sheets[0], cell(template, place), value)
        if any(each.values_only for each in mutations):
            values_only(workbook)
        for each in mutations:
            if each.edit is not None:
                each.edit(workbook)

    old = any(each.values_only for each in mutations)
    path = next((each.path for each in mutations if each.path), "return.xls" if old else "return.xlsx")
    subject = recognise(Path(path), submission(template, edit, path, rows, raw, typed).workbook)
    assert subject is not None, "the form can still be recognised"
    return subject


def name_of(template: str, place: str, rows: int | None = None) -> str:
    """Return the field's name of a place; the place itself where it is a cell or a plain field."""
    kind, _, rest = place.partition(".")
    if kind == "成本":
        level2 = "经济成本指标" if template == "mof-2021" else "成本指标"
    elif kind in _KINDS:
        level2 = _KINDS[kind]
    else:
        return place
    nth, _, column = rest.rpartition(".")
    return f"indicators.{row_number(layout_of(template, rows), level2, int(nth or 1))}.{column}"


def cell(template: str, place: str) -> str:
    """Return where a place stands on the form with three rows a block."""
    total = 43 if template == "mof-2021" else 40
    special = {"total_weight": f"G{total}", "total_score": f"H{total}", "year": "E2" if template in SHANXI else "A2"}
    special |= {"filler_unit": "C2"} | _HEAD
    special |= {name: f"D{number}" for number, name in enumerate(_ANALYSIS, total + 1)}
    if place in special:
        return special[place]
    kind, _, rest = place.partition(".")
    if kind == "funds":
        row, _, column = rest.partition(".")
        return f"{_FUNDS_COLUMNS[column]}{_FUNDS_ROWS[row]}"
    if kind in _KINDS or kind == "成本":
        level2 = _KINDS.get(kind) or ("经济成本指标" if template == "mof-2021" else "成本指标")
        nth, _, column = rest.rpartition(".")
        return f"{COLUMNS[column]}{FIRST[template][level2] + int(nth or 1) - 1}"
    return place


def put(sheet: Sheet, address: str, value: Value | None) -> None:
    """Put a value over whatever stands in a cell."""
    place = position(address)
    sheet.formulas.pop(place, None)
    if value is None:
        sheet.values.pop(place, None)
    else:
        sheet.values[place] = value


# --- what is done to a workbook


def _formula(address: str, text: str, template_total: bool = False) -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        place = position(address)
        if template_total:
            place = max(place for place in workbook.sheets[0].formulas if place[1] == 8)
        assert workbook.sheets[0].formulas[place] != text
        workbook.sheets[0].formulas[place] = text

    return edit


def _stored(address: str, value: float) -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        assert workbook.sheets[0].values[position(address)] != value
        workbook.sheets[0].values[position(address)] = value

    return edit


def _reissued(**changes: str) -> Callable[[Workbook], None]:
    """Write another identity into all three carriers."""

    def edit(workbook: Workbook) -> None:
        hidden = workbook.sheets[-1]
        pairs = {str(hidden.values[row, 1]): str(hidden.values.get((row, 2), "")) for row, _ in hidden.values}
        found = identities.from_pairs(pairs)
        assert found is not None
        parts = {"edition": found.edition, "year": found.year, "project_code": found.project_code} | changes
        new = Identity(found.template, parts["edition"], found.rows, parts["year"], parts["project_code"]).sealed()
        hidden.values = {}
        for number, (key, value) in enumerate(new.sheet_rows(), 1):
            hidden.values[number, 1], hidden.values[number, 2] = key, value
        workbook.properties = {identities.PROPERTY_PREFIX + key: value for key, value in new.pairs().items()}
        workbook.names[identities.NAME] = f'"{new.name_text()}"'

    return edit


def _identity_cell(workbook: Workbook) -> None:
    hidden = workbook.sheets[-1]
    hidden.values = dict(hidden.values)
    row = next(place[0] for place, value in hidden.values.items() if value == "project_code")
    hidden.values[row, 2] = "A-17"


def _hidden_sheet_gone(workbook: Workbook) -> None:
    workbook.sheets = workbook.sheets[:-1]


def _properties_gone(workbook: Workbook) -> None:
    workbook.properties.clear()


def _identity_name_gone(workbook: Workbook) -> None:
    workbook.names.pop(identities.NAME)


def _identity_gone(workbook: Workbook) -> None:
    _hidden_sheet_gone(workbook)
    _properties_gone(workbook)
    _identity_name_gone(workbook)


def _other_identity_in_properties(workbook: Workbook) -> None:
    workbook.properties[identities.PROPERTY_PREFIX + "digest"] = "0" * 64


def _never_calculated(workbook: Workbook) -> None:
    for place in workbook.sheets[0].formulas:
        workbook.sheets[0].values.pop(place, None)


def _sheet(name: str, state: Any = "visible") -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        workbook.sheets += (Sheet(name, state=state),)

    return edit


def _renamed_sheet(workbook: Workbook) -> None:
    form = workbook.sheets[0]
    workbook.names = {name: target.replace(form.name, "Sheet1") for name, target in workbook.names.items()}
    form.name = "Sheet1"


def _attribute(name: str, value: Any) -> Callable[[Workbook], None]:
    return lambda workbook: setattr(workbook, name, value)


def _on_form(name: str, value: Any) -> Callable[[Workbook], None]:
    return lambda workbook: setattr(workbook.sheets[0], name, value)


def _unlocked(workbook: Workbook) -> None:
    workbook.sheets[0].unlocked = workbook.sheets[0].unlocked | {(1, 1)}


def _relocked(workbook: Workbook) -> None:
    assert position("E6") in workbook.sheets[0].unlocked
    workbook.sheets[0].unlocked = workbook.sheets[0].unlocked - {position("E6")}


def _unmerged(workbook: Workbook) -> None:
    merges = workbook.sheets[0].merges
    workbook.sheets[0].merges = tuple(area for area in merges if str(area) != "B3:I3")
    assert len(merges) == len(workbook.sheets[0].merges) + 1


def _merged(workbook: Workbook) -> None:
    workbook.sheets[0].merges += (Range(13, 4, 13, 5),)


def _hidden(rows: set[int], columns: set[int]) -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        workbook.sheets[0].hidden_rows |= rows
        workbook.sheets[0].hidden_columns |= columns

    return edit


def _unvalidated(workbook: Workbook) -> None:
    workbook.sheets[0].validated = ()


def _name_gone(workbook: Workbook) -> None:
    del workbook.names["funds.total.budget"]


def _name_elsewhere(workbook: Workbook) -> None:
    workbook.names["project_name"] = workbook.names["department"]


def _inserted(row: int) -> Callable[[Workbook], None]:
    return lambda workbook: excel_edits.insert(workbook, "rows", row)


def _deleted(row: int) -> Callable[[Workbook], None]:
    return lambda workbook: excel_edits.delete(workbook, "rows", row, keep=True)


def _column(workbook: Workbook) -> None:
    excel_edits.insert(workbook, "columns", 6)


def _percent_cell(address: str) -> Callable[[Workbook], None]:
    def edit(workbook: Workbook) -> None:
        workbook.sheets[0].number_formats[position(address)] = "0%"

    return edit


# --- what is typed

_CLEARED = {"name": None, "target": None, "actual": None, "weight": None, "score": None, "reason": None}


def _clear(*places: str) -> dict[str, None]:
    return {f"{place}.{column}": None for place in places for column in _CLEARED}


def _money(row: str, **columns: object) -> dict[str, object]:
    return {f"funds.{row}.{column}": value for column, value in columns.items()}


def _row(place: str, *cells: object) -> dict[str, object]:
    """Name, target, actual, weight, score, reason of a row; None clears."""
    return {f"{place}.{column}": value for column, value in zip(_CLEARED, cells, strict=True)}


_WELL = "汛期延误，2 公里推迟到次年春季；今后提前排定工期。"
_LATE = "施工期间连续降雨，巡查不足；今后增加巡查人员。"
#: Nothing in the form tells why money was left over or a budget was changed.
_NO_WORD: dict[str, object] = {
    "数量.actual": "120公里", "数量.score": 20, "数量.reason": None,
    "goal_actual": "完成养护 120 公里，路况优良率 96%，群众出行方便。",
}  # fmt: skip
_NO_CARRYOVER = {**_money("carryover", initial=None, budget=None, executed=None),
                 **_money("total", budget=110, executed=107.6)}  # fmt: skip
_EXACT = {"数量.actual": "120公里", "数量.score": 20, "数量.reason": None, "质量.actual": "95%", "成本.actual": "1万元",
          "社会.actual": "2万人", "满意.actual": "90%"}  # fmt: skip

# fmt: off
_HEADS = [
    *(Mutation(f"{name} left blank", "H101", E, name, {name: None}) for name in ("project_name", "department", "unit")),
    *(Mutation(f"{name} only spaces", "H101", E, name, {name: " 　"}) for name in ("project_name", "department", "unit")),
    Mutation("year left blank", "H101", E, "year", {"year": None}),
    Mutation("last year on a form issued for this one", "H102", E, "year", {"year": 2020}, edit=_reissued(year="2021")),
    Mutation("year typed with its word, and another", "H102", E, "year", {"year": 2022}, edit=_reissued(year="2021")),
    Mutation("next year in the project's name", "H102", W, "project_name", {"project_name": "2022年农村公路养护"}),
    Mutation("last year in the project's name", "H102", W, "project_name", {"project_name": "2020年农村公路养护", **_NO_CARRYOVER}),
    Mutation("seal line blank", "H104", W, "filler_unit", {"filler_unit": None}, templates=SHANXI),
]
_VALUES = [
    Mutation("约 before a budget", "V101", E, "funds.total.budget", {"funds.total.budget": "约120"}),
    Mutation("a numeral in characters", "V101", E, "funds.appropriation.executed", {"funds.appropriation.executed": "叁"}),
    Mutation("a range for an amount", "V101", E, "funds.carryover.budget", {"funds.carryover.budget": "10-12"}),
    Mutation("words behind an amount", "V101", E, "funds.total.executed", {"funds.total.executed": "117.6左右"}),
    Mutation("a percentage for an amount", "V101", E, "funds.total.initial", {"funds.total.initial": "98%"}),
    Mutation("a weight in words", "V101", E, "质量.weight", {"质量.weight": "十分"}),
    Mutation("a score in words", "V101", E, "质量.score", {"质量.score": "满分"}),
    Mutation("a percentage for a score", "V101", E, "满意.score", {"满意.score": "100%"}),
    Mutation("year in characters", "V101", E, "year", {"year": "二〇二一"}),
    Mutation("a dash where there is no money", "V101", N, "funds.other.budget", {"funds.other.budget": "—"}),
    Mutation("无 where there is no money", "V101", N, "funds.other.initial", {"funds.other.initial": "无"}),
    Mutation("unit typed in the cell", "V102", N, "funds.total.budget", {"funds.total.budget": "120万元"}),
    Mutation("full-width digits", "V102", N, "funds.total.executed", {"funds.total.executed": "１１７．６"}),
    Mutation("spaces around an amount", "V102", N, "funds.total.initial", {"funds.total.initial": " 100 "}),
    Mutation("yuan with its unit", "V102", N, "funds.carryover.budget", {"funds.carryover.budget": "100,000元"}),
    Mutation("points with their word", "V102", N, "质量.score", {"质量.score": "10分"}),
    Mutation("weight as text", "V102", N, "质量.weight", {"质量.weight": "10"}),
    Mutation("year with its word", "V102", N, "year", {"year": "2021年度"}),
    Mutation("negative spending", "V103", E, "funds.carryover.executed", {"funds.carryover.executed": -10}),
    Mutation("negative total", "V103", E, "funds.total.executed", {"funds.total.executed": -117.6}),
    Mutation("negative budget", "V103", E, "funds.other.initial", {"funds.other.initial": -5}),
    Mutation("negative score", "V103", E, "质量.score", {"质量.score": -1}),
    Mutation("an error value in an amount", "V104", E, "funds.other.budget", over={"funds.other.budget": CellError("#REF!")}),
    Mutation("an error value in a text", "V104", E, "质量.reason", over={"质量.reason": CellError("#N/A")}),
    Mutation("an error value for an actual value", "V104", E, "满意.actual", over={"满意.actual": CellError("#VALUE!")}),
    Mutation("seven decimals of money", "V105", N, "funds.appropriation.initial", {"funds.appropriation.initial": 99.9999999}),
    Mutation("four decimals of a score", "V105", N, "数量.score", {"数量.score": 19.6667}),
    Mutation("XX left in a goal", "V106", W, "goal_actual", {"goal_actual": "完成养护，培训XX人次，其余 2 公里因汛期推迟。"}),
    Mutation("XX公里 left in a goal", "V106", W, "goal_expected", {"goal_expected": "养护农村公路××公里，保持路况良好。"}),
    Mutation("length hint left in a goal", "V106", W, "goal_expected", {"goal_expected": "养护农村公路 120 公里（100字以内）"}),
    Mutation("XXX for a department", "V106", W, "department", {"department": "XXX局"}),
    Mutation("待填写 for a name", "V106", W, "质量.name", {"质量.name": "待填写"}),
    Mutation("此处填写 in an analysis", "V106", W, "experience", {"experience": "此处填写主要经验做法。"}, templates=SHANXI),
    Mutation("……  for an analysis", "V106", W, "problems", {"problems": "……"}, templates=SHANXI),
    Mutation("spending in yuan", "V107", E, "funds.total.executed", {"funds.total.executed": 1176000}),
    Mutation("a source's budget in yuan", "V107", E, "funds.appropriation.budget", {"funds.appropriation.budget": 1100000}),
    Mutation("carried-over spending in yuan", "V107", E, "funds.carryover.executed", {"funds.carryover.executed": 100000}),
    Mutation("all spending in yuan", "V107", E, "funds.total.executed", {
        "funds.total.executed": 1176000, "funds.appropriation.executed": 1076000, "funds.carryover.executed": 100000}),
]
_AMOUNTS = [
    Mutation("budget left blank", "M101", E, "funds.total.budget", {"funds.total.budget": None}),
    Mutation("spending left blank", "M101", E, "funds.total.executed", {"funds.total.executed": None}),
    Mutation("spending only spaces", "M101", E, "funds.total.executed", {"funds.total.executed": "  "}),
    Mutation("total budget 1 too high", "M102", E, "funds.total.budget", {"funds.total.budget": 121}),
    Mutation("total budget 0.01 too high", "M102", E, "funds.total.budget", {"funds.total.budget": 120.01}),
    Mutation("total budget that leaves out carryover", "M102", E, "funds.total.budget", {"funds.total.budget": 110}),
    Mutation("total spending too low", "M102", E, "funds.total.executed", {"funds.total.executed": 116}),
    Mutation("total spending over the budget, and not the sum", "M102", E, "funds.total.executed", {"funds.total.executed": 130}),
    Mutation("total spending 0 beside real parts", "M102", E, "funds.total.executed", {"funds.total.executed": 0}),
    Mutation("total initial too low", "M102", E, "funds.total.initial", {"funds.total.initial": 90}),
    Mutation("total initial blank beside its parts", "M102", E, "funds.total.initial", {"funds.total.initial": None}),
    Mutation("a source's budget changed", "M102", E, "funds.total.budget", {"funds.carryover.budget": 12}),
    Mutation("a source's spending changed", "M102", E, "funds.total.executed", {"funds.appropriation.executed": 100}),
    Mutation("a source too many", "M102", E, "funds.total.initial", {"funds.other.initial": 5}),
    Mutation("carryover spent beyond its budget", "M103", W, "funds.carryover.executed", {
        "funds.carryover.executed": 12, "funds.appropriation.executed": 105.6}),
    Mutation("appropriation spent beyond its budget", "M103", W, "funds.appropriation.executed", {
        "funds.appropriation.executed": 110.01, "funds.carryover.executed": 7.59}),
    Mutation("spending of a source without a budget", "M104", E, "funds.other.executed", {
        "funds.other.executed": 5, "funds.appropriation.executed": 102.6}),
    Mutation("spending of a source with a budget of 0", "M104", E, "funds.other.executed", {
        "funds.other.executed": 5, "funds.other.budget": 0, "funds.appropriation.executed": 102.6}),
    Mutation("spending without any budget", "M104", E, "funds.total.executed", {
        "funds.total.budget": 0, "funds.appropriation.budget": 0, "funds.carryover.budget": 0}),
    Mutation("no budget and no spending", "M104", N, "funds.total.budget", {
        **_money("total", budget=0, executed=0), **_money("appropriation", budget=0, executed=0), **_money("carryover", budget=0, executed=0)}),
    Mutation("rate of 100 % typed", "M105", E, "funds.total.rate", over={"funds.total.rate": 1.0}, values_only=True),
    Mutation("rate off in the second decimal", "M105", E, "funds.total.rate", over={"funds.total.rate": 0.9801}, values_only=True),
    Mutation("rate of 0 beside money", "M105", E, "funds.total.rate", over={"funds.total.rate": 0.0}, values_only=True),
    Mutation("rate blank", "M105", E, "funds.total.rate", over={"funds.total.rate": None}, values_only=True),
    Mutation("rate of a source off", "M105", E, "funds.appropriation.rate", over={"funds.appropriation.rate": 0.95}, values_only=True),
    Mutation("rate against the initial budget", "M105", E, "funds.total.rate", over={"funds.total.rate": 1.176}, values_only=True),
    Mutation("execution score of 0", "M106", E, "funds.total.score", over={"funds.total.score": 0.0}, values_only=True),
    Mutation("execution score too low", "M106", E, "funds.total.score", over={"funds.total.score": 9.5}, values_only=True),
    Mutation("execution score as whole points", "M106", W, "funds.total.score", over={"funds.total.score": 10.0}, values_only=True),
    Mutation("execution score blank", "M106", E, "funds.total.score", over={"funds.total.score": None}, values_only=True),
    Mutation("weight of execution 20", "M107", E, "funds.total.weight", over={"funds.total.weight": 20.0}),
    Mutation("weight of execution 100", "M107", E, "funds.total.weight", over={"funds.total.weight": 100.0}),
    Mutation("weight of execution gone", "M107", E, "funds.total.weight", over={"funds.total.weight": None}),
    Mutation("weight of execution in words", "M107", E, "funds.total.weight", over={"funds.total.weight": "十"}),
    Mutation("weight on a source row", "M108", W, "funds.appropriation.weight", over={"funds.appropriation.weight": 10.0}),
    Mutation("score on a source row", "M108", W, "funds.carryover.score", over={"funds.carryover.score": 9.8}),
    Mutation("a quarter not spent, no word why", "M109", W, "funds.total.rate", {
        **_NO_WORD, "funds.total.executed": 90, "funds.appropriation.executed": 80}, templates=MOF),
    Mutation("just under 90 % spent, no word why", "M109", W, "funds.total.rate", {
        **_NO_WORD, "funds.total.executed": 107.98, "funds.appropriation.executed": 97.98}, templates=MOF),
    Mutation("budget more than doubled, no word why", "M110", W, "funds.total.budget", {
        **_NO_WORD, "funds.total.initial": 50, "funds.appropriation.initial": 50}, templates=MOF),
    Mutation("budget cut to a third, no word why", "M110", W, "funds.total.budget", {
        **_NO_WORD, "funds.total.initial": 350, "funds.appropriation.initial": 350}, templates=MOF),
    Mutation("total cost below the spending", "M112", W, "成本.actual", {
        "成本.name": "项目总成本", "成本.target": "≤120万元", "成本.actual": "100万元"}),
    Mutation("total cost in yuan below the spending", "M112", W, "成本.actual", {
        "成本.name": "项目总成本", "成本.target": "≤120万元", "成本.actual": "900000元"}),
]
_GOALS = [
    Mutation("goal left blank", "G101", E, "goal_expected", {"goal_expected": None}),
    Mutation("result left blank", "G101", E, "goal_actual", {"goal_actual": None}),
    Mutation("result only a line break", "G101", E, "goal_actual", {"goal_actual": "\n "}),
    Mutation("result copied", "G102", W, "goal_actual", {"goal_actual": "养护农村公路 120 公里，保持路况良好，群众出行方便。"}),
    Mutation("result copied, spaced and punctuated otherwise", "G102", W, "goal_actual", {"goal_actual": "养护农村公路120公里，\n保持路况良好,群众出行方便"}),
    Mutation("result in one word", "G103", W, "goal_actual", {"goal_actual": "完成"}),
    Mutation("result only a figure", "G103", W, "goal_actual", {"goal_actual": "37.24"}),
    Mutation("result only the project's name", "G103", W, "goal_actual", {"goal_actual": "农村公路养护"}),
    Mutation("goal only a figure", "G103", W, "goal_expected", {"goal_expected": "43.2万元"}),
    Mutation("goal only the project's name", "G103", W, "goal_expected", {"goal_expected": "农村公路养护项目。"}),
    Mutation("all done beside half the money", "G104", W, "goal_actual", {
        "goal_actual": "全部完成养护任务，路况优良，群众出行方便。", "funds.total.executed": 60, "funds.appropriation.executed": 50}),
    Mutation("all done beside half the points", "G104", W, "goal_actual", {
        "goal_actual": "养护任务100%完成，路况优良，群众出行方便。", "数量.actual": "60公里", "数量.score": 10}),
]
_COMPLETE = [
    Mutation("no satisfaction", "K104", E, "满意.name", _clear("满意")),
    Mutation("no benefit", "K104", E, "经济.name", _clear("经济", "社会", "持续"), templates=OLD),
    Mutation("no benefit", "K104", E, "经济.name", _clear("社会"), templates=("mof-2021",)),
    Mutation("no cost", "K104", E, "成本.name", _clear("成本"), templates=("mof-2021",)),
    Mutation("no quality", "K105", W, "质量.name", {**_clear("质量"), "时效.weight": 20, "时效.score": 20}),
    Mutation("no timeliness", "K105", W, "时效.name", {**_clear("时效"), "质量.weight": 20, "质量.score": 20}),
    Mutation("neither quality nor timeliness", "K105", W, "质量.name", {**_clear("质量", "时效"), "数量.weight": 40, "数量.score": 39.33}),
    Mutation("no cost", "K105", W, "成本.name", {**_clear("成本"), "质量.weight": 20, "质量.score": 20}, templates=OLD),
    Mutation("one kind of benefit", "K105", W, "经济.name", {**_clear("经济", "持续"), "社会.weight": 30, "社会.score": 30}, templates=OLD),
    *(Mutation(f"a row of {kind} without its {column}", "K106", E, f"{kind}.{column}", {f"{kind}.{column}": None})
      for kind in ("质量", "满意") for column in ("target", "actual", "weight", "score")),
    Mutation("a row with nothing but its name", "K106", E, "质量.2.target", {"质量.2.name": "桥梁完好率"}),
    Mutation("a row with nothing but a score", "K106", E, "社会.actual", {"社会.actual": None, "社会.weight": None}),
    Mutation("a row without its name", "K107", E, "质量.name", {"质量.name": None}),
    Mutation("a row with the printed name", "K107", E, "满意.name", over={"满意.name": "指标1："}),
    Mutation("a row whose name is spaces", "K107", E, "时效.name", {"时效.name": "  "}),
    Mutation("the same indicator twice", "K108", W, "质量.2.name", {
        "质量.weight": 5, "质量.score": 5, **_row("质量.2", "路况优良率", "≥95%", "96%", 5, 5, None)}),
    Mutation("the same indicator twice, under another kind", "K108", W, "时效.2.name", {
        "质量.weight": 5, "质量.score": 5, **_row("时效.2", "指标2：路况 优良率", "≧９５％", "96%", 5, 5, None)}),
    Mutation("a gap between rows", "K109", N, "质量.3.name", {
        "质量.weight": 5, "质量.score": 5, **_row("质量.3", "桥梁完好率", "≥90%", "95%", 5, 5, None)}),
    Mutation("a gap above the first row", "K109", N, "质量.2.name", {
        **_clear("质量"), **_row("质量.2", "路况优良率", "≥95%", "96%", 10, 10, None)}),
]
_WEIGHTS = [
    Mutation("weights of 110", "W101", E, "total_weight", {"质量.weight": 20, "质量.score": 20}),
    Mutation("weights of 95", "W101", E, "total_weight", {"质量.weight": 5, "质量.score": 5}),
    Mutation("weights of 100.5", "W101", E, "total_weight", {"满意.weight": 10.5, "满意.score": 10.5}),
    Mutation("weights of 190", "W101", E, "total_weight", {"时效.weight": 100, "时效.score": 100}),
    Mutation("a row too many", "W101", E, "total_weight", _row("质量.2", "桥梁完好率", "≥90%", "95%", 5, 5, None)),
    Mutation("5 points from satisfaction to quality", "W102", W, "数量.weight", {
        "质量.weight": 15, "质量.score": 15, "满意.weight": 5, "满意.score": 5}),
    Mutation("5 points from quality to satisfaction", "W102", W, "数量.weight", {
        "质量.weight": 5, "质量.score": 5, "满意.weight": 15, "满意.score": 15}),
    Mutation("a weight of 0", "W103", E, "质量.weight", {"质量.weight": 0, "质量.score": 0}),
    Mutation("a negative weight", "W103", E, "满意.weight", {"满意.weight": -10, "满意.score": 0}),
]
_POINTS = [
    Mutation("2 points over the weight", "P101", E, "质量.score", {"质量.score": 12}),
    Mutation("half a point over the weight", "P101", E, "满意.score", {"满意.score": 10.5}),
    Mutation("100 of 10 points", "P101", E, "时效.score", {"时效.score": 100}),
    Mutation("points lost with the target met", "P102", W, "质量.score", {"质量.score": 8}),
    Mutation("points lost with the target met, 无 for a reason", "P102", W, "满意.score", {"满意.score": 9, "满意.reason": "无"}),
    Mutation("points lost with a word answered by itself", "P102", W, "质量.score", {"质量.target": "合格", "质量.actual": "合格", "质量.score": 8}),
    Mutation("points lost with a date kept", "P102", W, "时效.score", {"时效.target": "12月31日前", "时效.actual": "2021年11月30日", "时效.score": 8}),
    Mutation("full points for 90 of 95 %", "P103", E, "质量.score", {"质量.actual": "90%"}),
    Mutation("full points for 85 of 90 %", "P103", E, "满意.score", {"满意.actual": "８５％"}),
    Mutation("full points for 99 of a bare 100 %", "P103", E, "时效.score", {"时效.actual": "99%"}),
    Mutation("full points for 118 of 120", "P103", E, "数量.score", {"数量.score": 20}),
    Mutation("full points for a cost too high", "P103", E, "成本.score", {"成本.actual": "1.2万元"}),
    Mutation("full points for a cost in yuan too high", "P103", E, "成本.score", {"成本.actual": "10500元"}),
    Mutation("full points for a date missed", "P103", E, "时效.score", {"时效.target": "2021年底前完成", "时效.actual": "2022年1月15日"}),
    Mutation("full points for = missed upwards", "P103", E, "质量.score", {"质量.name": "聘用人数", "质量.target": "=8人", "质量.actual": "9人"}),
    Mutation("full points below a range", "P103", E, "质量.score", {"质量.name": "巡查次数", "质量.target": "3-5次", "质量.actual": "2次"}),
    Mutation("full points for an accident against 0", "P103", E, "质量.score", {"质量.name": "安全事故数", "质量.target": "0起", "质量.actual": "1起"}),
    Mutation("full points below 不少于", "P103", E, "质量.score", {"质量.name": "巡查次数", "质量.target": "不少于12次", "质量.actual": "10次"}),
    Mutation("full points below 以上", "P103", E, "满意.score", {"满意.target": "90%以上", "满意.actual": "89.9%"}),
    Mutation("score above the ratio", "P104", E, "数量.score", {"数量.score": 19.9}),
    Mutation("score below the ratio", "P104", W, "数量.score", {"数量.score": 19}),
    Mutation("score far above the ratio", "P104", E, "数量.score", {"数量.actual": "60公里", "数量.score": 18}),
    Mutation("score above the ratio, as whole points", "P104", W, "数量.score", {"数量.actual": "111公里", "数量.score": 19}),
    Mutation("score of a rate above the ratio", "P104", E, "质量.score", {"质量.actual": "90%", "质量.score": 9.8, "质量.reason": _LATE}),
    Mutation("score above both reverse formulas", "P104", E, "成本.score", {"成本.actual": "2.5万元", "成本.score": 9, "成本.reason": _LATE}),
    Mutation("score for a target of 0 that was missed", "P104", E, "质量.score", {
        "质量.name": "安全事故数", "质量.target": "0起", "质量.actual": "1起", "质量.score": 5, "质量.reason": _LATE}),
    Mutation("a middle grade with full points", "P105", W, "质量.score", {"质量.target": "健全", "质量.actual": "部分达成年度指标并具有一定效果"}),
    Mutation("a middle grade with 9 of 10", "P105", W, "质量.score", {
        "质量.target": "健全", "质量.actual": "部分达成年度指标并具有一定效果", "质量.score": 9, "质量.reason": _LATE}),
    Mutation("the lowest grade with 7 of 10", "P105", W, "质量.score", {
        "质量.target": "健全", "质量.actual": "未达成年度指标且效果较差", "质量.score": 7, "质量.reason": _LATE}),
    Mutation("the highest grade with 5 of 10", "P105", W, "质量.score", {
        "质量.target": "健全", "质量.actual": "达成年度指标", "质量.score": 5, "质量.reason": _LATE}),
    Mutation("no reason", "P106", E, "数量.reason", {"数量.reason": None}),
    Mutation("a reason of spaces", "P106", E, "数量.reason", {"数量.reason": " 　"}),
    Mutation("no reason for a word not reached", "P106", E, "质量.reason", {"质量.target": "健全", "质量.actual": "基本健全", "质量.score": 8}),
    *(Mutation(f"the reason {word}", "P107", E, "数量.reason", {"数量.reason": word})
      for word in ("无", "0", "-", "/", "—", "同上", "已完成", "略", "……", "无。", "按要求完成")),
    Mutation("one and a half times the target", "P108", W, "社会.reason", {"社会.actual": "3万人"}),
    Mutation("exactly 120 %", "P108", W, "社会.reason", {"社会.actual": "2.4万人"}),
    Mutation("ten times the target, a dash for a reason", "P108", W, "社会.reason", {"社会.actual": "20万人", "社会.reason": "—"}),
    Mutation("twice a bare target", "P108", W, "数量.reason", {"数量.target": "59公里", "数量.score": 20, "数量.reason": None}),
    *(Mutation(f"{word} for an actual value", "P109", W, "质量.actual", {"质量.actual": word})
      for word in ("≥95%", ">=95%", "不低于95%", "95%以上", "≧９５％")),
    Mutation("≤ for an actual cost", "P109", W, "成本.actual", {"成本.actual": "≤1万元"}),
    Mutation("words against a figure", "P110", E, "质量.actual", {"质量.actual": "已完成"}),
    Mutation("a mark against a figure", "P110", E, "满意.actual", {"满意.actual": "/"}),
    Mutation("a word against a figure", "P110", E, "社会.actual", {"社会.actual": "较多"}),
    Mutation("kilometres against per cent", "P110", W, "质量.actual", {"质量.actual": "96公里"}),
    Mutation("per cent against people", "P110", W, "社会.actual", {"社会.actual": "96%"}),
    Mutation("a date against per cent", "P110", W, "质量.actual", {"质量.actual": "2021年12月1日"}),
    Mutation("105 % of the roads sound", "P111", W, "质量.actual", {"质量.actual": "105%"}),
    Mutation("a satisfaction of 120 %", "P111", W, "满意.actual", {"满意.actual": "120%"}),
    Mutation("a bare satisfaction of 102", "P111", W, "满意.actual", {"满意.target": "≥90", "满意.actual": "102"}),
    Mutation("a quantity that measures nothing", "P112", N, "数量.target", {
        "数量.target": "明显提升", "数量.actual": "明显提升", "数量.score": 20, "数量.reason": None}),
    Mutation("satisfaction without a figure", "P112", N, "满意.target", {"满意.target": "满意", "满意.actual": "满意"}),
    Mutation("a time that measures nothing", "P112", N, "时效.target", {"时效.target": "有效加快", "时效.actual": "有效加快"}),
    Mutation("full points beside 未完成", "P113", W, "质量.reason", {"质量.reason": "因汛期未完成全部路段检测。"}),
    Mutation("full points beside 滞后", "P113", W, "满意.reason", {"满意.reason": "问卷回收滞后。"}),
    Mutation("everything exactly met", "P115", N, "total_score", {**_EXACT, "经济.actual": "3%"}, templates=OLD),
    Mutation("everything exactly met", "P115", N, "total_score", _EXACT, templates=("mof-2021",)),
    Mutation("money as a quantity", "P116", N, "数量.name", {
        "数量.name": "养护资金", "数量.target": "≥100万元", "数量.actual": "110万元", "数量.score": 20, "数量.reason": None}),
    Mutation("money as a quantity, by its name", "P116", N, "数量.name", {
        "数量.name": "工程资金金额", "数量.target": "43.2", "数量.actual": "43.2", "数量.score": 20, "数量.reason": None}),
    Mutation("a rate as a cost", "P116", N, "成本.name", {"成本.name": "道路通行率", "成本.target": "≥95%", "成本.actual": "96%"}),
]
_TOTALS = [
    Mutation("total left out", "T101", E, "total_score", over={"total_score": None}),
    Mutation("total left out of an .xls", "T101", E, "total_score", over={"total_score": None}, values_only=True),
    Mutation("total off", "T102", E, "total_score", over={"total_score": 90.0}, values_only=True),
    Mutation("total a tenth too high", "T102", E, "total_score", over={"total_score": 99.57}, values_only=True),
    Mutation("total in whole points", "T102", W, "total_score", over={"total_score": 99.0}, values_only=True),
    Mutation("total over 100", "T103", E, "total_score", over={"total_score": 105.0}),
    Mutation("total over 100 in an .xls", "T103", E, "total_score", over={"total_score": 100.5}, values_only=True),
    Mutation("total of 100 beside 98 % spent", "T105", E, "total_score", over={"total_score": 100.0}),
    Mutation("total of 100 beside 98 % spent in an .xls", "T105", E, "total_score", over={"total_score": 100.0}, values_only=True),
    *(Mutation(f"{name} left blank", "T106", E, name, {name: None}, templates=SHANXI) for name in _ANALYSIS),
    Mutation("another budget in the analysis", "T107", W, "analysis_execution", {
        "analysis_execution": "本项目全年预算数为 130 万元，执行数为 117.6 万元。"}, templates=SHANXI),
    Mutation("another rate in the analysis", "T107", W, "analysis_execution", {"analysis_execution": "本项目预算执行率为 95%。"}, templates=SHANXI),
    Mutation("another spending in the result", "T107", W, "goal_actual", {
        "goal_actual": "完成养护 118 公里，其余 2 公里因汛期推迟。全年执行数为1,100,000元。"}),
    Mutation("another score in the result", "T107", W, "goal_actual", {
        "goal_actual": "完成养护 118 公里，其余 2 公里因汛期推迟。本项目自评得分为95分。"}),
    Mutation("no problems beside lost points", "T108", W, "problems", {"problems": "无"}, templates=SHANXI),
    Mutation("all outputs done beside lost points", "T108", W, "analysis_output", {"analysis_output": "各项指标均已完成。"}, templates=SHANXI),
    Mutation("an analysis told twice", "T109", N, "improvements", {"improvements": "实行路长制， 责任到人"}, templates=SHANXI),
]
_STRUCTURE = [
    Mutation("form sheet renamed", "S101", E, "", edit=_renamed_sheet),
    Mutation("a sheet added", "S102", W, "", edit=_sheet("Sheet2")),
    Mutation("a hidden sheet added", "S102", W, "", edit=_sheet("隐藏", "hidden")),
    *(Mutation(f"label {address} changed", "S103", E, address, over={address: text}) for address, text in (
        ("A1", "项目支出绩效评价表"), ("A3", "项目"), ("D5", "年初预算"), ("B6", "资金总额"), ("B10", "目标"), ("D12", "指标"), ("H12", None))),
    Mutation("total label changed", "S103", E, "A40", over={"A40": "合计"}, templates=OLD),
    Mutation("a mark on a source row changed", "S103", E, "funds.other.weight", over={"funds.other.weight": "不计分"}),
    Mutation("a row inserted", "S105", E, "A14", edit=_inserted(14)),
    Mutation("an unused row deleted", "S105", E, "A14", edit=_deleted(14)),
    Mutation("a column inserted", "S105", E, "F1", edit=_column),
    Mutation("rate typed, right", "S106", W, "funds.total.rate", over={"funds.total.rate": 0.98}),
    Mutation("rate typed, wrong", "S106", E, "funds.total.rate", over={"funds.total.rate": 0.9}),
    Mutation("rate of a source typed, right", "S106", W, "funds.appropriation.rate", over={"funds.appropriation.rate": 0.9782}),
    Mutation("rate of a source deleted", "S106", E, "funds.carryover.rate", over={"funds.carryover.rate": None}),
    Mutation("blank rate deleted", "S106", W, "funds.other.rate", over={"funds.other.rate": None}),
    Mutation("execution score typed, right", "S106", W, "funds.total.score", over={"funds.total.score": 9.8}),
    Mutation("execution score typed in whole points", "S106", W, "funds.total.score", over={"funds.total.score": 10.0}),
    Mutation("execution score typed, wrong", "S106", E, "funds.total.score", over={"funds.total.score": 9.0}),
    Mutation("sum of weights typed, right", "S106", W, "total_weight", over={"total_weight": 100.0}),
    Mutation("sum of weights typed, wrong", "S106", E, "total_weight", over={"total_weight": 110.0}),
    Mutation("total typed, right", "S106", W, "total_score", over={"total_score": 99.47}),
    Mutation("total typed, wrong", "S106", E, "total_score", over={"total_score": 90.0}),
    Mutation("total typed in whole points", "S106", W, "total_score", over={"total_score": 99.0}),
    Mutation("rate by the initial budget", "S107", E, "funds.total.rate", edit=_formula("H6", "F6/D6")),
    Mutation("execution score without its cap", "S107", E, "funds.total.score", edit=_formula("I6", "H6*10")),
    Mutation("total without the execution score", "S107", E, "total_score", edit=_formula("H40", "SUM(H13:H39)", True)),
    Mutation("stale rate", "S108", W, "funds.total.rate", edit=_stored("H6", 0.9)),
    Mutation("stale execution score", "S108", W, "funds.total.score", edit=_stored("I6", 9.0)),
    Mutation("stale total", "S108", W, "total_score", edit=_stored("H40", 95.0), templates=OLD),
    Mutation("protection taken off", "S109", W, "", edit=_on_form("protected", False)),
    Mutation("a label unlocked", "S109", W, "A1", edit=_unlocked),
    Mutation("an input locked", "S109", W, "E6", edit=_relocked),
    Mutation("merged cells taken apart", "S110", W, "B3:I3", edit=_unmerged),
    Mutation("other cells merged", "S110", W, "D13:E13", edit=_merged),
    Mutation("a row hidden", "S111", W, "A14", edit=_hidden({14}, set())),
    Mutation("a column hidden", "S111", W, "I1", edit=_hidden(set(), {9})),
    Mutation("a remark below the form", "S112", W, "B60", over={"B60": "备注：数据待核实"}),
    Mutation("a figure beside the form", "S112", W, "L6", over={"L6": 3.0}),
    Mutation("identity gone", "S116", N, "", edit=_identity_gone),
    Mutation("only the hidden sheet gone", "S113", E, "", edit=_hidden_sheet_gone),
    Mutation("the properties gone", "S113", E, "", edit=_properties_gone),
    Mutation("the name gone", "S113", E, "", edit=_identity_name_gone),
    Mutation("identity edited", "S113", E, "", edit=_identity_cell),
    Mutation("two identities", "S113", E, "", edit=_other_identity_in_properties),
    Mutation("a name deleted", "S114", N, "", edit=_name_gone),
    Mutation("a name that points elsewhere", "S114", N, "", edit=_name_elsewhere),
    Mutation("no cell is validated any more", "S115", N, "", edit=_unvalidated),
]
_FILES = [
    Mutation("an earlier edition", "F105", W, "", edit=_reissued(edition="2019.1")),
    Mutation("saved as .xls", "F106", N, "", values_only=True),
    Mutation("macros", "F107", W, "", edit=_attribute("macros", True)),
    Mutation("a link to another workbook", "F108", W, "", edit=_attribute("external_links", ("台账.xlsx",))),
    Mutation("an extension that lies", "F109", N, "", path="return.xls"),
    Mutation("never calculated", "F110", N, "", edit=_never_calculated),
    Mutation("a damaged cell", "F111", W, "", edit=_attribute("damaged", ("附表!A1",))),
]
# fmt: on

MUTATIONS: tuple[Mutation, ...] = (
    *_HEADS, *_VALUES, *_AMOUNTS, *_GOALS, *_COMPLETE, *_WEIGHTS, *_POINTS, *_TOTALS, *_STRUCTURE, *_FILES,
)  # fmt: skip
