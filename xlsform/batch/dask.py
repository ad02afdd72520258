"""Judge files on a Dask cluster, where one machine is not enough."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xlsform.batch.chunks import AHEAD, Answer, ChunkLostError, Submit, arrived, chunked, in_order
from xlsform.batch.keyless import verified
from xlsform.batch.worker import DifferentError, JobSpec, judge_chunk, version
from xlsform.errors import UsageError
from xlsform.inbox import Incoming
from xlsform.messages import Message, say
from xlsform.reading.workbook import Unreadable
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Judged, Known, Options, Verdict

if TYPE_CHECKING:
    from distributed import Client

#: Files in a task: a scheduler takes as long for one of them as for sixteen.
_CHUNK = 16
#: Seconds for which the number of threads is believed, and after which a cluster without any is given up.
_FRESH, _DESERTED = 1.0, 60.0


class Cluster:
    """A cluster that this program is connected to."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        """The address that the user gave, for messages."""
        self._threads = 0
        self._asked = self._manned = float("-inf")
        """When the number of threads was asked for last, and when there were some."""

    def validate(self, files: Iterable[Incoming], options: Options, known: Known) -> Iterator[Judged]:
        """Yield each file with its verdict, in the order given; no more are in memory than keep the cluster busy.

        Args:
            files: what came in.
            options: what the reviewer asked for; the register's key stays here.
            known: asked first, file by file in their order.

        Raises:
            UsageError: the template named cannot be used, the cluster cannot be reached any more, or a worker has
                another version of this program.
            TemplateError: the template named cannot be used.
        """
        tasks = _Tasks(self, JobSpec.of(options), Judge(options))
        with ExitStack() as stack:
            submit_forged: Submit | None = None
            for incoming, verdict in in_order(chunked(files, known, _CHUNK), tasks):
                whole = verified(verdict, options.keys)
                if whole is None:
                    if submit_forged is None:
                        forged = _Tasks(self, JobSpec.of(options, forged=True), Judge(options))
                        submit_forged = stack.enter_context(forged.started())
                    whole = tasks.verdict(submit_forged, incoming)
                yield Judged(incoming, whole)

    def ahead(self) -> int:
        """Return how many chunks keep all threads busy that there are now.

        Raises:
            UsageError: the cluster cannot be reached any more, or has had no worker for a minute.
        """
        now = time.monotonic()
        if now - self._asked > _FRESH:
            try:
                self._threads = sum(self.client.nthreads().values())
            except (OSError, RuntimeError):
                raise self.gone() from None
            self._asked = now
            if self._threads:
                self._manned = now
            elif now - self._manned > _DESERTED:
                raise self._deserted()
        return AHEAD * max(self._threads, 1)

    def check(self) -> None:
        """See whether this version of the program is wherever chunks go.

        Raises:
            UsageError: it is not, or there is no worker.
        """
        try:
            workers: dict[str, object] = self.client.run(version, on_error="return")
        except (OSError, RuntimeError):
            raise self.gone() from None
        if not workers:
            raise self._deserted()
        try:
            scheduler: object = self.client.run_on_scheduler(version)
        except Exception as error:
            scheduler = error
        asked = [(say("the worker {address}", address=address), found) for address, found in workers.items()]
        for where, found in [*asked, (say("the scheduler"), scheduler)]:
            if found != version():
                raise self.different(where, first_line(found) if isinstance(found, Exception) else str(found))

    def different(self, where: Message, found: str) -> UsageError:
        """Return what is to be said where another version of this program was found."""
        return UsageError(
            say(
                "{address}: {where} does not have the same xlsform as is used here ({here}), but: {found}. Install the "
                "same version everywhere: verdicts may differ",
                address=self.name,
                where=where,
                here=version(),
                found=found,
            )
        )

    def _deserted(self) -> UsageError:
        return UsageError(say("{address}: the cluster has no worker; start some with `dask worker`", address=self.name))

    def gone(self) -> UsageError:
        """Return what is to be said where the connection is lost."""
        return UsageError(
            say(
                "{address}: the connection is lost. Run the same command again; with --register, what was judged is "
                "not judged again",
                address=self.name,
            )
        )


class _Tasks:
    """An `Executor` of tasks on a cluster."""

    here = None

    def __init__(self, cluster: Cluster, spec: JobSpec, judge: Judge) -> None:
        """Prepare to have files judged.

        Args:
            cluster: where.
            spec: by what.
            judge: gives a file that brings every worker down its verdict, without looking into it.
        """
        self._cluster = cluster
        self._spec = spec
        self._judge = judge

    def ahead(self) -> int:
        return self._cluster.ahead()

    @contextmanager
    def started(self) -> Iterator[Submit]:
        client = self._cluster.client
        # By a task, and not as data: when a worker that has it is lost, a task is run again on another.
        spec = client.submit(_itself, self._spec, key=f"xlsform-job-{uuid.uuid4().hex}", pure=False)
        executor = client.get_executor(pure=False)
        try:
            yield partial(executor.submit, judge_chunk, spec)
        finally:
            executor.shutdown(wait=False)

    def result(self, answer: Answer) -> list[Verdict]:
        from distributed import KilledWorker

        cluster = self._cluster
        try:
            return answer.result()
        except KilledWorker:
            raise ChunkLostError from None
        except DifferentError as error:
            raise cluster.different(say("a worker"), str(error)) from None
        except CancelledError:
            raise cluster.gone() from None
        except Exception as error:
            raise UsageError(
                say("{address}: a worker cannot judge ({reason})", address=cluster.name, reason=first_line(error))
            ) from None

    def one_by_one(self, files: Iterable[Incoming]) -> Iterator[Verdict]:
        with self.started() as submit:
            for each in files:
                yield self.verdict(submit, each)

    def verdict(self, submit: Submit, incoming: Incoming) -> Verdict:
        """Return the verdict on one file, which may bring down every worker that it is given to."""
        answer = submit([incoming])
        while not arrived(answer):
            # Ends the waiting where no worker is left to answer.
            self._cluster.ahead()
        try:
            return self.result(answer)[0]
        except ChunkLostError:
            return self._judge.verdict(replace(incoming, data=Unreadable("crashed")))


def _itself(spec: JobSpec) -> JobSpec:
    return spec


def first_line(error: object) -> str:
    """Return the first line of what an error says, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
