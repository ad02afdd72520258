"""The tables of a register: what made them in each version, from the first to the one of today."""

from __future__ import annotations

#: Tells a register from any other SQLite file: ``xlsf``.
APPLICATION = 0x786C7366

#: Bytes of a key that identities are signed with.
KEY_LENGTH = 32

# No newer SQL than SQLite 3.24 has: what old systems bring along.
FIRST = (
    f"PRAGMA application_id = {APPLICATION}",
    "CREATE TABLE register (key BLOB NOT NULL)",
    # The newest row of a code counts; the others are its history. `project` is the whole project, as JSON.
    """CREATE TABLE issues (
        id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL, department TEXT NOT NULL, unit TEXT NOT NULL,
        email TEXT NOT NULL, project TEXT NOT NULL, template TEXT NOT NULL, edition TEXT NOT NULL, year INTEGER,
        file TEXT NOT NULL, digest TEXT NOT NULL, password TEXT NOT NULL, due TEXT, issued TEXT NOT NULL)""",
    "CREATE INDEX issues_of_a_code ON issues (code)",
    # `issue` is the project's newest issue when the return was judged. `digest` is blank where no byte could be read.
    """CREATE TABLE returns (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL, origin TEXT NOT NULL, received TEXT NOT NULL, code TEXT,
        name TEXT, unit TEXT, template TEXT, year INTEGER, status TEXT NOT NULL, score TEXT, errors INTEGER NOT NULL,
        warnings INTEGER NOT NULL, verdict TEXT NOT NULL, judged_by TEXT NOT NULL, issue INTEGER,
        UNIQUE (digest, origin))""",
    "CREATE INDEX returns_of_a_code ON returns (code)",
    # A row for each draft and each attempt to deliver; `attachments` and `about` are lists, as JSON.
    """CREATE TABLE mails (
        id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, unit TEXT NOT NULL, email TEXT NOT NULL, kind TEXT NOT NULL,
        message_id TEXT NOT NULL, attachments TEXT NOT NULL, about TEXT NOT NULL, recorded TEXT NOT NULL,
        error TEXT NOT NULL)""",
)
SECOND = (
    # When the project was withdrawn, and why; blank where it was not. Issued anew it has a row that says nothing of it.
    "ALTER TABLE issues ADD COLUMN withdrawn TEXT",
    "ALTER TABLE issues ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    # Whether the identity is not the one that was issued.
    "ALTER TABLE returns ADD COLUMN forged INTEGER NOT NULL DEFAULT 0",
    """UPDATE returns SET forged = 1 WHERE verdict LIKE '%"code": "S113"%'""",
)
THIRD = (
    # What the workbook says of itself, encoded; NULL where an earlier version issued it. What identifies its lock
    # (`Lock.as_json`), and the digest of its form's template.
    "ALTER TABLE issues ADD COLUMN identity TEXT",
    "ALTER TABLE issues ADD COLUMN lock_hash TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE issues ADD COLUMN form TEXT NOT NULL DEFAULT ''",
    # Templates as they were when workbooks were issued by them.
    "CREATE TABLE forms (digest TEXT PRIMARY KEY, id TEXT NOT NULL, edition TEXT NOT NULL, json TEXT NOT NULL)",
    # A file may hold several forms: `part` is the sheet's or table's name, blank for an issued workbook. `extracted`
    # is what `xlsform extract` prints of it. SQLite cannot change what is unique: the table is made anew.
    """CREATE TABLE new_returns (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL, origin TEXT NOT NULL, received TEXT NOT NULL, code TEXT,
        name TEXT, unit TEXT, template TEXT, year INTEGER, status TEXT NOT NULL, score TEXT, errors INTEGER NOT NULL,
        warnings INTEGER NOT NULL, verdict TEXT NOT NULL, judged_by TEXT NOT NULL, issue INTEGER,
        forged INTEGER NOT NULL DEFAULT 0, part TEXT NOT NULL DEFAULT '', extracted TEXT NOT NULL DEFAULT '',
        UNIQUE (digest, origin, part))""",
    """INSERT INTO new_returns (id, digest, origin, received, code, name, unit, template, year, status, score, errors,
        warnings, verdict, judged_by, issue, forged)
        SELECT id, digest, origin, received, code, name, unit, template, year, status, score, errors, warnings,
        verdict, judged_by, issue, forged FROM returns""",
    "DROP TABLE returns",
    "ALTER TABLE new_returns RENAME TO returns",
    "CREATE INDEX returns_of_a_code ON returns (code)",
    # Who is delivering it now: host, process id and time; blank when that is settled.
    "ALTER TABLE mails ADD COLUMN claim TEXT NOT NULL DEFAULT ''",
    # A person's word on a project, the newest counts: `kind` is accept, send_back or reopen, `return_id` the return
    # that it was said of, if any.
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY, code TEXT NOT NULL, year INTEGER, kind TEXT NOT NULL, person TEXT NOT NULL,
        reason TEXT NOT NULL, decided TEXT NOT NULL, return_id INTEGER)""",
    "CREATE INDEX decisions_of_a_code ON decisions (code)",
    # Waivers and final accounts of the round, the newest row counts: the content as JSON, the name of the file that it
    # was read from, and who set it when.
    """CREATE TABLE waivers (
        id INTEGER PRIMARY KEY, content TEXT NOT NULL, source TEXT NOT NULL, person TEXT NOT NULL,
        recorded TEXT NOT NULL)""",
    """CREATE TABLE accounts (
        id INTEGER PRIMARY KEY, content TEXT NOT NULL, source TEXT NOT NULL, person TEXT NOT NULL,
        recorded TEXT NOT NULL)""",
    # Keys of earlier registers of this office, whose workbooks may still come back.
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, key BLOB NOT NULL, note TEXT NOT NULL, added TEXT NOT NULL)",
)
STEPS = (FIRST, SECOND, THIRD)
"""What makes each version of the register out of the one before."""
VERSION = len(STEPS)
