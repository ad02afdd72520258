"""File names from mails and archives, made safe to show."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from xlsform.files.devices import is_device
from xlsform.patterns import LazyPattern

#: As long as the file names that are issued, so that these come back whole.
_CHARACTERS = 120
_BYTES = 240
_FOLDERS = 8
#: Longer than any name; the rest of a hostile one is not looked at.
_READ = 4_000

_RESERVED = LazyPattern(r'[<>:"/\\|?*]')
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_SPACES = LazyPattern(r"\s+")
_DRIVE = LazyPattern(r"\A\s*[A-Za-z]:")


def shown(text: str) -> str:
    """Return text in one line, without characters that are not seen: controls, marks that turn the writing round."""
    seen = (" " if char.isspace() else char for char in unicodedata.normalize("NFC", text[:_READ]))
    return _SPACES.sub(" ", "".join(char for char in seen if unicodedata.category(char) not in _UNSEEN)).strip()


def safe(name: str) -> str:
    """Return a file name without what any system reserves, at most 120 characters long; blank if nothing is left."""
    name = _RESERVED.sub("_", shown(name)).rstrip(". ")
    name = f"_{name}" if is_device(name) else name
    if len(name) <= _CHARACTERS and len(name.encode()) <= _BYTES:
        return name
    suffix = PurePath(name).suffix
    suffix = suffix if len(suffix) <= 6 and suffix.isascii() else ""
    stem = name.removesuffix(suffix)[: _CHARACTERS - len(suffix) - 1]
    while len(stem.encode()) > _BYTES - len(suffix) - 3:
        stem = stem[:-1]
    return f"{stem}…{suffix}"


def steps(path: str) -> tuple[str, ...]:
    """Return the folders and the name of a path, whichever slash it is written with, without what leads outside."""
    parts = re.split(r"[/\\]", _DRIVE.sub("", path[-_READ:], count=1))
    found = [name for part in parts if (name := safe(part))]
    return tuple(found[-_FOLDERS - 1 :])


def suffix(name: str) -> str:
    """Return the extension of a name, in lower case."""
    return PurePath(name).suffix.lower()
