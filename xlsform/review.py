"""A bureau's run over what came in: judged, remembered in the register, compared with one another."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from xlsform import __version__
from xlsform.batch import Judged, compared, validate
from xlsform.inbox import Incoming
from xlsform.recognition import known_forms
from xlsform.register import Arrival, Register
from xlsform.verdicts import Options


def review(
    incoming: Iterable[Incoming], options: Options, jobs: int, register: Register | None = None
) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given.

    With a register only what is new or changed is judged, and everything is recorded. With a register or a project
    list, returns are compared with one another, and projects that did not return follow at the end; this holds all
    verdicts in memory until the last file is judged.

    Args:
        incoming: the files.
        options: what the reviewer asked for.
        jobs: processes to work with.
        register: where returns are remembered.

    Raises:
        UsageError: the template named cannot be used, or the register cannot be written to.
    """
    judged = _remembered(incoming, options, jobs, register) if register else validate(incoming, options, jobs)
    if not options.projects:
        yield from judged
        return
    yield from compared(list(judged), options)


def _remembered(incoming: Iterable[Incoming], options: Options, jobs: int, register: Register) -> Iterator[Judged]:
    """Judge what the register does not know yet, and record it all."""
    by = judged_by(options)
    waiting: deque[Judged | None] = deque()

    def unknown() -> Iterator[Incoming]:
        for each in incoming:
            known = _known(register, each, by)
            waiting.append(known)
            if known is None:
                yield each

    def ordered() -> Iterator[Judged]:
        for judged in validate(unknown(), options, jobs):
            while waiting and (known := waiting[0]) is not None:
                waiting.popleft()
                yield known
            waiting.popleft()
            yield judged
        yield from (known for known in waiting if known is not None)

    passing: deque[Judged] = deque()

    def arrivals() -> Iterator[Arrival]:
        for judged in ordered():
            passing.append(judged)
            file = judged.incoming
            yield Arrival(judged.verdict, file.origin, _judged_by(by, file), file.received)

    for _ in register.record_returns(arrivals()):
        yield passing.popleft()


def _known(register: Register, incoming: Incoming, by: str) -> Judged | None:
    if not isinstance(incoming.data, bytes):
        return None
    verdict = register.known(hashlib.sha256(incoming.data).hexdigest(), _judged_by(by, incoming))
    # What could not be read may be readable when the machine is less busy, or has more memory.
    if verdict is None or verdict.status == "unreadable":
        return None
    return Judged(incoming, replace(verdict, path=incoming.origin))


def _judged_by(by: str, incoming: Incoming) -> str:
    # The extension is part of what is judged (F109).
    return f"{by} {Path(incoming.name).suffix.lower()}"


def judged_by(options: Options) -> str:
    """Return what a verdict depends on besides the file: the program, the forms and what was asked for."""
    forms = ",".join(f"{form.id}:{form.digest}" for form in known_forms())
    asked = repr(replace(options, key=None, limits=options.limits))
    return hashlib.sha256(f"{__version__}|{forms}|{asked}".encode("utf-8", "surrogatepass")).hexdigest()
