"""The command line: thin, and importing what a command needs only when it runs."""

from __future__ import annotations

import gc
import signal
from types import FrameType

from xlsform.cli.group import cli
from xlsform.cli.streams import prepare

__all__ = ["cli", "main"]

#: New objects after which garbage is collected. After 700, as Python has it, a start would collect again and again, and
#: find nothing, since what it makes is there to stay: it takes 8 % longer then (the validation of one file 182 ms).
_OBJECTS = 50_000


def main() -> None:
    """Run the command line; output is UTF-8 wherever it goes."""
    prepare()
    # Where whoever started this program has Ctrl-C ignored, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    gc.set_threshold(_OBJECTS)
    try:
        cli(prog_name="xlsform")
    finally:
        # All memory goes with the process: that the interpreter collects garbage at its end takes 10 to 20 ms.
        gc.freeze()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End what is being done, and let nobody who presses Ctrl-C again end the tidying up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
