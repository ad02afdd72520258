"""Files that came back, as a register keeps them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from xlsform.findings import Severity
from xlsform.register import rows
from xlsform.register.codec import decode, encode
from xlsform.register.progress import ReturnLine, newest
from xlsform.register.records import Return
from xlsform.register.store import Store
from xlsform.verdict.verdict import Verdict

_RECORD = """
    INSERT INTO returns (digest, origin, received, code, name, unit, template, year, status, score, errors, warnings,
        forged, verdict, judged_by, extracted, issue)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT max(id) FROM issues WHERE code = ?))
    ON CONFLICT (digest, origin, part) DO UPDATE SET code = excluded.code, name = excluded.name, unit = excluded.unit,
        template = excluded.template, year = excluded.year, status = excluded.status, score = excluded.score,
        errors = excluded.errors, warnings = excluded.warnings, forged = excluded.forged,
        verdict = excluded.verdict, judged_by = excluded.judged_by, extracted = excluded.extracted,
        issue = excluded.issue
    WHERE verdict IS NOT excluded.verdict OR judged_by IS NOT excluded.judged_by OR issue IS NOT excluded.issue"""

#: Returns are recorded in groups: each change waits for the disk, which takes as long as judging a few of them.
_GROUP, _GROUP_SECONDS = 50, 1.0


class NewReturn(NamedTuple):
    """A return to be recorded; its parts are those of `Register.record_return`."""

    verdict: Verdict
    origin: str
    judged_by: str
    received: dt.datetime | None = None


class Returns:
    """The returns of a register, each with its verdict."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, verdict: Verdict, origin: str, judged_by: str, received: dt.datetime | None) -> None:
        """Record a return; the arguments are those of `Register.record_return`."""
        year = verdict.year if verdict.year is not None and 0 < verdict.year < 10_000 else None
        self._store.run(
            _RECORD,
            *(verdict.sha256 or "", origin, rows.stamp(received), verdict.project_code),
            *(verdict.project_name, verdict.unit, verdict.template, year, verdict.status),
            str(verdict.score) if verdict.score is not None else None,
            *(verdict.count(Severity.ERROR), verdict.count(Severity.WARNING), verdict.forged),
            *(encode(verdict), judged_by, verdict.extracted, verdict.project_code),
        )

    def record_all(self, arrivals: Iterable[NewReturn]) -> Iterator[Verdict]:
        """Record returns in groups as they come; yield the verdicts of those that are recorded."""
        for group in _groups(arrivals):
            with self._store.change():
                for arrival in group:
                    self.record(*arrival)
            yield from (arrival.verdict for arrival in group)

    def known(self, digest: str, judged_by: Callable[[str | None], str]) -> Verdict | None:
        """Return the verdict on a file with this content, if judging it again could give no other.

        The arguments are those of `Register.known`.
        """
        found = self._store.rows(
            "SELECT code, judged_by, verdict, extracted FROM returns WHERE digest = ?"
            " AND issue IS (SELECT max(id) FROM issues WHERE issues.code = returns.code) ORDER BY id DESC",
            digest,
        )
        for code, by, text, extracted in found:
            if by == judged_by(code):
                verdict: Verdict = self._store.understood(partial(decode, kind=Verdict), text)
                return replace(verdict, extracted=extracted)
        return None

    def newest(self, years: Mapping[str, Sequence[int | None]], year: int | None) -> list[ReturnLine]:
        """Return the newest return of each project, and those that count for none; see `progress.newest`."""
        lines = self._store.rows(f"SELECT {rows.RETURN_LINE} FROM returns ORDER BY received, id")
        return newest([self._store.understood(rows.return_line, line) for line in lines], years, year)

    def whole(self, ids: Sequence[int]) -> Iterator[Return]:
        """Yield returns with all that was found in them."""
        return map(partial(self._store.understood, rows.returned), self._store.pages("returns", rows.RETURNED, ids))

    def of(self, code: str) -> list[Return]:
        """Return all returns of a project, by time received."""
        found = self._store.rows(f"SELECT {rows.RETURNED} FROM returns WHERE code = ? ORDER BY received, id", code)
        return [self._store.understood(rows.returned, row) for row in found]


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
