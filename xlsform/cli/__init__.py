"""The command line: thin, and importing what a command needs only when it runs."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType

from xlsform.cli.group import cli

__all__ = ["cli", "main"]

#: Objects that come into being between two collections; Python's own 700 are for programs that start with less.
_OBJECTS = 50_000


def main() -> None:
    """Run the command line; output is UTF-8 wherever it goes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    # Left alone where whoever started this has it ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    # What a start makes is there to stay: looking for circles in it every few hundred objects finds nothing.
    gc.set_threshold(_OBJECTS)
    try:
        cli(prog_name="xlsform")
    finally:
        # It all ends with the process; nor is it searched once more for that.
        gc.freeze()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End what is being done, and let nobody who presses Ctrl-C again end the tidying up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
