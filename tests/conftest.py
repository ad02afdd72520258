from __future__ import annotations

import pytest
from support.office import office as office
from support.office import pytest_terminal_summary as pytest_terminal_summary


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "office" in getattr(item, "fixturenames", ()):
            item.add_marker("libreoffice")
