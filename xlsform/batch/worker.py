"""Judge chunks of files on a worker of a cluster: what is sent there once, and the function that is called there.

`judge_chunk` runs under any executor of `concurrent.futures`, in a thread or a process, on this machine or another. It
judges in a child process of its own, so that a file that brings down what reads it costs no worker.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import zlib
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing.util import Finalize
from typing import Any

from xlsform import __version__
from xlsform.batch.keyless import KeylessJudge
from xlsform.batch.processes import MakeJudge, one_by_one, process_pool, submit
from xlsform.form.template import build, bundled, find, read
from xlsform.inbox import Incoming
from xlsform.submission.recognition import known_forms
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Options, Verdict

#: How child processes are started: a fork would copy the threads' locks of whoever calls, but not the threads.
_SPAWN = multiprocessing.get_context("spawn")


class DifferentError(Exception):
    """Where a chunk arrived is another version of this program, whose verdicts may differ."""


def version() -> str:
    """Return what verdicts depend on besides what was asked for: the program's version and its forms."""
    forms = "".join(f"{form.id}:{form.digest}" for form in known_forms())
    return f"{__version__}+{hashlib.sha256(forms.encode()).hexdigest()[:8]}"


class JobSpec:
    """What a batch is judged by, packed, and the idle child processes that judge by it here.

    It is sent once to wherever chunks go. When it arrives it has no processes yet; they end when it is needed no more.
    """

    def __init__(self, packed: bytes, made_by: str) -> None:
        self._packed = packed
        self.made_by = made_by
        """The version of whoever packed it."""
        self._idle: deque[ProcessPoolExecutor] = deque()
        # At exit it goes before multiprocessing closes its queues, through which the processes are told to end.
        Finalize(self, _end, (self._idle,), exitpriority=100)

    @classmethod
    def of(cls, options: Options, *, forged: bool = False) -> JobSpec:
        """Pack what a reviewer asked for, with the content of the template's file: there is no such file on a cluster.

        The register's key is left out. Verdicts given without it are `Unverified`, and `verified` makes them whole.

        Args:
            options: what the reviewer asked for.
            forged: whether what is judged is known to bear no signature of the key.

        Raises:
            UsageError, TemplateError: the template cannot be used.
        """
        Judge(options)
        own = read(find(options.template)) if options.template and options.template not in bundled() else None
        unverified = bool(options.keys) and not forged
        # With a random key every signature is false.
        sent = replace(options, keys=(os.urandom(32),) if forged else ())
        return cls(zlib.compress(pickle.dumps((sent, own, unverified)), 1), version())

    def __reduce__(self) -> tuple[Any, ...]:
        return JobSpec, (self._packed, self.made_by)

    @property
    def make(self) -> MakeJudge:
        """What makes a judge by it; holds no processes."""
        return partial(_make_judge, self._packed)

    def take_process(self) -> ProcessPoolExecutor:
        """Return a process that judges by it, and that nobody else uses until it is given back."""
        try:
            return self._idle.pop()
        except IndexError:
            return process_pool(self.make, 1, _SPAWN)

    def give_back(self, process: ProcessPoolExecutor) -> None:
        """Keep a process for the next chunk."""
        self._idle.append(process)


def _make_judge(packed: bytes) -> Judge:
    options, own, unverified = pickle.loads(zlib.decompress(packed))
    return (KeylessJudge if unverified else Judge)(options, build(own) if own is not None else None)


def _end(idle: deque[ProcessPoolExecutor]) -> None:
    while idle:
        idle.pop().shutdown(cancel_futures=True)


def judge_chunk(spec: JobSpec, files: Sequence[Incoming]) -> list[Verdict]:
    """Return the verdict on each file, whatever it does to the process that reads it; may be called from many threads.

    A file that brings its process down, or exceeds its time, costs its own verdict and no other.

    Raises:
        DifferentError: the spec was packed by another version of this program.
    """
    here = version()
    if spec.made_by != here:
        raise DifferentError(here)
    # Python does not let a daemon process have children, since they might outlive it. Ours end with their parent.
    if multiprocessing.current_process().daemon:
        multiprocessing.current_process().daemon = False
    process = spec.take_process()
    try:
        verdicts = submit(process, files).result()
    except BrokenProcessPool:
        process.shutdown()
        return list(one_by_one(spec.make, files, _SPAWN))
    except BaseException:
        process.shutdown(wait=False, cancel_futures=True)
        raise
    spec.give_back(process)
    return verdicts
