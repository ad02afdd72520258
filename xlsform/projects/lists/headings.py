"""The headings that a project list may have, in Chinese or as field names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from xlsform.form.definition import Form
from xlsform.form.field_types import MONEY
from xlsform.form.vocabulary import (
    DEPARTMENT,
    FILLER_UNIT,
    FUNDS_APPROPRIATION,
    FUNDS_BUDGET,
    FUNDS_CARRYOVER,
    FUNDS_EXECUTED,
    FUNDS_INITIAL,
    FUNDS_OTHER,
    FUNDS_TOTAL,
    GOAL_EXPECTED,
    INDICATOR_NAME,
    PROJECT_CODE,
    PROJECT_NAME,
    TARGET,
    UNIT,
    WEIGHT,
    Role,
    word,
)
from xlsform.quantities import normalize_text

#: Amounts that a project list may give; what was spent is filled in by the unit.
_AMOUNT_COLUMNS = {
    FUNDS_INITIAL: ("年初预算数", "年初预算", "年初预算金额", "年初数"),
    FUNDS_BUDGET: ("全年预算数", "全年预算", "全年预算金额", "调整预算数", "调整后预算数", "调整后全年预算数"),
}
_SPENDING_COLUMNS = {
    FUNDS_EXECUTED: ("全年执行数", "执行数", "预算执行数", "全年支出数", "支出数", "决算数"),
}
_AMOUNT_ROWS = {
    FUNDS_TOTAL: ("年度资金总额", "资金总额", "总额", "合计"),
    FUNDS_APPROPRIATION: ("当年财政拨款", "本年财政拨款", "财政拨款"),
    FUNDS_CARRYOVER: ("上年结转资金", "上年结转", "结转资金"),
    FUNDS_OTHER: ("其他资金", "其他"),
}
#: Text of the form that the office may know beforehand.
_TEXTS = {GOAL_EXPECTED: ("年度总体目标", "年度目标", "总体目标", "年初设定目标"), FILLER_UNIT: ("填列单位",)}

_UNIT = re.compile(r"[(\[](?:单位:?)?(元|千元|万元|百万元|亿元)[)\]]$")
_NOTE = re.compile(r"[(\[](?:必填|选填|分|%|:|公章)+[)\]]")
_PUNCTUATION = re.compile(r"[-_./·、:,;*()\[\]]")


class Heading(NamedTuple):
    """A column that a table may have."""

    name: str
    """The field's role, or its own name where it has none."""
    texts: tuple[str, ...]
    """What it may be called, best first; the first is what messages and the empty list call it."""
    required: bool = False
    money: bool = False


@lru_cache(maxsize=16)
def project_headings(form: Form) -> tuple[Heading, ...]:
    """Return the headings of the table of projects."""
    return (
        Heading(PROJECT_CODE, ("项目编码", PROJECT_CODE, "code", "项目代码", "项目编号"), required=True),
        Heading(PROJECT_NAME, ("项目名称", PROJECT_NAME, "name", "项目全称"), required=True),
        Heading(DEPARTMENT, ("主管部门", DEPARTMENT, "主管单位", "主管部门名称")),
        Heading(
            UNIT,
            ("实施单位", UNIT, "项目实施单位", "实施单位名称", "项目单位", "预算单位", "单位名称", "单位"),
            required=True,
        ),
        Heading(
            "email", ("电子邮箱", "邮箱", "email", "e-mail", "mail", "电子邮件", "邮箱地址", "邮件地址", "联系邮箱")
        ),
        *_amounts(form),
        *(
            Heading(role, (form.fields[name].label, *dict.fromkeys((role, name)), *others))
            for role, others in _TEXTS.items()
            if (name := form.roles.get(role)) is not None and form.fields[name].kind == "input"
        ),
    )


def indicator_headings() -> tuple[Heading, ...]:
    """Return the headings of the table of indicators."""
    return (
        Heading(PROJECT_CODE, ("项目编码", PROJECT_CODE, "code", "项目代码", "项目编号"), required=True),
        Heading("level1", ("一级指标", "level1", "一级")),
        Heading("level2", ("二级指标", "level2", "二级"), required=True),
        Heading(
            INDICATOR_NAME,
            ("三级指标", word(INDICATOR_NAME), "指标名称", "三级指标名称", "绩效指标名称", "绩效指标", "三级", "指标"),
            required=True,
        ),
        Heading(TARGET, ("年度指标值", word(TARGET), "指标值", "目标值", "年度目标值", "value")),
        Heading("sign", ("符号", "sign", "指标符号", "运算符号", "计算符号", "比较符")),
        Heading("value", ("指标值", "目标值", "value", "年度目标值")),
        Heading("unit", ("计量单位", "unit", "单位", "度量单位", "指标单位")),
        Heading(WEIGHT, ("分值", word(WEIGHT), "权重", "指标分值", "指标权重", "分值权重", "权重分值")),
    )


@lru_cache(maxsize=16)
def account_headings(form: Form) -> tuple[Heading, ...]:
    """Return the headings of a table of final accounts: the project's code and its amounts, spending included."""
    code = next(heading for heading in project_headings(form) if heading.name == PROJECT_CODE)
    return (code, *_amounts(form, _AMOUNT_COLUMNS | _SPENDING_COLUMNS))


def _amounts(form: Form, known: Mapping[Role, tuple[str, ...]] = _AMOUNT_COLUMNS) -> Iterator[Heading]:
    for table in form.tables.values():
        for row, label in table.rows.items():
            for column in table.columns:
                spec = table.spec(row, column)
                if spec.role is None or spec.role not in known or spec.kind != "input" or spec.type is not MONEY:
                    continue
                own, role = normalize_text(label).removeprefix("其中:"), table.row_roles[row]
                others = (*_AMOUNT_ROWS[role], word(role)) if role is not None else ()
                rows = tuple(dict.fromkeys((own, *others, row, normalize_text(label))))
                columns = tuple(dict.fromkeys((normalize_text(spec.label), *known[spec.role], word(spec.role), column)))
                # A heading that names no row, such as 年初预算数, means the total.
                texts = list(columns) if role == FUNDS_TOTAL else []
                texts += [
                    first + second for one in rows for two in columns for first, second in ((one, two), (two, one))
                ]
                key = table.key_of(row, column)
                yield Heading(key, (*texts, *dict.fromkeys((key, f"{table.name}.{row}.{column}"))), money=True)


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
def known_texts(headings: tuple[Heading, ...]) -> frozenset[str]:
    """Return all that some columns may be called, as it is compared."""
    return frozenset(normalised(text) for heading in headings for text in heading.texts)


def recognised(headings: Iterable[str], known: tuple[Heading, ...]) -> int:
    """Return how many different headings are known ones."""
    return len({normalised(text) for text in headings} & known_texts(known))
