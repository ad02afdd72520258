"""Issue the workbooks of a round: write one for each project of a list, and record what went out.

Whatever moment the program is killed at, no workbook lies in the folder that the register does not know, and the next
run of the same command makes whatever is missing: of some workbooks at a time all are written beside their places,
then recorded, and only then take their names. What was recorded and has not taken its name is made again in the same
row of the register, so that nothing counts twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import NamedTuple

from xlsform.files.atomic import open_whole, write_whole
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.projects import Project, places
from xlsform.register.records import Issued, State
from xlsform.register.register import Register
from xlsform.workbook.issue_projects import plan_projects
from xlsform.workbook.locks import Lock, lock_for

#: Workbooks that are recorded together, since each change of the register waits for the disk.
_GROUP = 100


@dataclass(frozen=True, slots=True)
class Round:
    """What all workbooks of a round have in common."""

    form: Form
    year: int | None = None
    """Of the form, printed and locked; None where the filler types it."""
    rows: int | None = None
    """Rows in each level-2 block at least; as many as a project has indicators, if None."""
    spare: int = 0
    """Rows beyond a project's indicators."""
    due: dt.date | None = None
    """The last day for returns."""


def issue_round(
    about: Round,
    projects: Sequence[Project],
    folder: Path,
    password: str | None,
    register: Register | None = None,
    unchanged: Callable[[Project], None] = lambda _: None,
) -> Iterator[Path]:
    """Write a workbook for each project, one folder a unit, and yield its path once it is there.

    A project that was issued just like this, and whose workbook lies in its place as it was issued, is left as it is.

    Args:
        about: the round.
        projects: the projects.
        folder: where the units' folders go.
        password: of the locks; if None a random one, and what was issued before keeps its own.
        register: where the workbooks are recorded, and whose key they are signed with.
        unchanged: told of each project that is left as it is; its path is yielded all the same.

    Raises:
        UsageError: the folder or the register cannot be written to.
    """
    lock, paths = _Password(password or secrets.token_urlsafe(24), password is not None), places(projects)
    if register is None:
        for project, plan in plan_projects(about.form, projects, year=about.year, rows=about.rows, spare=about.spare):
            path = folder / paths[project.code]
            write_whole(path, plan.workbook(lock.lock))
            yield path
        return
    for start in range(0, len(projects), _GROUP):
        group = projects[start : start + _GROUP]
        for project in _issue_together(_Bundle(register, about, group, folder, paths, lock)):
            unchanged(project)
        yield from (folder / paths[project.code] for project in group)


class Before(NamedTuple):
    """What is to be told of projects that are issued anew, by their codes."""

    withdrawn: frozenset[str] = frozenset()
    """They are expected again."""
    mailed: frozenset[str] = frozenset()
    """A letter with the earlier workbook was written: the unit may have that one, and not the new one."""


def before(register: Register) -> Before:
    """Return what the register says of projects before some are issued."""
    projects = register.status().projects
    return Before(
        frozenset(each.code for each in projects if each.state is State.WITHDRAWN),
        frozenset(each.code for each in projects if each.state is not State.WITHDRAWN and each.mailed is not None),
    )


class _Password(NamedTuple):
    text: str
    given: bool
    """Whether somebody chose it: then what has another one is locked anew."""

    @property
    def lock(self) -> Lock:
        return lock_for(self.text)


class _Bundle(NamedTuple):
    """Projects that are recorded together."""

    register: Register
    about: Round
    projects: Sequence[Project]
    folder: Path
    paths: Mapping[str, PurePath]
    password: _Password

    def latest(self) -> dict[str, Issued]:
        """Return what each was issued as last, by code."""
        return self.register.latest([project.code for project in self.projects])

    def same(self, issued: Issued | None, project: Project, identity: Identity) -> bool:
        """Whether a project was issued just like this, by what the register says of it."""
        return (
            issued is not None
            and issued.withdrawn is None
            and issued.identity == identity
            and issued.form == self.about.form.digest
            and issued.due == self.about.due
            and issued.file == self.file(project)
            # Its line in the list tells nothing of a project.
            and replace(issued.project, row=project.row) == project
            and (not self.password.given or issued.password == self.password.text)
        )

    def file(self, project: Project) -> str:
        """Return where a project's workbook belongs, as the register keeps it."""
        return str((self.folder / self.paths[project.code]).resolve())


class _Waiting(NamedTuple):
    """A workbook that is written whole, and has not taken its name yet."""

    identity: Identity
    digest: str
    part: ExitStack
    """Gives it its name when it is closed."""


def _issue_together(bundle: _Bundle) -> list[Project]:
    """Write, record and name the workbooks of a bundle; return the projects that are left as they are."""
    left: set[str] = set()
    before = bundle.latest()
    with ExitStack() as unfinished:
        waiting: dict[str, _Waiting] = {}
        about = bundle.about
        for project, plan in plan_projects(
            about.form, bundle.projects, year=about.year, rows=about.rows, spare=about.spare, key=bundle.register.key
        ):
            issued = before.get(project.code)
            if issued and bundle.same(issued, project, plan.identity) and _holds(Path(issued.file), issued.digest):
                left.add(project.code)
                continue
            data = plan.workbook(bundle.password.lock)
            part = _written(bundle.folder / bundle.paths[project.code], data)
            unfinished.push(part)
            waiting[project.code] = _Waiting(plan.identity, hashlib.sha256(data).hexdigest(), part)
        with bundle.register.together():
            _record(bundle, waiting)
        with bundle.register.together():
            # While nobody else can record: what another run of the same command has recorded since is named by that.
            now = bundle.latest()
            for code, each in waiting.items():
                if now[code].digest == each.digest:
                    each.part.close()
                else:
                    _drop(each.part)
    return [project for project in bundle.projects if project.code in left]


def _record(bundle: _Bundle, waiting: Mapping[str, _Waiting]) -> None:
    """Record workbooks in the order of the list."""
    latest = bundle.latest()
    mailed = {about for _, about in bundle.register.mails.outcomes("issue")} if latest else set()
    for project in bundle.projects:
        if project.code not in waiting:
            continue
        each, issued = waiting[project.code], latest.get(project.code)
        again = bundle.same(issued, project, each.identity) and issued is not None and issued.digest not in mailed
        bundle.register.record_issued(
            project,
            template=bundle.about.form.id,
            edition=bundle.about.form.edition,
            year=bundle.about.year,
            file=bundle.file(project),
            digest=each.digest,
            password=bundle.password.text,
            due=bundle.about.due,
            identity=each.identity,
            lock_hash=bundle.password.lock.as_json(),
            form=bundle.about.form,
            # Recorded before, and made anew since it is not in its place: nobody has it yet.
            in_place=again,
        )


def _written(path: Path, data: bytes) -> ExitStack:
    """Write a file beside its place; what is returned gives it its name when closed, and removes it on an exception."""
    with ExitStack() as stack:
        file = stack.enter_context(open_whole(path))
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        return stack.pop_all()


class _NotNeededError(Exception):
    """What was written is not to take its name."""


def _drop(part: ExitStack) -> None:
    with suppress(_NotNeededError), part:
        raise _NotNeededError


def _holds(path: Path, digest: str) -> bool:
    """Whether a file is there and has this SHA-256."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False
