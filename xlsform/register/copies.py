"""Whole copies of a register, made while others use it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

from xlsform.files.atomic import open_whole


def copy_database(source: Path, target: Path, patience: float) -> None:
    """Copy a database into a file, which appears only when it is whole and sound, and which its owner alone may read.

    SQLite copies it: a plain copy of the file could fall into the middle of another program's change.

    Args:
        source: the database; others may use it meanwhile, and may have begun to change it.
        target: the copy; a file that is there is replaced.
        patience: seconds to wait while another program writes its change down.

    Raises:
        UsageError: the file cannot be written; nothing is left behind.
        sqlite3.DatabaseError: the database is damaged or cannot be read, or the disk is full; likewise.
    """
    with closing(sqlite3.connect(source.absolute(), timeout=patience, isolation_level=None)) as database:
        # From here on it is read as it is now. Without that, the copying would wait without end for who writes.
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with open_whole(target) as file:
            # Passwords and keys are in it.
            Path(file.name).chmod(0o600)
            with closing(sqlite3.connect(file.name)) as copy:
                # Nobody needs a journal of a copy that is thrown away unless it is whole.
                copy.execute("PRAGMA journal_mode = OFF")
                database.backup(copy)
                # Pages are copied as they are: what is damaged must not take the place of an earlier copy.
                found = copy.execute("PRAGMA quick_check(1)").fetchone()
                if found != ("ok",):
                    raise sqlite3.DatabaseError(*(found or ()))


def free_name(path: Path) -> Path:
    """Return a path where nothing is yet: this one, or the first that is free with a number behind its name."""
    names = (path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number in count(1))
    return next(each for each in names if not os.path.lexists(each))
