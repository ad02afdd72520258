"""Judge files apart from whatever has them judged: in processes that may die, wherever they are sent to.

`judge_chunk` runs under any executor of `concurrent.futures`: threads, processes or a cluster's, on this machine or another.
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
from dataclasses import dataclass, fields, replace
from functools import partial
from multiprocessing.util import Finalize
from typing import Any

from xlsform import __version__
from xlsform.batch.processes import MakeJudge, one_by_one, process_pool, submit
from xlsform.form.identity import Identity
from xlsform.form.template import build, bundled, find, read
from xlsform.inbox import Incoming
from xlsform.rules.registry import ReceivedFile
from xlsform.submission.recognition import known_forms
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Options, Verdict

#: Processes that start afresh: whoever asks may have threads, which a copy of its process would not survive.
_AFRESH = multiprocessing.get_context("spawn")


class DifferentError(Exception):
    """Where a chunk arrived is another version of this program, whose verdicts may differ."""


def version() -> str:
    """Return what verdicts depend on besides what was asked for: the program's version and its forms."""
    forms = "".join(f"{form.id}:{form.digest}" for form in known_forms())
    return f"{__version__}+{hashlib.sha256(forms.encode()).hexdigest()[:8]}"


class JobSpec:
    """What a batch is judged by, packed, and the idle processes that judge by it here.

    It is sent once to wherever chunks go. Where it arrives it has no processes yet; they end when it is needed no more.
    """

    def __init__(self, packed: bytes, made_by: str) -> None:
        self._packed = packed
        self.made_by = made_by
        """The version of whoever packed it."""
        self._idle: deque[ProcessPoolExecutor] = deque()
        # Ahead of what multiprocessing itself does at the end: without its queues nobody could tell them to go.
        Finalize(self, _end, (self._idle,), exitpriority=100)

    @classmethod
    def of(cls, options: Options, *, forged: bool = False) -> JobSpec:
        """Pack what a reviewer asked for, with the template that was named: where it is sent to, that file is not.

        The register's key stays here. Verdicts without it are Unproven, and `proven` makes them whole.

        Args:
            options: what the reviewer asked for.
            forged: whether what is judged is known to bear no signature of the key.

        Raises:
            UsageError, TemplateError: the template cannot be used.
        """
        Judge(options)
        own = read(find(options.template)) if options.template and options.template not in bundled() else None
        unverified = options.key is not None and not forged
        # No signature is that of a key that nobody has.
        sent = replace(options, key=os.urandom(32) if forged else None)
        return cls(zlib.compress(pickle.dumps((sent, own, unverified)), 1), version())

    def __reduce__(self) -> tuple[Any, ...]:
        return JobSpec, (self._packed, self.made_by)

    @property
    def make(self) -> MakeJudge:
        """What makes a judge by these terms; it holds no processes."""
        return partial(_judge, self._packed)

    def process(self) -> ProcessPoolExecutor:
        """Return a process that judges by these terms, and that nobody else uses until it is given to `spare`."""
        try:
            return self._idle.pop()
        except IndexError:
            return process_pool(self.make, 1, _AFRESH)

    def spare(self, process: ProcessPoolExecutor) -> None:
        """Keep a process for the next chunk."""
        self._idle.append(process)


def _judge(packed: bytes) -> Judge:
    options, own, unverified = pickle.loads(zlib.decompress(packed))
    return (_KeylessJudge if unverified else Judge)(options, build(own) if own is not None else None)


def _end(idle: deque[ProcessPoolExecutor]) -> None:
    while idle:
        idle.pop().shutdown(cancel_futures=True)


def judge_chunk(spec: JobSpec, files: Sequence[Incoming]) -> list[Verdict]:
    """Return the verdict on each file, whatever it does to the process that reads it; may be called from many threads.

    A file that brings its process down, or exceeds its time, costs its own verdict and no other.

    Raises:
        DifferentError: the terms were packed by another version of this program.
    """
    here = version()
    if spec.made_by != here:
        raise DifferentError(here)
    # Somebody's child that ends with its parent may have none of its own. Ours end with theirs.
    if multiprocessing.current_process().daemon:
        multiprocessing.current_process().daemon = False
    process = spec.process()
    try:
        verdicts = submit(process, files).result()
    except BrokenProcessPool:
        process.shutdown()
        return list(one_by_one(spec.make, files, _AFRESH))
    except BaseException:
        process.shutdown(wait=False, cancel_futures=True)
        raise
    spec.spare(process)
    return verdicts


@dataclass(frozen=True, slots=True)
class Unverified(Verdict):
    """A verdict that takes the signature of the workbook's identity for good."""

    identity: Identity | None = None


class _KeylessJudge(Judge):
    """A judge without the register's key, who passes on what the key has to be held against."""

    def concluded(self, origin: str, digest: str | None, arrival: ReceivedFile) -> Verdict:
        verdict = super().concluded(origin, digest, arrival)
        identity = arrival.submission.identities.get("sheet") if arrival.submission else None
        if identity is None or not identity.intact:
            return verdict
        return Unverified(**_shallow(verdict), identity=replace(identity, issued={}))


def verified(verdict: Verdict, key: bytes | None) -> Verdict | None:
    """Return a verdict as it is with the register's key; None where that shows the signature to be false."""
    if not isinstance(verdict, Unverified):
        return verdict
    if verdict.identity is None or key is None or not verdict.identity.signed_with(key):
        return None
    content = _shallow(verdict)
    del content["identity"]
    return Verdict(**content)


def _shallow(verdict: Verdict) -> dict[str, Any]:
    return {each.name: getattr(verdict, each.name) for each in fields(verdict)}
