"""Every message has its Chinese, with the same braces; docs are what the program says."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path
from types import ModuleType

import polib
import pytest

from xlsform.messages import default_language, render, say

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", ROOT / f"scripts/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CATALOGUE = ROOT / "xlsform/locale/zh_CN/LC_MESSAGES/xlsform.po"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_catalogue_is_whole_and_its_binary_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("messages").main(["--check"]) == 0, capsys.readouterr().out


def test_a_translation_fills_only_the_braces_of_its_message() -> None:
    said = script("messages").messages()
    for entry in polib.pofile(str(CATALOGUE)):
        if said[entry.msgid] != "xlsform/rules":
            assert fields(entry.msgstr) <= fields(entry.msgid), entry.msgid


def test_chinese_messages_are_chinese() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        if any(char.isalpha() for char in "".join(part for part, *_ in string.Formatter().parse(entry.msgid) if part)):
            assert any("\u4e00" <= char <= "\u9fff" for char in entry.msgstr), entry.msgid


def test_documents_and_reports_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("docs").main(["--check"]) == 0, capsys.readouterr().out


def test_lists_are_joined_as_the_language_does() -> None:
    message = say("{items}", items=["年度", "分值"])
    assert render(message, "zh") == "年度、分值"
    assert render(message, "en") == "年度, 分值"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_the_language_follows_the_locale(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_language() == language
