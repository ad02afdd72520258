"""Regular expressions that are compiled when they are first used.

Most of those at the top of a module are not needed in a run, and to compile them all takes as long as to judge three
files. One that every file is read with may as well be compiled at once, by `re.compile`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, AnyStr, Generic


class LazyPattern(Generic[AnyStr]):
    """A regular expression, given as for `re.compile`; the methods are those of `re.Pattern`."""

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self.pattern: AnyStr = pattern
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[AnyStr]:
        """The compiled expression.

        Raises:
            re.error: it is none.
        """
        return re.compile(self.pattern, self.flags)

    def match(self, string: AnyStr, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[AnyStr] | None:
        """Match at the beginning."""
        return self.compiled.match(string, pos, endpos)

    def fullmatch(self, string: AnyStr, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[AnyStr] | None:
        """Match all of it."""
        return self.compiled.fullmatch(string, pos, endpos)

    def search(self, string: AnyStr, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[AnyStr] | None:
        """Match anywhere."""
        return self.compiled.search(string, pos, endpos)

    def finditer(self, string: AnyStr, pos: int = 0) -> Iterator[re.Match[AnyStr]]:
        """Yield all matches."""
        return self.compiled.finditer(string, pos)

    def findall(self, string: AnyStr) -> list[Any]:
        """Return what all matches hold."""
        return self.compiled.findall(string)

    def split(self, string: AnyStr, maxsplit: int = 0) -> list[AnyStr | Any]:
        """Split wherever it matches."""
        return self.compiled.split(string, maxsplit)

    def sub(self, repl: AnyStr | Callable[[re.Match[AnyStr]], AnyStr], string: AnyStr, count: int = 0) -> AnyStr:
        """Replace all matches."""
        return self.compiled.sub(repl, string, count)
