"""The headings that a project list may have, in Chinese or as field names, and which columns they make."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from xlsform.form.definition import Form
from xlsform.form.field_types import MONEY
from xlsform.messages import Message, say
from xlsform.projects.lists.files import ListTable
from xlsform.quantities import normalize_text
from xlsform.spreadsheet.a1 import column_number

#: Money that a list gives; what was spent is the filler's to say.
_AMOUNT_COLUMNS = {
    "initial": ("年初预算数", "年初预算", "年初预算金额", "年初数"),
    "budget": ("全年预算数", "全年预算", "全年预算金额", "调整预算数", "调整后预算数", "调整后全年预算数"),
}
_SPENDING_COLUMNS = {
    "executed": ("全年执行数", "执行数", "预算执行数", "全年支出数", "支出数", "决算数"),
}
_AMOUNT_ROWS = {
    "total": ("年度资金总额", "资金总额", "总额", "合计"),
    "appropriation": ("当年财政拨款", "本年财政拨款", "财政拨款"),
    "carryover": ("上年结转资金", "上年结转", "结转资金"),
    "other": ("其他资金", "其他"),
}
#: Text of the form that the office may know beforehand.
_TEXTS = {"goal_expected": ("年度总体目标", "年度目标", "总体目标", "年初设定目标"), "filler_unit": ("填列单位",)}

#: The same sheet may have them, and they are near to headings that it must have: 全年执行数, 全年预算数.
_OTHERS = (
    "全年执行数",
    "预算执行数",
    "执行数",
    "执行率",
    "预算执行率",
    "实际完成值",
    "得分",
    "总分",
    "序号",
    "年度",
    "备注",
)

_UNIT = re.compile(r"[(\[](?:单位:?)?(元|千元|万元|百万元|亿元)[)\]]$")
_NOTE = re.compile(r"[(\[](?:必填|选填|分|%|:|公章)+[)\]]")
_PUNCTUATION = re.compile(r"[-_./·、:,;*()\[\]]")
#: How alike two headings must be for one to be taken for a slip of the other, 0 to 1.
_SLIP = 0.75
#: The same where a column is missing that must be there.
_SUGGESTED = 0.5
#: Titles and notes may stand above the headings, for so many rows.
_SEARCHED = 30


class Heading(NamedTuple):
    """A column that a table may have."""

    name: str
    """The field's name."""
    texts: tuple[str, ...]
    """What it may be called, best first; the first is what messages and the empty list call it."""
    required: bool = False
    money: bool = False


@dataclass(slots=True)
class Columns:
    """The columns of one table."""

    row: int
    """The row of the headings; 0 in JSON."""
    names: dict[str, str] = field(default_factory=dict)
    """The column of each field, by name."""
    units: dict[str, str] = field(default_factory=dict)
    """The unit of money that a field's heading names."""
    extra: dict[str, str] = field(default_factory=dict)
    """The headings that no field takes, by column."""
    problems: list[tuple[str, Message]] = field(default_factory=list)
    """What is wrong with the headings, by column."""


@lru_cache(maxsize=16)
def project_headings(form: Form) -> tuple[Heading, ...]:
    """Return the headings of the table of projects."""
    return (
        Heading("project_code", ("项目编码", "project_code", "code", "项目代码", "项目编号"), required=True),
        Heading("project_name", ("项目名称", "project_name", "name", "项目全称"), required=True),
        Heading("department", ("主管部门", "department", "主管单位", "主管部门名称")),
        Heading(
            "unit",
            ("实施单位", "unit", "项目实施单位", "实施单位名称", "项目单位", "预算单位", "单位名称", "单位"),
            required=True,
        ),
        Heading(
            "email", ("电子邮箱", "邮箱", "email", "e-mail", "mail", "电子邮件", "邮箱地址", "邮件地址", "联系邮箱")
        ),
        *_amounts(form),
        *(
            Heading(name, (form.fields[name].label, name, *others))
            for name, others in _TEXTS.items()
            if name in form.fields and form.fields[name].kind == "input"
        ),
    )


def indicator_headings() -> tuple[Heading, ...]:
    """Return the headings of the table of indicators."""
    return (
        Heading("project_code", ("项目编码", "project_code", "code", "项目代码", "项目编号"), required=True),
        Heading("level1", ("一级指标", "level1", "一级")),
        Heading("level2", ("二级指标", "level2", "二级"), required=True),
        Heading(
            "name",
            ("三级指标", "name", "指标名称", "三级指标名称", "绩效指标名称", "绩效指标", "三级", "指标"),
            required=True,
        ),
        Heading("target", ("年度指标值", "target", "指标值", "目标值", "年度目标值", "value")),
        Heading("sign", ("符号", "sign", "指标符号", "运算符号", "计算符号", "比较符")),
        Heading("value", ("指标值", "目标值", "value", "年度目标值")),
        Heading("unit", ("计量单位", "unit", "单位", "度量单位", "指标单位")),
        Heading("weight", ("分值", "weight", "权重", "指标分值", "指标权重", "分值权重", "权重分值")),
    )


@lru_cache(maxsize=16)
def account_headings(form: Form) -> tuple[Heading, ...]:
    """Return the headings of a table of final accounts: the project's code and its amounts, spending included."""
    code = next(heading for heading in project_headings(form) if heading.name == "project_code")
    return (code, *_amounts(form, _AMOUNT_COLUMNS | _SPENDING_COLUMNS))


def _amounts(form: Form, known: Mapping[str, tuple[str, ...]] = _AMOUNT_COLUMNS) -> Iterator[Heading]:
    for table in form.tables.values():
        for row, label in table.rows.items():
            for column in table.columns:
                spec = table.spec(row, column)
                if column not in known or spec.kind != "input" or spec.type is not MONEY:
                    continue
                own = normalize_text(label).removeprefix("其中:")
                rows = tuple(dict.fromkeys((own, *_AMOUNT_ROWS.get(row, ()), row, normalize_text(label))))
                columns = tuple(dict.fromkeys((normalize_text(spec.label), *known[column], column)))
                # 年初预算数 alone is the total's.
                texts = list(columns) if row == "total" else []
                texts += [
                    first + second for one in rows for two in columns for first, second in ((one, two), (two, one))
                ]
                name = f"{table.name}.{row}.{column}"
                yield Heading(name, (*texts, name), money=True)


@lru_cache(maxsize=4096)
def normalised(text: str) -> str:
    """Return a heading as it is compared: width, spaces, case, punctuation, units and notes no longer count."""
    folded = normalize_text(text).casefold()
    return _PUNCTUATION.sub("", _NOTE.sub("", _UNIT.sub("", folded)))


def unit_of_money(text: str) -> str:
    """Return the unit that a heading names at its end (``年初预算数（元）``), or blank."""
    match = _UNIT.search(_NOTE.sub("", normalize_text(text)))
    return match[1] if match else ""


@lru_cache(maxsize=16)
def _known(headings: tuple[Heading, ...]) -> frozenset[str]:
    return frozenset(normalised(text) for heading in headings for text in heading.texts)


def recognised(headings: Iterable[str], known: tuple[Heading, ...]) -> int:
    """Return how many different headings are known ones."""
    return len({normalised(text) for text in headings} & _known(known))


def columns_of(grid: ListTable, known: tuple[Heading, ...]) -> Columns:
    """Return which column of a table is which, and what is wrong with its headings."""
    texts = _texts(grid, known)
    columns = Columns(texts[0])
    free = dict(texts[1])
    for heading in known:
        place = _take(heading, free, columns)
        if place is not None:
            columns.names[heading.name] = place
            if heading.money and (unit := unit_of_money(free[place])):
                columns.units[heading.name] = unit
            del free[place]
    _three_columns(columns, free, texts[1])
    columns.extra = free
    columns.problems += _slips(columns, known)
    # The indicators inside a JSON project need no code.
    required = [each for each in known if each.required and not (grid.owner and each.name == "project_code")]
    columns.problems += _missing(columns, required, texts[1])
    return columns


def _texts(grid: ListTable, known: tuple[Heading, ...]) -> tuple[int, dict[str, str]]:
    """Return the row of the headings, and the headings by column."""
    if grid.keyed:
        return 0, {key: key for row in grid.rows.values() for key in row}
    rows = sorted(grid.rows)[:_SEARCHED]
    texts = {row: {place: str(cell.raw).strip() for place, cell in grid.rows[row].items()} for row in rows}
    best = max(rows, key=lambda row: recognised(texts[row].values(), known), default=1)
    used = {place for row, cells in grid.rows.items() if row > best for place in cells}
    nameless = {place: place for place in sorted(used, key=column_number) if place not in texts.get(best, {})}
    return best, texts.get(best, {}) | nameless


def _take(heading: Heading, free: Mapping[str, str], columns: Columns) -> str | None:
    """Return the free column that a heading fits best, and note a second one of the same name."""
    ranks = {normalised(text): rank for rank, text in reversed(list(enumerate(heading.texts)))}
    fitting = sorted(
        (ranks[key], number, place)
        for number, (place, text) in enumerate(free.items())
        if (key := normalised(text)) in ranks
    )
    for rank, _, place in fitting[1:]:
        if rank == fitting[0][0]:
            problem = say("there are two columns {heading}; keep one", heading=free[place])
            columns.problems.append((place, problem))
    return fitting[0][2] if fitting else None


def _three_columns(columns: Columns, free: dict[str, str], texts: Mapping[str, str]) -> None:
    """Settle what 指标值 is: the whole target, or the figure between sign and unit."""
    names = columns.names
    parted = "sign" in names or "unit" in names
    if parted and "value" not in names and "target" in names:
        names["value"] = names.pop("target")
    elif not parted and "value" in names:
        place = names.pop("value")
        free[place] = texts[place]


def _slips(columns: Columns, known: tuple[Heading, ...]) -> Iterator[tuple[str, Message]]:
    """Yield the unknown headings that are probably misspelt: any other is a column of the office's own."""
    absent = [heading for heading in known if heading.name not in columns.names]
    if {"sign", "unit", "value"} & columns.names.keys():
        absent = [heading for heading in absent if heading.name not in ("target", "value")]
    candidates = {normalised(text): heading.texts[0] for heading in absent for text in heading.texts}
    others = {normalised(text) for text in _OTHERS}
    for place, text in columns.extra.items():
        near = difflib.get_close_matches(normalised(text), [*candidates, *others], n=3, cutoff=_SLIP)
        if not near or near[0] in others or normalised(text) in _known(known):
            continue
        meant = list(dict.fromkeys(candidates[each] for each in near if each in candidates))
        every = [heading.texts[0] for heading in known]
        yield (
            place,
            say(
                "column {heading} is not known; is {meant} meant? Known are {known}",
                heading=text,
                meant=meant,
                known=every,
            ),
        )


def _missing(columns: Columns, required: Sequence[Heading], texts: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    meant = {each for _, problem in columns.problems for each in problem.values.get("meant", ())}
    by_key = {normalised(text): text for text in columns.extra.values()}
    for heading in required:
        if heading.name in columns.names or heading.texts[0] in meant:
            continue
        wanted = [normalised(text) for text in heading.texts]
        near = [key for key in by_key if difflib.get_close_matches(key, wanted, n=1, cutoff=_SUGGESTED)]
        found = list(texts.values())[:20]
        if near:
            yield (
                "",
                say(
                    "there is no column {heading}; is {near} meant? The columns are {found}",
                    heading=heading.texts[0],
                    near=[by_key[key] for key in near[:3]],
                    found=found,
                ),
            )
        elif found:
            yield (
                "",
                say("there is no column {heading}; the columns are {found}", heading=heading.texts[0], found=found),
            )
        else:
            yield "", say("there is no column {heading}", heading=heading.texts[0])
