"""What of a register can be read: row by row, also where the file is damaged."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from xlsform.messages import Message, say
from xlsform.register import rows
from xlsform.register.codec import DamagedError
from xlsform.register.refusals import FAILURES, is_damage, newer, refusal, require_register
from xlsform.register.schema import KEY_LENGTH, VERSION
from xlsform.register.store import PATIENCE

#: Problems of the file's structure that are listed: after some the others say nothing new.
_MOST = 20

#: What each table's rows are read as, and the columns that takes; those of a project have its code in front.
_READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "register": ("key", lambda row: _check_key(*row)),
    "keys": ("key", lambda row: _check_key(*row)),
    "forms": ("digest, json", lambda row: _check_form(*row)),
    "issues": (f"{rows.ISSUED}, {rows.ISSUE_LINE}", lambda row: _check_issue(row)),
    "returns": (f"{rows.RETURNED}, {rows.RETURN_LINE}", lambda row: _check_return(row)),
    "mails": (rows.MAILED, rows.mailed),
}
_OF_PROJECTS = ("issues", "returns")


class LostRow(NamedTuple):
    """A row that cannot be read, or does not hold what was written."""

    table: str
    id: int
    code: str
    """Of its project; blank where it has none, or nobody can tell."""
    reason: str


class ProjectRows(NamedTuple):
    """What can be read of a project."""

    code: str
    issues: int
    returns: int
    lost: int
    """Rows that cannot be read."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a register is found to be."""

    structure: tuple[str, ...]
    """What SQLite says of the file, in its words; nothing where the file is sound."""
    readable: Mapping[str, int]
    """Rows that can be read, by table."""
    lost: tuple[LostRow, ...]
    projects: tuple[ProjectRows, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged."""
        return not self.structure and not self.lost


def examine(path: Path) -> Examination:
    """Read all that a register holds; nothing is changed, and a register of an older version stays one.

    Raises:
        UsageError: it is no register, of a newer xlsform, or may not be read.
    """
    require_register(path)
    try:
        # An unfinished change of a program that was killed is taken back by whoever opens the file next: this one.
        with closing(sqlite3.connect(path.absolute(), timeout=PATIENCE, isolation_level=None)) as database:
            # One moment for all that is read.
            database.execute("BEGIN")
            [version] = database.execute("SELECT user_version FROM pragma_user_version").fetchone()
            if version > VERSION:
                raise newer(path, version)
            return _examined(database)
    except FAILURES as error:
        if not is_damage(error):
            raise refusal(error, path) from None
        return Examination((str(error),), {}, (), ())


def _examined(database: sqlite3.Connection) -> Examination:
    checked = _all(database, f"PRAGMA integrity_check({_MOST})")
    structure = [line for row in checked for line in str(row[0]).splitlines() if line != "ok"]
    readable: Counter[str] = Counter()
    lost: list[LostRow] = []
    found: dict[str, Counter[str]] = {}
    present = {name for (name,) in _all(database, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in _READ:
        if table not in present:
            # Older versions have no such table.
            if table not in ("keys", "forms"):
                structure.append(f"no such table: {table}")
            continue
        codes = _codes(database, table)
        for number in sorted(codes):
            reason = _wrong(database, table, number)
            found.setdefault(codes[number], Counter())["lost" if reason else table] += 1
            if reason:
                lost.append(LostRow(table, number, codes[number], reason))
            else:
                readable[table] += 1
    if not readable["register"]:
        structure.append("no key")
    projects = [
        ProjectRows(code, count["issues"], count["returns"], count["lost"])
        for code, count in sorted(found.items())
        if code
    ]
    return Examination(tuple(structure), dict(readable), tuple(lost), tuple(projects))


def _all(database: sqlite3.Connection, sql: str) -> list[Any]:
    """Return the rows of a query, and where it breaks off, those before."""
    found = []
    try:
        for row in database.execute(sql):
            found.append(row)
    except FAILURES as error:
        if sql.startswith("PRAGMA"):
            found.append((str(error),))
    return found


def _codes(database: sqlite3.Connection, table: str) -> dict[int, str]:
    """Return the rows of a table by number, each with its project's code.

    Where a part of the table is damaged, what lies before and behind it is found from both ends, and the rest by the
    index of codes, which lies elsewhere in the file.
    """
    code = "code" if table in _OF_PROJECTS else "''"
    queries = [f"SELECT rowid, {code} FROM {table} NOT INDEXED ORDER BY rowid {order}" for order in ("", "DESC")]
    if table in _OF_PROJECTS:
        queries.append(f"SELECT rowid, code FROM {table} INDEXED BY {table}_of_a_code ORDER BY code")
    found: dict[int, str] = {}
    for query in queries:
        for number, each in _all(database, query):
            found[number] = found.get(number) or (each if isinstance(each, str) else "")
    return found


def _wrong(database: sqlite3.Connection, table: str, number: int) -> str:
    """Return why a row cannot be read; blank where it can."""
    columns, read = _READ[table]
    try:
        known = {name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")}
        # Columns that a register of an older version does not have yet.
        asked = [name if name in known else _MISSING.get(name, "''") for name in columns.split(", ")]
        row = database.execute(f"SELECT {', '.join(asked)} FROM {table} WHERE rowid = ?", [number]).fetchone()
        if row is None:
            return "the row is gone"
        read(row)
    except (*FAILURES, DamagedError) as error:
        return str(error) or type(error).__name__
    return ""


#: What stands for a column that an older version lacks; a blank text for all others.
_MISSING = {"identity": "NULL", "withdrawn": "NULL", "forged": "0"}


def _check_key(key: Any) -> None:
    if not isinstance(key, bytes) or len(key) != KEY_LENGTH:
        raise DamagedError("no key")


def _check_form(digest: Any, content: Any) -> None:
    if not isinstance(content, str) or hashlib.sha256(content.encode()).hexdigest() != digest:
        raise DamagedError("the template is not what was written")


def _check_issue(row: Sequence[Any]) -> None:
    count = len(rows.ISSUED.split(", "))
    issued, line = rows.issued(row[:count]), rows.issue_line(row[count:])
    if issued.identity is not None and not issued.identity.intact:
        raise DamagedError("the identity is not what was written")
    if issued.project.code != line.code:
        raise DamagedError(f"the project is {issued.project.code}, its row says {line.code}")


def _check_return(row: Sequence[Any]) -> None:
    count = len(rows.RETURNED.split(", "))
    rows.returned(row[:count])
    rows.return_line(row[count:])


def told(path: Path, examination: Examination) -> Iterator[Message]:
    """Yield what is to be said of a register, line by line."""
    readable = partial(examination.readable.get)
    kept = {name: readable(name, 0) for name in ("issues", "returns", "mails")}
    if examination.sound:
        count = len(examination.projects)
        yield say(
            "{path}: sound; {projects} projects, {issues} issues, {returns} returns, {mails} mails",
            path=path,
            projects=count,
            **kept,
        )
        return
    yield say("{path}: damaged", path=path)
    for line in examination.structure:
        yield say("  the file: {problem}", problem=line)
    for row in examination.lost:
        yield say(
            "  table {table}, row {row}, project {code}: cannot be read ({reason})",
            table=row.table,
            row=row.id,
            code=row.code or "?",
            reason=row.reason,
        )
    yield say("can be read: {issues} issues, {returns} returns, {mails} mails", **kept)
    whole = [each.code for each in examination.projects if not each.lost]
    hurt = [each.code for each in examination.projects if each.lost]
    yield say("projects of which everything can be read ({count}): {codes}", count=len(whole), codes=whole or "-")
    yield say("projects of which something is lost ({count}): {codes}", count=len(hurt), codes=hurt or "-")
    yield say("Put the last copy that `xlsform register backup` made in its place")


def as_data(path: Path, examination: Examination) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "register": str(path),
        "sound": examination.sound,
        "structure": list(examination.structure),
        "readable": dict(examination.readable),
        "lost": [
            {"table": each.table, "row": each.id, "project": each.code or None, "reason": each.reason}
            for each in examination.lost
        ],
        "projects": [
            {"code": each.code, "issues": each.issues, "returns": each.returns, "lost": each.lost}
            for each in examination.projects
        ],
    }
