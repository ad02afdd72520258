"""Project lists as JSON: objects of projects, with their indicators inside them or beside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xlsform.errors import UsageError
from xlsform.json_text import loads
from xlsform.messages import say
from xlsform.projects.lists.tables import Cell, ListFile, ListTable, unreadable
from xlsform.spreadsheet.values import CellError

_PROJECTS = ("projects", "项目", "项目清单")
_INDICATORS = ("indicators", "指标", "绩效指标")
#: Objects within objects are columns of their own (``funds.total.initial``) down to this depth.
_DEEPEST = 3


def json_tables(path: Path, text: str, alone: bool) -> ListFile:
    """Return the tables of a JSON file.

    Args:
        path: the file, for messages.
        text: its content.
        alone: whether it holds indicators only.

    Raises:
        UsageError: it is not JSON, or not lists of objects.
    """
    content = _parsed(path, text)
    if alone:
        rows = content if isinstance(content, list) else _get(content, _INDICATORS)
        grid = ListTable(path.name, _rows(path, rows, path.name), keyed=True)
        return ListFile(grid, (grid,))
    projects = content if isinstance(content, list) else _get(content, _PROJECTS)
    listed = _get(content, _INDICATORS) if isinstance(content, dict) else None
    rows = _rows(path, projects, "projects")
    grids = [ListTable("indicators", _rows(path, listed, "indicators"), keyed=True)] if listed is not None else []
    for number, item in enumerate(projects, 1):
        nested = _get(item, _INDICATORS)
        if nested:
            name = f"projects[{number}].indicators"
            grids.append(ListTable(name, _rows(path, nested, name), keyed=True, owner=number))
    return ListFile(ListTable("projects", rows, keyed=True), tuple(grids))


def _parsed(path: Path, text: str) -> Any:
    try:
        return loads(text)
    except json.JSONDecodeError as error:
        where = say(
            "line {line}, column {column}: not JSON ({what})", line=error.lineno, column=error.colno, what=error.msg
        )
        raise UsageError(say("{path}: {problem}", path=path, problem=where)) from None
    except RecursionError:
        raise unreadable(path, say("nested too deeply")) from None
    except ValueError as error:
        raise unreadable(path, say("not JSON ({what})", what=error)) from None


def _get(content: Any, keys: tuple[str, ...]) -> Any:
    return next((content[key] for key in keys if key in content), None) if isinstance(content, dict) else None


def _rows(path: Path, items: Any, name: str) -> dict[int, dict[str, Cell]]:
    if not isinstance(items, list):
        raise unreadable(path, say('it should hold a list of objects, or {{"projects": […], "indicators": […]}}'))
    rows = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise unreadable(path, say("{name}, item {number}: not an object", name=name, number=number))
        rows[number] = {key: cell for key, cell in _cells(item) if cell is not None}
    return rows


def _cells(item: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Cell | None]]:
    """Yield every value with its key; objects within objects (``funds``) with dots."""
    for key, value in item.items():
        if isinstance(value, dict) and prefix.count(".") < _DEEPEST:
            yield from _cells(value, f"{prefix}{key}.")
        elif isinstance(value, list | dict):
            if not prefix and key in _INDICATORS:
                continue
            yield prefix + key, Cell(CellError("{…}" if isinstance(value, dict) else "[…]"))
        else:
            yield prefix + key, None if value is None or value == "" else Cell(value)
