"""The register keeps what was issued and what came back, whatever happens to the program meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import typing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import findings, submission
from support.registers import DAY, digest_of, forged, issue, mail, project, receive, verdict

from xlsform.errors import UsageError
from xlsform.findings import Finding, Severity
from xlsform.form.identity import Identity, signature
from xlsform.messages import Message, render, say
from xlsform.projects import ListedIndicator, Project
from xlsform.register import Counts, MailKind, NewReturn, Register, Return, State, codec, rows, store
from xlsform.register.codec import decode, encode
from xlsform.spreadsheet.values import CellError
from xlsform.verdict.judge import check
from xlsform.verdict.verdict import Figure, MissedTarget, Options, Summary, Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
def register(path: Path) -> Iterator[Register]:
    with Register.open(path, create=True) as opened:
        yield opened


def everything(register: Register) -> list[Return]:
    """Return every return, in the order in which they were recorded."""
    return [rows.returned(row) for row in register._store.rows(f"SELECT {rows.RETURNED} FROM returns ORDER BY id")]


def refused(path: Path, *, create: bool = False) -> str:
    """Return what is said when a register cannot be opened; the file must be as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UsageError) as caught, Register.open(path, create=create):
        pass
    assert (path.read_bytes() if path.is_file() else None) == before
    [message] = caught.value.messages
    assert "\n" not in str(message)
    return str(message)


# --- what was issued


def test_what_was_issued_is_told_again_whole(path: Path) -> None:
    with Register.open(path, create=True) as register:
        issue(register)
    with Register.open(path) as register:
        [issued] = register.issued()
        assert issued.project == project() == register.project("001")
        assert (issued.template, issued.edition, issued.year) == ("mof-2020", "2020", 2021)
        assert (issued.file, issued.digest) == ("某县公路养护中心/001.xlsx", digest_of("issued 001"))
        assert (issued.password, issued.due) == ("锁的密码", dt.date(2022, 3, 31))
        assert abs(issued.when - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
        assert register.project("002") is None


def test_the_newest_issue_counts_and_the_others_are_history(register: Register) -> None:
    for code, name in [("001", "旧名"), ("002", "校舍维修"), ("001", "新名")]:
        issue(register, project(code, name=name), year=None, due=None)
    assert [(each.project.code, each.project.name) for each in register.issued()] == [
        ("002", "校舍维修"),
        ("001", "新名"),
    ]
    assert [each.project.name for each in register.history("001").issued] == ["旧名", "新名"]
    assert [(each.year, each.due) for each in register.history("001").issued] == [(None, None)] * 2


def test_a_password_is_not_shown_by_chance(register: Register) -> None:
    issue(register, password="geheim")
    assert "geheim" not in repr(list(register.issued()))


def test_many_come_in_the_order_of_issue(register: Register) -> None:
    codes = [f"{number * 7 % 251:03}" for number in range(250)]
    with register.together():
        for code in codes:
            issue(register, project(code))
    assert [each.project.code for each in register.issued()] == codes


# --- the key, and signatures


def test_the_key_is_made_once_and_differs_from_register_to_register(tmp_path: Path) -> None:
    keys = []
    for name in ("a.db", "a.db", "b.db"):
        with Register.open(tmp_path / name, create=True) as register:
            keys.append(register.key)
    assert [len(key) for key in keys] == [32] * 3
    assert keys[0] == keys[1] != keys[2]


def test_a_signature_is_that_of_rfc_4231() -> None:
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert signature(b"\x0b" * 20, "Hi There") == expected
    assert Identity("t", "1", (), digest="Hi There", signature=expected).signed_with(b"\x0b" * 20)


@pytest.mark.parametrize(
    "forged", ["", "00" * 32, "签名", "\ud800", signature(b"other", "ab"), signature(b"key", "ac")]
)
def test_a_forged_signature_does_not_hold(forged: str) -> None:
    assert not Identity("t", "1", (), digest="ab", signature=forged).signed_with(b"key")


# --- what came back


def test_a_verdict_comes_back_as_it_was(register: Register) -> None:
    faulty = submission(funds__total__weight=20, funds__total__budget=1, goal_actual=None, project_name="……")
    found = tuple(findings(faulty))
    assert len(found) > 3
    figures = {"total_score": Figure(Decimal("97.80"), "自评表!I30"), "funds.total.rate": Figure(None, "自评表!H7")}
    missed = MissedTarget("养护里程", "≥120公里", "118公里", "=1+1")
    summary = Summary("某县交通运输局", figures, "优", (missed,))
    judged = verdict(status="failed", findings=found, summary=summary)
    receive(register, judged, "邮件 7 › 附件.xlsx")
    [back] = everything(register)
    assert back.verdict == judged
    assert (back.origin, back.received) == ("邮件 7 › 附件.xlsx", DAY)
    assert [each.severity for each in back.verdict.findings] == [each.severity for each in found]
    assert all(each.severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE) for each in back.verdict.findings)
    for language in ("zh", "en"):
        assert [render(each.message, language) for each in back.verdict.findings] == [
            render(each.message, language) for each in found
        ]
    assert all(type(each.severity) is Severity for each in back.verdict.findings)


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs", "Lo"]))
    | st.decimals(allow_nan=False)
    | st.builds(CellError, st.text())
    | st.sampled_from(Severity)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3).map(lambda values: say("x", **values))
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_every_value_of_a_message_survives_with_its_type(value: Any) -> None:
    text = encode(value)
    back = decode(text, object)
    assert back == value
    assert type(back) is type(value)
    assert encode(back) == text
    assert text.isascii()


def kinds_in(hint: Any) -> Iterator[type]:
    """Yield the kinds of object with named fields that a value of this type may hold."""
    for part in typing.get_args(hint):
        yield from kinds_in(part)
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")):
        yield hint
        for part in typing.get_type_hints(hint).values():
            yield from kinds_in(part)


def test_whatever_a_verdict_or_a_project_is_made_of_is_kept_by_its_parts() -> None:
    kinds = {*kinds_in(Verdict), *kinds_in(Project), *kinds_in(Identity)}
    assert {Verdict, Finding, Summary, Figure, MissedTarget, Project, ListedIndicator} <= kinds
    # A message is kept in its own way.
    assert {codec._STORED_AS.get(kind.__name__, kind.__name__) for kind in kinds - {Message}} == set(codec._CLASSES)


def test_the_same_content_from_the_same_place_is_one_return(register: Register) -> None:
    for day in (0, 1):
        receive(register, verdict(), day=day)
    [back] = register.history("001").returns
    assert back.received == DAY
    receive(register, verdict(), "another mail", day=2)
    receive(register, verdict("b"), day=3)
    assert [(each.origin, each.received.day) for each in register.history("001").returns] == [
        ("收件箱", 1), ("another mail", 3), ("收件箱", 4),
    ]  # fmt: skip


def test_judged_once_more_a_return_has_the_new_verdict(register: Register) -> None:
    issue(register)
    receive(register, verdict(errors=2))
    register.record_return(verdict(score=Decimal(90)), "收件箱", "rules 2")
    [back] = everything(register)
    assert back.verdict == verdict(score=Decimal(90))
    assert back.received == DAY
    [line] = register.status().projects
    assert (line.state, line.errors, line.score, line.returns) == (State.PASSED, 0, Decimal(90), 1)


def test_the_newest_return_of_a_project_counts_by_time_received(register: Register) -> None:
    issue(register)
    receive(register, verdict("second"), day=2)
    receive(register, verdict("first", errors=1), day=1)
    receive(register, verdict("x", None), "x", day=3)
    receive(register, verdict("y", None), "y", day=4)
    assert [each.origin for each in register.status().strays] == ["x", "y"]
    [line] = register.status().projects
    assert (line.state, line.returns, line.received) == (State.PASSED, 2, DAY + dt.timedelta(days=2))


def test_a_return_from_the_future_came_now(register: Register) -> None:
    issue(register)
    register.record_return(verdict(), "wrong clock", "rules 1", dt.datetime.now(dt.UTC) + dt.timedelta(days=3000))
    register.record_return(verdict("b"), "later", "rules 1")
    assert [each.origin for each in register.status().projects] == ["later"]


def test_times_are_kept_in_utc(register: Register) -> None:
    register.record_return(verdict(), "a", "", dt.datetime(2022, 3, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    [back] = everything(register)
    assert back.received == dt.datetime(2022, 3, 1, 0, tzinfo=dt.UTC)
    assert back.received.tzinfo == dt.UTC


def test_a_file_that_could_not_be_opened_is_a_return_by_its_origin(register: Register) -> None:
    unopened = verdict(code=None, sha256=None, status="unreadable", template=None, year=None, score=None)
    for origin in ("a.xlsx", "b.xlsx", "a.xlsx"):
        receive(register, unopened, origin)
    assert [each.reference for each in everything(register)] == ["a.xlsx", "b.xlsx"]


def test_odd_texts_and_figures_of_a_return_do_no_harm(register: Register) -> None:
    odd = verdict(path="\udcff\x00'; DROP TABLE returns; --", year=10**40, unit="a\x00b\ud800", project_name="=1+1")
    receive(register, odd, "\udcff.xlsx")
    receive(register, odd, "\udcff.xlsx")
    [back] = everything(register)
    assert back.verdict == odd
    [stray] = register.status().strays
    assert (stray.unit, stray.name, stray.origin) == ("a\x00b\\ud800", "=1+1", "\\udcff.xlsx")


# --- what need not be judged again


def known(register: Register, digest: str, judged_by: str) -> Verdict | None:
    return register.known(digest, lambda _: judged_by)


def test_a_file_is_known_while_judging_it_again_could_give_nothing_else(register: Register) -> None:
    content = digest_of("a")
    assert known(register, content, "rules 1") is None
    receive(register, verdict(errors=1))
    assert known(register, content, "rules 1") == verdict(errors=1)
    assert known(register, content, "rules 2") is None
    assert known(register, digest_of("b"), "rules 1") is None
    issue(register)
    assert known(register, content, "rules 1") is None
    receive(register, verdict(errors=1))
    assert known(register, content, "rules 1") == verdict(errors=1)
    issue(register, project("002"))
    assert known(register, content, "rules 1") is not None


def test_what_a_verdict_depends_on_may_differ_by_project(register: Register) -> None:
    receive(register, verdict(code="002"))
    receive(register, verdict("b", None))
    asked: list[str | None] = []

    def by(code: str | None) -> str:
        asked.append(code)
        return "rules 1" if code == "002" else "rules 2"

    assert register.known(digest_of("a"), by) == verdict(code="002")
    assert register.known(digest_of("b"), by) is None
    assert asked == ["002", None]


def test_a_file_of_no_project_is_known_too(register: Register) -> None:
    issue(register)
    receive(register, verdict(code=None))
    assert known(register, digest_of("a"), "rules 1") == verdict(code=None)


def test_returns_are_recorded_before_they_are_told(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlsform.register.returns._GROUP", 2)

    def judged() -> Iterator[NewReturn]:
        for name in "abcde":
            yield NewReturn(verdict(name, name), name, "rules 1", DAY)
        raise KeyboardInterrupt

    told = []

    def follow() -> None:
        for each in register.record_returns(judged()):
            told.append(each.project_code)
            assert known(register, str(each.sha256), "rules 1") == each

    with pytest.raises(KeyboardInterrupt):
        follow()
    # The last one was judged, but neither recorded nor told: the next run judges it.
    assert told == ["a", "b", "c", "d"] == [each.verdict.project_code for each in everything(register)]


def test_what_takes_long_is_recorded_at_once(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlsform.register.returns._GROUP_SECONDS", 0.0)
    told = register.record_returns(NewReturn(verdict(name, name), name, "rules 1") for name in "ab")
    assert next(told).project_code == "a"
    assert [each.verdict.project_code for each in everything(register)] == ["a"]


# --- how far things are


def test_the_status_of_a_round(register: Register) -> None:
    for code, unit in [("001", "甲"), ("002", "甲"), ("003", "甲"), ("004", "乙"), ("005", "乙")]:
        due = dt.date(2022, 4, 30) if code == "005" else dt.date(2022, 3, 31)
        issue(register, project(code, unit, email="" if code == "001" else f"{code}@qq.com"), due=due)
    receive(register, verdict("1", "001"))
    receive(register, verdict("2", "002", errors=2))
    receive(register, verdict("9", "009"), "来历不明.xlsx")
    receive(register, verdict("8", None, status="unreadable", project_name=None, unit=None), "坏文件.xlsx")
    status = register.status(today=dt.date(2022, 4, 1))
    assert [(unit.unit, unit.email) for unit in status.units] == [("甲", "002@qq.com"), ("乙", "004@qq.com")]
    assert [unit.counts for unit in status.units] == [
        Counts(3, 0, 0, 2, 1, 1, 1, 1, 0),
        Counts(2, 0, 0, 0, 0, 0, 2, 1, 0),
    ]
    assert [(each.code, each.state, each.errors) for each in status.projects] == [
        ("001", State.PASSED, 0),
        ("002", State.SENT_BACK, 2),
        ("003", State.OVERDUE, 0),
        ("004", State.OVERDUE, 0),
        ("005", State.OUTSTANDING, 0),
    ]
    assert [(each.code, each.origin, each.status, each.why) for each in status.strays] == [
        ("009", "来历不明.xlsx", "passed", "unknown"),
        ("", "坏文件.xlsx", "unreadable", "unknown"),
    ]


@pytest.mark.parametrize(
    ("own", "asked", "today", "state"),
    [
        ("2022-03-31", None, "2022-03-31", State.OUTSTANDING),
        ("2022-03-31", None, "2022-04-01", State.OVERDUE),
        ("2022-03-31", "2022-04-10", "2022-04-01", State.OUTSTANDING),
        (None, "2022-04-10", "2022-04-11", State.OVERDUE),
        (None, None, "2222-01-01", State.OUTSTANDING),
    ],
)
def test_the_due_day_itself_is_in_time(
    register: Register, own: str | None, asked: str | None, today: str, state: State
) -> None:
    days = [dt.date.fromisoformat(day) if day else None for day in (own, asked)]
    issue(register, due=days[0])
    [line] = register.status(days[1], dt.date.fromisoformat(today)).projects
    assert (line.state, line.due) == (state, days[1] or days[0])


def test_an_unreadable_return_is_sent_back(register: Register) -> None:
    issue(register)
    receive(register, verdict(status="unreadable"))
    assert [each.state for each in register.status().projects] == [State.SENT_BACK]


def test_last_years_return_does_not_stand_for_this_years(register: Register) -> None:
    issue(register, year=2021)
    receive(register, verdict(year=2021))
    issue(register, year=2022)
    assert [each.returns for each in register.status().projects] == [0]
    # A year that was never issued is a mistake in this year's form.
    receive(register, verdict("b", year=2002, errors=1), day=1)
    assert [each.state for each in register.status().projects] == [State.SENT_BACK]
    # Last year can still be asked for.
    assert [each.state for each in register.status(year=2021).projects] == [State.PASSED]
    assert [each.year for each in register.issued(2021)] == [2021]
    assert register.status(year=2020).projects == ()


# --- what is withdrawn


def test_a_withdrawn_project_is_expected_no_more(register: Register) -> None:
    for code in ("001", "002", "003"):
        issue(register, project(code), digest=code)
    receive(register, verdict("b", "002", errors=1))
    register.withdraw(["002", "003"], "预算调减")
    status = register.status(today=dt.date(2099, 1, 1))
    assert [(each.code, each.state, each.reason) for each in status.projects] == [
        ("001", State.OVERDUE, ""), ("002", State.WITHDRAWN, "预算调减"), ("003", State.WITHDRAWN, "预算调减"),
    ]  # fmt: skip
    assert Counts.of(status.projects) == Counts(1, 0, 0, 0, 0, 0, 1, 1, 2)
    assert [(each.code, each.why) for each in status.strays] == [("002", "withdrawn")]
    assert [each.project.code for each in register.issued()] == ["001"]
    assert [each.project.code for each in register.to_mail()] == ["001"]
    assert register.to_answer() == []
    [issued] = register.history("003").issued
    assert issued.reason == "预算调减"
    assert issued.withdrawn is not None
    assert issued.withdrawn >= issued.when


def test_issued_anew_a_withdrawn_project_is_expected_again(register: Register) -> None:
    issue(register)
    register.withdraw(["001"], "")
    issue(register)
    assert [each.state for each in register.status(today=DAY.date()).projects] == [State.OUTSTANDING]
    assert [each.withdrawn is None for each in register.history("001").issued] == [False, True]


def test_what_was_never_issued_cannot_be_withdrawn(register: Register) -> None:
    issue(register)
    with pytest.raises(UsageError, match=r"register\.db: never issued: 007, 008; nothing was changed"):
        register.withdraw(["001", "007", "008"], "")
    assert [each.state for each in register.status(today=DAY.date()).projects] == [State.OUTSTANDING]


# --- what is forged


@pytest.mark.parametrize("day", [0, 2])
def test_a_forged_return_does_not_take_the_place_of_the_right_one(register: Register, day: int) -> None:
    issue(register)
    receive(register, verdict("right"), "right", day=1)
    receive(register, forged("made up"), "made up", day=day)
    status = register.status()
    [line] = status.projects
    assert (line.state, line.origin, line.returns) == (State.PASSED, "right", 1)
    assert [(each.origin, each.code, each.why) for each in status.strays] == [("made up", "001", "forged")]
    # Its unit is told nevertheless.
    assert [each.origin for each in register.to_answer()] == ["made up"]


def test_while_there_is_no_better_one_a_forged_return_stands_for_its_project(register: Register) -> None:
    issue(register)
    receive(register, forged("first"), "first")
    receive(register, forged("second"), "second", day=1)
    [line] = register.status().projects
    assert (line.state, line.origin, line.returns) == (State.SENT_BACK, "second", 2)
    assert register.status().strays == ()


def test_a_waived_identity_is_as_good_as_right(register: Register) -> None:
    waived = forged("waived")
    found = tuple(each._replace(severity=Severity.NOTE) for each in waived.findings)
    issue(register)
    receive(register, verdict("right"), "right")
    receive(register, dataclasses.replace(waived, findings=found, status="passed"), "waived", day=1)
    assert [each.origin for each in register.status().projects] == ["waived"]


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["issue", "passed", "failed"]),
        st.sampled_from(["001", "002", "003", None]),
        st.sampled_from("甲乙"),
        st.integers(0, 5),
    ),
    max_size=12,
)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(_EVENTS, st.integers(0, 5))
def test_the_status_is_what_the_events_make_it(events: list[tuple[str, str | None, str, int]], today: int) -> None:
    """Compared with a model that is as plain as can be."""
    first = dt.date(2022, 3, 1)
    issued: dict[str, tuple[str, int]] = {}
    returned: dict[str | None, list[tuple[int, int, str]]] = {}
    with tempfile.TemporaryDirectory() as folder, Register.open(Path(folder, "r.db"), create=True) as register:
        with register.together():
            for number, (event, code, unit, day) in enumerate(events):
                if event == "issue" and code:
                    issue(register, project(code, unit), due=first + dt.timedelta(days=day))
                    issued.pop(code, None)
                    issued[code] = unit, day
                elif event != "issue":
                    receive(register, verdict(str(number), code, errors=int(event == "failed")), str(number), day)
                    returned.setdefault(code, []).append((day, number, event))
        status = register.status(today=first + dt.timedelta(days=today))
    expected = {}
    for code, (unit, due) in issued.items():
        last = max(returned[code])[2] if code in returned else None
        late = State.OVERDUE if today > due else State.OUTSTANDING
        state = State.PASSED if last == "passed" else State.SENT_BACK if last == "failed" else late
        expected[code] = unit, state, len(returned.get(code, []))
    assert {each.code: (each.unit, each.state, each.returns) for each in status.projects} == expected
    assert [unit.unit for unit in status.units] == list(dict.fromkeys(unit for unit, _ in issued.values()))
    assert len(status.strays) == len({*returned} - {*issued, None}) + len(returned.get(None, []))
    for counts in (unit.counts for unit in status.units):
        assert counts.issued == counts.returned + counts.outstanding
        assert counts.returned == counts.passed + counts.sent_back
        assert counts.overdue <= counts.outstanding


# --- what was mailed


def test_a_mail_is_told_again_whole(register: Register) -> None:
    issue(register, digest="d1")
    number = mail(register, "sending", "d1", "d2")
    [told] = register.history("001").mails
    assert (told.purpose, told.kind, told.unit, told.email, told.error) == ("issue", "sending", "甲", "road@qq.com", "")
    assert (told.message_id, told.attachments, told.about) == ("<1@x>", ("表.xlsx",), ("d1", "d2"))
    assert abs(told.when - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    register.mails.settle(number, "550 no such user 张三")
    [told] = register.history("001").mails
    assert (told.kind, told.error) == ("failed", "550 no such user 张三")


def test_a_second_run_sends_only_the_rest(register: Register) -> None:
    kinds: dict[str, MailKind | None] = {"1": "sent", "2": "failed", "3": "draft", "4": "sending", "5": None}
    for code, kind in kinds.items():
        issue(register, project(code), digest=code)
        if kind:
            mail(register, kind, code)
    assert [each.mailed for each in register.status().projects] == ["sent", "failed", "draft", "sending", None]
    counts = Counts.of(register.status().projects)
    assert (counts.issued, counts.mailed, counts.drafted) == (5, 1, 1)
    assert [each.digest for each in register.to_mail()] == ["2", "3", "4", "5"]
    mail(register, "sent", "2", "3", "5")
    assert [each.digest for each in register.to_mail()] == ["4"]


def test_sent_stays_sent_and_uncertain_stays_so_until_it_is_sent(register: Register) -> None:
    for code in ("1", "2"):
        issue(register, project(code), digest=code)
    mail(register, "sent", "1")
    mail(register, "draft", "1")
    mail(register, "sending", "2")
    mail(register, "draft", "2")
    mail(register, "failed", "2")
    assert [each.mailed for each in register.status().projects] == ["sent", "sending"]
    assert register.mails.uncertain("issue") == {"2"}
    mail(register, "sent", "2")
    assert register.mails.uncertain("issue") == set()


def test_issued_anew_a_workbook_is_mailed_anew(register: Register) -> None:
    issue(register, digest="1")
    mail(register, "sent", "1")
    issue(register, digest="2")
    assert [each.mailed for each in register.status().projects] == [None]
    assert [each.digest for each in register.to_mail()] == ["2"]
    mail(register, "sent", "2")
    issue(register, project(email="new@qq.com"), digest="2")
    assert [each.project.email for each in register.to_mail()] == ["new@qq.com"]


def test_an_unreadable_return_is_answered_too(register: Register) -> None:
    receive(register, verdict("?", None, sha256=None, status="unreadable"), "邮件 7 › 附件.xlsx")
    assert [each.reference for each in register.to_answer()] == ["邮件 7 › 附件.xlsx"]
    mail(register, "sent", "邮件 7 › 附件.xlsx", purpose="reply")
    assert register.to_answer() == []


def test_a_faulty_return_is_answered_once(register: Register) -> None:
    issue(register)
    receive(register, verdict("good", "002"))
    receive(register, verdict("bad", errors=1))
    mail(register, "draft", digest_of("bad"), purpose="reply")
    assert [each.reference for each in register.to_answer()] == [digest_of("bad")]
    mail(register, "sent", digest_of("bad"), purpose="reply")
    assert register.to_answer() == []
    receive(register, verdict("still bad", errors=1), day=1)
    assert [each.reference for each in register.to_answer()] == [digest_of("still bad")]
    receive(register, verdict("good at last"), day=2)
    assert register.to_answer() == []


def test_a_blank_form_that_comes_back_is_answered_though_it_was_mailed(register: Register) -> None:
    """Its digest is that of what was issued."""
    issue(register, digest=digest_of("blank"))
    mail(register, "sent", digest_of("blank"))
    receive(register, verdict("blank", errors=9))
    assert [each.reference for each in register.to_answer()] == [digest_of("blank")]


# --- two at once, and the end in the middle


_WRITER = """
import sys
from pathlib import Path
from support.registers import issue, project, receive, verdict
from xlsform.register import Register

with Register.open(Path(sys.argv[1]), create=True) as register:
    for number in range(200):
        code = f"{sys.argv[2]}{number}"
        if number % 2:
            issue(register, project(code))
        else:
            receive(register, verdict(code, code), code)
    print(register.key.hex())
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_programs_at_once_lose_nothing(path: Path) -> None:
    """They also make the register at once, and agree on its key."""
    writers = [run(_WRITER, path, name) for name in "ab"]
    keys = {writer.communicate(timeout=120)[0].strip() for writer in writers}
    assert [writer.returncode for writer in writers] == [0, 0]
    with Register.open(path) as register:
        assert keys == {register.key.hex()}
        codes = {f"{name}{number}" for name in "ab" for number in range(200)}
        assert {each.project.code for each in register.issued()} == {code for code in codes if int(code[1:]) % 2}
        assert {each.verdict.project_code for each in everything(register)} == {
            code for code in codes if not int(code[1:]) % 2
        }
    assert_sound(path)


_KILLED = """
import itertools, sys
from pathlib import Path
from support.registers import issue, project
from xlsform.register import Register

with Register.open(Path(sys.argv[1]), create=True) as register:
    for number in itertools.count(int(sys.argv[2])):
        with register.together():
            issue(register, project(f"{number}a"))
            issue(register, project(f"{number}b"))
        print(number, flush=True)
"""


@pytest.mark.slow
def test_killed_while_it_writes_a_register_stays_whole(path: Path) -> None:
    acknowledged: set[int] = set()
    for start, least in [(0, 1), (1000, 7), (2000, 16), (3000, 25)]:
        writer = run(_KILLED, path, start)
        assert writer.stdout is not None
        acknowledged |= {int(writer.stdout.readline()) for _ in range(least)}
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged |= {int(line) for line in writer.communicate()[0].split()}
        assert writer.returncode == -signal.SIGKILL
        with Register.open(path) as register:
            codes = {each.project.code for each in register.issued()}
        assert {code[-1] for code in codes} == {"a", "b"}
        assert {code[:-1] for code in codes if code.endswith("a")} == {
            code[:-1] for code in codes if code.endswith("b")
        }
        # What it had said that it recorded is there, and at most one more a round: recorded, but not yet said.
        assert len({int(code[:-1]) for code in codes} - acknowledged) <= 1 + start // 1000
        assert acknowledged <= {int(code[:-1]) for code in codes}
    assert_sound(path)


_KILLED_HALFWAY = """
import os, signal, sys
from pathlib import Path
from support.registers import issue, project
from xlsform.register import Register

with Register.open(Path(sys.argv[1])) as register, register.together():
    for number in range(6000):
        issue(register, project(f"new {number}"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_killed_with_half_a_change_on_the_disk_a_register_is_as_before(path: Path) -> None:
    with Register.open(path, create=True) as register:
        issue(register)
        key = register.key
    size = path.stat().st_size
    writer = run(_KILLED_HALFWAY, path)
    writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGKILL
    # The half is in the file, and the journal that takes it out again beside it: the scene is set.
    assert path.stat().st_size > size
    assert path.with_name("register.db-journal").stat().st_size > 0
    with Register.open(path) as register:
        assert [each.project.code for each in register.issued()] == ["001"]
        assert register.key == key
        issue(register, project("002"))
    assert_sound(path)
    assert [each.name for each in path.parent.iterdir()] == ["register.db"]


def test_an_exception_halfway_leaves_nothing_of_the_change(register: Register) -> None:
    issue(register, project("001"))

    def halfway() -> None:
        with register.together():
            issue(register, project("002"))
            with register.together():
                receive(register, verdict())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        halfway()
    assert [each.project.code for each in register.issued()] == ["001"]
    assert everything(register) == []
    issue(register, project("003"))
    assert [each.project.code for each in register.issued()] == ["001", "003"]


def test_who_reads_slowly_keeps_nobody_from_writing(
    path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.0)
    for code in ("001", "002"):
        issue(register, project(code))
    reading = register.issued()
    next(reading)
    with Register.open(path) as other:
        issue(other, project("003"))
    assert next(reading).project.code == "002"


def test_who_means_to_change_something_has_the_register_from_the_start(
    path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that read first and write then, one would be refused halfway."""
    monkeypatch.setattr(store, "PATIENCE", 0.01)
    issue(register)
    with Register.open(path) as other, register.together():
        assert register.project("001") == other.project("001") == project()
        with pytest.raises(UsageError, match="another program is using the register"):
            other.together().__enter__()
        issue(register, project("002"))
    assert [each.project.code for each in register.issued()] == ["001", "002"]


def test_made_by_another_meanwhile_a_register_is_taken_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = store.Store.change

    def overtaken(self: store.Store) -> contextlib.AbstractContextManager[None]:
        monkeypatch.setattr(store.Store, "change", change)
        with Register.open(path, create=True) as other:
            issue(other)
        return change(self)

    monkeypatch.setattr(store.Store, "change", overtaken)
    with Register.open(path, create=True) as register:
        assert register.project("001") == project()
        assert len(register._store.rows("SELECT key FROM register")) == 1


@pytest.mark.slow
def test_a_register_in_use_is_waited_for(path: Path, register: Register) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    done = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    done.start()
    issue(register)
    done.join()
    other.close()
    assert [each.project.code for each in register.issued()] == ["001"]


def test_a_register_that_stays_in_use_is_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.01)
    with Register.open(path, create=True) as register, contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UsageError, match=r"register\.db: another program is using the register; try again"):
            issue(register)
        other.rollback()
        issue(register)
        assert [each.project.code for each in register.issued()] == ["001"]


def test_the_journal_is_one_that_network_drives_bear(path: Path, register: Register) -> None:
    issue(register)
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with register.together():
        issue(register)
        assert {each.name for each in path.parent.iterdir()} == {"register.db", "register.db-journal"}
    assert [each.name for each in path.parent.iterdir()] == ["register.db"]


# --- where it cannot be opened or written


def test_a_register_is_not_made_by_reading(path: Path) -> None:
    assert refused(path) == f"{path}: there is no register here; name it with --register"
    assert not path.exists()


def test_its_folder_may_be_new_and_its_name_anything(tmp_path: Path) -> None:
    path = tmp_path / "绩效 2021" / "登记 簿?mode=memory#1%20.db"
    with Register.open(path, create=True) as register:
        issue(register)
    with Register.open(path) as register:
        assert register.project("001") == project()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", [":memory:", "file:x.db?mode=memory", "register.db"])
def test_a_name_that_sqlite_takes_for_something_else_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with Register.open(Path(name), create=True) as register:
        issue(register)
    with Register.open(tmp_path / name) as register:
        assert register.project("001") == project()
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_only_its_owner_may_read_it(path: Path, register: Register) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_file_becomes_a_register_only_when_asked(path: Path) -> None:
    path.touch()
    assert "is no register" in refused(path)
    with Register.open(path, create=True) as register:
        issue(register)
    with Register.open(path) as register:
        assert register.project("001") == project()


@pytest.mark.parametrize("create", [False, True])
def test_another_file_is_neither_taken_nor_changed(tmp_path: Path, create: bool) -> None:
    text = tmp_path / "a.txt"
    text.write_text("项目编码,项目名称\n" * 500, encoding="utf-8")
    foreign = tmp_path / "b.db"
    with contextlib.closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE register (key BLOB)")
        other.commit()
    named = tmp_path / "c.db"
    with contextlib.closing(sqlite3.connect(named)) as other:
        other.execute("PRAGMA application_id = 77")
        other.commit()
    for path in (text, ROOT / "samples/faultless.xlsx", foreign, named):
        message = f"{path}: this file is no register of xlsform; name another with --register"
        assert refused(path, create=create) == message


@pytest.mark.parametrize("create", [False, True])
def test_a_folder_is_no_register(tmp_path: Path, create: bool) -> None:
    assert "register cannot be opened" in refused(tmp_path, create=create)


def test_a_path_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert "cannot be opened" in refused(tmp_path / "a" / "register.db", create=True)
    assert "there is no register here" in refused(tmp_path / "a" / "register.db")


@pytest.mark.parametrize("create", [False, True])
def test_a_newer_register_is_not_touched(path: Path, create: bool) -> None:
    with Register.open(path, create=True) as register:
        issue(register)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 4")
        other.commit()
    assert refused(path, create=create) == (
        f"{path}: the register was written by a newer xlsform (version 4; this one knows 3); update xlsform"
    )


def test_a_damaged_register_is_told(path: Path) -> None:
    with Register.open(path, create=True) as register, register.together():
        for number in range(100):
            issue(register, project(str(number)))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    assert refused(path) == (
        f"{path}: the register is damaged; `xlsform register check` tells what is left of it. Put the last copy that "
        "`xlsform register backup` made in its place"
    )


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Be somebody whom file permissions hold back, also where the tests are run by root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may enter, and only its owner may write to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_register_is_read_and_not_written(shared: Path) -> None:
    path = shared / "register.db"
    shared.chmod(0o755)
    with Register.open(path, create=True) as register:
        issue(register)
    path.chmod(0o444)
    shared.chmod(0o555)
    for create in (False, True):
        with nobody(), Register.open(path, create=create) as register:
            assert [each.code for each in register.status().projects] == ["001"]
            with pytest.raises(UsageError, match="the register cannot be changed: the file or its folder is read-only"):
                issue(register)
    assert [each.name for each in shared.iterdir()] == ["register.db"]


def test_in_a_read_only_folder_no_register_is_made(shared: Path) -> None:
    with nobody():
        assert "register.db: cannot be opened (Permission denied)" in refused(shared / "register.db", create=True)
    assert list(shared.iterdir()) == []


def test_a_register_that_may_not_be_read_is_told(shared: Path) -> None:
    path = shared / "register.db"
    shared.chmod(0o755)
    with Register.open(path, create=True):
        pass
    path.chmod(0o000)
    with nobody(), pytest.raises(UsageError, match="check the path and your permissions"), Register.open(path):
        pass


def issue_many(register: Register, count: int) -> None:
    with register.together():
        for number in range(count):
            issue(register, project(f"new {number}"))


def test_a_full_disk_costs_one_change(path: Path) -> None:
    """The system refuses to make any file longer, as it does on a full disk."""
    with Register.open(path, create=True) as register:
        issue(register, project("001"))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
        try:
            with pytest.raises(UsageError, match=r"the register cannot be used \(disk I/O error\)"):
                issue_many(register, 9000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert [each.project.code for each in register.issued()] == ["001"]
        issue(register, project("002"))
    assert_sound(path)
    with Register.open(path) as register:
        assert [each.project.code for each in register.issued()] == ["001", "002"]


def test_a_full_register_is_told_as_a_full_disk(path: Path) -> None:
    with Register.open(path, create=True) as register:
        issue(register, project("001"))
        register._store._connection.execute("PRAGMA max_page_count = 20")
        with pytest.raises(UsageError, match="the disk is full; what was recorded before is whole"):
            issue_many(register, 1000)
        assert [each.project.code for each in register.issued()] == ["001"]
    assert_sound(path)


def assert_sound(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# --- with real files


def test_verdicts_of_real_files_survive(register: Register) -> None:
    judged = [check(path, Options()) for path in sorted((ROOT / "samples").glob("*.xlsx"))]
    assert sum(len(each.findings) for each in judged) > 20
    told = list(register.record_returns(NewReturn(each, each.path, "rules 1") for each in judged))
    assert told == judged
    assert [back.verdict for back in everything(register) if back.verdict.project_code is None] == [
        each for each in judged if each.project_code is None
    ]
    assert all(known(register, str(each.sha256), "rules 1") == each for each in judged)
