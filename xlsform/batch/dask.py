"""Judge files on a Dask cluster, where one machine is not enough."""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xlsform.batch.chunks import AHEAD, Answer, Submit, arrived, chunked, in_order
from xlsform.batch.worker import DifferentError, JobSpec, judge_chunk, verified, version
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
#: Seconds until a scheduler that does not answer is given up, and one that says good-bye.
_CONNECT, _CLOSE = 10.0, 5.0
#: Seconds for which the number of threads is believed, and after which a cluster without any is given up.
_FRESH, _DESERTED = 1.0, 60.0
#: Where Dask speaks to its own people; what concerns ours is told in their words.
_LOGS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


class _LostError(Exception):
    """A chunk brought down every worker that it was given to."""


class Cluster:
    """A cluster that this program is connected to."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._threads = 0
        self._asked = self._manned = float("-inf")

    def validate(self, files: Iterable[Incoming], options: Options, known: Known) -> Iterator[Judged]:
        """Yield each file with its verdict, in the order given; no more are in memory than keep the cluster busy.

        Args:
            files: what came in.
            options: what the reviewer asked for; the key stays here.
            known: asked first, file by file in their order.

        Raises:
            UsageError: the template named cannot be used, the cluster cannot be reached any more, or a worker has another
                version of this program.
            TemplateError: the template named cannot be used.
        """
        crashed = partial(_crashed, Judge(options))
        started = partial(self._started, JobSpec.of(options))

        def one_by_one(files: Iterable[Incoming]) -> Iterator[Verdict]:
            with started() as submit:
                for each in files:
                    yield self._verdict(submit, each, crashed)

        judged = in_order(
            chunked(files, known, _CHUNK), started, self._ahead, _LostError, one_by_one, result=self._result
        )
        with ExitStack() as stack:
            anew: Submit | None = None
            for incoming, verdict in judged:
                whole = verified(verdict, options.key)
                if whole is None:
                    anew = anew or stack.enter_context(self._started(JobSpec.of(options, forged=True)))
                    whole = self._verdict(anew, incoming, crashed)
                yield Judged(incoming, whole)

    def _verdict(self, submit: Submit, incoming: Incoming, crashed: Callable[[Incoming], Verdict]) -> Verdict:
        answer = submit([incoming])
        # It may be that no worker is left to answer.
        while not arrived(answer):
            self._ahead()
        try:
            return self._result(answer)[0]
        except _LostError:
            return crashed(incoming)

    @contextmanager
    def _started(self, spec: JobSpec) -> Iterator[Submit]:
        # A task, and not data: what is lost with a worker comes about anew on another.
        there = self._client.submit(_same, spec, key=f"xlsform-terms-{uuid.uuid4().hex}", pure=False)
        executor = self._client.get_executor(pure=False)
        try:
            yield partial(executor.submit, judge_chunk, there)
        finally:
            executor.shutdown(wait=False)

    def _result(self, answer: Answer) -> list[Verdict]:
        from distributed import KilledWorker

        try:
            return answer.result()
        except KilledWorker:
            raise _LostError from None
        except DifferentError as error:
            raise self._different(say("a worker"), str(error)) from None
        except CancelledError:
            raise self._gone() from None
        except Exception as error:
            raise UsageError(
                say("{address}: a worker cannot judge ({reason})", address=self._name, reason=_first_line(error))
            ) from None

    def _ahead(self) -> int:
        """Return how many chunks keep all threads busy that there are now."""
        now = time.monotonic()
        if now - self._asked > _FRESH:
            try:
                self._threads = sum(self._client.nthreads().values())
            except (OSError, RuntimeError):
                raise self._gone() from None
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
            workers: dict[str, object] = self._client.run(version, on_error="return")
        except (OSError, RuntimeError):
            raise self._gone() from None
        if not workers:
            raise self._deserted()
        try:
            scheduler: object = self._client.run_on_scheduler(version)
        except Exception as error:
            scheduler = error
        asked = [(say("the worker {address}", address=address), found) for address, found in workers.items()]
        for where, found in [*asked, (say("the scheduler"), scheduler)]:
            if found != version():
                raise self._different(where, _first_line(found) if isinstance(found, Exception) else str(found))

    def _different(self, where: Message, found: str) -> UsageError:
        return UsageError(
            say(
                "{address}: {where} does not have the same xlsform as is used here ({here}), but: {found}. Install the same "
                "version everywhere: verdicts may differ",
                address=self._name, where=where, here=version(), found=found,
            )
        )  # fmt: skip

    def _deserted(self) -> UsageError:
        return UsageError(
            say("{address}: the cluster has no worker; start some with `dask worker`", address=self._name)
        )

    def _gone(self) -> UsageError:
        return UsageError(
            say(
                "{address}: the connection is lost. Run the same command again; with --register, what was judged is not "
                "judged again",
                address=self._name,
            )
        )


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to a cluster and see whether it can judge; let go of it at the end.

    Args:
        address: ``dask://HOST:PORT``, the address of a Dask scheduler.

    Raises:
        UsageError: it is no such address, nobody answers there, Dask is not installed, or the cluster does not have this
            version of this program.
    """
    host, port = _place(address)
    try:
        from dask import config
        from distributed import Client, Security
    except ImportError:
        raise UsageError(say("--engine {address} needs Dask: pip install 'xlsform[dask]'", address=address)) from None
    # Dask remembers what it has sent last, which here are the files themselves.
    with _quiet(), config.set({"distributed.admin.low-level-log-length": 0}):
        # As Dask's own configuration has it.
        security = Security()
        protocol = "tls" if security.tls_client_cert else "tcp"
        client = _answered(partial(Client, f"{protocol}://{host}:{port}", security=security), address)
        try:
            cluster = Cluster(client, address)
            cluster.check()
            yield cluster
        finally:
            client.close(timeout=_CLOSE)


def _answered(connect: Callable[..., Client], address: str) -> Client:
    """Connect, or give up: something else than a scheduler may take all the time there is for its answer."""
    found: Future[Client] = Future()

    def attempt() -> None:
        try:
            found.set_result(connect(timeout=_CONNECT, set_as_default=False))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=attempt, daemon=True).start()
    try:
        return found.result(_CONNECT + _CLOSE)
    except Exception as error:
        raise UsageError(
            say("{address}: no Dask scheduler answers there ({reason})", address=address, reason=_first_line(error))
        ) from None


def _place(address: str) -> tuple[str, str]:
    found = re.fullmatch(r"dask://(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):([0-9]{1,5})/?", address)
    if found is None or int(found[2]) > 65_535:
        raise UsageError(
            say("--engine {address}: expected is the address of a Dask scheduler, dask://HOST:PORT", address=address)
        )
    return found[1], found[2]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask says to its own people off the terminal."""
    loggers = [logging.getLogger(name) for name in _LOGS]
    levels = [each.level for each in loggers]
    with warnings.catch_warnings():
        # That versions of libraries differ, or that a chunk is large.
        warnings.filterwarnings("ignore", module=r"distributed\b")
        for each in loggers:
            each.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for each, level in zip(loggers, levels, strict=True):
                each.setLevel(level)


def _crashed(judge: Judge, incoming: Incoming) -> Verdict:
    return judge.verdict(replace(incoming, data=Unreadable("crashed")))


def _same(spec: JobSpec) -> JobSpec:
    return spec


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
