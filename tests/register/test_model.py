"""Whatever happens in whatever order, the register ends in the state that the log of events implies.

`support.register_model` says what that is, from the contract and the documentation.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.register_model import DUE, Came, Event, Implied, Issued, Line, Mailed, Withdrawn, implied
from support.registers import DAY, digest_of, issue, mail, project, verdict

from xlsform.errors import UsageError
from xlsform.findings import Finding, Severity
from xlsform.messages import say
from xlsform.register import MailKind, Register
from xlsform.verdict.verdict import Verdict

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")

# So few of each that much happens to the same ones.
CODES = ("001", "002")
UNITS = {"001": "甲", "002": "乙"}
EMAILS = ("a@x.cn", "b@x.cn")
CONTENTS = ("a", "b", "c")
ORIGINS = ("收件箱", "inbox.mbox#3")
YEARS = (2021, 2022)
RULES = ("rules 1", "rules 2")
#: Orders of events; docs/reliability.md tells how many were tried with more.
EXAMPLES = int(os.environ.get("XLSFORM_ORDERS", "40"))
BEFORE, AFTER = DUE, DUE + dt.timedelta(days=1)

came = st.builds(
    Came,
    content=st.sampled_from(CONTENTS),
    origin=st.sampled_from(ORIGINS),
    code=st.sampled_from([*CODES, "009", None]),
    year=st.sampled_from([*YEARS, 2020, None]),
    errors=st.sampled_from([0, 0, 2]),
    forged=st.sampled_from([False, False, True]),
    day=st.integers(0, 5),
    by=st.sampled_from(RULES),
)
kinds: st.SearchStrategy[MailKind] = st.sampled_from(["draft", "sending", "sent", "failed"])


def judged(event: Came) -> Verdict:
    found = verdict(event.content, event.code, errors=event.errors, year=event.year)
    if not event.forged:
        return found
    finding = Finding("S113", "identity-conflict", Severity.ERROR, say("forged"), None, None, None, None, (0, 0, 0))
    return verdict(
        event.content, event.code, year=event.year, status="failed", findings=(*found.findings, finding)
    )  # fmt: skip


def done(register: Register, event: Event) -> None:
    """Have the register told of an event, as the program tells it."""
    if isinstance(event, Issued):
        listed = project(event.code, event.unit, email=event.email)
        issue(register, listed, year=event.year, digest=event.digest, due=DUE)
    elif isinstance(event, Withdrawn):
        register.withdraw(event.codes, "cancelled")
    elif isinstance(event, Came):
        register.record_return(judged(event), event.origin, event.by, DAY + dt.timedelta(days=event.day))
    else:
        mail(register, event.kind, *event.about, purpose=event.purpose, email=event.email)


def _as(by: str, code: str | None) -> str:
    return by


def told(register: Register, today: dt.date) -> Implied:
    """Return what the register says."""
    status = register.status(today=today)
    lines = [
        Line(each.code, each.unit, each.state, each.returns, each.errors, each.origin, each.mailed)
        for each in status.projects
    ]
    # A project that was withdrawn has no return that counts: what came is told among the strays.
    assert len(lines) == len(set(lines)) == len({each.code for each in lines})
    histories = {each.code: register.history(each.code) for each in lines}
    digests = {digest_of(content): content for content in CONTENTS}
    return Implied(
        frozenset(lines),
        tuple((each.code, each.origin, each.why) for each in status.strays),
        tuple(each.project.code for each in register.issued()),
        frozenset(each.digest for each in register.to_mail()),
        frozenset((digests[each.reference], each.origin) for each in register.to_answer()),
        frozenset(
            (content, by)
            for content in CONTENTS
            for by in RULES
            if register.known(digest_of(content), partial(_as, by)) is not None
        ),
        {code: (len(each.issued), len(each.returns)) for code, each in histories.items()},
    )


class Office(RuleBasedStateMachine):
    """One round in an office with two computers, one of which may lose its power."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.path = Path(self.folder.name) / "r.db"
        self.log: list[Event] = []
        self.registers: list[Register] = []
        self.issues = 0

    @initialize()
    def opened(self) -> None:
        self.registers = [Register.open(self.path, create=True) for _ in range(2)]
        self.key = self.registers[0].key

    def issue_of(self, code: str, year: int, email: str) -> Issued:
        self.issues += 1
        return Issued(code, year, email, digest_of(f"issue {self.issues}"), UNITS[code])

    def happens(self, event: Event, computer: int) -> None:
        done(self.registers[computer], event)
        self.log.append(event)

    def latest(self, code: str) -> Issued | None:
        return next((each for each in reversed(self.log) if isinstance(each, Issued) and each.code == code), None)

    @rule(code=st.sampled_from(CODES), year=st.sampled_from(YEARS), email=st.sampled_from(EMAILS), on=st.integers(0, 1))
    def is_issued(self, code: str, year: int, email: str, on: int) -> None:
        self.happens(self.issue_of(code, year, email), on)

    @rule(event=came, on=st.integers(0, 1))
    def comes_back(self, event: Came, on: int) -> None:
        self.happens(event, on)

    @precondition(lambda self: any(isinstance(each, Came) for each in self.log))
    @rule(data=st.data(), day=st.integers(0, 5), by=st.sampled_from(RULES), on=st.integers(0, 1))
    def comes_again(self, data: st.DataObject, day: int, by: str, on: int) -> None:
        event = data.draw(st.sampled_from([each for each in self.log if isinstance(each, Came)]))
        self.happens(replace(event, day=day, by=by), on)

    @rule(codes=st.lists(st.sampled_from(CODES), min_size=1, max_size=2, unique=True), on=st.integers(0, 1))
    def is_withdrawn(self, codes: list[str], on: int) -> None:
        if all(self.latest(code) for code in codes):
            self.happens(Withdrawn(tuple(codes)), on)
        else:
            with pytest.raises(UsageError, match="never issued"):
                done(self.registers[on], Withdrawn(tuple(codes)))

    @precondition(lambda self: any(isinstance(each, Issued) for each in self.log))
    @rule(data=st.data(), kind=kinds, on=st.integers(0, 1))
    def a_workbook_is_mailed(self, data: st.DataObject, kind: MailKind, on: int) -> None:
        each = data.draw(st.sampled_from([each for each in self.log if isinstance(each, Issued)]))
        # Most often the newest one, to its own address: with all others every outcome would be the first.
        if data.draw(st.integers(0, 3)):
            each = self.latest(each.code) or each
        email = data.draw(st.sampled_from([each.email, each.email, *EMAILS]))
        self.happens(Mailed("issue", email, (each.digest,), kind), on)

    @precondition(lambda self: any(isinstance(each, Issued) for each in self.log))
    @rule(kind=kinds, on=st.integers(0, 1))
    def a_letter_brings_all(self, kind: MailKind, on: int) -> None:
        newest = [each for code in CODES if (each := self.latest(code)) and each.email == EMAILS[0]]
        if newest:
            self.happens(Mailed("issue", EMAILS[0], tuple(each.digest for each in newest), kind), on)

    @rule(data=st.data(), kind=kinds, email=st.sampled_from(EMAILS), on=st.integers(0, 1))
    def returns_are_answered(self, data: st.DataObject, kind: MailKind, email: str, on: int) -> None:
        # A reply is about the file's digest; the model speaks of its content.
        about = data.draw(st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=2, unique=True))
        mail(self.registers[on], kind, *map(digest_of, about), purpose="reply", email=email)
        self.log.append(Mailed("reply", email, tuple(about), kind))

    @rule(events=st.lists(came, min_size=1, max_size=3), code=st.sampled_from(CODES), ended=st.booleans())
    def the_power_fails(self, events: list[Came], code: str, ended: bool) -> None:
        """A program is killed while it records several things together, or right after that."""
        changes: list[Event] = [*events, self.issue_of(code, YEARS[0], EMAILS[0])]
        child = os.fork()
        if child == 0:
            with Register.open(self.path) as register:
                # So that half of it is in the file before it is all there, and only the journal knows better.
                register._store._connection.execute("PRAGMA cache_size = 1")
                with register.together():
                    for event in changes:
                        done(register, event)
                    if not ended:
                        os.kill(os.getpid(), signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        self.log += changes if ended else []

    @rule(event=came, on=st.integers(0, 1))
    def somebody_interrupts(self, event: Came, on: int) -> None:
        def interrupted() -> None:
            with self.registers[on].together():
                done(self.registers[on], event)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()

    @rule(on=st.integers(0, 1))
    def is_opened_again(self, on: int) -> None:
        self.registers[on].close()
        self.registers[on] = Register.open(self.path)
        assert self.registers[on].key == self.key

    @invariant()
    def says_what_the_log_implies(self) -> None:
        for register, today in zip(self.registers, (BEFORE, AFTER), strict=True):
            assert told(register, today) == implied(self.log, today)

    def teardown(self) -> None:
        for register in self.registers:
            register.close()
        self.folder.cleanup()


Office.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
test_the_register_follows_its_log = pytest.mark.slow(Office.TestCase)
