"""What pages and docstrings point at is there: links, sections, files, rooms."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md"))
    if page.is_file()
)
SOURCES = sorted(path for room in ("xlsform", "tests", "scripts", "benchmarks") for path in (ROOT / room).rglob("*.py"))

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)", re.MULTILINE)
#: A page as code cites it: docs/domain.md#tolerance. The parts that a path is made of do not begin with a brace.
_CITED = re.compile(r"(?<![\w/{}.*-])((?:[\w.-]+/)*[A-Za-z][\w-]*(?:\.[\w-]+)*\.md)(#[\w-]+)?")
#: A file or a folder as pages name it: `xlsform/rules/reasons.py`, `tests/support/`.
_NAMED = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml|yaml))`", re.ASCII)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Return the sections of a page, as links name them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in _HEADING.findall(text)}


def missing(target: str, folder: Path) -> bool:
    name, _, section = target.partition("#")
    page = folder / name if name else None
    if page is not None and not page.exists():
        return True
    return bool(section) and page is not None and page.suffix == ".md" and section not in anchors(page)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = [link for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))) if "://" not in link]
    own = [link for link in links if link.startswith("#") and link[1:] not in anchors(page)]
    assert own + [link for link in links if not link.startswith("#") and missing(link, page.parent)] == []


def test_the_pages_that_code_cites_are_there() -> None:
    wrong = [
        f"{relative(path)}: {name}{section}"
        for path in SOURCES
        if path != Path(__file__)
        for name, section in _CITED.findall(path.read_text(encoding="utf-8"))
        if all(missing(name + section, folder) for folder in (ROOT, ROOT / "docs"))
    ]
    assert wrong == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/domain.md"])
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    named = set(_NAMED.findall(_FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))))
    # What the reader is to make has capitals for a name; what the programs make is not there yet.
    named = {name for name in named if "NAME" not in name and name not in ("xlsform-demo/",)}
    assert len(named) >= 3
    rooms = (ROOT, ROOT / "xlsform", ROOT / "xlsform/form", ROOT / "xlsform/projects")
    assert {name for name in named if not any((room / name).exists() for room in rooms)} == set()


def test_every_room_stands_in_the_table_on_its_floor() -> None:
    spec = importlib.util.spec_from_file_location("house", ROOT / "tests/test_architecture.py")
    assert spec is not None
    assert spec.loader is not None
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    rows = re.findall(r"^\| (\d+) \| `(\w+)(?:\.py|/)` \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.M)
    assert [(int(floor), room) for floor, room in rows] == [
        (number, room) for number, rooms in enumerate(house.FLOORS, 1) for room in rooms
    ]
