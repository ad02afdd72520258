"""Where the rows and columns of the issued form stand in a sheet that came back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, pairwise
from typing import NamedTuple

from xlsform.form.layout import HINTS_TITLE, Layout
from xlsform.quantities import normalize_text
from xlsform.reading.workbook import Sheet
from xlsform.spreadsheet.a1 import Position, Range

_BEYOND = 200
"""Rows below the issued form that are looked at for parts of it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Rows or columns: where each issued one stands now, and which are new, gone or out of order."""

    found: Mapping[int, int]
    inserted: tuple[int, ...] = ()
    """Numbers in the returned sheet."""
    deleted: tuple[int, ...] = ()
    """Numbers in the issued form."""
    moved: tuple[int, ...] = ()
    """Numbers in the issued form of those that stand out of order."""

    @property
    def unchanged(self) -> bool:
        """Whether everything stands where it was issued."""
        return not (self.inserted or self.deleted or self.moved)

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return where the first and the last of some that are side by side stand now, None if all are gone."""
        left = [self.found[index] for index in range(first, last + 1) if index in self.found]
        return (min(left), max(left)) if left else None


@dataclass(frozen=True, slots=True)
class Alignment:
    """The rows and columns of the issued form in a returned sheet."""

    rows: Axis
    columns: Axis
    unchanged: bool = field(init=False)
    """Whether the form stands where it was issued. Asked for each cell, so worked out once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "unchanged", self.rows.unchanged and self.columns.unchanged)

    def place(self, position: Position) -> Position | None:
        """Return where an issued cell stands now, None if it is gone."""
        row, column = self.rows.found.get(position[0]), self.columns.found.get(position[1])
        return None if row is None or column is None else (row, column)

    def area(self, area: Range) -> Range | None:
        """Return what is left of an issued range and where it stands now, None if all of it is gone."""
        if self.unchanged and area.bottom in self.rows.found and area.right in self.columns.found:
            return area
        rows, columns = self.rows.span(area.top, area.bottom), self.columns.span(area.left, area.right)
        return None if rows is None or columns is None else Range(rows[0], columns[0], rows[1], columns[1])


@lru_cache(maxsize=8)
def in_place(layout: Layout) -> Alignment:
    """Return the alignment of a sheet in which everything stands where it was issued."""
    rows = {row: row for row in range(1, layout.row_count + 1)}
    columns = {column: column for column in range(1, layout.hint_column + 1)}
    return Alignment(Axis(rows), Axis(columns))


@lru_cache(maxsize=8)
def printed(layout: Layout) -> tuple[tuple[Range, str], ...]:
    """Return the printed texts of a form in their places, with what stands above the hints."""
    title = Range(1, layout.hint_column, 1, layout.hint_column)
    labels = [(label.range, label.text) for label in layout.labels if label.text]
    return tuple(labels if 1 in layout.checks_by_row else [*labels, (title, HINTS_TITLE)])


@lru_cache(maxsize=8)
def _printed_by_place(layout: Layout) -> Mapping[Position, str]:
    return {area.anchor: text for area, text in printed(layout)}


@lru_cache(maxsize=8)
def issued_places(layout: Layout) -> Mapping[str, Position]:
    """Return where the names of fields point in a sheet in which everything stands where it was issued."""
    return {name: anchor for name, _, anchor in layout.anchors}


def labels_kept(layout: Layout, sheet: Sheet) -> bool:
    """Whether every printed text stands where it was issued, to the letter; so it does in most returns."""
    return _printed_by_place(layout).items() <= sheet.values.items()


def align(layout: Layout, sheet: Sheet, named: Mapping[str, Position]) -> Alignment:
    """Find the issued form in a returned sheet by what it prints.

    Args:
        layout: the form as issued.
        sheet: the sheet that came back.
        named: where the defined names of fields point now; they settle what the labels leave open.
    """
    labels = printed(layout)
    labelled = labels_kept(layout, sheet) or all(_same(sheet, area.anchor, text) for area, text in labels)
    if labelled and named.items() <= issued_places(layout).items():
        return in_place(layout)
    cells = [place for place in sheet.values if place[0] <= layout.row_count + _BEYOND]
    texts = {place: normalize_text(text) for place in cells if isinstance(text := sheet.values[place], str)}
    pointed = [(anchor, named[name]) for name, _, anchor in layout.anchors if name in named]
    rows = _Finder(
        layout.row_count,
        [(area.top, area.bottom, normalize_text(text)) for area, text in labels],
        [(row, text) for (row, _), text in texts.items()],
        {row for row, _ in cells},
        [(issued[0], found[0]) for issued, found in pointed],
        {item.range.top: normalize_text(item.placeholder) for item in layout.fields.values() if item.placeholder},
    )
    columns = _Finder(
        layout.hint_column,
        [(area.left, area.right, normalize_text(text)) for area, text in labels],
        [(column, text) for (_, column), text in texts.items()],
        {column for _, column in cells},
        [(issued[1], found[1]) for issued, found in pointed],
        {},
    )
    return Alignment(rows.axis(), _with_hints(columns.axis(), layout))


def _same(sheet: Sheet, position: Position, text: str) -> bool:
    value = sheet.values.get(position, "")
    return value == text or (isinstance(value, str) and normalize_text(value) == normalize_text(text))


def _with_hints(columns: Axis, layout: Layout) -> Axis:
    """Say where the hints are or were: that they are gone is not told as a column that is gone."""
    hints = layout.hint_column
    if hints in columns.found:
        return columns
    taken = set(columns.found.values())
    place = next(place for place in count(columns.found.get(hints - 1, 0) + 1) if place not in taken)
    deleted = tuple(column for column in columns.deleted if column != hints)
    return Axis({**columns.found, hints: place}, columns.inserted, deleted, columns.moved)


class _Vote(NamedTuple):
    """Where most of the defined names of a line point."""

    place: int
    firm: bool
    """Whether two names or more agree, and most of the line's do."""


class _Finder:
    """Finds the lines (rows or columns) of a form in a sheet.

    A line is known by the labels that are its own alone. What those leave open, the defined names of its fields settle,
    unless they contradict a line whose labels are all there: some programs move cells and leave names behind. Then come
    labels that begin in a line and reach over more of them; the rest lies in between.
    """

    def __init__(
        self,
        last: int,
        labels: Sequence[tuple[int, int, str]],
        texts: Iterable[tuple[int, str]],
        occupied: set[int],
        names: Iterable[tuple[int, int]],
        placeholders: Mapping[int, str],
    ) -> None:
        """Gather the evidence.

        Args:
            last: the last issued line.
            labels: first line, last line and folded text of each issued label.
            texts: line and folded text of what stands in the sheet.
            occupied: lines of the sheet in which anything stands.
            names: issued line and line pointed to, of each defined name.
            placeholders: folded text that a line holds while it is blank.
        """
        self.last = last
        self.own = _by_line((first, text) for first, end, text in labels if first == end)
        self.begun = _by_line((first, text) for first, end, text in labels if first < end)
        self.present = _by_line((line, text) for line, text in texts if text)
        self.occupied = occupied
        self.votes = _votes(names)
        self.placeholders = placeholders

    def axis(self) -> Axis:
        """Return where each line stands."""
        pairs = _matches(self.own, self.present)
        contradicted = {line for line, place in pairs.items() if self.votes.get(line, (place,))[0] != place}
        if any(self.own[line] <= self.present[pairs[line]] for line in contradicted):
            self.votes = {}
        firm = {line: vote.place for line, vote in self.votes.items() if vote.firm}
        for line in contradicted & firm.keys():
            del pairs[line]
        self._admit(pairs, firm)
        begun = {line: texts for line, texts in self.begun.items() if line not in self.own}
        self._admit(pairs, _matches(begun, self.present))
        kept = _increasing(sorted(pairs.items()))
        moved = {line: place for line, place in pairs.items() if line not in dict(kept)}
        found, inserted = self._filled(kept, moved)
        found |= moved
        for line, vote in self.votes.items():
            if line not in found and vote.place not in found.values() and vote.place in self.occupied:
                found[line] = moved[line] = vote.place
        places = set(found.values())
        deleted = [line for line in range(1, self.last + 1) if line not in found]
        return Axis(found, tuple(each for each in inserted if each not in places), tuple(deleted), tuple(sorted(moved)))

    def _admit(self, pairs: dict[int, int], others: Mapping[int, int]) -> None:
        """Add pairs that fit between those that there are, each place taken once."""
        end = (self.last + 1, max(self.occupied, default=0) + 1)
        kept = [(0, 0), *_increasing(sorted(pairs.items())), end]
        taken = set(pairs.values())
        claims = list(others.values())
        for (before, above), (after, below) in pairwise(kept):
            for line in range(before + 1, after):
                place = others.get(line, 0)
                free = above < place < below and place not in taken and place in self.occupied
                if line not in pairs and free and claims.count(place) == 1:
                    pairs[line] = place

    def _filled(self, kept: Sequence[tuple[int, int]], moved: Mapping[int, int]) -> tuple[dict[int, int], list[int]]:
        """Return where the lines between and behind the anchors stand, and the places between that are left over."""
        found = dict(kept)
        inserted: list[int] = []
        elsewhere = set(moved.values())
        for (before, above), (after, below) in pairwise([(0, 0), *kept]):
            gap = [line for line in range(before + 1, after) if line not in moved]
            room = [place for place in range(above + 1, below) if place not in elsewhere]
            lines, places = self._chosen(gap, room)
            found |= zip(lines, places, strict=True)
            inserted += [place for place in room if place not in places]
        before, place = kept[-1] if kept else (0, 0)
        behind = (place for place in count(place + 1) if place not in elsewhere)
        place = next(behind)
        for line in (line for line in range(before + 1, self.last + 1) if line not in moved):
            if not self._ended(line, place):
                found[line], place = place, next(behind)
        return found, inserted

    def _chosen(self, gap: Sequence[int], room: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the lines of a gap that are still there and the places that they take, as many of each."""

        def gone(line: int) -> tuple[bool, int, int]:
            # A label that was not found is the better sign the more it is the line's own.
            unlabelled = 2 if line in self.own else 1 if line in self.begun else 0
            return not self._known_in(line, room), unlabelled, line

        def new(place: int) -> tuple[bool, bool, int]:
            return not any(self._known_in(line, [place]) for line in gap), place not in self.occupied, place

        most = min(len(gap), len(room))
        return sorted(sorted(gap, key=gone)[:most]), sorted(sorted(room, key=new)[:most])

    def _known_in(self, line: int, places: Sequence[int]) -> bool:
        """Whether the names of a line, or else what it holds while it is blank, tell that it is in one of the places."""
        if line in self.votes:
            return self.votes[line].place in self.occupied.intersection(places)
        blank = self.placeholders.get(line)
        return blank is not None and any(blank in self.present.get(place, ()) for place in places)

    def _ended(self, line: int, place: int) -> bool:
        """Whether a line behind the last one that was found is gone: its labels are, and so is all else."""
        return line in self.own and place not in self.occupied


def _by_line(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    result: dict[int, set[str]] = {}
    for line, text in pairs:
        result.setdefault(line, set()).add(text)
    return result


def _votes(names: Iterable[tuple[int, int]]) -> dict[int, _Vote]:
    counts: dict[int, dict[int, int]] = {}
    for issued, found in names:
        per = counts.setdefault(issued, {})
        per[found] = per.get(found, 0) + 1
    votes = {}
    for issued, per in counts.items():
        place = max(per, key=lambda found: per[found])
        if 2 * per[place] > sum(per.values()):
            votes[issued] = _Vote(place, per[place] > 1)
    return votes


def _matches(issued: Mapping[int, set[str]], present: Mapping[int, set[str]]) -> dict[int, int]:
    """Return the pairs of lines whose texts agree best, half of them at least, each line in one pair."""
    scored = []
    for line, texts in issued.items():
        for place, found in present.items():
            common = len(texts & found)
            if 2 * common >= len(texts):
                scored.append((-common / len(texts), -common, abs(line - place), line, place))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for *_, line, place in sorted(scored):
        if line not in pairs and place not in taken:
            pairs[line] = place
            taken.add(place)
    return pairs


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs in which both numbers grow."""
    tails: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(places, place)
        before.append(tails[at - 1] if at else -1)
        tails[at : at + 1] = [number]
        places[at : at + 1] = [place]
    return list(_run(pairs, before, tails[-1] if tails else -1))[::-1]


def _run(pairs: Sequence[tuple[int, int]], before: Sequence[int], number: int) -> Iterator[tuple[int, int]]:
    while number >= 0:
        yield pairs[number]
        number = before[number]
