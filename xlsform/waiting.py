"""What waits in a temporary file until the last of it has come in, so that memory does not grow with its number."""

from __future__ import annotations

import contextlib
import pickle
import tempfile
from collections.abc import Iterator
from typing import Generic, Self, TypeVar

from xlsform.errors import UsageError
from xlsform.findings import say

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
        # What cannot be written any more is not wanted any more.
        with contextlib.suppress(OSError):
            self._file.close()

    def __len__(self) -> int:
        return self._count

    def add(self, each: T) -> int:
        """Add one behind the others; return its place, for `at`.

        Raises:
            UsageError: the temporary folder is full, or cannot be written to.
        """
        with _told():
            place = self._file.tell()
            pickle.dump(each, self._file)
        self._count += 1
        return place

    def at(self, place: int) -> T:
        """Return the one that was added there; none may be added afterwards.

        Raises:
            UsageError: as `add`, for what was not written yet.
        """
        with _told():
            self._file.seek(place)
            item: T = pickle.load(self._file)
        return item

    def __iter__(self) -> Iterator[T]:
        """Yield all, one at a time; none may be added meanwhile.

        Raises:
            UsageError: as `add`, for what was not written yet.
        """
        with _told():
            self._file.seek(0)
        for _ in range(self._count):
            item: T = pickle.load(self._file)
            yield item


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say plainly which folder is meant: whoever writes a report would else be told that the report cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            say(
                "{folder}: the folder for temporary files cannot be written to ({reason}); make room there, or name "
                "another in the environment variable TMPDIR",
                folder=tempfile.gettempdir(),
                reason=error.strerror or error,
            )
        ) from None
