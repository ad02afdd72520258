"""Files that have not taken their names yet, and what is left of them when a program is killed.

The name of such a file says whose it is: ``.xlsform-MACHINE-PROCESS-RANDOM.part``. Whoever writes into a folder for the
first time removes those of processes that have ended.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import zlib
from functools import cache
from pathlib import Path
from typing import IO

_NAME = re.compile(r"\.xlsform-(?:(?P<machine>[0-9a-f]{8})-(?P<process>\d{1,10})-)?[0-9a-f]{16}\.part")
#: Seconds after which the file of another machine is left over: no file takes as long to write.
_LONG = 24 * 3600.0

#: Folders that this process has tidied.
_tidied: set[Path] = set()


def new_part(folder: Path) -> tuple[Path, IO[bytes]]:
    """Return a new file in a folder, with the permissions that new files have; missing folders are made.

    Raises:
        OSError: it cannot be made.
    """
    if folder not in _tidied:
        _tidied.add(folder)
        _tidy(folder)
    part = folder / f".xlsform-{_machine()}-{os.getpid()}-{os.urandom(8).hex()}.part"
    # Most folders are there already: to try is quicker than to ask first.
    with contextlib.suppress(FileNotFoundError):
        return part, part.open("xb")
    folder.mkdir(parents=True, exist_ok=True)
    return part, part.open("xb")


def _tidy(folder: Path) -> None:
    """Remove what processes that have ended left in a folder; whatever cannot be removed stays."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None:
                continue
            with contextlib.suppress(OSError):
                if is_left(
                    match["machine"], match["process"], time.time() - entry.stat(follow_symlinks=False).st_mtime
                ):
                    Path(entry.path).unlink()


def is_left(machine: str | None, process: str | None, age: float) -> bool:
    """Whether a file is what a process that has ended left behind.

    Args:
        machine: where the process runs, as the file's name says.
        process: its number there.
        age: seconds since the file was written to.
    """
    # Of another machine's processes nothing is known here, nor of those that earlier versions did not name.
    if process is None or machine != _machine():
        return age > _LONG
    return not _is_running(int(process))


@cache
def _machine() -> str:
    """Return what tells this machine from others that share a folder; containers have processes of their own."""
    name = os.environ.get("COMPUTERNAME", "") if sys.platform == "win32" else os.uname().nodename
    with contextlib.suppress(OSError):
        name += str(Path("/proc/self/ns/pid").readlink())
    return f"{zlib.crc32(name.encode('utf-8', 'surrogateescape')):08x}"


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        # It is somebody else's.
        return True
    return True


def _is_running_on_windows(process: int) -> bool:
    """Do the same there, where signal 0 is no question but Ctrl-C."""
    import ctypes

    limited_information, still_active, no_such_process = 0x1000, 259, 87
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(limited_information, False, process)
    if not handle:
        # Else it is somebody else's.
        return bool(ctypes.get_last_error() != no_such_process)  # type: ignore[attr-defined]
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active
