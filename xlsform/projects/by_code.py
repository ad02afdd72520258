"""Many records by project code, each packed until it is asked for."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class PackedByCode(Mapping[str, T], Generic[T]):
    """What is known of projects, by their codes.

    Every process that judges has all of it and needs one project at a time. So each is kept packed, in which it takes a
    thousand bytes instead of more than five thousand.
    """

    def __init__(self, records: Iterable[tuple[str, T]]) -> None:
        self._packed = {code: pickle.dumps(record) for code, record in records}

    def __getitem__(self, code: str) -> T:
        record: T = pickle.loads(self._packed[code])
        return record

    def __contains__(self, code: object) -> bool:
        return code in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
