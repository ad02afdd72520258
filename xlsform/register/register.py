"""Record what was issued and what came back, and tell it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.messages import say
from xlsform.projects import Project
from xlsform.register.issues import Issues
from xlsform.register.mails import Mails
from xlsform.register.progress import ReturnLine, progress
from xlsform.register.records import History, Issued, Return, Status
from xlsform.register.refusals import damaged
from xlsform.register.returns import NewReturn, Returns
from xlsform.register.schema import KEY_LENGTH
from xlsform.register.store import Store
from xlsform.verdict.verdict import Verdict


class Register:
    """A register of one round: the projects of a year, their workbooks, returns and mails."""

    key: bytes
    """32 bytes that identities in workbooks are signed with; made with the register, and lost with it."""
    keys: tuple[bytes, ...]
    """That key, and those of earlier years behind it, the newest first: what they signed was issued by this office."""
    mails: Mails
    """What was drafted and delivered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._issues, self._returns = Issues(store), Returns(store)
        self.mails = Mails(store)
        found = store.rows("SELECT key FROM register")
        earlier = store.rows("SELECT key FROM keys ORDER BY id DESC")
        if len(found) != 1 or not all(isinstance(key, bytes) and len(key) == KEY_LENGTH for (key,) in found + earlier):
            raise damaged(store.path)
        [(self.key,)] = found
        self.keys = (self.key, *(key for (key,) in earlier))

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
        identity: Identity | None = None,
        lock_hash: str = "",
        form: Form | None = None,
        in_place: bool = False,
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
            identity: what the workbook says of itself, sealed; what is judged against it needs it.
            lock_hash: what identifies the lock of its sheets (`Lock.as_json`).
            form: the form itself; its template is kept once for all workbooks of it.
            in_place: whether it takes the place of the project's newest one, which nobody has got.
        """
        self._issues.record(
            project,
            template=template,
            edition=edition,
            year=year,
            file=file,
            digest=digest,
            password=password,
            due=due,
            identity=identity,
            lock_hash=lock_hash,
            form=form,
            in_place=in_place,
        )

    def issued(self, year: int | None = None) -> Iterator[Issued]:
        """Yield the newest workbook of each project, in the order of issue; with ``year`` those of that year.

        Projects that were withdrawn are left out. What is judged by what was issued takes it from here: an `Issued` has
        the identity, and with it the rows and the prefilled values.
        """
        return self._issues.whole([each.id for each in self._issues.newest(year) if not each.withdrawn])

    def latest(self, codes: Sequence[str]) -> dict[str, Issued]:
        """Return the newest workbook of each of some projects by code, also of those that were withdrawn."""
        return self._issues.latest(codes)

    def project(self, code: str) -> Project | None:
        """Return a project as it was issued last, or None."""
        return self._issues.project(code)

    def withdraw(self, codes: Sequence[str], reason: str) -> None:
        """Expect nothing of these projects any more; one that is issued anew is expected again.

        Raises:
            UsageError: one of them was never issued; nothing is changed.
        """
        self._issues.withdraw(codes, reason)

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
        self._returns.record(verdict, origin, judged_by, received)

    def record_returns(self, arrivals: Iterable[NewReturn]) -> Iterator[Verdict]:
        """Record returns as they are judged, some together since each change costs time; yield those recorded.

        When it is interrupted, what was judged in the last second is judged again next time.
        """
        return self._returns.record_all(arrivals)

    def known(self, digest: str, judged_by: Callable[[str | None], str]) -> Verdict | None:
        """Return the verdict on a file with this content, if judging it again could give no other.

        None where it was never seen, where ``judged_by`` gave another text, or its project was issued anew since. The
        verdict bears the path of the file that was judged.

        Args:
            digest: SHA-256 of the file, in hexadecimal.
            judged_by: names, by the code of the file's project, everything that a verdict depends on besides the file
                and what was issued: version of the program, editions of the templates, options, the file's extension.
        """
        return self._returns.known(digest, judged_by)

    def returns(self) -> Iterator[Return]:
        """Yield the return that counts for each project, in the order in which they were recorded."""
        expected = {each.code for each in self._issues.newest(None) if not each.withdrawn}
        lines = [line for line in self._newest_returns(None) if line.code in expected and not line.aside]
        return self._returns.whole([line.id for line in lines])

    # --- how far things are

    def status(self, due: dt.date | None = None, today: dt.date | None = None, year: int | None = None) -> Status:
        """Return how far each unit is.

        Args:
            due: the last day on which a return is in time, in place of the one that each workbook was issued with.
            today: the day to judge by; by the clock if not given.
            year: only what was issued for that year.
        """
        issues, returns = self._issues.newest(year), self._newest_returns(year)
        return progress(issues, returns, self.mails.outcomes("issue"), due, today or dt.date.today())

    def history(self, code: str) -> History:
        """Return all that is known of a project.

        Raises:
            UsageError: nothing is.
        """
        issued, returns = self._issues.of(code), self._returns.of(code)
        if not issued and not returns:
            raise UsageError(say("{path}: nothing is known of project {code}", path=self._store.path, code=code))
        concerned = {("issue", each.digest) for each in issued} | {("reply", each.reference) for each in returns}
        mails = [mail for mail in self.mails.all() if any((mail.purpose, about) in concerned for about in mail.about)]
        return History(tuple(issued), tuple(returns), tuple(mails))

    def _newest_returns(self, year: int | None) -> list[ReturnLine]:
        return self._returns.newest(self._issues.years(), year)

    # --- what is to be mailed

    def to_mail(self, year: int | None = None) -> list[Issued]:
        """Return the newest workbooks that were not yet delivered to the address that they are issued to."""
        mailed = self.mails.outcomes("issue")
        waiting = [
            each.id
            for each in self._issues.newest(year)
            if not each.withdrawn and mailed.get((each.email, each.digest)) != "sent"
        ]
        return list(self._issues.whole(waiting))

    def to_answer(self, year: int | None = None) -> list[Return]:
        """Return the newest returns that have errors or cannot be read, and were not yet sent back.

        Those of projects that were withdrawn are not answered.
        """
        sent = {about for (_, about), kind in self.mails.outcomes("reply").items() if kind == "sent"}
        gone = {each.code for each in self._issues.newest(year) if each.withdrawn}
        faulty = [line for line in self._newest_returns(year) if line.status != "passed" and line.code not in gone]
        return [each for each in self._returns.whole([line.id for line in faulty]) if each.reference not in sent]
