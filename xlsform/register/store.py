"""The register's file: opened, made, changed in whole steps, its refusals told in one line."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from xlsform.errors import UsageError, reading_failed
from xlsform.messages import say
from xlsform.register.codec import DamagedError
from xlsform.register.copies import copy_database, free_name
from xlsform.register.refusals import FAILURES, damaged, is_damage, newer, no_register, nothing_there, refusal
from xlsform.register.schema import APPLICATION, KEY_LENGTH, STEPS, VERSION

T = TypeVar("T")

#: Seconds to wait for another program that is changing the register.
PATIENCE = 60.0

#: Rows that are read at a time where there may be many.
_PAGE = 100


class Store:
    """An open register file.

    It has a rollback journal, not a write-ahead log: that one needs memory which programs on different computers
    cannot share, and registers stand on network drives.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        if create:
            _touch(path)
        elif not os.path.lexists(path):
            raise nothing_there(path)
        with self._told():
            # Absolute, since SQLite gives names such as `:memory:` a meaning of their own.
            self._connection = sqlite3.connect(path.absolute(), timeout=PATIENCE, isolation_level=None)
        try:
            self._prepare(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return what a query gives, all at once: a query that is still open would keep others from writing."""
        with self._told():
            return self._connection.execute(sql, [_storable(value) for value in values]).fetchall()

    def understood(self, function: Callable[[Any], T], value: Any) -> T:
        """Return what a function makes of what was read.

        Raises:
            UsageError: it can make nothing of it: the register is damaged.
        """
        try:
            return function(value)
        except DamagedError:
            raise damaged(self.path) from None

    def pages(self, table: str, columns: str, ids: Sequence[int]) -> Iterator[Any]:
        """Yield rows by their ids, in that order, some at a time: neither all in memory nor a query that stays open."""
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            places = ", ".join("?" * len(page))
            yield from self.rows(f"SELECT {columns} FROM {table} WHERE id IN ({places}) ORDER BY id", *page)

    def run(self, sql: str, *values: Any) -> None:
        """Change something, by itself or as part of a change that is under way."""
        with self.change():
            self._execute(sql, values)

    @contextmanager
    def change(self) -> Iterator[None]:
        """Keep everything that is done inside, or, after an exception, nothing of it; a change inside a change is one.

        Raises:
            UsageError: another program did not finish in time, or the file cannot be written to.
        """
        if self._connection.in_transaction:
            yield
            return
        # At once, since of two programs that read first and then want to write, one would be refused.
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            # What cannot be taken back now is taken back by the next who opens the file.
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._told():
            self._connection.execute(sql, [_storable(value) for value in values])

    def _prepare(self, *, create: bool) -> None:
        with self._told():
            self._connection.execute("PRAGMA synchronous = EXTRA")
        if self._to_be_made(self._kind(), create=create):
            with self.change():
                # Another program may have done it meanwhile.
                kind = self._kind()
                if self._to_be_made(kind, create=create):
                    self._make(kind[1])
        application, version, _ = self._kind()
        if application != APPLICATION:
            raise no_register(self.path)
        if version < 1:
            raise damaged(self.path)
        if version > VERSION:
            raise newer(self.path, version)

    @staticmethod
    def _to_be_made(kind: tuple[int, int, int], *, create: bool) -> bool:
        """Whether it is an empty file that is to become a register, or a register of an older version."""
        application, version, _ = kind
        return (create and kind == (0, 0, 0)) or (application == APPLICATION and 0 < version < VERSION)

    def _make(self, version: int) -> None:
        """Make this version of the register out of an older one; version 0 is an empty file."""
        if version:
            self._keep_a_copy(version)
        for statement in chain.from_iterable(STEPS[version:]):
            self._execute(statement)
        if version == 0:
            self._execute("INSERT INTO register VALUES (?)", [secrets.token_bytes(KEY_LENGTH)])
        self._execute(f"PRAGMA user_version = {VERSION}")

    def _keep_a_copy(self, version: int) -> None:
        """Copy the register of an older version beside it; it is changed only if that succeeds."""
        copy = free_name(self.path.with_name(f"{self.path.stem}.v{version}-before{self.path.suffix}"))
        try:
            copy_database(self.path, copy, PATIENCE)
        except (UsageError, *FAILURES) as error:
            if not isinstance(error, UsageError) and is_damage(error):
                raise damaged(self.path) from None
            raise UsageError(
                say(
                    "{path}: this register of an older xlsform was not changed, since no copy of it could be made "
                    "first ({reason})",
                    path=self.path,
                    reason=error.messages[0] if isinstance(error, UsageError) else error,
                )
            ) from None

    def _kind(self) -> tuple[int, int, int]:
        """Return application, version and number of tables: in one query, or another's making could fall between."""
        kind: tuple[int, int, int] = self.rows(
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
            " (SELECT count(*) FROM sqlite_master)"
        )[0]
        return kind

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise
        except FAILURES as error:
            raise refusal(error, self.path) from None


def _touch(path: Path) -> None:
    """Make an empty file that its owner alone may read: it is to hold passwords and a key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise reading_failed(path, error) from None


def _storable(value: Any) -> Any:
    """Return a text without halves of characters, which stand in file names that are no text, and SQLite refuses."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
