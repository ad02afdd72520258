"""What every test has: LibreOffice and a browser where it asks for them, and the mark of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.browser import browser as browser
from support.office import office as office
from support.office import pytest_terminal_summary as pytest_terminal_summary

TESTS = Path(__file__).parent

#: Folders whose tests are marked with the folder's name.
FOLDERS = ("e2e", "hostile", "office", "property")

#: Fixtures that start a program of another house.
PROGRAMS = {"browser", "office"}

# How long an example takes says nothing where tests run side by side.
settings.register_profile("xlsform", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("xlsform")


def pytest_make_parametrize_id(val: object) -> str | None:
    # Sets show their members in another order in each process; pytest-xdist takes that for other tests.
    return "-".join(sorted(map(str, val))) if isinstance(val, set | frozenset) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in FOLDERS:
            item.add_marker(folder)
        if PROGRAMS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("office")
