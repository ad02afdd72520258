"""A bureau's run over what came in: judged, remembered in the register, compared with one another."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from xlsform.batch.validate import validate
from xlsform.form.check import load_checked
from xlsform.inbox import Incoming, Note, Url, at_least_one, count, incoming
from xlsform.messages import Message, say
from xlsform.verdict.verdict import Judged, Known, Options

if TYPE_CHECKING:
    from xlsform.batch.dask import Cluster
    from xlsform.register import Register

#: The form that lists are read for where none is named.
_USUAL_FORM = "mof-2020"


class OfficeFiles(NamedTuple):
    """The office's own files, which returns are compared with."""

    projects: Path | None = None
    """The project list: what was approved. Without it the register tells that."""
    accounts: Path | None = None
    """Final accounts."""
    register: Path | None = None
    """The register: what was issued, and what came back before."""


class Workers(NamedTuple):
    """What judges many files side by side."""

    jobs: int | None = None
    """Processes of this machine; by its cores if not given."""
    engine: str | None = None
    """The address of a cluster that judges in place of this machine's processes: ``dask://HOST:PORT``."""

    @property
    def processes(self) -> int:
        """How many processes judge: two at least, since one bad file can bring down the only process of a run."""
        return self.jobs or max(2, os.cpu_count() or 1)


class ReviewRequest(NamedTuple):
    """What is to be reviewed, by what, and what is wanted of it."""

    paths: Sequence[Path | Url]
    """What came in; none where only what the register has is wanted."""
    options: Options
    office: OfficeFiles = OfficeFiles()
    workers: Workers = Workers()
    contents: bool = True
    """Whether the files' contents are wanted again, and not only the verdicts."""
    remembered: bool = False
    """Whether the returns that count for their projects in the register follow, if they came in by an earlier run."""


class ShowProgress(Protocol):
    """Shows how far a run has come."""

    def __call__(
        self, judged: Iterable[Judged], expected: Callable[[], int | None], doing: Message, /
    ) -> Generator[Judged, None, None]:
        """Pass everything on, and show how far it is.

        Args:
            judged: what is passed on.
            expected: tells how many there will be, None where nobody knows; it may take its time.
            doing: what is being done with them.
        """


def unseen(
    judged: Iterable[Judged], expected: Callable[[], int | None], doing: Message
) -> Generator[Judged, None, None]:
    """Show no progress."""
    yield from judged


@contextmanager
def reviewing(
    request: ReviewRequest,
    show: ShowProgress = unseen,
    passed_over: Note = lambda _: None,
    tell: Callable[[Message], None] = lambda _: None,
) -> Iterator[Iterator[Judged]]:
    """Give the verdicts of a review, in the order of the files; at the end let go of all that it took.

    Args:
        request: what is reviewed.
        show: shows how far the run has come, while files are judged and again while compared verdicts are passed on.
        passed_over: told of each delivery report and automatic reply.
        tell: told what the office should know of its own records.

    Raises:
        UsageError: a path, a file, the register or a cluster cannot be used.
        TemplateError: the template named cannot be used.
        DataError: a list is wrong.
        NothingFoundError: there is nothing to review.
    """
    options, office = request.options, request.office
    # Before anything else is read, so that a wrong template is told at once.
    named = options.template or office.projects or office.accounts
    form = load_checked(options.template or _USUAL_FORM) if named else None
    with ExitStack() as stack:
        register = stack.enter_context(_open_register(office.register)) if office.register is not None else None
        if office != OfficeFiles():
            # Project lists and the register take 40 ms to load, which a run without them is spared.
            from xlsform.batch.records import with_records

            options = with_records(options, form, office.projects, office.accounts, register, tell)
        engine = request.workers.engine
        cluster = stack.enter_context(_connected(engine)) if engine is not None else None
        paths, limits = request.paths, options.limits
        shown = _Shown(show, lambda: count(paths, limits) if paths else None)
        found = review(
            at_least_one(incoming(paths, limits, passed_over)) if paths else (),
            options,
            request.workers.processes,
            register,
            remembered=request.remembered,
            contents=request.contents,
            watch=shown.judged,
            cluster=cluster,
        )
        # Whatever ends the run half-way, processes and the terminal are let go of before anything is said about it.
        stack.enter_context(closing(found))
        yield stack.enter_context(closing(shown.written(found))) if options.projects else found


class _Shown:
    """A run whose progress is shown, while files are judged and again while compared verdicts are passed on."""

    def __init__(self, show: ShowProgress, expected: Callable[[], int | None]) -> None:
        self._show, self._expected = show, expected
        self._count = 0

    def judged(self, judged: Iterator[Judged]) -> Iterator[Judged]:
        for each in self._show(judged, self._expected, say("judged")):
            self._count += 1
            yield each

    def written(self, judged: Iterator[Judged]) -> Generator[Judged, None, None]:
        return self._show(judged, lambda: self._count, say("written"))


def _open_register(path: Path) -> Register:
    # As above: 40 ms.
    from xlsform.register import Register

    return Register.open(path)


def _connected(engine: str) -> AbstractContextManager[Cluster]:
    # Dask need not be installed.
    from xlsform.batch.dask_connection import connected

    return connected(engine)


def review(
    files: Iterable[Incoming],
    options: Options,
    jobs: int,
    register: Register | None = None,
    *,
    remembered: bool = False,
    contents: bool = True,
    watch: Callable[[Iterator[Judged]], Iterator[Judged]] = lambda judged: judged,
    cluster: Cluster | None = None,
) -> Generator[Judged, None, None]:
    """Yield each file with its verdict, in the order given.

    With a register only what is new or changed is judged, and everything is recorded. With a register or a project
    list, returns are compared with one another, which is possible only when the last one is judged; projects that did
    not return follow at the end, as far as the register knows of no return either.

    Args:
        files: what came in.
        options: what the reviewer asked for.
        jobs: processes to work with.
        register: where returns are remembered.
        remembered: whether the returns that count for their projects follow, if they came in by an earlier run.
        contents: whether the files' contents are wanted again, and not only the verdicts.
        watch: passes files on as they are judged, which may be long before they are yielded.
        cluster: judges in place of this machine's processes.

    Raises:
        UsageError: the template named cannot be used, the register cannot be written to, or the cluster cannot be
            reached any more.
    """
    if register is None:
        judged = watch(validate(files, options, jobs, cluster=cluster))
        yield from _compared(judged, options, contents) if options.projects else judged
        return
    options = replace(options, extract=True)
    # As above: it needs the register.
    from xlsform.batch.remembered import as_registered, judged_once, other_returns

    def judge(files: Iterable[Incoming], known: Known) -> Iterator[Judged]:
        return validate(files, options, jobs, known, cluster)

    judged = watch(judged_once(files, options, judge, register))
    if not options.projects:
        yield from judged
        return
    digests: set[str | None] = set()
    for each in as_registered(_compared(judged, options, contents), register):
        digests.add(each.verdict.sha256)
        yield each
    if remembered:
        yield from other_returns(digests, register)


def _compared(judged: Iterable[Judged], options: Options, contents: bool) -> Iterator[Judged]:
    # A run that compares nothing, as of a single return, starts 3 ms sooner without it.
    from xlsform.batch.compare import compared

    return compared(judged, options, contents=contents)
