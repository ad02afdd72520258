"""Forms for tests: faultless data for each official form, and submissions made of them without a file."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsform.findings import Finding
from xlsform.form import identity as identities
from xlsform.form.evaluation.engine import engine_for
from xlsform.form.evaluation.hints import INSTRUCTIONS_SHEET, hint_formulas, hints
from xlsform.form.evaluation.measures import measures
from xlsform.form.field_types import Cast
from xlsform.form.identity import Identity
from xlsform.form.layout import HINTS_TITLE, Layout, lay_out
from xlsform.form.template import load
from xlsform.messages import plain
from xlsform.reading.workbook import Sheet, Workbook
from xlsform.rules.registry import ReceivedFile
from xlsform.rules.run import judge
from xlsform.spreadsheet.a1 import position, quoted
from xlsform.spreadsheet.values import Value
from xlsform.submission.carriers import identities_in
from xlsform.submission.office_records import Match, OfficeRecords
from xlsform.submission.submission import Submission

TEMPLATES = ("mof-2020", "mof-2021", "shanxi-2021")

_HEAD: dict[str, Cast] = {
    "year": Decimal(2021),
    "project_name": "农村公路养护",
    "department": "某县交通运输局",
    "unit": "某县公路养护中心",
    "goal_expected": "养护农村公路 120 公里，保持路况良好，群众出行方便。",
    "goal_actual": "完成养护 118 公里，路况优良率 96%，其余 2 公里因汛期推迟到次年春季。",
    "funds.total.initial": Decimal(100),
    "funds.total.budget": Decimal(120),
    "funds.total.executed": Decimal("117.6"),
    "funds.appropriation.initial": Decimal(100),
    "funds.appropriation.budget": Decimal(110),
    "funds.appropriation.executed": Decimal("107.6"),
    "funds.carryover.initial": Decimal(0),
    "funds.carryover.budget": Decimal(10),
    "funds.carryover.executed": Decimal(10),
}
_ANALYSIS: dict[str, Cast] = {
    "filler_unit": "某县公路养护中心",
    "analysis_execution": "项目按计划实施，资金及时拨付到位。",
    "analysis_output": "完成养护 118 公里，质量合格。",
    "analysis_benefit": "沿线群众出行时间缩短。",
    "analysis_satisfaction": "问卷调查满意度 95%。",
    "experience": "实行路长制，责任到人。",
    "problems": "汛期影响进度，2 公里推迟施工。",
    "improvements": "提前排定工期，避开汛期。",
}
_REASON = "汛期延误，2 公里推迟到次年春季；今后提前排定工期。"

#: Level 2, name, target, actual, weight, score, reason of each indicator.
_INDICATORS: dict[str, list[tuple[str, str, str, str, str, str, str | None]]] = {
    "mof-2020": [
        ("数量指标", "养护里程", "≥120公里", "118公里", "20", "19.67", _REASON),
        ("质量指标", "路况优良率", "≥95%", "96%", "10", "10", None),
        ("时效指标", "按时完工率", "100%", "100%", "10", "10", None),
        ("成本指标", "每公里养护成本", "≤1万元", "0.99万元", "10", "10", None),
        ("经济效益指标", "降低运输成本", "≥3%", "3.5%", "10", "10", None),
        ("社会效益指标", "受益人口", "≥2万人", "2.1万人", "10", "10", None),
        ("可持续影响指标", "养护机制健全性", "健全", "健全", "10", "10", None),
        ("服务对象满意度指标", "沿线群众满意度", "≥90%", "95%", "10", "10", None),
    ],
    "mof-2021": [
        ("经济成本指标", "每公里养护成本", "≤1万元", "0.99万元", "20", "20", None),
        ("数量指标", "养护里程", "≥120公里", "118公里", "20", "19.67", _REASON),
        ("质量指标", "路况优良率", "≥95%", "96%", "10", "10", None),
        ("时效指标", "按时完工率", "100%", "100%", "10", "10", None),
        ("社会效益指标", "受益人口", "≥2万人", "2.1万人", "20", "20", None),
        ("服务对象满意度指标", "沿线群众满意度", "≥90%", "95%", "10", "10", None),
    ],
}
_INDICATORS["shanxi-2021"] = _INDICATORS["mof-2020"]


def layout_of(template: str, rows: int | None = None) -> Layout:
    return lay_out(load(template), rows)


def row_number(layout: Layout, level2: str, nth: int = 1) -> str:
    """Return the number of the nth row of a level-2 block."""
    numbers = [item.row for item in layout.fields.values() if item.level2 == level2 and item.column == "name"]
    return str(numbers[nth - 1])


def faultless(template: str, rows: int | None = None) -> dict[str, Cast]:
    """Return values for every field that a faultless form needs."""
    layout = layout_of(template, rows)
    values = dict(_HEAD) | (_ANALYSIS if template == "shanxi-2021" else {})
    for level2, name, target, actual, weight, score, reason in _INDICATORS[template]:
        row = f"indicators.{row_number(layout, level2)}"
        values |= {f"{row}.name": name, f"{row}.target": target, f"{row}.actual": actual}
        values |= {f"{row}.weight": Decimal(weight), f"{row}.score": Decimal(score)}
        if reason:
            values[f"{row}.reason"] = reason
    return values


def issued(layout: Layout, values: Mapping[str, Cast], identity: Identity | None = None) -> Workbook:
    """Return what reading gives for an issued workbook that holds these values and was calculated."""
    identity = (identity or Identity(layout.form.id, layout.form.edition, layout.rows)).sealed()
    results = engine_for(layout).evaluate(values)
    measured = measures(layout, identity.issued)
    sheet = Sheet(layout.form.sheet, protected=True)
    merges = []
    for label in layout.labels:
        if label.text:
            sheet.values[label.range.anchor] = label.text
        merges += [] if label.range.single else [label.range]
    for name, item in layout.fields.items():
        place = item.range.anchor
        merges += [] if item.range.single else [item.range]
        if item.spec.formula is not None:
            sheet.formulas[place] = layout.computed[name]
            result = results.computed[name]
            sheet.values[place] = float(result) if isinstance(result, Decimal) else (result or "")
            if isinstance(result, Decimal) and item.spec.type.number_format not in ("General", "@"):
                sheet.number_formats[place] = item.spec.type.number_format
            continue
        value = values.get(name, item.spec.value if item.spec.value is not None else item.placeholder or None)
        if value is not None:
            put(sheet, place, value)
            if not isinstance(value, str):
                sheet.number_formats[place] = (
                    measured[name].number_format if name in measured else item.spec.type.number_format
                )
                if sheet.number_formats[place] == "General":
                    del sheet.number_formats[place]
        if item.spec.kind == "input" and name not in identity.issued:
            rows = range(item.range.top, item.range.bottom + 1)
            columns = range(item.range.left, item.range.right + 1)
            sheet.unlocked |= {(row, column) for row in rows for column in columns}
    if 1 not in layout.checks_by_row:
        sheet.values[1, layout.hint_column] = HINTS_TITLE
    texts = hints(layout, results, values, measured)
    for row, formula in hint_formulas(layout, measured).items():
        sheet.formulas[row, layout.hint_column] = formula
        sheet.values[row, layout.hint_column] = texts[row]
    sheet.merges = tuple(sorted(merges))
    sheet.validated = tuple(item.range for item in layout.inputs)
    hidden = Sheet(identities.SHEET, state="veryHidden", protected=True)
    for number, (key, value) in enumerate(identity.sheet_rows(), 1):
        hidden.values[number, 1], hidden.values[number, 2] = key, value
    names = {
        name: f"{quoted(layout.form.sheet)}!${item.cell.rstrip('0123456789')}${item.range.top}"
        for name, item in layout.fields.items()
    }
    return Workbook(
        kind="xlsx",
        sheets=(sheet, Sheet(INSTRUCTIONS_SHEET, protected=True), hidden),
        names=names | {identities.NAME: f'"{identity.name_text()}"'},
        properties={identities.PROPERTY_PREFIX + key: value for key, value in identity.pairs().items()},
        structure_locked=True,
    )


def put(sheet: Sheet, place: tuple[int, int], value: Any) -> None:
    """Put a value into a cell of a sheet as reading would have it; None clears it."""
    if value is None:
        sheet.values.pop(place, None)
    else:
        sheet.values[place] = float(value) if isinstance(value, Decimal | int) and value is not True else value


def submission(
    template: str = "mof-2020",
    /,
    edit: Callable[[Workbook], None] | None = None,
    path: str = "return.xlsx",
    rows: int | None = None,
    raw: Mapping[str, Value | None] | None = None,
    typed: Mapping[str, Any] | None = None,
    **values: Any,
) -> Submission:
    """Return a faultless submission with some fields changed.

    Args:
        template: the form's id.
        edit: changes the workbook as read: labels, formulas, locks, names.
        path: the file's name.
        rows: rows of each level-2 block.
        raw: what stands in cells as text or float, by field name, over whatever is there (formulas go).
        typed: values by field name, of the field's type; None for a blank.
        values: more of them, dots as double underscores.
    """
    layout = layout_of(template, rows)
    filled = faultless(template, rows)
    for name, value in [*(typed or {}).items(), *values.items()]:
        key = name.replace("__", ".")
        if value is None:
            filled.pop(key, None)
        else:
            filled[key] = value if isinstance(value, str | Decimal) else Decimal(str(value))
    workbook = copy.deepcopy(issued(layout, filled))
    sheet = workbook.sheets[0]
    for name, content in (raw or {}).items():
        place = layout.fields[name].range.anchor
        sheet.formulas.pop(place, None)
        put(sheet, place, content)
    if edit is not None:
        edit(workbook)
    form_sheet = workbook.sheet(layout.form.sheet)
    return Submission(Path(path), workbook, layout, form_sheet, identities_in(workbook))


def prefilled(
    template: str = "mof-2020",
    names: Iterable[str] = (),
    /,
    edit: Callable[[Workbook], None] | None = None,
    typed: Mapping[str, Any] | None = None,
    **values: Any,
) -> Submission:
    """Return a submission of a workbook that was issued with some of the faultless values, locked.

    Args:
        template: the form's id.
        names: the fields that were prefilled.
        edit: changes the workbook as read.
        typed: values typed since, also over prefilled ones, by field name; None for a blank.
        values: more of them, dots as double underscores.
    """
    layout = layout_of(template)
    filled: dict[str, Cast | None] = {**faultless(template)}
    identity = Identity(template, layout.form.edition, layout.rows, "2021", "P-1")
    identity = replace(identity, issued={name: plain(filled[name]) for name in names})
    for name, value in [*(typed or {}).items(), *values.items()]:
        filled[name.replace("__", ".")] = value if isinstance(value, str | Decimal | None) else Decimal(str(value))
    workbook = copy.deepcopy(
        issued(layout, {key: value for key, value in filled.items() if value is not None}, identity)
    )
    if edit is not None:
        edit(workbook)
    return Submission(Path("return.xlsx"), workbook, layout, workbook.sheet(layout.form.sheet), identities_in(workbook))


def findings(subject: Submission, select: str = "") -> list[Finding]:
    """Return what all rules, or those of a code or family, say of a submission."""
    return judge(ReceivedFile(subject.path, subject.workbook, subject), [select] if select else [])


def found(code: str, subject: Submission) -> list[str]:
    """Return ``cell message`` of each finding of a code, in English."""
    from xlsform.messages import render

    return [f"{each.cell} {render(each.message, 'en')}" for each in findings(subject, code)]


def codes(subject: Submission) -> list[str]:
    """Return the codes of all findings, in order."""
    return [each.code for each in findings(subject)]


def sheet_of(workbook: Workbook) -> Sheet:
    return workbook.sheets[0]


def at(address: str) -> tuple[int, int]:
    return position(address)


class SureRecords(OfficeRecords):
    """Records that take any return for one of the project that they hold."""

    def project_of(self, code: str | None, name: str | None, unit: str | None) -> Match:
        return Match(next(iter(self.projects), None))


def informed(subject: Submission, records: OfficeRecords) -> Submission:
    """Return the same submission, made where the office knows more of its projects."""
    sheet = None if subject.sheet_gone else subject.sheet
    return Submission(subject.path, subject.workbook, subject.layout, sheet, subject.identities, records)
