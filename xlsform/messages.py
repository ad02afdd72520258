"""Messages in the language of their reader."""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from xlsform.findings import Message

Language = Literal["zh", "en"]

_LOCALE = Path(__file__).parent / "locale"
_CATALOGUES = {"zh": "zh_CN"}


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
    import locale

    return (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese"))
