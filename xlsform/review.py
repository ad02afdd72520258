"""A bureau's run over what came in: judged, remembered in the register, compared with one another."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from xlsform import __version__
from xlsform.batch import Judged, compared, validate
from xlsform.inbox import Incoming
from xlsform.recognition import known_forms
from xlsform.register import Arrival, Register
from xlsform.verdicts import Options, Verdict


def review(
    incoming: Iterable[Incoming],
    options: Options,
    jobs: int,
    register: Register | None = None,
    *,
    contents: bool = True,
    watch: Callable[[Iterator[Judged]], Iterator[Judged]] = lambda judged: judged,
) -> Generator[Judged, None, None]:
    """Yield each file with its verdict, in the order given.

    With a register only what is new or changed is judged, and everything is recorded. With a register or a project
    list, returns are compared with one another, which is possible only when the last one is judged; projects that did
    not return follow at the end.

    Args:
        incoming: the files.
        options: what the reviewer asked for.
        jobs: processes to work with.
        register: where returns are remembered.
        contents: whether the files' contents are wanted again, and not only the verdicts.
        watch: passes files on as they are judged, which may be long before they are yielded.

    Raises:
        UsageError: the template named cannot be used, or the register cannot be written to.
    """
    judged = watch(_remembered(incoming, options, jobs, register) if register else validate(incoming, options, jobs))
    yield from compared(judged, options, contents=contents) if options.projects else judged


def _remembered(incoming: Iterable[Incoming], options: Options, jobs: int, register: Register) -> Iterator[Judged]:
    """Judge what the register does not know yet, and record it all."""
    by = judged_by(options)

    def known(file: Incoming) -> Verdict | None:
        if not isinstance(file.data, bytes):
            return None
        verdict = register.known(hashlib.sha256(file.data).hexdigest(), _judged_by(by, file))
        return replace(verdict, path=file.origin) if verdict else None

    passing: deque[Judged] = deque()

    def arrivals() -> Iterator[Arrival]:
        for judged in validate(incoming, options, jobs, known):
            passing.append(judged)
            file = judged.incoming
            yield Arrival(judged.verdict, file.origin, _judged_by(by, file), file.received)

    for _ in register.record_returns(arrivals()):
        yield passing.popleft()


def _judged_by(by: str, incoming: Incoming) -> str:
    # The extension is part of what is judged (F109).
    return f"{by} {Path(incoming.name).suffix.lower()}"


def judged_by(options: Options) -> str:
    """Return what a verdict depends on besides the file: the program, the forms and what was asked for."""
    digest = hashlib.sha256()
    forms = (f"{form.id}:{form.digest}" for form in known_forms())
    # One by one, since there may be thousands of projects.
    projects = map(repr, options.projects.values())
    for each in chain([__version__, repr(replace(options, key=None, projects={}))], forms, projects):
        digest.update(f"{each}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
