"""What the styles of a workbook say that matters here: whether a cell is locked, and its number format."""

from __future__ import annotations

from dataclasses import dataclass, field

from xlsform.messages import say
from xlsform.reading.limits import DEFAULT_LIMITS, Limits, UnreadableError
from xlsform.reading.parts import parse, remembering
from xlsform.spreadsheet.number_formats import BUILT_IN, LONGEST
from xlsform.spreadsheet.styles import is_locked
from xlsform.spreadsheet.xml_trees import local


@dataclass(frozen=True, slots=True)
class CellFormats:
    """Looked up by the style's number as it is written in a cell's ``s``."""

    unlocked: frozenset[str] = frozenset()
    number_formats: dict[str, str] = field(default_factory=dict)
    """Without those that are General."""


@remembering(32)
def read_styles(content: bytes, part: str, limits: Limits = DEFAULT_LIMITS) -> CellFormats:
    """Read the styles part.

    Raises:
        UnreadableError: it is damaged, or has too many styles.
    """
    codes = {str(number): code for number, code in BUILT_IN.items()}
    unlocked, formats = set(), {}
    for block in parse(content, part, limits):
        kind = local(block)
        if kind == "numFmts":
            codes.update((element.get("numFmtId", ""), element.get("formatCode", "")[:LONGEST]) for element in block)
        elif kind == "cellXfs":
            if len(block) > limits.styles:
                raise UnreadableError("oversized", say("more than {styles} styles", styles=f"{limits.styles:,}"))
            for number, style in enumerate(block):
                if not is_locked(style):
                    unlocked.add(str(number))
                code = codes.get(style.get("numFmtId", "0"), "")
                if code and code.casefold() != "general":
                    formats[str(number)] = code
    return CellFormats(frozenset(unlocked), formats)
