"""Where the rows and columns of the issued form stand in a sheet that came back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlsform.figures import fold
from xlsform.layout import Layout
from xlsform.reading.contents import Sheet
from xlsform.refs import Position, Range

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


@dataclass(frozen=True, slots=True)
class Alignment:
    """The rows and columns of the issued form in a returned sheet."""

    rows: Axis
    columns: Axis

    @property
    def unchanged(self) -> bool:
        """Whether the form stands where it was issued."""
        return self.rows.unchanged and self.columns.unchanged

    def place(self, position: Position) -> Position | None:
        """Return where an issued cell stands now, None if it is gone."""
        row, column = self.rows.found.get(position[0]), self.columns.found.get(position[1])
        return None if row is None or column is None else (row, column)

    def area(self, area: Range) -> Range | None:
        """Return where an issued range stands now, None if a corner of it is gone."""
        first, last = self.place((area.top, area.left)), self.place((area.bottom, area.right))
        return None if first is None or last is None else Range(*first, *last)


def in_place(layout: Layout) -> Alignment:
    """Return the alignment of a sheet in which everything stands where it was issued."""
    rows = {row: row for row in range(1, layout.row_count + 1)}
    columns = {column: column for column in range(1, layout.hint_column + 1)}
    return Alignment(Axis(rows), Axis(columns))


def align(layout: Layout, sheet: Sheet, named: Mapping[str, Position]) -> Alignment:
    """Find the issued form in a returned sheet by what it prints.

    Args:
        layout: the form as issued.
        sheet: the sheet that came back.
        named: where the defined names of fields point now; they settle what the labels leave open.
    """
    if all(_same(sheet, label.range.anchor, label.text) for label in layout.labels):
        return in_place(layout)
    texts = _texts(sheet, layout.row_count + _BEYOND, layout.hint_column + 20)
    rows = _axis(
        _by_index((label.range.top, fold(label.text)) for label in layout.labels),
        _by_index((row, text) for (row, _), text in texts.items()),
        layout.row_count,
        _votes((item.range.top, named[name][0]) for name, item in layout.fields.items() if name in named),
    )
    columns = _axis(
        _by_index((label.range.left, fold(label.text)) for label in layout.labels),
        _by_index((column, text) for (_, column), text in texts.items()),
        layout.column_count,
        _votes((item.range.left, named[name][1]) for name, item in layout.fields.items() if name in named),
    )
    return Alignment(rows, _with_hints(columns, layout))


def _same(sheet: Sheet, position: Position, text: str) -> bool:
    value = sheet.values.get(position, "")
    return value == text or (isinstance(value, str) and fold(value) == fold(text))


def _texts(sheet: Sheet, last_row: int, last_column: int) -> dict[Position, str]:
    return {
        place: fold(value)
        for place, value in sheet.values.items()
        if isinstance(value, str) and value and place[0] <= last_row and place[1] <= last_column
    }


def _by_index(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    result: dict[int, set[str]] = {}
    for index, text in pairs:
        if text:
            result.setdefault(index, set()).add(text)
    return result


def _votes(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return where most of the names of each row (or column) point."""
    counts: dict[int, dict[int, int]] = {}
    for issued, found in pairs:
        per = counts.setdefault(issued, {})
        per[found] = per.get(found, 0) + 1
    return {issued: max(per, key=lambda found: per[found]) for issued, per in counts.items()}


def _axis(issued: Mapping[int, set[str]], found: Mapping[int, set[str]], last: int, named: Mapping[int, int]) -> Axis:
    matches = _matches(issued, found)
    kept = _increasing(matches)
    moved = tuple(sorted({index for index, _ in matches} - {index for index, _ in kept}))
    result: dict[int, int] = {}
    inserted: list[int] = []
    deleted: list[int] = []
    end = max(found, default=0) + 1
    bounds = [(0, 0), *kept, (last + 1, min(_end(kept, last), end) if kept else last + 1)]
    for (before, at), (after, to) in zip(bounds, bounds[1:], strict=False):
        gap, room = range(before + 1, after), range(at + 1, to)
        pairs = _fill(gap, room, named, open_end=after == last + 1)
        result |= pairs
        deleted += [index for index in gap if index not in pairs and index not in moved]
        if after != last + 1:
            inserted += [index for index in room if index not in pairs.values()]
        result[after] = to
    result.pop(last + 1)
    for index, place in matches:
        if index in moved:
            result[index] = place
    return Axis(result, tuple(inserted), tuple(deleted), moved)


def _end(kept: Sequence[tuple[int, int]], last: int) -> int:
    """Return where the end of the form is expected: as far behind the last anchor as it was issued."""
    index, place = kept[-1]
    return place + (last + 1 - index)


def _matches(issued: Mapping[int, set[str]], found: Mapping[int, set[str]]) -> list[tuple[int, int]]:
    """Return the pairs of issued and found indexes whose texts agree best, each index in one pair."""
    scored = []
    for index, texts in issued.items():
        for place, present in found.items():
            common = len(texts & present)
            if 2 * common >= len(texts):
                scored.append((-common / len(texts), -common, abs(index - place), index, place))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for *_, index, place in sorted(scored):
        if index not in pairs and place not in taken:
            pairs[index] = place
            taken.add(place)
    return sorted(pairs.items())


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
    run: list[tuple[int, int]] = []
    number = tails[-1] if tails else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def _fill(gap: range, room: range, named: Mapping[int, int], *, open_end: bool) -> dict[int, int]:
    """Pair what lies between two anchors: one to one, or as the names say where something came or went."""
    if len(gap) == len(room) or (open_end and len(room) >= len(gap)):
        return dict(zip(gap, room, strict=False))
    by_name = {index: named[index] for index in gap if named.get(index) in room}
    if sorted(set(by_name.values())) == sorted(by_name.values()) and len(by_name) == min(len(gap), len(room)):
        return by_name
    return dict(zip(gap, room, strict=False))


def _with_hints(columns: Axis, layout: Layout) -> Axis:
    """Add the two columns beside the form, which have no printed heading to be found by."""
    shift = columns.found.get(layout.column_count, layout.column_count) - layout.column_count
    beside = {layout.column_count + offset: layout.column_count + offset + shift for offset in (1, 2)}
    return Axis({**columns.found, **beside}, columns.inserted, columns.deleted, columns.moved)
