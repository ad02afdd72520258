"""What a worksheet part says besides its rows: merges, validations, hidden columns, protection."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from lxml import etree

from xlsform.messages import say
from xlsform.reading.fast_xml import sound
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.parts import is_zero, parse, remembering, whole
from xlsform.spreadsheet.a1 import Range, parse_range
from xlsform.spreadsheet.xml_trees import TRUE, local

_LAST_COLUMN = 256
"""The last column that is looked at: programs hide "all the rest" with one element that reaches to XFD."""

#: Workbooks issued from one template have the same ranges.
_range = lru_cache(maxsize=4096)(parse_range)


class Surface(NamedTuple):
    """What a worksheet part says besides its rows."""

    one_block: bool = False
    """Whether it has one block of rows, so that the text taken out of the part is what that holds."""
    hidden_columns: frozenset[int] = frozenset()
    protected: bool = False
    merges: tuple[Range, ...] = ()
    validated: tuple[Range, ...] = ()
    damaged: tuple[str, ...] = ()
    """What should be a range and is none."""


# Remembered, since returns of one template differ in their rows alone.
@remembering(64)
def surface_of_rest(content: bytes, part: str, limits: Limits) -> Surface:
    """Return what a part says whose rows were taken out.

    Raises:
        UnreadableError: it is damaged, or goes beyond the limits.
    """
    return surface_of(content, parse(content, part, limits), limits)


def surface_of(content: bytes, root: etree._Element, limits: Limits) -> Surface:
    """Return what a part says, given its root element.

    Raises:
        UnreadableError: it has more ranges than allowed.
    """
    merges: list[str] = []
    validated: list[str] = []
    hidden_columns: frozenset[int] = frozenset()
    blocks, protected = 0, False
    for block in root:
        kind = local(block)
        if kind == "sheetData":
            blocks += 1
        elif kind == "cols":
            hidden_columns = _hidden_columns(block)
        elif kind == "sheetProtection":
            # WPS leaves the element on sheets that are not protected.
            protected = block.get("sheet", "0") in TRUE
        elif kind == "mergeCells":
            merges.extend(element.get("ref", "") for element in block)
        elif kind == "dataValidations":
            validated.extend(element.get("sqref", "") for element in block)
        elif kind == "extLst":
            validated.extend(_extension_validations(block))
    damaged: list[str] = []
    return Surface(
        one_block=blocks == content.count(b"<sheetData") == 1 and sound(content),
        hidden_columns=hidden_columns,
        protected=protected,
        merges=_ranges(merges, limits, damaged),
        validated=_ranges(validated, limits, damaged),
        damaged=tuple(damaged),
    )


def _extension_validations(block: etree._Element) -> list[str]:
    return [
        reference.text or ""
        for validation in block.iter("{*}dataValidation")
        for reference in validation
        if local(reference) == "sqref"
    ]


def _ranges(texts: list[str], limits: Limits, damaged: list[str]) -> tuple[Range, ...]:
    # Each text is a list with spaces between; unlimited, split() would make millions of one hostile attribute.
    limit = limits.ranges
    references = [reference for text in texts[: limit + 1] for reference in text.split(maxsplit=limit + 1)]
    if len(references) > limit:
        raise UnreadableError(
            "oversized", say("more than {limit} merges or validations in a sheet", limit=f"{limit:,}")
        )
    found = []
    for reference in references:
        try:
            found.append(_range(reference))
        except ValueError:
            damaged.append(reference[:40])
    return tuple(found)


def _hidden_columns(block: etree._Element) -> frozenset[int]:
    hidden: set[int] = set()
    # Those of an honest file do not overlap, and cannot be more.
    for element in islice(block, 4 * _LAST_COLUMN):
        if element.get("hidden", "0") in TRUE or is_zero(element.get("width", "")):
            first, last = whole(element.get("min")), whole(element.get("max"))
            if first and last:
                hidden.update(range(first, min(last, _LAST_COLUMN) + 1))
    return frozenset(hidden)
