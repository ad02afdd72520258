"""The house: which room may import which, who owns each third party, and what holds in every room."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "xlsform"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: The floors, from the ground up: a room may import those of the floors below it, and itself.
FLOORS = (
    ("messages", "patterns"),
    ("errors", "findings", "json_text", "quantities", "spreadsheet"),
    ("files",),
    ("form", "reading"),
    ("inbox", "projects"),
    ("submission",),
    ("rules", "workbook"),
    ("verdict",),
    ("register",),
    ("batch", "mailing", "reports"),
    ("demo",),
    ("cli",),
)

#: The rooms that may import each third party.
OWNERS = {
    "click": {"cli"},
    "dask": {"batch"},
    "distributed": {"batch"},
    "fsspec": {"inbox"},
    "rich": {"cli"},
    "ironcalc": {"form"},
    "jinja2": {"mailing", "reports"},
    "jsonschema": {"form", "workbook"},
    "lxml": {"reading", "spreadsheet", "workbook", "reports"},
    "msoffcrypto": {"reading"},
    "olefile": {"reading"},
    "python_calamine": {"reading"},
    "xlsxwriter": {"workbook", "projects", "reports"},
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the full names that are imported."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out from the top"
            if node.module is not None:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_start(path: Path, *, functions: bool = False) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported, and what runs when its functions are called, if wanted."""
    waiting: list[ast.AST] = list(tree(path).body)
    while waiting:
        node = waiting.pop()
        for_types = isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        if not for_types and (functions or not isinstance(node, ast.FunctionDef)):
            yield node
            waiting += ast.iter_child_nodes(node)


def modules_imported(nodes: Iterator[ast.AST], known: Set[str]) -> Iterator[str]:
    """Yield the modules of ours that are imported; of a name that a package exports, that is the package's face."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ({alias.name for alias in node.names} & known)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                places = (f"{node.module}.{alias.name}", f"{node.module}.{alias.name}.__init__")
                owners = (str(node.module), f"{node.module}.__init__")
                yield from [name for name in (*places, *owners) if name in known][:1]


def test_a_room_imports_only_from_floors_below() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert {room(path) for path in MODULES} - {"__init__", "__main__"} == floor.keys()
    wrong = [
        f"{place(path)} imports {name}"
        for path in MODULES
        if room(path) in floor
        for name in imports(ast.walk(tree(path)))
        if (other := name.partition(".")[2].partition(".")[0]) in floor and name.startswith("xlsform.")
        if other != room(path) and floor[other] >= floor[room(path)]
    ]
    assert wrong == []


def test_no_module_imports_itself_by_a_detour() -> None:
    """Not even inside a function: an import that has to wait for a call is a circle all the same."""
    names = {".".join(("xlsform", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in MODULES}
    needed = {
        name: {each for each in modules_imported(at_start(path, functions=True), names.keys()) if each != name}
        for name, path in names.items()
    }
    done: set[str] = set()
    while left := needed.keys() - done:
        ready = {name for name in left if needed[name] <= done}
        assert ready, f"these modules import one another in a circle: {sorted(left)}"
        done |= ready


def test_commands_do_not_know_the_program_that_loads_them() -> None:
    """It loads them by name, which the test on detours does not see."""
    for path in (PACKAGE / "cli").rglob("*.py"):
        if path.name not in ("__init__.py", "group.py"):
            assert not {"xlsform.cli.group", "xlsform.cli.cli"} & set(imports(ast.walk(tree(path)))), place(path)


def test_each_third_party_has_its_rooms() -> None:
    wrong = [
        f"{place(path)} imports {top}"
        for path in MODULES
        for top in {name.partition(".")[0] for name in imports(ast.walk(tree(path)))} - {"xlsform"}
        if top not in sys.stdlib_module_names and room(path) not in OWNERS[top]
    ]
    assert wrong == []


def test_the_command_line_starts_with_click_alone() -> None:
    for path in (PACKAGE / "cli").rglob("*.py"):
        own = {name for name in imports(at_start(path)) if name.partition(".")[0] not in sys.stdlib_module_names}
        foreign = {name for name in own if not name.startswith(("click", "xlsform.cli", "xlsform.__version__"))}
        assert foreign <= {"xlsform"}, place(path)


def test_a_module_opens_with_its_duty() -> None:
    for path in MODULES:
        first = (ast.get_docstring(tree(path)) or "").split("\n")[0]
        assert first.rstrip().endswith((".", ":", "`")) or ":" in first, place(path)


def test_nothing_below_the_command_line_prints_or_exits() -> None:
    ending = {"print", "sys.exit", "exit", "quit", "os._exit"}
    wrong = [
        f"{place(path)}:{node.lineno}"
        for path in MODULES
        if room(path) not in ("cli", "__main__") and place(path) != "reading/worker.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ending
    ]
    assert wrong == []


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(place(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
