"""Why a register cannot be used, in one line."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from xlsform.errors import UsageError, reading_failed
from xlsform.messages import Message, say
from xlsform.register.schema import APPLICATION, VERSION

#: What reading a damaged file raises besides SQLite's own errors: memory where a damaged length asks for too much of
#: it, and Python's refusal of a message of SQLite that quotes what is no UTF-8.
FAILURES = (sqlite3.DatabaseError, MemoryError, UnicodeDecodeError)

#: How a file of SQLite begins, and where it says whose it is.
_MAGIC, _APPLICATION_AT = b"SQLite format 3\0", 68

_NO_REGISTER = say("{path}: this file is no register of xlsform; name another with --register")
_REFUSALS = {
    sqlite3.SQLITE_BUSY: say("{path}: another program is using the register; try again when it has finished"),
    sqlite3.SQLITE_READONLY: say("{path}: the register cannot be changed: the file or its folder is read-only"),
    sqlite3.SQLITE_CANTOPEN: say("{path}: the register cannot be opened; check the path and your permissions"),
    sqlite3.SQLITE_FULL: say("{path}: the disk is full; what was recorded before is whole"),
    sqlite3.SQLITE_NOTADB: _NO_REGISTER,
}
_DAMAGED = say(
    "{path}: the register is damaged; `xlsform register check` tells what is left of it. Put the last copy that "
    "`xlsform register backup` made in its place"
)
#: What SQLite says of damage: that a table or a column is missing (our queries are right), or that what it finds
#: breaks the rules of its tables, is of another kind or size than it could have been written with.
_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_RANGE,
    }
)


def refusal(error: Exception, path: Path) -> UsageError:
    """Return what is to be said of one of the `FAILURES`."""
    if is_damage(error):
        return damaged(path)
    unknown = say("{path}: the register cannot be used ({reason})")
    return UsageError(Message(_REFUSALS.get(_code(error), unknown).text, {"path": path, "reason": str(error)}))


def is_damage(error: Exception) -> bool:
    """Whether one of the `FAILURES` says that the register does not hold what was written."""
    return _code(error) in _DAMAGE


def is_full(error: Exception) -> bool:
    """Whether one of the `FAILURES` says that there is no room to write."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: Exception) -> int:
    # Where Python itself refuses, as it does texts that are not UTF-8, there is no code.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    # The low byte is the kind of refusal, the rest its details.
    return code & 0xFF


def damaged(path: Path) -> UsageError:
    """Return what is to be said where a register does not hold what was written."""
    return UsageError(Message(_DAMAGED.text, {"path": path}))


def no_register(path: Path) -> UsageError:
    """Return what is to be said of another file."""
    return UsageError(Message(_NO_REGISTER.text, {"path": path}))


def newer(path: Path, version: int) -> UsageError:
    """Return what is to be said of a register that only a newer xlsform understands."""
    return UsageError(
        say(
            "{path}: the register was written by a newer xlsform (version {found}; this one knows {known}); "
            "update xlsform",
            path=path,
            found=version,
            known=VERSION,
        )
    )


def nothing_there(path: Path) -> UsageError:
    """Return what is to be said where there is no file at all."""
    return UsageError(say("{path}: there is no register here; name it with --register", path=path))


def is_register(path: Path) -> bool:
    """Whether a file begins as a register does, whatever became of the rest.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_APPLICATION_AT + 4)
    except OSError as error:
        raise reading_failed(path, error) from None
    return head.startswith(_MAGIC) and head[_APPLICATION_AT:] == APPLICATION.to_bytes(4, "big")


def require_register(path: Path) -> None:
    """See whether a file begins as a register does.

    Raises:
        UsageError: it does not, or there is none.
    """
    if not os.path.lexists(path):
        raise nothing_there(path)
    if not is_register(path):
        raise no_register(path)
