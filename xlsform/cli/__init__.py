"""The command line: thin, and importing what a command needs only when it runs."""

from __future__ import annotations

import sys

from xlsform.cli import forms, returns, rounds
from xlsform.cli.console import cli

__all__ = ["cli", "forms", "main", "returns", "rounds"]


def main() -> None:
    """Run the command line; output is UTF-8 wherever it goes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    cli(prog_name="xlsform")
