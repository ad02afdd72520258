"""Fuzzers of what the office hands in: data, project lists, templates, waivers, final accounts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from support.fuzzing import markup
from support.fuzzing.inboxes import in_folder
from support.fuzzing.target import Clock, Target

from xlsform.errors import XlsformError
from xlsform.form.check import problems
from xlsform.form.definition import Form
from xlsform.form.layout import Layout, lay_out
from xlsform.form.template import load, read, templates_folder
from xlsform.messages import render, say
from xlsform.projects.lists.accounts import read_accounts
from xlsform.projects.lists.project_list import read_projects
from xlsform.verdict.waivers import read_waivers
from xlsform.workbook.data import assign, read_data

_TODAY = dt.date(2022, 3, 1)


@cache
def _form() -> Form:
    return load("mof-2020")


@cache
def _layout() -> Layout:
    return lay_out(_form())


def told(use: Callable[[], object]) -> None:
    """Use something that somebody wrote: it is taken, or refused in clear lines."""
    clock, messages = Clock(), [say("taken")]
    try:
        use()
    except XlsformError as error:
        messages = list(error.messages)
    assert messages
    assert all(render(message, language).strip() for message in messages for language in ("zh", "en"))
    clock.check()


def _as_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


DATA = {
    "template": "mof-2020",
    "year": 2021,
    "fields": {"project_name": "农村公路养护", "department": "某局", "goal_expected": "养护 120 公里。"},
    "funds": {"total": {"initial": 0, "budget": 4, "executed": 3.92}},
    "indicators": [
        {"level1": "产出指标", "level2": "数量指标", "name": "里程", "target": "≥120公里", "actual": 118, "weight": 10,
         "reason": None},
    ],
}  # fmt: skip
LISTED = {
    "projects": [
        {"project_code": "001", "project_name": "农村公路养护", "department": "某局", "unit": "某站", "email": "a@b.cn",
         "funds": {"total": {"initial": 100.5, "budget": 4}}, "项目名称": "x",
         "indicators": [{"level1": "产出指标", "level2": "数量指标", "name": "里程", "target": "≥120公里"}]},
    ],
    "indicators": [{"project_code": "001", "level2": "质量指标", "name": "合格率", "target": "100%", "weight": "50"}],
}  # fmt: skip
TABLE = (
    "项目编码,项目名称,主管部门,实施单位,邮箱,年初预算数（万元）,全年预算数,年度总体目标\r\n"
    '001,农村公路养护,某局,某站,a@b.cn,100.50,"1,000",养护 120 公里。\r\n002,"校舍\n维修",某局,某校,,3.92万元,4,\r\n'
)
ACCOUNTS = "项目编码,全年预算数,全年执行数（元）\n001,4,39200\n002,1,0\n"
WAIVERS = [{"code": "M106", "project": "001", "reason": "上级批准", "until": "2022-12-31"}]


def _template_seeds() -> list[bytes]:
    county = {
        "extends": "mof-2020", "id": "county-2023", "edition": "2023", "title": "县级",
        "scoring": {"weights": {"产出指标": 50}}, "checks": [{"code": "L001", "formula": "={year}>2000", "at": "year"}],
    }  # fmt: skip
    return [_as_json(county), (templates_folder() / "shanxi-2021.json").read_bytes()]


def _templates(data: bytes) -> None:
    told(lambda: problems(read(in_folder("form.json", data))))


def _data(data: bytes) -> None:
    told(lambda: assign(_layout(), read_data(in_folder("data.json", data)), "data.json"))


def _list(name: str) -> Callable[[bytes], None]:
    def tried(data: bytes) -> None:
        def use() -> None:
            listed = read_projects(in_folder(name, data), _form())
            # Two projects of one code would be one in the register.
            assert len({each.code for each in listed.projects}) == len(listed.projects)
            assert all(render(problem.line, "zh").strip() for problem in listed.problems)

        told(use)

    return tried


def _waivers(data: bytes) -> None:
    name = "waivers.json" if data[:1] in (b"[", b"{") else "waivers.csv"
    told(lambda: read_waivers(in_folder(name, data), _TODAY))


TARGETS = {
    "data": Target("data to fill in, JSON", lambda: [_as_json(DATA)], markup.json_text, _data, longest=2_048),
    "list-json": Target(
        "a project list, JSON", lambda: [_as_json(LISTED), _as_json(LISTED["projects"])], markup.json_text,
        _list("list.json"), longest=2_048,
    ),
    "list-csv": Target(
        "a project list, CSV", lambda: [TABLE.encode(), TABLE.encode("gb18030"), TABLE.replace(",", "\t").encode()],
        markup.table, _list("list.csv"), longest=1_024,
    ),
    "template": Target("a template", _template_seeds, markup.json_text, _templates, longest=32_768),
    "waivers": Target(
        "waivers, JSON and CSV",
        lambda: [_as_json(WAIVERS), "代码,项目,理由,有效期至\nM106,001,批准,2022年12月31日\n".encode()],
        lambda data, chance: (markup.json_text if chance.random() < 0.5 else markup.table)(data, chance), _waivers,
        longest=1_024,
    ),
    "accounts": Target(
        "final accounts, CSV", lambda: [ACCOUNTS.encode(), TABLE.encode()], markup.table,
        lambda data: told(lambda: read_accounts(in_folder("accounts.csv", data), _form())),
        longest=1_024,
    ),
}  # fmt: skip
