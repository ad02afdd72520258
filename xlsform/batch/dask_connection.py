"""Connect to a Dask cluster, or say in one line why that cannot be done."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from xlsform.batch.dask import Cluster, first_line
from xlsform.errors import UsageError
from xlsform.messages import say

if TYPE_CHECKING:
    from distributed import Client

#: Seconds to wait for a scheduler to answer, and for one to close the connection.
_CONNECT, _CLOSE = 10.0, 5.0
#: Where Dask logs, for those who run a cluster; what those who run this program need to know is told by messages.
_LOGS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to a cluster and see whether it can judge; let go of it at the end.

    Args:
        address: ``dask://HOST:PORT``, the address of a Dask scheduler.

    Raises:
        UsageError: it is no such address, nobody answers there, Dask is not installed, or the cluster does not have
            this version of this program.
    """
    host, port = _place(address)
    try:
        from dask import config
        from distributed import Client, Security
    except ImportError:
        raise UsageError(say("--engine {address} needs Dask: pip install 'xlsform[dask]'", address=address)) from None
    # Dask keeps the messages that it has sent last, which hold the files themselves.
    with _quiet(), config.set({"distributed.admin.low-level-log-length": 0}):
        # Certificates come from Dask's own configuration.
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
    """Connect, or give up after some seconds: Dask itself would wait forever for something that is no scheduler."""
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
            say("{address}: no Dask scheduler answers there ({reason})", address=address, reason=first_line(error))
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
    """Keep what Dask logs off the terminal."""
    loggers = [logging.getLogger(name) for name in _LOGS]
    levels = [each.level for each in loggers]
    with warnings.catch_warnings():
        # These say that versions of libraries differ, or that a chunk is large.
        warnings.filterwarnings("ignore", module=r"distributed\b")
        for each in loggers:
            each.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for each, level in zip(loggers, levels, strict=True):
                each.setLevel(level)
