"""Verdicts as people and programs read them, one rendering each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsform.verdict.verdict import Verdict

#: Yields pieces of text as the verdicts come in, in the language given.
Render = Callable[[Iterable["Verdict"], str], Iterator[str]]

_MODULES = {"text": "text", "json": "json_", "jsonl": "json_", "csv": "csv_", "html": "html"}

#: Those that are text; the bureau's workbook is `reports.summary.write_xlsx`.
TEXT_FORMATS = tuple(_MODULES)


def renderer(name: str) -> Render:
    """Return the rendering of a text format; its module is imported only now."""
    render: Render = getattr(import_module(f"xlsform.reports.{_MODULES[name]}"), f"render_{name}")
    return render
