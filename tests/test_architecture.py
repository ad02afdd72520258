"""Who may import whom, and which room owns each third party."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "xlsform"

#: Rooms of the package that each room may import. A room's own modules may import one another.
ALLOWED: dict[str, set[str]] = {
    "findings": set(),
    "refs": set(),
    "text_size": set(),
    "patterns": set(),
    "waiting": {"errors", "findings"},
    "zip_members": set(),
    "formula": {"patterns"},
    "figures": {"patterns"},
    "identity": set(),
    "errors": {"findings"},
    "messages": {"findings"},
    "outputs": {"errors", "findings"},
    "reading": {"findings", "patterns", "refs"},
    "formula_text": {"patterns", "refs"},
    "package_parts": {"zip_members"},
    "sheet_cells": {"package_parts", "reading", "refs"},
    "field_types": {"figures", "patterns", "reading"},
    "form": {"errors", "field_types", "findings"},
    "layout": {"errors", "findings", "form", "formula", "refs", "text_size"},
    "recalculation": {"field_types", "figures", "form", "formula", "layout", "refs"},
    "template_check": {"errors", "figures", "form", "formula", "layout", "recalculation", "refs"},
    "targets": {"figures", "form", "formula", "layout"},
    "hints": {"field_types", "formula", "layout", "recalculation", "refs", "targets"},
    "workbook": {"field_types", "form", "hints", "identity", "layout", "outputs"},
    "guidance": {"field_types", "formula", "hints", "layout", "refs", "sheet_cells", "targets"},
    "book_tables": {"sheet_cells", "workbook"},
    "cell_xml": {"book_tables", "field_types", "refs", "sheet_cells"},
    "plate": {
        "book_tables", "cell_xml", "field_types", "form", "formula", "guidance", "hints", "identity", "layout", "outputs", "recalculation", "refs", "sheet_cells", "targets", "workbook", "zip_members",
    },
    "stamp": {
        "field_types", "form", "hints", "identity", "layout", "package_parts", "plate", "recalculation", "refs", "sheet_cells", "targets", "workbook",
    },
    "issuing": {"field_types", "findings", "form", "identity", "layout", "projects", "sheet_cells", "stamp"},
    "alignment": {"figures", "layout", "reading", "refs"},
    "submission": {
        "alignment", "field_types", "figures", "form", "identity", "layout", "projects", "reading", "recalculation", "refs",
    },
    "recognition": {"alignment", "errors", "figures", "form", "identity", "layout", "reading", "submission"},
    "indicators": {"figures", "form", "patterns", "submission", "targets"},
    "rules": {
        "alignment", "field_types", "figures", "findings", "form", "formula_text", "identity", "indicators",
        "hints", "layout", "patterns", "projects", "reading", "refs", "submission", "targets",
    },
    "verdicts": {
        "figures", "findings", "form", "inbox", "layout", "projects", "reading", "recognition", "rules", "submission",
        "template_check", "waivers",
    },
    "review": {"batch", "cluster", "findings", "inbox", "reading", "recognition", "register", "verdicts", "waiting"},
    "waivers": {"errors", "figures", "findings", "rules"},
    "manual": {"errors", "findings", "messages", "rules"},
    "chunks": {"inbox", "verdicts"},
    "pool": {"chunks", "inbox", "reading", "verdicts"},
    "apart": {"form", "identity", "inbox", "pool", "recognition", "rules", "verdicts"},
    "cluster": {"apart", "chunks", "errors", "findings", "inbox", "reading", "verdicts"},
    "batch": {"cluster", "findings", "inbox", "pool", "reading", "rules", "verdicts", "waiting"},
    "data": {"errors", "field_types", "figures", "findings", "form", "layout", "stamp", "submission", "targets", "template_check"},
    "projects": {
        "errors", "field_types", "figures", "findings", "form", "layout", "outputs", "reading", "refs", "text_size",
    },
    "register": {"errors", "findings", "projects", "reading", "verdicts"},
    "inbox": {"errors", "findings", "patterns", "reading"},
    "mailing": {"errors", "findings", "messages", "register"},
    "reports": {
        "errors", "findings", "form", "formula", "manual", "messages", "outputs", "package_parts", "patterns", "refs", "register", "rules", "sheet_cells", "text_size", "verdicts", "waiting",
    },
    "send_back": {
        "data", "field_types", "findings", "identity", "inbox", "manual", "messages", "outputs", "reading", "recognition", "reports", "rules", "stamp", "submission", "verdicts",
    },
    "samples": {
        "data", "form", "issuing", "layout", "package_parts", "reading", "recognition", "refs", "reports", "sheet_cells", "stamp", "verdicts",
    },
    "demo": {
        "batch", "findings", "form", "inbox", "issuing", "layout", "outputs", "projects", "reports", "samples", "send_back", "stamp", "verdicts",
    },
}  # fmt: skip

#: The rooms that may import each third party.
OWNERS: dict[str, set[str]] = {
    "click": {"cli"},
    "dask": {"cluster"},
    "distributed": {"cluster"},
    "fsspec": {"inbox"},
    "rich": {"cli"},
    "ironcalc": {"recalculation"},
    "jinja2": {"mailing", "reports"},
    "jsonschema": {"template_check", "data"},
    "lxml": {"reading", "package_parts", "sheet_cells", "stamp", "reports"},
    "msoffcrypto": {"reading"},
    "olefile": {"reading"},
    "python_calamine": {"reading"},
    "xlsxwriter": {"workbook", "projects", "reports"},
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Yield the full names that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "xlsform":
                yield from (f"xlsform.{alias.name}" for alias in node.names)
            elif node.module:
                yield node.module


MODULES = sorted(PACKAGE.rglob("*.py"))
FREE = {"cli", "__init__", "__main__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_only_what_its_room_may(path: Path) -> None:
    own = room(path)
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "xlsform":
            other = rest.partition(".")[0]
            if own not in FREE and other not in ("", "__version__"):
                assert other in ALLOWED[own] | {own}, f"{own} may not import {other}"
        elif top not in sys.stdlib_module_names:
            assert own in OWNERS[top], f"{own} may not import {top}"


def test_every_room_has_its_line() -> None:
    rooms = {room(path) for path in MODULES} - FREE
    assert rooms == set(ALLOWED)


def test_no_circle_between_rooms() -> None:
    done: set[str] = set()
    left = dict(ALLOWED)
    while left:
        ready = {name for name, needed in left.items() if needed <= done}
        assert ready, f"these rooms import one another in a circle: {sorted(left)}"
        done |= ready
        left = {name: needed for name, needed in left.items() if name not in ready}


def test_the_command_line_imports_click_alone() -> None:
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
            assert foreign <= {"click", "xlsform", "xlsform.cli", "xlsform.cli.console", "xlsform.cli.options"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_opens_with_its_duty(path: Path) -> None:
    page = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert page.splitlines() or path.name == "__init__.py"
    assert page.split("\n")[0].rstrip().endswith((".", ":", "`")) or ":" in page.split("\n")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_below_the_command_line_prints_or_exits(path: Path) -> None:
    if room(path) in FREE or path.name == "worker.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "sys.exit", "exit", "quit", "os._exit"), f"{path}:{node.lineno}"
