"""What guides the filler from cell to cell: data validations in the clerk's words, and colours."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from xlsform.form.evaluation.hints import MET, MISSED
from xlsform.form.evaluation.measures import Measure
from xlsform.form.field_types import FIGURE, YEAR
from xlsform.form.formula import quote
from xlsform.form.layout import Field, Layout
from xlsform.spreadsheet.a1 import Range, a1
from xlsform.spreadsheet.cell_text import MAX_TEXT, attribute_xml, text_xml

_ANY_NUMBER = 10**12
"""Larger than any actual value: a data validation between two numbers needs an end."""

Item = TypeVar("Item")


class _Validation(NamedTuple):
    """What an input accepts, and what is said to people who type something else."""

    kind: str
    operator: str
    limits: tuple[str, ...]
    title: str
    error: str
    prompt: str

    def xml(self, fields: list[Field]) -> str:
        """Return the element of the validation; its limits are those of the first field."""
        begin, end = _around_areas(self, fields[0].spec.label)
        return begin + _areas(item.range for item in fields) + end


@lru_cache(maxsize=256)
def _around_areas(validation: _Validation, label: str) -> tuple[str, str]:
    attributes = f'type="{validation.kind}"'
    if validation.operator != "between":
        attributes += f' operator="{validation.operator}"'
    attributes += ' allowBlank="1" showInputMessage="1" showErrorMessage="1"'
    attributes += f' errorTitle="{validation.title}" error="{attribute_xml(validation.error)}"'
    if validation.prompt:
        prompt = attribute_xml(validation.prompt[:255])
        attributes += f' promptTitle="{attribute_xml(label[:32])}" prompt="{prompt}"'
    limits = "".join(f"<formula{number}>{limit}</formula{number}>" for number, limit in enumerate(validation.limits, 1))
    return f'<dataValidation {attributes} sqref="', f'">{limits}</dataValidation>'


def validations(layout: Layout, measured: Mapping[str, Measure]) -> str:
    """Return the element with the data validations of all inputs, those that are alike under one.

    Args:
        layout: the form, laid out.
        measured: the targets that are known figures, by the field of the actual value.
    """
    found: list[str] = []
    for fields, ready in _without_measures(layout):
        if measured.keys().isdisjoint(item.name for item in fields):
            found.append(ready)
            continue
        for group in _alike(fields, lambda item: _unit(measured.get(item.name))):
            measure = measured.get(group[0].name)
            validation = _measured(group[0], measure) if measure else _validation(layout, group[0])
            found.append(validation.xml(group))
    return f'<dataValidations count="{len(found)}">{"".join(found)}</dataValidations>' if found else ""


@lru_cache(maxsize=256)
def _without_measures(layout: Layout) -> list[tuple[list[Field], str]]:
    groups = _alike(layout.inputs, lambda item: (item.range.left, item.spec))
    return [(fields, _validation(layout, fields[0]).xml(fields)) for fields in groups]


def _unit(measure: Measure | None) -> str | None:
    return measure.number_format if measure else None


def _validation(layout: Layout, item: Field) -> _Validation:
    spec = item.spec
    if not spec.type.numeric or spec.type is FIGURE:
        limit = spec.max_length or MAX_TEXT
        words = f"“{spec.label}”最多填写 {limit} 个字，请删减。"
        return _Validation("textLength", "lessThanOrEqual", (str(limit),), "文字太长", words, spec.prompt)
    if spec.type is YEAR:
        limits = ("1990", str(spec.type.high))
        return _Validation("whole", "between", limits, "年份不对", "请填写四位年份，如 2021。", spec.prompt)
    if spec.at_most is not None:
        most = layout.fields[f"{item.table}.{item.row}.{spec.at_most}"]
        words = f"“{spec.label}”应是 0 到本行“{most.spec.label}”之间的数字，不要带单位或文字。"[:255]
        return _Validation("decimal", "between", ("0", most.cell), "数字太大或不是数字", words, spec.prompt)
    high = spec.type.high
    unit = f"，单位{layout.form.money_unit}" if spec.type.name == "money" else ""
    words = f"0 到 {high} 之间" if high else "不小于 0"
    words = f"“{spec.label}”应是{words}的数字{unit}，不要带单位、逗号或文字。"
    if high:
        return _Validation("decimal", "between", ("0", str(high)), "请填数字", words, spec.prompt)
    return _Validation("decimal", "greaterThanOrEqual", ("0",), "请填数字", words, spec.prompt)


def _measured(item: Field, measure: Measure) -> _Validation:
    """Return the data validation of an actual value whose target is a known figure."""
    if measure.number_format.endswith("%"):
        what, prompt = "百分数，如 96.5%", "填写实际达到的百分数，如 96.5%"
    elif measure.unit:
        what, prompt = f"数字，单位“{measure.unit}”会自动显示", f"只填实际达到的数字，单位“{measure.unit}”会自动显示"
    else:
        what, prompt = "数字，不要带单位或文字", "只填实际达到的数字"
    words = f"“{item.spec.label}”应是{what}。没有完成的请填 0，并在本行说明原因。"[:255]
    return _Validation("decimal", "between", (str(-_ANY_NUMBER), str(_ANY_NUMBER)), "请填数字", words, prompt)


def conditions(layout: Layout, colours: Mapping[str, int]) -> str:
    """Return the elements with the conditional formats of a form's sheet.

    Args:
        layout: the form, laid out.
        colours: the numbers of the formats of targets ``met`` or ``missed``, of what is ``wrong`` or ``blank``.
    """
    rules = [*_outcome_rules(layout), *_wrong_rules(layout), *_blank_rules(layout)]
    by_areas: dict[str, str] = {}
    # Where two conditions hold at once, the one of the higher priority is seen.
    for priority, (areas, criteria, colour) in enumerate(rules, 1):
        rule = f'<cfRule type="expression" dxfId="{colours[colour]}" priority="{priority}">'
        rule += f"<formula>{text_xml(criteria)}</formula></cfRule>"
        by_areas[areas] = by_areas.get(areas, "") + rule
    return "".join(
        f'<conditionalFormatting sqref="{areas}">{each}</conditionalFormatting>' for areas, each in by_areas.items()
    )


_Rule = tuple[str, str, str]
"""Where, under which condition, in which colour."""


def _outcome_rules(layout: Layout) -> list[_Rule]:
    if not layout.checks_by_row or not layout.form.outcome:
        return []
    first, last, column = min(layout.checks_by_row), max(layout.checks_by_row), layout.hint_column
    areas, cell = str(Range(first, column, last, column)), a1(first, column)
    return [
        (areas, f"LEFT({cell},{len(text)})={quote(text)}", colour)
        for text, colour in ((MET, "met"), (MISSED, "missed"))
    ]


def _wrong_rules(layout: Layout) -> list[_Rule]:
    rules = []
    for checks in _alike(layout.checks, lambda check: (check.field.range.left, check.relative)):
        # A blank cell keeps its tint; red is for values that are wrong.
        if checks[0].check.name.startswith("required:"):
            continue
        first = checks[0].field.range
        # The condition is written for the first row, and Excel moves it down; references to other rows are absolute.
        formula = checks[0].relative.replace("«r»", str(first.top))
        criteria = f"AND(NOT(LEN(TRIM({a1(*first.anchor)}))=0),NOT({formula}))"
        rules.append((_areas(check.field.range for check in checks), criteria, "wrong"))
    return rules


def _blank_rules(layout: Layout) -> list[_Rule]:
    rules = []
    for fields in _alike(layout.inputs, lambda item: (item.range.left, item.placeholder)):
        cell, placeholder = a1(*fields[0].range.anchor), fields[0].placeholder
        blank = f"LEN(TRIM({cell}))=0"
        criteria = f"OR({blank},{cell}={quote(placeholder)})" if placeholder else blank
        rules.append((_areas(item.range for item in fields), criteria, "blank"))
    return rules


def _alike(items: Iterable[Item], key: Callable[[Item], Hashable]) -> list[list[Item]]:
    """Return the items in groups of equal key, in order of first appearance."""
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _areas(areas: Iterable[Range]) -> str:
    return " ".join(map(str, areas))
