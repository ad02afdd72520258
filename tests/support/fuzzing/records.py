"""Changes of what is written in records, each a number for its kind, a length and so many bytes: .xls and .xlsb."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence

Record = tuple[int, bytes]
#: Kinds that calamine or the form's own reader knows in an .xls, and some that none knows.
BIFF_KINDS = (
    0x00A, 0x006, 0x009, 0x00C, 0x013, 0x018, 0x022, 0x02F, 0x03C, 0x042, 0x085, 0x086, 0x0BD, 0x0BE, 0x0E0, 0x0E5,
    0x0FC, 0x0FD, 0x1AE, 0x200, 0x201, 0x203, 0x204, 0x205, 0x207, 0x208, 0x27E, 0x31E, 0x41E, 0x4BC, 0x809, 0xFFF,
)  # fmt: skip
BIFF12_KINDS = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 39, 128, 129, 131, 132, 143, 144, 145, 146, 147, 148, 153, 156, 159, 160, 19,
    176, 177, 178, 278, 279, 338, 353, 354, 355, 357, 362, 390, 391, 427, 485, 1000,
)  # fmt: skip
_ENDS = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def biff_records(data: bytes) -> list[Record]:
    """Return the records of an .xls stream; what is left at the end is one of its own."""
    found, place = [], 0
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        found.append((kind, data[place + 4 : place + 4 + size]))
        place += 4 + size
    return found


def biff_stream(records: Sequence[Record]) -> bytes:
    """Return the stream of these records."""
    return b"".join(struct.pack("<HH", kind & 0xFFFF, len(data) & 0xFFFF) + data for kind, data in records)


def biff12_records(data: bytes) -> list[Record]:
    """Return the records of a part of an .xlsb."""
    found, place = [], 0
    while place < len(data):
        kind, place = _number(data, place, 2)
        size, place = _number(data, place, 4)
        found.append((kind, data[place : place + size]))
        place += size
    return found


def biff12_part(records: Sequence[Record]) -> bytes:
    """Return the part of these records."""
    return b"".join(_packed(kind) + _packed(len(data)) + data for kind, data in records)


def _number(data: bytes, place: int, most: int) -> tuple[int, int]:
    value = 0
    for number in range(most):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            break
    return value, place


def _packed(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)


def biff(data: bytes, chance: random.Random) -> bytes:
    """Return an .xls stream with a record changed, moved, doubled or gone, or one whose length is a lie."""
    return _changed(data, chance, biff_records, biff_stream, BIFF_KINDS, "<H")


def biff12(data: bytes, chance: random.Random) -> bytes:
    """Return the same for a part of an .xlsb."""
    return _changed(data, chance, biff12_records, biff12_part, BIFF12_KINDS, "<I")


def _changed(
    data: bytes,
    chance: random.Random,
    parsed: Callable[[bytes], list[Record]],
    written: Callable[[Sequence[Record]], bytes],
    kinds: Sequence[int],
    length: str,
) -> bytes:
    records = parsed(data) or [(kinds[0], b"")]
    number = chance.randrange(len(records))
    kind, content = records[number]
    what = chance.randrange(8)
    if what == 0:
        del records[number]
    elif what == 1:
        records.insert(chance.randrange(len(records) + 1), records[number])
    elif what == 2:
        records[number] = chance.choice(kinds), content
    elif what == 3:
        records[number] = kind, content[: chance.randrange(len(content) + 1)]
    elif what == 4:
        records[number] = kind, content + chance.randbytes(chance.choice([1, 2, 8, 300]))
    elif what == 5:
        other = chance.randrange(len(records))
        records[number], records[other] = records[other], records[number]
    elif what == 6 and chance.random() < 0.3:
        # What follows is read as if it belonged to this record, or began within it.
        before, header = written(records[:number]), written([records[number]])
        lie = bytearray(header + written(records[number + 1 :]))
        size = struct.pack(length, chance.choice(_ENDS) & (0xFFFF if length == "<H" else 0xFFFFFFFF))
        lie[2 : 2 + len(size)] = size
        return before + bytes(lie)
    else:
        records[number] = kind, _with_number(content, chance)
    return written(records)


def _with_number(content: bytes, chance: random.Random) -> bytes:
    """Return a record with a number in it that is at the end of a range."""
    found = bytearray(content or b"\0\0\0\0")
    size = chance.choice([1, 2, 4])
    place = chance.randrange(max(1, len(found) - size + 1))
    found[place : place + size] = (chance.choice(_ENDS) & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return bytes(found)
