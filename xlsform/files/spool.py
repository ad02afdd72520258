"""What waits in a temporary file until the last of it has come in, so that memory does not grow with its number.

``pickle`` and ``tempfile`` are imported with the second object: they take 4 ms of a start, and most runs have but one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import IO, Generic, Self, TypeVar

from xlsform.errors import UsageError, system_words
from xlsform.messages import say

T = TypeVar("T")

#: Bytes that are held in memory before they go to a temporary file.
_HELD = 4_000_000
#: The place of the first object, which stays in memory: most often it is the only one.
_FIRST = -1


class Spool(Generic[T]):
    """Objects of this program in the order in which they were added, to be used in a ``with`` block."""

    def __init__(self) -> None:
        self._first: list[T] = []
        self._file: IO[bytes] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        # Closing may have to write what is left, which nobody will read.
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()

    def __len__(self) -> int:
        return self._count

    def add(self, each: T) -> int:
        """Add one behind the others; return its place, for `at`.

        Raises:
            UsageError: the temporary folder is full, or cannot be written to.
        """
        self._count += 1
        if self._count == 1:
            self._first.append(each)
            return _FIRST
        import pickle

        with _told():
            file = self._opened()
            place = file.tell()
            pickle.dump(each, file)
        return place

    def at(self, place: int) -> T:
        """Return the one that was added there; none may be added afterwards.

        Raises:
            UsageError: as `add`, for what was not written yet.
        """
        if place == _FIRST:
            return self._first[0]
        import pickle

        with _told():
            file = self._opened()
            file.seek(place)
            item: T = pickle.load(file)
        return item

    def __iter__(self) -> Iterator[T]:
        """Yield all, one at a time; none may be added meanwhile.

        Raises:
            UsageError: as `add`, for what was not written yet.
        """
        yield from self._first
        if self._file is None:
            return
        import pickle

        with _told():
            self._file.seek(0)
        for _ in range(self._count - 1):
            item: T = pickle.load(self._file)
            yield item

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            from tempfile import SpooledTemporaryFile

            # Closed at the end of the block that this is used in.
            self._file = SpooledTemporaryFile(_HELD)  # noqa: SIM115
        return self._file


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say which folder is meant: else whoever writes a report would be told that the report cannot be written."""
    try:
        yield
    except OSError as error:
        import tempfile

        raise UsageError(
            say(
                "{folder}: the folder for temporary files cannot be written to ({reason}); make room there, or name "
                "another in the environment variable TMPDIR",
                folder=tempfile.gettempdir(),
                reason=system_words(error),
            )
        ) from None
