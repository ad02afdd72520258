"""Commands that are killed at a random moment, and what has to be true of what they leave.

The program is loaded once and forked, so that a kill falls into its work and not into its start.
"""

from __future__ import annotations

import contextlib
import csv
import email
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import NamedTuple

import xlsform
from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.reading import read_bytes
from xlsform.reading.workbook import Workbook
from xlsform.register import Register

RETURNS, PROJECTS = 6, 8
PASSWORD = {"XLSFORM_PASSWORD": "a password"}


class Writing(NamedTuple):
    """A command that writes something."""

    words: str
    """With the names of `Bench.places` for paths."""
    register: str = ""
    """The place of the register that it begins with."""


COMMANDS = {
    "generate": Writing("generate mof-2020 --projects LISTED --year 2021 -o OUT"),
    "generate --register": Writing("generate mof-2020 --projects LISTED --year 2021 --register OUT/r.db -o OUT"),
    "generate, again": Writing("generate mof-2020 --projects LISTED --register OUT/r.db -o OUT", register="ISSUED"),
    "validate, json": Writing("validate INBOX --format json --jobs 1 -o OUT/report.json"),
    "validate, html": Writing("validate INBOX --format html --jobs 1 -o OUT/report.html"),
    "validate, xlsx": Writing("validate INBOX --format xlsx --jobs 1 -o OUT/report.xlsx"),
    "validate --annotate": Writing("validate INBOX --jobs 1 --annotate OUT/back -o OUT/report.txt"),
    "validate --register": Writing("validate INBOX --jobs 1 --register OUT/r.db -o OUT/report.txt", register="ISSUED"),
    "summarize": Writing("summarize INBOX --jobs 1 -o OUT/summary.xlsx"),
    "summarize --register": Writing("summarize INBOX --jobs 1 --register OUT/r.db -o OUT/s.xlsx", register="ISSUED"),
    "status": Writing("status --register OUT/r.db --format xlsx -o OUT/status.xlsx", register="ISSUED"),
    "fill": Writing("fill BLANK DATA -o OUT/filled.xlsx"),
    "extract": Writing("extract FILLED -o OUT/data.json"),
    "mail draft": Writing("mail draft OUT/mail --register OUT/r.db --from a@b.cn", register="ISSUED"),
    "mail draft --returns": Writing(
        "mail draft OUT/mail --register OUT/r.db --from a@b.cn --returns INBOX", register="JUDGED"
    ),
    "mail texts": Writing("mail texts OUT/texts"),
    "projects template": Writing("projects template -o OUT/list.xlsx"),
    "projects withdraw": Writing(
        "projects withdraw 001 002 003 004 --reason cancelled --register OUT/r.db", register="ISSUED"
    ),
    "templates show": Writing("templates show mof-2020 -o OUT/form.json"),
    "register backup": Writing("register backup OUT/r.db -o OUT/copy.db --replace", register="ISSUED"),
    "demo": Writing("demo OUT/demo"),
}


def forked(arguments: Sequence[str], seconds: float | None) -> bool:
    """Run a command in a process of its own, and kill it after so many seconds; whether it came to its end."""
    child = os.fork()
    if child == 0:
        # What is judged are the files: nobody asks for the exit code, or reads what is said.
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), contextlib.suppress(BaseException):
            cli(arguments)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


class Bench:
    """What the commands work on, and the folder that they write into."""

    def __init__(self, folder: Path) -> None:
        """Make a list, returns, a blank form with data for it, and the register of a round."""
        os.environ.update(PASSWORD)
        for module in walk_packages(xlsform.__path__, "xlsform."):
            if not module.name.endswith(("__main__", ".worker", ".dask")):
                import_module(module.name)
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.places = {
            name: folder / path
            for name, path in {
                "LISTED": "list.csv", "INBOX": "inbox", "BLANK": "blank.xlsx", "DATA": "data.json",
                "FILLED": "inbox/0.xlsx", "OUT": "out", "ISSUED": "issued",
                "JUDGED": "judged",
            }.items()
        }  # fmt: skip
        self._listed()
        self.places["INBOX"].mkdir()
        for number, path in enumerate(sorted(samples_folder().glob("*.xlsx"))[:RETURNS]):
            (self.places["INBOX"] / f"{number}.xlsx").write_bytes(path.read_bytes())
        fields = {"project_name": "农村公路养护", "unit": "某站"}
        self.places["DATA"].write_text(json.dumps({"template": "mof-2020", "fields": fields}), encoding="utf-8")
        assert forked(["generate", "mof-2020", "-o", str(self.places["BLANK"])], None)
        generate = "generate mof-2020 --projects LISTED --year 2021 --register ISSUED/r.db -o ISSUED"
        self.places["ISSUED"].mkdir()
        assert forked(self.words(generate, folder), None)
        self.places["JUDGED"].mkdir()
        shutil.copy(self.places["ISSUED"] / "r.db", self.places["JUDGED"])
        assert forked(self.words("validate INBOX --jobs 1 --register JUDGED/r.db", folder), None)
        self._before = self._inputs()

    def _listed(self) -> None:
        with self.places["LISTED"].open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(
                [["项目编码", "项目名称", "主管部门", "实施单位", "邮箱"]]
                + [
                    [f"{number:03}", f"项目{number}", "某局", f"单位{number % 3}", f"u{number % 3}@x.cn"]
                    for number in range(PROJECTS)
                ]
            )

    def words(self, words: str, out: Path) -> list[str]:
        """Return a command with its paths."""
        places = self.places | {"OUT": out}
        parts = [word.split("/") for word in words.split()]
        return [str(Path(places[first], *rest)) if first in places else first for first, *rest in parts]

    def run(self, name: str, out: Path, seconds: float | None) -> bool:
        """Run a command of `COMMANDS`, in a folder that another run of it may have left; whether it came to its end."""
        out.mkdir(exist_ok=True)
        if COMMANDS[name].register and not (out / "r.db").exists():
            shutil.copy(self.places[COMMANDS[name].register] / "r.db", out)
        return forked(self.words(COMMANDS[name].words, out), seconds)

    def check_inputs(self) -> None:
        """Fail where an input was changed."""
        assert self._inputs() == self._before

    def _inputs(self) -> dict[Path, tuple[bytes, int]]:
        files = [path for path in self.folder.glob("[!0-9]*/**/*") if path.is_file() and "out" not in path.parts]
        files += [path for path in self.folder.iterdir() if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def is_workbook(path: Path) -> bool:
    return isinstance(read_bytes(path.read_bytes()), Workbook)


def is_json(path: Path) -> bool:
    return isinstance(json.loads(path.read_text(encoding="utf-8")), dict | list)


def is_page(path: Path) -> bool:
    return path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def is_mail(path: Path) -> bool:
    """Whether a mail is whole: to the boundary that closes it, with its workbooks."""
    data = path.read_bytes()
    message = email.message_from_bytes(data)
    boundary = message.get_boundary()
    attached = [part for part in message.walk() if part.get_filename()]
    whole = all(zipped(part.get_payload(decode=True)) for part in attached)
    return boundary is not None and data.rstrip().endswith(f"--{boundary}--".encode()) and bool(attached) and whole


def zipped(content: object) -> bool:
    return isinstance(content, bytes) and isinstance(read_bytes(content), Workbook)


def is_register(path: Path) -> bool:
    """Whether a register is whole, and tells what is in it; an empty one is made by the next who opens it."""
    if not path.stat().st_size:
        return True
    # SQLite itself first: it undoes what a killed transaction has left.
    with contextlib.closing(sqlite3.connect(path)) as database:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return True
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return False
    with Register.open(path) as register:
        register.status()
        return all(each.digest for each in register.issued()) and register.mails.all() is not None


def is_text(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return bool(text.strip()) and text.endswith("\n")


CHECKS: dict[str, Callable[[Path], bool]] = {
    ".xlsx": is_workbook, ".json": is_json, ".db": is_register, ".html": is_page, ".eml": is_mail, ".txt": is_text,
    ".csv": is_text, ".md": is_text,
}  # fmt: skip


def whole(folder: Path) -> dict[str, bool]:
    """Return which files of a folder are whole; hidden ones have not taken their names yet."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    # A journal is what SQLite makes a register whole from.
    files = [path for path in files if not path.name.endswith("-journal")]
    return {str(path.relative_to(folder)): CHECKS.get(path.suffix, Path.is_file)(path) for path in files}


def unknown(folder: Path) -> set[str]:
    """Return the workbooks that were issued into a folder and that its register does not know."""
    register = folder / "r.db"
    if not register.exists():
        return set()
    with Register.open(register, create=True) as opened:
        codes = [each.code for each in opened.status().projects]
        digests = {each.digest for code in codes for each in opened.history(code).issued}
    # What is in folders of units was issued; the others are reports.
    return {
        str(path.relative_to(folder))
        for path in folder.glob("单位*/*.xlsx")
        if hashlib.sha256(path.read_bytes()).hexdigest() not in digests
    }


def left_over(folder: Path) -> list[str]:
    """Return what lies in a folder beside finished files."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".*") if path.is_file()]


def recorded(folder: Path) -> dict[str, object]:
    """Return what the register in a folder says, if there is one: what a run must not lose, and not double."""
    path = folder / "r.db"
    if not path.exists():
        return {}
    with Register.open(path, create=True) as register:
        status = register.status()
        return {
            "issues": sorted((each.code, len(register.history(each.code).issued)) for each in status.projects),
            "projects": sorted((each.code, each.state, each.returns) for each in status.projects),
            "strays": sorted(each.origin for each in status.strays),
            "mailed": [sorted(set(register.mails.outcomes(purpose).items())) for purpose in ("issue", "reply")],
        }
