"""Judge files in processes of their own, and measure what each costs.

Run as a script it reads a path a line, and answers each with a line of JSON. A process is forked for each file, so that
its peak of memory is its own; the process that .xls, .ods and encrypted files are read in counts too.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

_PATIENCE = 30.0


class Cost(NamedTuple):
    """What became of a file, and at what cost."""

    status: str
    """``killed`` where there was no verdict in half a minute, ``died`` where the process did."""
    codes: tuple[str, ...]
    message: str
    """Of the first finding."""
    seconds: float
    """Of processor."""
    megabytes: float


class Judges:
    """Processes that judge one file each."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def cost(self, path: Path) -> Cost:
        """Judge a file."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        status, codes, message, seconds, megabytes = json.loads(self._process.stdout.readline())
        return Cost(status, tuple(codes), message, seconds, megabytes)


@contextmanager
def judges() -> Iterator[Judges]:
    """Give processes that judge, warmed up, so that what is measured is the file."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, __file__], env={**os.environ, "PYTHONPATH": str(root)}, text=True, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield Judges(process)
        assert process.stdin is not None
        process.stdin.close()


def main() -> None:
    from xlsform.demo.samples import samples_folder

    _judged(str(samples_folder() / "faultless.xlsx"))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_measured(line.rstrip("\n"))) + "\n")
        sys.stdout.flush()


def _measured(path: str) -> list[Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Killed together with what it starts.
        os.setpgid(0, 0)
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as answers:
            _answer(answers, path)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answers:
        in_time = bool(select.select([answers], [], [], _PATIENCE)[0])
        if not in_time:
            os.killpg(child, signal.SIGKILL)
        text = answers.read()
    # Of the processor, since the machine may be at something else; with those that it started.
    _, _, used = os.wait4(child, 0)
    seconds = used.ru_utime + used.ru_stime if in_time else _PATIENCE
    found = json.loads(text) if text else ["killed" if not in_time else "died", [], "", 0]
    return [*found[:3], seconds, found[3]]


def _answer(answers: IO[str], path: str) -> None:
    from xlsform.reading import legacy

    status, codes, message = _judged(path)
    legacy.stop()
    megabytes = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e3
    json.dump([status, codes, message, megabytes], answers)


def _judged(path: str) -> tuple[str, list[str], str]:
    from xlsform.batch.validate import verdicts
    from xlsform.verdict.verdict import Options

    found = list(verdicts([Path(path)], Options()))
    findings = [finding for verdict in found for finding in verdict.findings]
    message = str(findings[0].message) if findings else ""
    return found[0].status, [finding.code for finding in findings], message


if __name__ == "__main__":
    main()
