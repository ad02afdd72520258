"""Workbooks that went out, as a register keeps them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial

from xlsform.errors import UsageError
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.messages import say
from xlsform.projects import Project
from xlsform.register import rows
from xlsform.register.codec import decode, encode
from xlsform.register.progress import IssueLine
from xlsform.register.records import Issued
from xlsform.register.store import Store


class Issues:
    """The workbooks that a register knows as issued; of several of a project the newest counts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        project: Project,
        *,
        template: str,
        edition: str,
        year: int | None,
        file: str,
        digest: str,
        password: str,
        due: dt.date | None,
        identity: Identity | None,
        lock_hash: str,
        form: Form | None,
        in_place: bool,
    ) -> None:
        """Record a workbook; the arguments are those of `Register.record_issued`."""
        with self._store.change():
            if form is not None:
                self._store.run(
                    "INSERT OR IGNORE INTO forms VALUES (?, ?, ?, ?)",
                    *(form.digest, form.id, form.edition, form.content),
                )
            if in_place:
                self._store.run(
                    "DELETE FROM issues WHERE id = (SELECT max(id) FROM issues WHERE code = ?)", project.code
                )
            self._store.run(
                "INSERT INTO issues (code, name, department, unit, email, project, template, edition, year, file,"
                " digest, password, due, issued, identity, lock_hash, form)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(project.code, project.name, project.department, project.unit, project.email, encode(project)),
                *(template, edition, year, file, digest, password, due.isoformat() if due else None, rows.stamp(None)),
                *(encode(identity) if identity else None, lock_hash, form.digest if form else ""),
            )

    def newest(self, year: int | None) -> list[IssueLine]:
        """Return the newest of each project, of a year if one is named, in the order of issue."""
        found = self._store.rows(
            f"SELECT {rows.ISSUE_LINE} FROM issues WHERE id IN"
            " (SELECT max(id) FROM issues WHERE ? IS NULL OR year = ? GROUP BY code) ORDER BY id",
            *(year, year),
        )
        return [self._store.understood(rows.issue_line, row) for row in found]

    def latest(self, codes: Sequence[str]) -> dict[str, Issued]:
        """Return the newest of each of some projects by code."""
        places = ", ".join("?" * len(codes))
        ids = [
            number
            for (number,) in self._store.rows(
                f"SELECT max(id) FROM issues WHERE code IN ({places}) GROUP BY code ORDER BY 1", *codes
            )
        ]
        return {each.project.code: each for each in self.whole(ids)}

    def _identity(self, text: str) -> Identity:
        return self._store.understood(partial(decode, kind=Identity), text)

    def years(self) -> dict[str, list[int | None]]:
        """Return the years of each project's workbooks by its code, in the order of issue."""
        years: dict[str, list[int | None]] = {}
        for code, year in self._store.rows("SELECT code, year FROM issues ORDER BY id"):
            years.setdefault(code, []).append(year)
        return years

    def project(self, code: str) -> Project | None:
        """Return a project as it was issued last, or None."""
        found = self._store.rows("SELECT project FROM issues WHERE code = ? ORDER BY id DESC LIMIT 1", code)
        return self._store.understood(partial(decode, kind=Project), found[0][0]) if found else None

    def withdraw(self, codes: Sequence[str], reason: str) -> None:
        """Expect nothing of these projects any more.

        Raises:
            UsageError: one of them was never issued; nothing is changed.
        """
        with self._store.change():
            unknown = [code for code in codes if self.project(code) is None]
            if unknown:
                raise UsageError(
                    say("{path}: never issued: {codes}; nothing was changed", path=self._store.path, codes=unknown)
                )
            for code in codes:
                self._store.run(
                    "UPDATE issues SET withdrawn = ?, reason = ?"
                    " WHERE id = (SELECT max(id) FROM issues WHERE code = ?)",
                    *(rows.stamp(None), reason, code),
                )

    def whole(self, ids: Sequence[int]) -> Iterator[Issued]:
        """Yield workbooks with all that is known of them."""
        return map(partial(self._store.understood, rows.issued), self._store.pages("issues", rows.ISSUED, ids))

    def of(self, code: str) -> list[Issued]:
        """Return all workbooks of a project, in the order of issue."""
        found = self._store.rows(f"SELECT {rows.ISSUED} FROM issues WHERE code = ? ORDER BY id", code)
        return [self._store.understood(rows.issued, row) for row in found]
