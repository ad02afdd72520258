"""Issue the workbooks of a round: write one for each project of a list, and record what went out."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlsform.files.atomic import write_whole
from xlsform.form.definition import Form
from xlsform.form.identity import Identity
from xlsform.projects import Project, places
from xlsform.register.records import State
from xlsform.register.register import Register
from xlsform.workbook.issue_projects import plan_projects
from xlsform.workbook.locks import lock_for

#: Workbooks that are recorded together.
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
    about: Round, projects: Sequence[Project], folder: Path, password: str, register: Register | None = None
) -> Iterator[Path]:
    """Write a workbook for each project, one folder a unit, and yield its path once it is written.

    They are recorded in groups, since each change of the register waits for the disk. What was written but not yet
    recorded when the program ends is issued anew by the next run.

    Args:
        about: the round.
        projects: the projects.
        folder: where the units' folders go.
        password: of the locks.
        register: where the workbooks are recorded, and whose key they are signed with.

    Raises:
        UsageError: the folder or the register cannot be written to.
    """
    lock, paths = lock_for(password), places(projects)
    key = register.key if register else None
    size = _GROUP if register else max(len(projects), 1)
    for start in range(0, len(projects), size):
        group = projects[start : start + size]
        written: dict[str, tuple[str, Identity]] = {}
        for project, plan in plan_projects(
            about.form, group, year=about.year, rows=about.rows, spare=about.spare, key=key
        ):
            path, data = folder / paths[project.code], plan.workbook(lock)
            write_whole(path, data)
            written[project.code] = hashlib.sha256(data).hexdigest(), plan.identity
            yield path
        if register is not None:
            recorded = [(project, folder / paths[project.code], *written[project.code]) for project in group]
            _record(register, about, recorded, password)


def withdrawn(register: Register) -> set[str]:
    """Return the codes of the projects that were withdrawn: issued anew, they are expected again."""
    return {each.code for each in register.status().projects if each.state is State.WITHDRAWN}


def _record(
    register: Register, about: Round, written: Sequence[tuple[Project, Path, str, Identity]], password: str
) -> None:
    """Record workbooks in the order of the list, each with its file, its digest and its identity."""
    with register.together():
        for project, path, digest, identity in written:
            register.record_issued(
                project,
                template=about.form.id,
                edition=about.form.edition,
                year=about.year,
                file=str(path.resolve()),
                digest=digest,
                password=password,
                due=about.due,
                identity=identity,
                lock_hash=lock_for(password).as_json(),
                form=about.form,
            )
