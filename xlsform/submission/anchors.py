"""The lines of a form that are certain: those that labels and defined names identify in a returned sheet.

Each function takes and gives pairs of an issued line and the place where it stands now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise

from xlsform.submission.evidence import Evidence


def names_left_behind(evidence: Evidence, labelled: Mapping[int, int]) -> bool:
    """Whether defined names contradict a line whose labels all stand elsewhere.

    Some programs move cells and leave the names where they were: none of the names can be trusted then.
    """
    contradicted = _contradicted(evidence, labelled)
    return any(evidence.own_labels[line] <= evidence.texts[labelled[line]] for line in contradicted)


def anchors(evidence: Evidence, labelled: Mapping[int, int]) -> dict[int, int]:
    """Return the lines that are certain.

    Labels of a line's own come first, unless several defined names say otherwise; then those names; then labels that
    reach over several lines. What comes later has to fit between what is known already.

    Args:
        evidence: what is known of the lines.
        labelled: the lines that their own labels identify, as `best_matches` gives them.
    """
    firm = {line: named.place for line, named in evidence.named.items() if named.firm}
    overruled = _contradicted(evidence, labelled) & firm.keys()
    pairs = {line: place for line, place in labelled.items() if line not in overruled}
    _add_fitting(pairs, firm, evidence)
    reaching = {line: texts for line, texts in evidence.reaching_labels.items() if line not in evidence.own_labels}
    _add_fitting(pairs, best_matches(reaching, evidence.texts), evidence)
    return pairs


def best_matches(issued: Mapping[int, set[str]], texts: Mapping[int, set[str]]) -> dict[int, int]:
    """Return the lines with the places whose texts agree best with theirs.

    At least half of a line's texts must stand there, and each place is taken by one line. Of places that agree equally
    well the nearest is taken.

    Args:
        issued: the texts of each issued line.
        texts: the texts of each place.
    """
    scored = []
    for line, wanted in issued.items():
        for place, found in texts.items():
            common = len(wanted & found)
            if 2 * common >= len(wanted):
                scored.append((-common / len(wanted), -common, abs(line - place), line, place))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for *_, line, place in sorted(scored):
        if line not in pairs and place not in taken:
            pairs[line] = place
            taken.add(place)
    return pairs


def longest_in_order(pairs: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return as many pairs as possible that stand in the issued order, by line; all others have been moved."""
    by_line = sorted(pairs.items())
    # The usual search for a longest increasing subsequence: the best run of each length, by the place that it ends in.
    ends: list[int] = []
    """The places in which the runs of length 1, 2, 3 … end that end earliest."""
    last: list[int] = []
    """The numbers of the pairs that these runs end with."""
    before: list[int] = []
    """For each pair the number of the one before it in its run, -1 for none."""
    for number, (_, place) in enumerate(by_line):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else -1)
        last[length : length + 1] = [number]
        ends[length : length + 1] = [place]
    run = []
    number = last[-1] if last else -1
    while number >= 0:
        run.append(by_line[number])
        number = before[number]
    return run[::-1]


def _contradicted(evidence: Evidence, labelled: Mapping[int, int]) -> set[int]:
    """Return the lines of which names say that they stand elsewhere than their labels do."""
    named = evidence.named
    return {line for line, place in labelled.items() if line in named and named[line].place != place}


def _add_fitting(pairs: dict[int, int], others: Mapping[int, int], evidence: Evidence) -> None:
    """Add those of some other pairs that fit between the pairs that there are, and whose place is free."""
    taken, claimed = set(pairs.values()), list(others.values())
    for (before, above), (after, below) in pairwise(_bounded(longest_in_order(pairs), evidence)):
        for line in range(before + 1, after):
            place = others.get(line, 0)
            free = above < place < below and place not in taken and place in evidence.occupied
            if line not in pairs and free and claimed.count(place) == 1:
                pairs[line] = place


def _bounded(in_order: Sequence[tuple[int, int]], evidence: Evidence) -> list[tuple[int, int]]:
    """Return pairs with what stands before the first and behind the last line."""
    return [(0, 0), *in_order, (evidence.last + 1, max(evidence.occupied, default=0) + 1)]
