"""What registers of tests hold: projects, verdicts, mails."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

from xlsform.findings import Finding, Severity
from xlsform.messages import say
from xlsform.projects import ListedIndicator, Project
from xlsform.register import MailKind, Register
from xlsform.register.records import Purpose
from xlsform.verdict.verdict import Verdict

DAY = dt.datetime(2022, 3, 1, 8, tzinfo=dt.UTC)


def project(code: str = "001", unit: str = "某县公路养护中心", **changes: Any) -> Project:
    listed = Project(
        code=code,
        name="农村公路养护",
        department="某县交通运输局",
        unit=unit,
        email="road@qq.com",
        amounts={"funds.total.initial": Decimal("100.50")},
        indicators=(ListedIndicator("产出指标", "数量指标", "养护里程", "≥120公里", Decimal(50)),),
        extra={"联系人": "张三"},
        row=2,
        texts={"goal_expected": "养护农村公路 120 公里。"},
    )
    return dataclasses.replace(listed, **changes)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def verdict(content: str = "a", code: str | None = "001", *, errors: int = 0, **changes: Any) -> Verdict:
    """Return the verdict on a file with this content."""
    found = tuple(
        Finding("M106", "execution-score-off", Severity.ERROR, say("{n}", n=n), "自评表!J7", None, n, None, (1, 7, 10))
        for n in range(errors)
    )
    judged = Verdict(
        path=f"收件箱/{content}.xlsx",
        sha256=digest_of(content),
        status="failed" if errors else "passed",
        template="mof-2020",
        year=2021,
        project_code=code,
        project_name="农村公路养护",
        unit="某县公路养护中心",
        score=Decimal("97.80"),
        findings=found,
    )
    return dataclasses.replace(judged, **changes)


def issue(register: Register, listed: Project | None = None, **changes: Any) -> None:
    listed = listed or project()
    given: dict[str, Any] = {
        "template": "mof-2020",
        "edition": "2020",
        "year": 2021,
        "file": f"{listed.unit}/{listed.code}.xlsx",
        "digest": digest_of(f"issued {listed.code}"),
        "password": "锁的密码",
        "due": dt.date(2022, 3, 31),
    }
    register.record_issued(listed, **given | changes)


def receive(register: Register, judged: Verdict, origin: str = "收件箱", day: int = 0) -> None:
    register.record_return(judged, origin, "rules 1", DAY + dt.timedelta(days=day))


def forged(content: str, code: str = "001") -> Verdict:
    found = Finding("S113", "identity-conflict", Severity.ERROR, say("forged"), None, None, None, None, (0, 0, 0))
    return verdict(content, code, status="failed", findings=(found,))


def mail(register: Register, kind: MailKind, *about: str, purpose: Purpose = "issue", **changes: Any) -> int:
    given: dict[str, Any] = {"unit": "甲", "email": "road@qq.com", "attachments": ["表.xlsx"], "about": about}
    begun: MailKind = "sending" if kind in ("sent", "failed") else kind
    number = register.mails.record(purpose, begun, message_id="<1@x>", **given | changes)
    if begun != kind:
        register.mails.settle(number, "timeout" if kind == "failed" else "")
    return number
