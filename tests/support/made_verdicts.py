"""Verdicts made up for the tests of reports, without a file behind them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from xlsform.findings import Finding, Severity
from xlsform.messages import say
from xlsform.verdict.verdict import Figure, MissedTarget, Status, Summary, Verdict


def finding(
    code: str = "M106", severity: Severity = Severity.ERROR, text: str = "得分应为 9.8", cell: str | None = "自评表!J7"
) -> Finding:
    return Finding(code, "a-rule", severity, say("{text}", text=text), cell, None, None, None, (1, 7, 10))


ERROR, WARNING, NOTE = finding(), finding("P109", Severity.WARNING, "应填数字"), finding("V102", Severity.NOTE, "文本")


def summary(
    budget: str | None = "120",
    executed: str | None = "117.6",
    *,
    initial: str | None = "100",
    rate: str | None = "0.98",
    score: str | None = "99.47",
    department: str | None = "某县交通运输局",
    grade: str | None = "优",
    missed_targets: tuple[MissedTarget, ...] = (),
    money_unit: str = "万元",
) -> Summary:
    values = {
        "funds.total.initial": (initial, "自评表!D6"),
        "funds.total.budget": (budget, "自评表!E6"),
        "funds.total.executed": (executed, "自评表!F6"),
        "funds.total.rate": (rate, "自评表!H6"),
        "total_score": (score, "自评表!H40"),
    }
    figures = {name: Figure(None if text is None else Decimal(text), cell) for name, (text, cell) in values.items()}
    return Summary(department, figures, grade, missed_targets, money_unit=money_unit)


def verdict(status: Status = "passed", *findings: Finding, **own: Any) -> Verdict:
    values: dict[str, Any] = {
        "path": "returns/P001.xlsx",
        "sha256": "ab" * 32,
        "template": "mof-2020",
        "year": 2021,
        "project_code": "P001",
        "project_name": "农村公路养护",
        "unit": "某县公路养护中心",
        "summary": summary(),
    } | own
    found = values["summary"].figures["total_score"].value if values["summary"] else None
    return Verdict(status=status, findings=findings, score=values.pop("score", found), **values)


def unreadable(path: str = "returns/broken.xlsx", *findings: Finding) -> Verdict:
    return Verdict(path, None, "unreadable", None, None, None, None, None, None, findings)


def missing(unit: str, code: str, name: str, *, overdue: bool = False) -> Verdict:
    """Return the verdict on a project that has not returned."""
    found = (finding("X101", text="未返回", cell=None),)
    return Verdict("", None, "failed", None, None, code, name, unit, None, found, overdue=overdue)


def many(count: int, findings: int = 5) -> Iterator[Verdict]:
    """Yield as many verdicts, most of them passed, all with findings."""
    kinds = (ERROR, WARNING, NOTE)
    for number in range(count):
        if number % 40 == 7:
            yield unreadable(f"returns/{number}.xlsx", finding("F101", text="打不开", cell=None))
            continue
        failed = number % 4 == 0
        some = tuple(kinds[place % 3 if failed else 1 + place % 2] for place in range(findings))
        own = summary(f"{number + 1}.37", f"{number}.05", rate=f"0.{number % 100:02}", score=f"{60 + number % 41}.5")
        yield verdict(
            "failed" if failed else "passed",
            *some,
            path=f"returns/{number % 60}/P{number:04}.xlsx",
            project_code=f"P{number:04}",
            project_name=f"农村公路养护第{number}标段",
            unit=f"某县第{number % 60}公路养护中心",
            summary=own,
        )
