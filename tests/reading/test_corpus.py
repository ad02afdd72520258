"""Odd workbooks of other projects' test suites, where they are at hand: none raises, none takes long."""

from pathlib import Path

import pytest
from support.timing import within

from xlsform.reading import read, sheets, strings
from xlsform.reading.workbook import Unreadable, Workbook

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

# The files may not be copied into the project. Where they are absent there is nothing to be tested, so no test either.
if CORPUS.is_dir():

    @pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
    def test_any_file_gives_a_verdict_soon(path: Path) -> None:
        with within(2):
            found = read(path)
        if isinstance(found, Unreadable):
            assert found.detail
            # The last resort: what ends there should be met where it occurs.
            assert "make no sense" not in str(found.detail)
        else:
            assert isinstance(found, Workbook)
            assert found.sheets

    @pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
    def test_what_is_taken_apart_as_text_is_what_the_parser_reads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = read(path)
        for module in (sheets, strings):
            monkeypatch.setattr(module, "parted", lambda *_: None)
        # Compared as text: what is not a number is not equal to itself.
        assert repr(found) == repr(read(path))
