"""Messages in the language of their reader."""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]

_LOCALE = Path(__file__).parent / "locale"
_CATALOGUES = {"zh": "zh_CN"}


class Message(NamedTuple):
    """A sentence to be rendered in the reader's language: its English text, and what fills its braces."""

    text: str
    values: Mapping[str, Any]

    def render(self, language: str, translate: Callable[[str], str]) -> str:
        """Return the sentence, its text put through ``translate``, its braces filled."""
        values = {key: _shown(value, language, translate) for key, value in self.values.items()}
        return translate(self.text).format(**values) if self.text else ""

    def __str__(self) -> str:
        return self.render("en", str)


def _shown(value: Any, language: str, translate: Callable[[str], str]) -> str:
    if isinstance(value, Message):
        return value.render(language, translate)
    if isinstance(value, Mapping):
        return str(value.get(language) or value.get("en") or "")
    if isinstance(value, list | tuple):
        return ("、" if language == "zh" else ", ").join(_shown(item, language, translate) for item in value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def say(text: str, /, **values: Any) -> Message:
    """Return a message; its English text is the key of its translation."""
    return Message(text, values)


def plain(value: Any) -> Any:
    """Return a value as JSON has it; decimals become integers or floats."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


@lru_cache(maxsize=4)
def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in _CATALOGUES:
        return gettext.NullTranslations()
    return gettext.translation("xlsform", _LOCALE, [_CATALOGUES[language]])


def translated(text: str, language: str) -> str:
    """Return a text of the program in the language given; English where there is no translation."""
    return _catalogue(language).gettext(text) if text else ""


def render(message: Message, language: str) -> str:
    """Return a message in the language given, its braces filled."""
    return message.render(language, _catalogue(language).gettext)


def default_language() -> Language:
    """Return the reader's language by the locale: Chinese for ``zh*``, English for all others."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if _windows_is_chinese() else "en"


def _windows_is_chinese() -> bool:
    if os.name != "nt":
        return False
    return (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese"))
