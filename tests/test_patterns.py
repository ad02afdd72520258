"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import xlsform
from xlsform.patterns import LazyPattern


def all_patterns() -> Iterator[tuple[str, LazyPattern[str]]]:
    """Yield every pattern at the top of a module, with its full name."""
    for found in pkgutil.walk_packages(xlsform.__path__, "xlsform."):
        # A script of a process of its own, which runs when it is imported.
        if found.name not in ("xlsform.__main__", "xlsform.reading.worker"):
            for name, value in vars(importlib.import_module(found.name)).items():
                # Some stand in an object of their module's own.
                held = vars(value) if type(value).__module__ == found.name and hasattr(value, "__dict__") else {}
                for part, each in [("", value), *held.items()]:
                    if isinstance(each, LazyPattern):
                        yield ".".join(filter(None, (found.name, name, part))), each


def test_every_pattern_of_the_program_can_be_compiled() -> None:
    names = []
    for name, each in all_patterns():
        assert isinstance(each.compiled, re.Pattern), name
        names.append(name)
    assert {"xlsform.quantities.targets._DIGIT", "xlsform.quantities.targets._RANGE._for_each"} <= set(names)


def test_a_pattern_is_compiled_when_it_is_first_used_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[tuple[Any, ...]] = []
    compile_it = re.compile

    def counted(*given: Any) -> re.Pattern[str]:
        compiled.append(given)
        return compile_it(*given)

    monkeypatch.setattr("re.compile", counted)
    digits = LazyPattern("(?P<digit>[0-9])x", re.IGNORECASE)
    assert compiled == []
    for text in ("1X", "2x"):
        match = digits.fullmatch(text)
        assert match is not None
        assert match["digit"] == text[0]
    assert compiled == [("(?P<digit>[0-9])x", re.IGNORECASE)]


def test_it_does_all_that_a_compiled_one_does() -> None:
    digits, raw = LazyPattern("[0-9]"), LazyPattern(rb"[0-9]")
    assert digits.sub("-", "a1b2") == "a-b-"
    assert digits.findall("a1b2") == ["1", "2"]
    assert digits.split("a1b2") == ["a", "b", ""]
    assert [match.start() for match in digits.finditer("a1b2")] == [1, 3]
    assert digits.search("a1b2", 2) is not None
    assert digits.match("a1") is None
    assert raw.search(b"a1") is not None
    assert digits.pattern == "[0-9]"
    with pytest.raises(re.error):
        LazyPattern("(").search("")
