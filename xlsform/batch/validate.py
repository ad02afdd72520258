"""Validate many workbooks side by side, and compare them with one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from xlsform.inbox import Incoming, Url, incoming
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Known, Options, Verdict

if TYPE_CHECKING:
    from xlsform.batch.dask import Cluster


def validate(
    files: Iterable[Incoming],
    options: Options,
    jobs: int = 1,
    known: Known = lambda _: None,
    cluster: Cluster | None = None,
) -> Iterator[Judged]:
    """Yield each file with its verdict, in the order given; only a few are in memory at a time.

    Args:
        files: what came in.
        options: what the reviewer asked for.
        jobs: processes to work with; one that dies, or exceeds its time, costs its file a verdict, and the rest go on.
            With one job, or one new file, all is done in this process, which nothing guards.
        known: asked first, file by file in their order.
        cluster: judges in place of this machine's processes.

    Raises:
        UsageError: the template named cannot be used, or the cluster cannot be reached any more.
        TemplateError: the template named cannot be used.
    """
    if cluster is not None:
        yield from cluster.validate(files, options, known)
        return
    judge = Judge(options)
    files = iter(files)
    first = list(islice(files, 2))
    if jobs > 1 and len(first) > 1:
        # A run over one file is common, and starts 40 ms sooner without what processes need.
        from xlsform.batch.processes import judged_by_processes

        yield from judged_by_processes(chain(first, files), known, judge, jobs)
        return
    for each in chain(first, files):
        yield Judged(each, known(each) or judge.verdict(each))


def verdicts(paths: Sequence[Path | Url], options: Options, jobs: int = 1) -> Iterator[Verdict]:
    """Yield the verdict on everything that files, folders, mails and archives hold.

    Raises:
        UsageError, NothingFoundError: a path that cannot be used, or nothing to read.
    """
    return (each.verdict for each in validate(incoming(paths, options.limits), options, jobs))
