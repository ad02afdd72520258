"""Verdicts as people and programs read them, one rendering each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from xlsform.verdicts import Verdict

#: Yields pieces of text as the verdicts come in, in the language given.
Render = Callable[[Iterable[Verdict], str], Iterator[str]]

FORMATS = ("text", "json", "jsonl", "csv")


def renderer(name: str) -> Render:
    """Return the rendering of a format; its module is imported only now."""
    module = {"text": "text", "json": "structured", "jsonl": "structured", "csv": "table"}[name]
    render: Render = getattr(import_module(f"xlsform.reports.{module}"), f"render_{name}")
    return render
