"""Read .xls, .et, .xlsb and .ods, values only, and undo encryption, in a process that may die."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

from xlsform.messages import Message, say
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.links import external_links, has_macros
from xlsform.reading.package import UntrustedPackage
from xlsform.reading.surroundings import Surroundings
from xlsform.reading.workbook import Kind, Sheet, Visibility, Workbook, out_of_memory, took_too_long
from xlsform.spreadsheet.a1 import Range

_STATES: dict[str, Visibility] = {"Hidden": "hidden", "VeryHidden": "veryHidden"}


def read_legacy(data: bytes, kind: Kind, package: UntrustedPackage | None, limits: Limits) -> Workbook:
    """Read the values of a workbook; ``package`` is its zip, if it is one.

    Raises:
        UnreadableError: it is damaged, encrypted, goes beyond the limits, or brought the reader down.
    """
    if package is not None:
        package.read_all()
    answer, _ = ask("values", data, limits)
    around = Surroundings(limits, damaged=list(answer["damaged"]))
    links: tuple[str, ...] = ()
    macros = bool(answer["macros"])
    if package is not None and kind == "xlsb":
        part = package.main_part
        links = external_links(package, part, around)
        macros = macros or has_macros(package, package.relationships(part))
    elif package is not None:
        macros = macros or any(part.startswith(("basic/", "scripts/")) for part in package.parts)
    return Workbook(
        kind=kind,
        sheets=tuple(_sheet(sheet, around) for sheet in answer["sheets"]),
        macros=macros,
        external_links=links,
        complete=False,
        damaged=tuple(around.damaged),
    )


def decrypt(data: bytes, limits: Limits) -> bytes:
    """Return the workbook within a file that was encrypted without a password being asked for.

    Raises:
        UnreadableError: there is a password.
    """
    return ask("decrypt", data, limits)[1]


def _sheet(answer: dict[str, Any], around: Surroundings) -> Sheet:
    sheet = Sheet(answer["name"], _STATES.get(answer["state"], "visible"))
    most = around.limits.text_length
    for row, column, value in answer["cells"]:
        sheet.values[row, column] = around.text(value[:most]) if isinstance(value, str) else value
    sheet.merges = tuple(
        Range(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in answer["merges"]
    )
    return sheet


_WORKER = Path(__file__).with_name("worker.py")

_child: subprocess.Popen[bytes] | None = None
_told_by_child: IO[bytes] | None = None
_owner = 0
_lock = threading.Lock()


def ask(task: str, data: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    """Have a task done by the other process, which is started when needed and kept for the next file.

    Raises:
        UnreadableError: the other process says so, died of it, or was stopped.
    """
    request = {"task": task, "size": len(data), "cells": limits.cells, "ranges": limits.ranges, "memory": limits.memory}
    with _lock:
        child = _running()
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(limits.seconds, end)
        timer.start()
        try:
            answer, content = _exchange(child, request, data)
        except (OSError, EOFError, ValueError):
            memory_ran_out = b"memory allocation" in _last_words()
            stop()
            if late.is_set():
                raise UnreadableError("timeout", took_too_long(limits.seconds)) from None
            if memory_ran_out:
                raise UnreadableError("oversized", out_of_memory()) from None
            raise UnreadableError("crashed", say("it brings down the program that reads it")) from None
        except BaseException:
            # Interrupted in between: its answer to this would be taken for that to the next request.
            stop()
            raise
        finally:
            timer.cancel()
    if "reason" in answer:
        raise UnreadableError(answer["reason"], _told(answer))
    return answer, content


def _told(answer: dict[str, Any]) -> Message:
    """Return what the worker met; it sends plain values, since it runs without the rest of the program."""
    if "cells" in answer:
        return say("more than {limit} cells", limit=f"{answer['cells']:,}")
    if "ranges" in answer:
        return say("more than {limit} merges in a sheet", limit=f"{answer['ranges']:,}")
    return {
        "encrypted": say("a password is needed to open it"),
        "damaged": say("something in it is broken, or cannot be read here"),
        "oversized": out_of_memory(),
    }.get(answer["reason"], say("the reader gave up on it"))


def _exchange(child: subprocess.Popen[bytes], request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(request).encode() + b"\n" + data)
    child.stdin.flush()
    line = child.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    content = child.stdout.read(answer["size"])
    if len(content) != answer["size"]:
        raise EOFError
    return answer, content


def _running() -> subprocess.Popen[bytes]:
    global _child, _owner, _told_by_child
    # In a forked process, the child is still the parent's.
    if _child is None or _owner != os.getpid() or _child.poll() is not None:
        if _owner == os.getpid():
            stop()
        try:
            # Not a pipe: nobody reads it, and once it is full the child would wait for ever.
            _told_by_child = tempfile.TemporaryFile()  # noqa: SIM115
            _child = subprocess.Popen(
                # -P: a file named json.py in the folder of the returned workbooks must not be run.
                [sys.executable, "-P", str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=_told_by_child,
                # Rust would spend a second on telling where it gave up.
                env={**os.environ, "RUST_BACKTRACE": "0"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise UnreadableError(
                "crashed", say("the process that reads it could not be started: {error}", error=error)
            ) from None
        _owner = os.getpid()
    return _child


def _last_words() -> bytes:
    """Return the end of what the other process wrote to its standard error, where Rust tells why it gives up."""
    assert _told_by_child is not None, "it was started"
    _told_by_child.seek(max(0, _told_by_child.seek(0, os.SEEK_END) - 1_000))
    return _told_by_child.read()


@atexit.register
def stop() -> None:
    """Stop the other process, if there is one; the next file starts another."""
    global _child
    child, _child = _child, None
    if child is None or _owner != os.getpid():
        return
    child.kill()
    for stream in (child.stdin, child.stdout, _told_by_child):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue
    child.wait()
