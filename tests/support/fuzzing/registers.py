"""Fuzzer of registers: bits flipped, pages lost, values of another kind in their tables."""

from __future__ import annotations

import random
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from support.fuzzing.inboxes import in_folder
from support.fuzzing.lists import told
from support.fuzzing.target import Clock, Target
from support.registers import digest_of, forged, issue, mail, project, receive, verdict

from xlsform.register import Register
from xlsform.register.examine import examine
from xlsform.register.examine import told as said

_NAME = "r.db"
_PAGE = 4096
#: A change: its kind, where, and with what.
_CHANGE = struct.Struct(">BIB")
_XOR, _SET, _END, _ZEROS, _CUT, _COPY, _VALUE = range(7)
_ENDS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_VALUES = (
    None, 0, -1, 2**63 - 1, 1e308, b"\0", b"", "", "x", "\0", "null", "[]", "{}", '{"type": "x"}', '["a"]', "1e999",
    "9999-99-99", "2022-03-01", "2022-03-01T08:00:00.000000+00:00", "passed", "sent", "\ud7ff", "[" * 2_000,
    "1" * 5_000, "nan",
)  # fmt: skip


@cache
def whole() -> bytes:
    """Return a register of a round in which a little of everything has happened."""
    path = in_folder(_NAME, b"")
    with Register.open(path, create=True) as register:
        for code in ("001", "002", "003", "001"):
            issue(register, project(code))
        receive(register, verdict("a", "001", errors=2))
        receive(register, verdict("b", "001"), day=1)
        receive(register, forged("c", "002"), day=2)
        receive(register, verdict("d", None, status="unreadable"), day=3)
        register.withdraw(["003"], "cancelled")
        mail(register, "sent", digest_of("issued 001"))
        mail(register, "failed", digest_of("issued 002"))
        mail(register, "sending", digest_of("a"), purpose="reply")
    return path.read_bytes()


@cache
def _cells() -> list[tuple[str, str]]:
    with closing(sqlite3.connect(in_folder(_NAME, whole()))) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(table, row[1]) for table in tables for row in database.execute(f"PRAGMA table_info({table})")]


def _split(data: bytes) -> list[bytes]:
    return [data[start : start + _CHANGE.size] for start in range(0, len(data), _CHANGE.size)]


def damaged(data: bytes) -> Path:
    """Return the register that an input stands for."""
    changes = [_CHANGE.unpack(each) for each in _split(data) if len(each) == _CHANGE.size]
    path = in_folder(_NAME, whole())
    path.with_name(f"{_NAME}-journal").unlink(missing_ok=True)
    values = [(place, byte) for kind, place, byte in changes if kind % 7 == _VALUE]
    if values:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            for place, byte in values:
                table, column = _cells()[place % len(_cells())]
                row = place // len(_cells()) % 4
                try:
                    database.execute(
                        f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET ?)",
                        [_VALUES[byte % len(_VALUES)], row],
                    )
                except sqlite3.Error:
                    # What the table itself forbids.
                    continue
    content = bytearray(path.read_bytes())
    for kind, place, byte in changes:
        _change(content, kind % 7, place % max(len(content), 1), byte)
    path.write_bytes(content)
    return path


def _change(content: bytearray, kind: int, place: int, byte: int) -> None:
    page = place // _PAGE * _PAGE
    if kind == _XOR and content:
        content[place] ^= byte or 1
    elif kind == _SET and content:
        content[place] = byte
    elif kind == _END:
        content[place : place + 4] = struct.pack(">I", _ENDS[byte % len(_ENDS)])
    elif kind == _ZEROS:
        content[page : page + _PAGE] = bytes(len(content[page : page + _PAGE]))
    elif kind == _CUT and byte < 64:
        del content[place:]
    elif kind == _COPY:
        other = byte * _PAGE % max(len(content), 1)
        content[page : page + _PAGE] = content[other : other + _PAGE]


def _use(path: Path) -> None:
    """Do what commands do with a register, each after the other whatever became of the one before."""
    uses: list[Callable[[Register], object]] = [
        lambda register: register.status(),
        lambda register: [list(register.issued()), list(register.returns())],
        lambda register: [register.to_mail(), register.to_answer(), register.mails.all()],
        lambda register: [register.history(code) for code in ("001", "002")],
        lambda register: register.known(digest_of("a"), lambda _: "rules 1"),
        lambda register: receive(register, verdict("e", "002"), day=4),
        lambda register: issue(register, project("002")),
        lambda register: register.withdraw(["001"], "again"),
        lambda register: mail(register, "sent", "x"),
        lambda register: register.status(),
    ]

    def each() -> None:
        with Register.open(path) as register:
            for use in uses:
                told(lambda use=use: use(register))  # type: ignore[misc]

    told(each)


def _tried(data: bytes) -> None:
    clock = Clock()
    path = damaged(data)
    told(lambda: [str(line) for line in said(path, examine(path))])
    before = path.read_bytes()
    told(lambda: [str(line) for line in said(path, examine(path))])
    assert path.read_bytes() == before, "to examine a register is not to change it"
    _use(path)
    clock.check()


def _places(chance: random.Random) -> int:
    """Return a place: anywhere, or where SQLite keeps what the rest depends on."""
    if chance.random() < 0.5:
        return chance.randrange(len(whole()))
    return chance.randrange(len(whole()) // _PAGE) * _PAGE + chance.randrange(100)


def _changed(data: bytes, chance: random.Random) -> bytes:
    changes = _split(data)
    if changes and chance.random() < 0.4:
        del changes[chance.randrange(len(changes))]
    kind = chance.choice([_XOR, _XOR, _SET, _END, _ZEROS, _CUT, _COPY, _VALUE, _VALUE, _VALUE])
    changes.insert(
        chance.randrange(len(changes) + 1),
        _CHANGE.pack(kind, _places(chance) if kind != _VALUE else chance.randrange(1 << 20), chance.randrange(256)),
    )
    return b"".join(changes[:20])


TARGETS = {
    "register": Target(
        "a register, damaged",
        lambda: [b"", _CHANGE.pack(_XOR, 5000, 1), _CHANGE.pack(_VALUE, 40, 12)],
        _changed,
        _tried,
        longest=120,
    )
}
