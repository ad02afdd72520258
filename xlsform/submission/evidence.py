"""What tells where the lines of an issued form, its rows or its columns, stand in a sheet that came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from xlsform.form.layout import Layout
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import Position

#: Rows below the last one of the issued form that are still searched for parts of it.
_BEYOND = 200


class NamedPlace(NamedTuple):
    """The line to which most defined names of the fields of one issued line point."""

    place: int
    firm: bool
    """Whether at least two names point there: a single one may have been left behind by accident."""


class Evidence(NamedTuple):
    """All that tells where the rows, or the columns, of a form stand now.

    Issued lines are numbered as in the issued form, places as in the returned sheet. Texts are normalized.
    """

    last: int
    """The last issued line."""
    own_labels: Mapping[int, set[str]]
    """The labels that stand in one issued line alone, by line."""
    reaching_labels: Mapping[int, set[str]]
    """The labels that begin in an issued line and reach over the next ones, by line."""
    placeholders: Mapping[int, str]
    """What a line holds while nothing is filled in, by issued line."""
    texts: Mapping[int, set[str]]
    """What stands in the returned sheet, by place."""
    occupied: set[int]
    """The places in which anything stands, text or not."""
    named: Mapping[int, NamedPlace]
    """Where defined names say that an issued line stands."""

    def without_names(self) -> Evidence:
        """Return the same without what the defined names say."""
        return self._replace(named={})

    def known_in(self, line: int, places: Sequence[int]) -> bool:
        """Whether something tells that a line stands in one of some places: its names, else its placeholder."""
        if line in self.named:
            return self.named[line].place in self.occupied.intersection(places)
        placeholder = self.placeholders.get(line)
        return placeholder is not None and any(placeholder in self.texts.get(place, ()) for place in places)


def gather(layout: Layout, sheet: Sheet, named: Mapping[str, Position]) -> tuple[Evidence, Evidence]:
    """Return what tells where the rows of a form stand, and what tells it of the columns.

    Args:
        layout: the form as issued.
        sheet: the sheet that came back.
        named: where the defined names of fields point now.
    """
    cells = [place for place in sheet.values if place[0] <= layout.row_count + _BEYOND]
    texts = {place: normalize_text(text) for place in cells if isinstance(text := sheet.values[place], str)}
    labels = [(area, normalize_text(text)) for area, text in layout.printed]
    pointed = [(issued, named[name]) for name, _, issued in layout.anchors if name in named]
    blank = {item.range.top: normalize_text(item.placeholder) for item in layout.fields.values() if item.placeholder}
    rows = Evidence(
        last=layout.row_count,
        own_labels=_by_line((area.top, text) for area, text in labels if area.top == area.bottom),
        reaching_labels=_by_line((area.top, text) for area, text in labels if area.top < area.bottom),
        placeholders=blank,
        texts=_by_line((row, text) for (row, _), text in texts.items() if text),
        occupied={row for row, _ in cells},
        named=_named_places((issued[0], found[0]) for issued, found in pointed),
    )
    columns = Evidence(
        last=layout.hint_column,
        own_labels=_by_line((area.left, text) for area, text in labels if area.left == area.right),
        reaching_labels=_by_line((area.left, text) for area, text in labels if area.left < area.right),
        # Every column has placeholders of several rows, so none of them tells one column from another.
        placeholders={},
        texts=_by_line((column, text) for (_, column), text in texts.items() if text),
        occupied={column for _, column in cells},
        named=_named_places((issued[1], found[1]) for issued, found in pointed),
    )
    return rows, columns


def _by_line(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    texts: dict[int, set[str]] = {}
    for line, text in pairs:
        texts.setdefault(line, set()).add(text)
    return texts


def _named_places(pointed: Iterable[tuple[int, int]]) -> dict[int, NamedPlace]:
    """Return the place to which more than half of the names of each issued line point."""
    counts: dict[int, Counter[int]] = {}
    for issued, found in pointed:
        counts.setdefault(issued, Counter())[found] += 1
    named = {}
    for issued, places in counts.items():
        place, names = places.most_common(1)[0]
        if 2 * names > places.total():
            named[issued] = NamedPlace(place, names > 1)
    return named
