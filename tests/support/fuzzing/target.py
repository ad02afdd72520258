"""What a fuzzer is made of: inputs to begin with, ways to change one, and what must hold for each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: Changes an input at the level of bytes, to at most so many of them.
RawChange = Callable[[bytes, int], bytes]
Change = Callable[[bytes, random.Random], bytes]

#: Parts the sections of an input that stands for a container. Every input can be split by it, so that whatever a
#: mutation does to an input, it still stands for some container.
SECTION = b"\0=\0"


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of input, and what is done with it."""

    about: str
    seeds: Callable[[], Sequence[bytes]]
    change: Change
    """Knows the format of the input: swaps its words, elements, records or headers."""
    tried: Callable[[bytes], None]
    """Use an input as the program would; raises an exception where that is not done as it should be."""
    longest: int = 4_096
    """Bytes of an input."""
    whole: bool = False
    """Whether changes of bytes alone get deep enough, so that libFuzzer's own are used."""


def mutated(target: Target, data: bytes, chance: random.Random, raw: RawChange) -> bytes:
    """Return an input with a few things changed, most of them things that mean something in its format."""
    for _ in range(chance.choice([1, 1, 2, 4])):
        data = raw(data, target.longest) if chance.random() < 0.2 else target.change(data, chance)
    return data[: target.longest]


def change_bytes(chance: random.Random) -> RawChange:
    """Return changes of bytes where libFuzzer is not at hand: flip, replace, insert, delete, copy."""

    def changed(data: bytes, longest: int) -> bytes:
        found = bytearray(data or b"\0")
        start = chance.randrange(len(found))
        end = min(len(found), start + chance.choice([1, 1, 2, 4, 16, 64]))
        what = chance.randrange(5)
        if what == 0:
            found[start] ^= 1 << chance.randrange(8)
        elif what == 1:
            found[start:end] = chance.randbytes(end - start)
        elif what == 2:
            found[start:start] = chance.choice([b"\0", b"\xff\xff\xff\xff", b"\x80", b"\n", chance.randbytes(4)])
        elif what == 3:
            del found[start:end]
        else:
            place = chance.randrange(len(found) + 1)
            found[place:place] = found[start:end]
        return bytes(found[:longest])

    return changed


def in_sections(change: Change, others: Callable[[], Sequence[bytes]]) -> Change:
    """Return changes of a container: within one of its sections, or of which sections there are."""

    def changed(data: bytes, chance: random.Random) -> bytes:
        sections = data.split(SECTION)
        number = chance.randrange(len(sections))
        what = chance.random()
        if what < 0.05 and len(sections) < 12:
            sections.insert(number, chance.choice(chance.choice(others()).split(SECTION)))
        elif what < 0.08 and len(sections) > 1:
            del sections[number]
        elif what < 0.10 and sections[number]:
            # The first byte chooses which part it stands for.
            sections[number] = bytes([chance.randrange(256)]) + sections[number][1:]
        else:
            section = sections[number]
            sections[number] = section[:1] + change(section[1:], chance)
        return SECTION.join(sections)

    return changed


def replaced_parts(content: Mapping[str, bytes], data: bytes) -> dict[str, bytes]:
    """Return parts with those replaced that an input stands for: the first byte of each section chooses which."""
    names = list(content)
    return dict(content) | {
        names[(section[0] if section else 0) % len(names)]: section[1:] for section in data.split(SECTION)
    }


def part_seeds(content: Mapping[str, bytes]) -> list[bytes]:
    """Return an input for each part, which leaves it as it is."""
    return [bytes([number]) + data for number, data in enumerate(content.values())]


class Clock:
    """Fails what takes long: of this process, and ten times as long by the clock of the wall."""

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds, self._used, self._begun = seconds, time.process_time(), time.monotonic()

    def check(self) -> None:
        """Fail when it was too long."""
        assert time.process_time() - self._used < self._seconds, "it takes too long"
        assert time.monotonic() - self._begun < 10 * self._seconds, "it waits too long"
