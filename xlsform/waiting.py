"""What waits in a temporary file until the last of it has come in, so that memory does not grow with its number."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from typing import Generic, Self, TypeVar

T = TypeVar("T")

#: Bytes that are held in memory before they go to a temporary file.
_HELD = 4_000_000


class Waiting(Generic[T]):
    """Objects of this program in the order in which they were added, to be used in a ``with`` block."""

    def __init__(self) -> None:
        # Closed at the end of the block that this is used in.
        self._file = tempfile.SpooledTemporaryFile(_HELD)  # noqa: SIM115
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def add(self, each: T) -> None:
        """Add one behind the others."""
        pickle.dump(each, self._file)
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        """Yield all, one at a time; none may be added meanwhile."""
        self._file.seek(0)
        for _ in range(self._count):
            item: T = pickle.load(self._file)
            yield item
