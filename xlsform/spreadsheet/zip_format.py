"""The records that a zip consists of, as its readers and its writer need them (PKWARE APPNOTE 6.3)."""

from __future__ import annotations

import struct
from typing import NamedTuple

STORED, DEFLATED = 0, 8
#: Bits of an entry's flags.
ENCRYPTED, HAS_DESCRIPTOR, UTF8 = 0x01, 0x08, 0x800
#: Kinds of extra fields.
ZIP64, UNICODE_NAME = 0x0001, 0x7075

MEMBER, ENTRY, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
END64, LOCATOR64 = b"PK\6\6", b"PK\6\7"

#: The header before a member's content; the member's name and its extra fields follow.
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
#: The end record. A comment follows, whose length the last number is.
END_RECORD = struct.Struct("<4s4H2IH")
#: The end record of a zip with numbers too large for the other, and the locator that tells where it stands.
END64_RECORD, LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")

#: A directory entry; the member's name, its extra fields and a comment follow.
ENTRY_RECORD = struct.Struct("<4s6H3I5H2I")
_VERSION = 20
"""The version of the format that is needed to unpack what we write, times ten."""


class ZipEntry(NamedTuple):
    """A member as the directory describes it; sizes and offset in bytes."""

    made_by: int
    flags: int
    method: int
    time: int
    date: int
    """Time and date as MS-DOS packs them into 16 bits each."""
    checksum: int
    packed: int
    size: int
    attributes: int
    offset: int
    """Where the member's local header stands."""
    raw_name: bytes
    extra: bytes = b""

    @property
    def name(self) -> str:
        """Its name in the encoding that it is declared to be in.

        Raises:
            ValueError: it is not in that encoding.
        """
        return self.raw_name.decode("utf-8" if self.flags & UTF8 else "cp437")

    def local(self) -> bytes:
        """Return its local header, as we write it."""
        return LOCAL_HEADER.pack(MEMBER, *self._shared(), len(self.raw_name), 0) + self.raw_name

    def central(self, offset: int) -> bytes:
        """Return its directory entry, as we write it, for a member at that offset."""
        shared = (self.made_by, *self._shared(), len(self.raw_name))
        return ENTRY_RECORD.pack(ENTRY, *shared, 0, 0, 0, 0, self.attributes, offset) + self.raw_name

    def _shared(self) -> tuple[int, ...]:
        sizes = (self.checksum, self.packed, self.size)
        return (_VERSION, self.flags, self.method, self.time, self.date, *sizes)
