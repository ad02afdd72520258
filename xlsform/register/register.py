"""Record what was issued and what came back, and tell it again."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple, Self

from xlsform.errors import UsageError
from xlsform.findings import Severity
from xlsform.messages import say
from xlsform.projects import Project
from xlsform.register import rows
from xlsform.register.codec import decode, encode
from xlsform.register.mails import Mails
from xlsform.register.progress import Issue, ProjectLine, newest, progress
from xlsform.register.records import History, Issued, Return, Status
from xlsform.register.store import Store
from xlsform.verdict.verdict import Verdict

_PAGE = 100

_RECORD_RETURN = """
    INSERT INTO returns (digest, origin, received, code, name, unit, template, year, status, score, errors, warnings,
        forged, verdict, judged_by, issue)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT max(id) FROM issues WHERE code = ?))
    ON CONFLICT (digest, origin) DO UPDATE SET code = excluded.code, name = excluded.name, unit = excluded.unit,
        template = excluded.template, year = excluded.year, status = excluded.status, score = excluded.score,
        errors = excluded.errors, warnings = excluded.warnings, forged = excluded.forged,
        verdict = excluded.verdict, judged_by = excluded.judged_by, issue = excluded.issue
    WHERE verdict IS NOT excluded.verdict OR judged_by IS NOT excluded.judged_by OR issue IS NOT excluded.issue"""

#: Returns are kept in groups: each change waits for the disk, which takes as long as judging a few of them.
_GROUP, _GROUP_SECONDS = 50, 1.0


class NewReturn(NamedTuple):
    """A return to be recorded; its parts are those of `Register.record_return`."""

    verdict: Verdict
    origin: str
    judged_by: str
    received: dt.datetime | None = None


class Register:
    """A register of one round: the projects of a year, their workbooks, returns and mails."""

    key: bytes
    """32 bytes that identities in workbooks are signed with; made with the register, and lost with it."""
    mails: Mails
    """What was drafted and delivered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.mails = Mails(store)
        self.key = store.rows("SELECT key FROM register")[0][0]

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Open a register, to be used in a ``with`` block; with ``create`` it is made where there is none yet.

        Raises:
            UsageError: there is none, the file is something else, damaged, or of a newer xlsform, or may not be read.
        """
        store = Store(path, create=create)
        try:
            return cls(store)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def together(self) -> AbstractContextManager[None]:
        """Record everything inside the block, or nothing if it ends in an exception. Others wait: keep it short."""
        return self._store.change()

    # --- what was issued

    def record_issued(
        self,
        project: Project,
        *,
        template: str,
        edition: str,
        year: int | None,
        file: str,
        digest: str,
        password: str,
        due: dt.date | None = None,
    ) -> None:
        """Record a workbook that was issued; of a project's workbooks the newest counts, the others are its history.

        Args:
            project: the project, kept with its amounts and indicators.
            template: the form's id.
            edition: the form's edition.
            year: of the form; None where the filler types it.
            file: where the workbook was written.
            digest: SHA-256 of the file, in hexadecimal.
            password: of its lock.
            due: the last day on which it is in time.
        """
        self._store.run(
            "INSERT INTO issues (code, name, department, unit, email, project, template, edition, year, file, digest,"
            " password, due, issued) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(project.code, project.name, project.department, project.unit, project.email, encode(project)),
            *(template, edition, year, file, digest, password, due.isoformat() if due else None, rows.stamp(None)),
        )

    def issued(self, year: int | None = None) -> Iterator[Issued]:
        """Yield the newest workbook of each project, in the order of issue; with ``year`` those of that year.

        Projects that were withdrawn are left out.
        """
        return self._issued([each.id for each in self._newest_issues(year) if not each.withdrawn])

    def project(self, code: str) -> Project | None:
        """Return a project as it was issued last, or None."""
        found = self._store.rows("SELECT project FROM issues WHERE code = ? ORDER BY id DESC LIMIT 1", code)
        project: Project | None = decode(found[0][0]) if found else None
        return project

    def withdraw(self, codes: Sequence[str], reason: str) -> None:
        """Expect nothing of these projects any more; one that is issued anew is expected again.

        Raises:
            UsageError: one of them was never issued; nothing is changed.
        """
        with self.together():
            unknown = [code for code in codes if self.project(code) is None]
            if unknown:
                raise UsageError(
                    say("{path}: never issued: {codes}; nothing was changed", path=self._store.path, codes=unknown)
                )
            for code in codes:
                self._store.run(
                    "UPDATE issues SET withdrawn = ?, reason = ? WHERE id = (SELECT max(id) FROM issues WHERE code = ?)",
                    *(rows.stamp(None), reason, code),
                )

    # --- what came back

    def record_return(self, verdict: Verdict, origin: str, judged_by: str, received: dt.datetime | None = None) -> None:
        """Record a file that came back. The same content from the same origin is one return, judged once more.

        Args:
            verdict: what was found in it.
            origin: where it came from: a path, or a mail and its attachment.
            judged_by: what the verdict depends on besides the file; see `known`.
            received: its mail's date or the file's own; now if not given. A time that is yet to come counts as now,
                or a unit whose clock is wrong could never send anything newer.
        """
        year = verdict.year if verdict.year is not None and 0 < verdict.year < 10_000 else None
        self._store.run(
            _RECORD_RETURN,
            *(verdict.sha256 or "", origin, rows.stamp(received), verdict.project_code),
            *(verdict.project_name, verdict.unit, verdict.template, year, verdict.status),
            str(verdict.score) if verdict.score is not None else None,
            *(verdict.count(Severity.ERROR), verdict.count(Severity.WARNING), verdict.forged),
            *(encode(verdict), judged_by, verdict.project_code),
        )

    def record_returns(self, arrivals: Iterable[NewReturn]) -> Iterator[Verdict]:
        """Record returns as they are judged, some together since each change costs time; yield those recorded.

        When it is interrupted, what was judged in the last second is judged again next time.
        """
        for group in _groups(arrivals):
            with self.together():
                for arrival in group:
                    self.record_return(*arrival)
            yield from (arrival.verdict for arrival in group)

    def known(self, digest: str, judged_by: Callable[[str | None], str]) -> Verdict | None:
        """Return the verdict on a file with this content, if judging it again could give no other.

        None where it was never seen, where ``judged_by`` gave another text, or its project was issued anew since. The
        verdict bears the path of the file that was judged.

        Args:
            digest: SHA-256 of the file, in hexadecimal.
            judged_by: names, by the code of the file's project, everything that a verdict depends on besides the file
                and what was issued: version of the program, editions of the templates, options, the file's extension.
        """
        found = self._store.rows(
            "SELECT code, judged_by, verdict FROM returns WHERE digest = ?"
            " AND issue IS (SELECT max(id) FROM issues WHERE issues.code = returns.code) ORDER BY id DESC",
            digest,
        )
        verdict: Verdict | None = next((decode(text) for code, by, text in found if by == judged_by(code)), None)
        return verdict

    def returns(self) -> Iterator[Return]:
        """Yield the return that stands for each project, in the order in which they were recorded."""
        expected = {each.code for each in self._newest_issues(None) if not each.withdrawn}
        lines = [line for line in self._newest_returns(None) if line.code in expected and not line.aside]
        return map(rows.returned, self._pages("returns", rows.RETURNED, [line.id for line in lines]))

    # --- how far things are

    def status(self, due: dt.date | None = None, today: dt.date | None = None, year: int | None = None) -> Status:
        """Return how far each unit is.

        Args:
            due: the last day on which a return is in time, in place of the one that each workbook was issued with.
            today: the day to judge by; by the clock if not given.
            year: only what was issued for that year.
        """
        issues, returns = self._newest_issues(year), self._newest_returns(year)
        return progress(issues, returns, self.mails.outcomes("issue"), due, today or dt.date.today())

    def history(self, code: str) -> History:
        """Return all that is known of a project.

        Raises:
            UsageError: nothing is.
        """
        issued = [
            rows.issued(row)
            for row in self._store.rows(f"SELECT {rows.ISSUED} FROM issues WHERE code = ? ORDER BY id", code)
        ]
        returns = [
            rows.returned(row)
            for row in self._store.rows(
                f"SELECT {rows.RETURNED} FROM returns WHERE code = ? ORDER BY received, id", code
            )
        ]
        if not issued and not returns:
            raise UsageError(say("{path}: nothing is known of project {code}", path=self._store.path, code=code))
        concerned = {("issue", each.digest) for each in issued} | {("reply", each.reference) for each in returns}
        mails = [mail for mail in self.mails.all() if any((mail.purpose, about) in concerned for about in mail.about)]
        return History(tuple(issued), tuple(returns), tuple(mails))

    def _newest_issues(self, year: int | None) -> list[Issue]:
        """Return the newest issue of each project, in the order of issue."""
        found = self._store.rows(
            "SELECT id, code, name, department, unit, email, due, digest, withdrawn, reason FROM issues WHERE id IN"
            " (SELECT max(id) FROM issues WHERE ? IS NULL OR year = ? GROUP BY code) ORDER BY id",
            *(year, year),
        )
        return list(starmap(Issue, found))

    def _issued(self, ids: Sequence[int]) -> Iterator[Issued]:
        return map(rows.issued, self._pages("issues", rows.ISSUED, ids))

    def _newest_returns(self, year: int | None) -> list[ProjectLine]:
        """Return the newest return of each project, and all that stand for none."""
        years: dict[str, list[int | None]] = {}
        for code, each in self._store.rows("SELECT code, year FROM issues ORDER BY id"):
            years.setdefault(code, []).append(each)
        lines = self._store.rows(
            "SELECT id, code, name, unit, year, status, score, errors, warnings, origin, received, forged"
            " FROM returns ORDER BY received, id"
        )
        return newest(starmap(ProjectLine, lines), years, year)

    # --- what is to be mailed

    def to_mail(self, year: int | None = None) -> list[Issued]:
        """Return the newest workbooks that were not yet delivered to the address that they are issued to."""
        mailed = self.mails.outcomes("issue")
        waiting = [
            each.id
            for each in self._newest_issues(year)
            if not each.withdrawn and mailed.get((each.email, each.digest)) != "sent"
        ]
        return list(self._issued(waiting))

    def to_answer(self, year: int | None = None) -> list[Return]:
        """Return the newest returns that have errors or cannot be read, and were not yet sent back.

        Those of projects that were withdrawn are not answered.
        """
        sent = {about for (_, about), kind in self.mails.outcomes("reply").items() if kind == "sent"}
        gone = {each.code for each in self._newest_issues(year) if each.withdrawn}
        ids = [line.id for line in self._newest_returns(year) if line.status != "passed" and line.code not in gone]
        faulty = map(rows.returned, self._pages("returns", rows.RETURNED, ids))
        return [each for each in faulty if each.reference not in sent]

    def _pages(self, table: str, columns: str, ids: Sequence[int]) -> Iterator[Any]:
        """Yield rows by id, in that order, a page at a time: neither all in memory, nor a query that stays open."""
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            places = ", ".join("?" * len(page))
            yield from self._store.rows(f"SELECT {columns} FROM {table} WHERE id IN ({places}) ORDER BY id", *page)


def _groups(arrivals: Iterable[NewReturn]) -> Iterator[list[NewReturn]]:
    group: list[NewReturn] = []
    started = time.monotonic()
    for arrival in arrivals:
        group.append(arrival)
        if len(group) >= _GROUP or time.monotonic() - started >= _GROUP_SECONDS:
            yield group
            group, started = [], time.monotonic()
    if group:
        yield group
