"""How much of a file is read, and what is raised where that is exceeded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xlsform.messages import Message
from xlsform.reading.workbook import Reason, Unreadable


def _limit(default: Any, about: str) -> Any:
    """Return a limit with what it holds for, in the words of the documentation."""
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read before it is refused.

    What a file says of its own sizes is not believed: everything is counted, while it is inflated and before a tree is
    made of it.
    """

    file_size: int = _limit(20_000_000, "bytes of a file")
    members: int = _limit(
        1_000, "members of a zip, and entries of whatever lists them: sheets, relationships, parts of a mail"
    )
    part_size: int = _limit(
        64_000_000, "bytes of a member once unpacked; of a mail, and of an archive within another file"
    )
    total_size: int = _limit(128_000_000, "bytes of all members once unpacked")
    ratio: int = _limit(100, "times its packed size that a member may have")
    ratio_from: int = _limit(100_000, "bytes up to which a member may be packed as well as it likes")
    archives: int = _limit(3, "archives within one another")
    mails: int = _limit(10, "mails within one another")
    cells: int = _limit(100_000, "cells of a workbook, those that have a style only included")
    markup: int = _limit(900_000, "tags and attributes of a part")
    strings: int = _limit(100_000, "shared texts of a workbook")
    text_length: int = _limit(32_767, "characters of a cell; a longer text is cut there, as Excel does")
    texts: int = _limit(1_000_000, "characters of all cells together, a shared text counted wherever it stands")
    formulas: int = _limit(1_000_000, "characters of all formulas together, the shared ones spelled out")
    ranges: int = _limit(20_000, "merges, or ranges under validation, of a sheet")
    names: int = _limit(50_000, "defined names, or custom properties, of a workbook")
    styles: int = _limit(70_000, "cell styles of a workbook")
    seconds: float = _limit(
        10.0, "seconds that a file may take to be judged, and of a processor to be opened if it holds others"
    )
    memory: int = _limit(450_000_000, "bytes that a file may take of a process, where the system can hold it to that")

    def unpacked(self, packed: int) -> int:
        """Return how many bytes a member may have that is packed into so many."""
        return max(self.ratio_from, self.ratio * packed)


DEFAULT_LIMITS = Limits()


class UnreadableError(Exception):
    """Reading stops here; it never leaves this package."""

    def __init__(self, reason: Reason, detail: str | Message) -> None:
        super().__init__(str(detail))
        self.unreadable = Unreadable(reason, detail)
