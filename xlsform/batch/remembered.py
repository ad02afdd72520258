"""What the register knows already: verdicts that hold again, and the returns and the state of each project."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from xlsform import __version__
from xlsform.findings import Finding
from xlsform.inbox import Incoming
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Unreadable
from xlsform.register import NewReturn, ProjectStatus, Register, State
from xlsform.submission.recognition import known_forms
from xlsform.verdict.consequences import of_withdrawn_project
from xlsform.verdict.verdict import Judged, Known, Options, Verdict

#: Names all that a verdict depends on besides the content, by the file's name and its project's code.
JudgedBy = Callable[[str, str | None], str]
#: Judges files, but for those that are known already.
JudgeFiles = Callable[[Iterable[Incoming], Known], Iterator[Judged]]


def judged_once(files: Iterable[Incoming], options: Options, judge: JudgeFiles, register: Register) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given: the register's, where judging again could give no other.

    Args:
        files: what came in.
        options: what the reviewer asked for.
        judge: judges what the register does not know.
        register: where all is recorded; a file is yielded once it is.
    """
    by = judged_by(options)

    def by_of(file: Incoming, code: str | None) -> str:
        # What came with it is told with it (F113).
        return _digest(by(file.name, code), *file.beside) if file.beside else by(file.name, code)

    def known(file: Incoming) -> Verdict | None:
        if not isinstance(file.data, bytes):
            return None
        verdict = register.known(hashlib.sha256(file.data).hexdigest(), partial(by_of, file))
        # What could not be read may be readable when the machine is less busy, or has more memory.
        if verdict is None or verdict.status == "unreadable":
            return None
        return replace(verdict, path=file.origin)

    passing: deque[Judged] = deque()

    def arrivals() -> Iterator[NewReturn]:
        for judged in judge(files, known):
            # Only the register wants them: whatever holds verdicts afterwards is spared the memory.
            passing.append(judged._replace(verdict=replace(judged.verdict, extracted="")))
            file = judged.incoming
            yield NewReturn(judged.verdict, file.origin, by_of(file, judged.verdict.project_code), file.received)

    for _ in register.record_returns(arrivals()):
        yield passing.popleft()


def judged_by(options: Options) -> JudgedBy:
    """Return what names all that a verdict depends on besides the content.

    That is the program, its forms, the options, the file's extension, what was approved for the file's project, and
    which other projects have its name: the file may have been taken for it by its name.
    """
    forms = ",".join(f"{form.id}:{form.digest}" for form in known_forms())
    asked = _digest(f"{__version__}|{forms}|{replace(options, keys=(), projects={}, issues={}, accounts={})}")
    everything = _digest(
        *map(repr, options.projects.values()), *map(repr, options.issues.values()), repr(options.accounts)
    )
    namesakes = _namesakes(options)

    def by(name: str, code: str | None) -> str:
        approved = options.projects.get(code) if code is not None else None
        # A file that names no listed project by its code may be taken for any by its name.
        known = everything
        if approved is not None and code is not None:
            known = f"{approved}|{options.issues.get(code)}|{options.accounts.get(code)}"
            known += f"|{namesakes[normalize_text(approved.name)]}"
        # The extension is part of what is judged (F109).
        return _digest(f"{asked}|{Path(name).suffix.lower()}|{known}")

    return by


def _namesakes(options: Options) -> Mapping[str, str]:
    """Return the codes and units of the projects of each name, as one text."""
    found: dict[str, list[str]] = {}
    issued = (each.project for code, each in options.issues.items() if code not in options.projects)
    for project in chain(options.projects.values(), issued):
        found.setdefault(normalize_text(project.name), []).append(f"{project.code!r} {project.unit!r}")
    return {name: ";".join(sorted(each)) for name, each in found.items()}


def _digest(*texts: str) -> str:
    # One by one, since there may be thousands of projects.
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def as_registered(judged: Iterable[Judged], register: Register) -> Iterator[Judged]:
    """Yield what was judged together, with what the register knows of each project.

    Of a project without a return in this batch nothing is yielded if the register has one, or if it was withdrawn;
    otherwise whether it is overdue is told. A finding that a project is not in the list tells that it was withdrawn.
    """
    known: dict[str, ProjectStatus] | None = None
    for each in judged:
        # The first one comes when the last is judged and recorded: before that the register does not know enough.
        if known is None:
            known = {project.code: project for project in register.status().projects}
        verdict = each.verdict
        project = known.get(verdict.project_code or "")
        if verdict.path:
            told = [_told(finding, project) for finding in verdict.findings] if project else verdict.findings
            yield each._replace(verdict=replace(verdict, findings=tuple(told)))
        elif project is None or project.state is State.OUTSTANDING:
            yield each
        elif project.state is State.OVERDUE:
            yield each._replace(verdict=replace(verdict, overdue=True))


def _told(finding: Finding, project: ProjectStatus) -> Finding:
    """Return a finding; that a project is not in the list (X104) says that it was withdrawn, if so, and why."""
    if project.state is not State.WITHDRAWN:
        return finding
    return of_withdrawn_project(finding, project.name, project.reason)


def other_returns(digests: Container[str | None], register: Register) -> Iterator[Judged]:
    """Yield the returns that count for their projects in the register, but for those with one of these digests."""
    for each in register.returns():
        if each.verdict.sha256 not in digests:
            gone = Incoming(each.origin, Path(each.origin).name, Unreadable("missing"), each.received, "")
            yield Judged(gone, replace(each.verdict, path=each.origin))
