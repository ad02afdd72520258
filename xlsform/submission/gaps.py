"""The lines of a form that nothing identifies: they stand between and behind those that are certain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count, pairwise

from xlsform.submission.evidence import Evidence


def fill_gaps(
    evidence: Evidence, in_order: Sequence[tuple[int, int]], moved: Collection[int], taken: Collection[int]
) -> tuple[dict[int, int], list[int]]:
    """Return where the lines stand that are in order, and the places between them that belong to no line.

    Args:
        evidence: what is known of the lines.
        in_order: the lines that are certain with their places, both growing.
        moved: the lines that stand out of order.
        taken: the places of those lines.
    """
    found = dict(in_order)
    left_over: list[int] = []
    for (before, above), (after, below) in pairwise([(0, 0), *in_order]):
        lines = [line for line in range(before + 1, after) if line not in moved]
        places = [place for place in range(above + 1, below) if place not in taken]
        matched = _matched(evidence, lines, places)
        found |= matched
        filled = set(matched.values())
        left_over += [place for place in places if place not in filled]
    last_line, last_place = in_order[-1] if in_order else (0, 0)
    behind = [line for line in range(last_line + 1, evidence.last + 1) if line not in moved]
    return found | _behind(evidence, behind, last_place, taken), left_over


def _matched(evidence: Evidence, lines: Sequence[int], places: Sequence[int]) -> dict[int, int]:
    """Return the lines of a gap with the places that they take, in order.

    Where there are more lines than places, those that are most probably gone are left out; where there are more places,
    those that were most probably inserted.
    """

    def gone(line: int) -> tuple[bool, int, int]:
        # That a label was not found says more of a line if the label is the line's own.
        missed = 2 if line in evidence.own_labels else 1 if line in evidence.reaching_labels else 0
        return not evidence.known_in(line, places), missed, line

    def inserted(place: int) -> tuple[bool, bool, int]:
        known = any(evidence.known_in(line, [place]) for line in lines)
        return not known, place not in evidence.occupied, place

    most = min(len(lines), len(places))
    left = sorted(sorted(lines, key=gone)[:most])
    return dict(zip(left, sorted(sorted(places, key=inserted)[:most]), strict=True))


def _behind(evidence: Evidence, lines: Sequence[int], last: int, taken: Collection[int]) -> dict[int, int]:
    """Return the lines behind the last certain one with the places that follow; lines that are gone are left out."""
    found: dict[int, int] = {}
    free = (place for place in count(last + 1) if place not in taken)
    place = next(free)
    for line in lines:
        # Its labels were not found, and nothing else stands in its place.
        gone = line in evidence.own_labels and place not in evidence.occupied
        if not gone:
            found[line], place = place, next(free)
    return found
