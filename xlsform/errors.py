"""Mistakes of the people who run xlsform, as against those of filers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar


class XlsformError(Exception):
    """Something that the person running xlsform can mend; its text says what and how."""

    exit_code: ClassVar[int] = 2


class UsageError(XlsformError):
    """An option, a path or a name that cannot be used."""


class TemplateError(XlsformError):
    """A template that cannot be used, with every problem found in it."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{source}:", *(f"  {problem}" for problem in self.problems)]))


class DataError(XlsformError):
    """Data that have no place in the workbook they are meant for, with every problem found."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{source}:", *(f"  {problem}" for problem in self.problems)]))


class NothingFoundError(XlsformError):
    """No workbook matched the paths given."""

    exit_code = 3


def reading_failed(path: Path, error: OSError) -> UsageError:
    """Put an operating system's refusal into one clear line."""
    return UsageError(f"{path}: cannot be opened ({error.strerror or error})")
