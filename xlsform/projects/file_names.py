"""File names that Windows, mail programs and a zip all take, and no two projects share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from xlsform.files.devices import is_device
from xlsform.projects.project import Project

_SUFFIX = ".xlsx"
#: Longest name. Windows takes 255 UTF-16 units, Linux 255 bytes; a whole path, with its folders, has 260 on Windows.
_CHARACTERS = 120
_BYTES = 240
_FOLDER_CHARACTERS = 80
#: A part of a name is cut down to this before its neighbours go below.
_SHORTEST = 8
#: Room for the `` (12)`` that tells two names apart.
_ROOM = 6

_RESERVED = re.compile(r'[<>:"/\\|?*\s]+')


def file_name(project: Project) -> str:
    """Return the name of a project's workbook: ``项目编码_项目名称_实施单位.xlsx``.

    Two projects may come out the same (``A/1`` and ``A:1``); `places` tells them apart.
    """
    parts = [part for part in (_safe(text) for text in (project.code, project.name, project.unit)) if part]
    return _fitted(parts, _CHARACTERS, _BYTES, _SUFFIX)


def folder_name(project: Project) -> str:
    """Return the name of the folder of a project's unit; `places` tells units apart that come out the same."""
    part = _safe(project.unit)
    return _fitted([part] if part else [], _FOLDER_CHARACTERS, _BYTES, "")


def safe_name(text: str, suffix: str) -> str:
    """Return a file name made of any text, short enough and free of what any system reserves."""
    return _fitted([_safe(text)], _CHARACTERS, _BYTES, suffix)


def places(projects: Iterable[Project]) -> dict[str, PurePosixPath]:
    """Return where each project's workbook belongs, by code: a folder a unit, no two names alike in any case.

    Folders of different units are never one, or a unit would be mailed another's workbooks.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    found: dict[str, PurePosixPath] = {}
    for project in projects:
        if project.unit not in folders:
            folders[project.unit] = _free(folder_name(project), "", taken)
        folder = folders[project.unit]
        stem = file_name(project).removesuffix(_SUFFIX)
        found[project.code] = PurePosixPath(folder, _free(stem, _SUFFIX, taken, f"{folder}/"))
    return found


def _free(stem: str, suffix: str, taken: set[str], folder: str = "") -> str:
    """Return a name that is not taken, and take it.

    Names that differ in case alone are one to Windows and macOS, and to macOS also two ways to encode an accent.
    """
    name, count = stem + suffix, 1
    while (key := unicodedata.normalize("NFKC", folder + name).casefold()) in taken:
        count += 1
        name = f"{stem} ({count}){suffix}"
    taken.add(key)
    return name


def _safe(text: str) -> str:
    """Return a part of a file name without what any system reserves, reads as a path, or does not show."""
    shown = "".join(
        char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C" or char in "\t\n"
    )
    # Beginnings: ``.`` hides a file, ``~$`` is Office's lock file, ``-`` an option of a program.
    return _RESERVED.sub("_", shown.strip()).lstrip("._-~ ").rstrip("._ ")


def _fitted(parts: list[str], characters: int, size: int, suffix: str) -> str:
    """Return the parts joined, the longest cut until the name is short enough; a code is cut last."""
    parts = [part[:characters] for part in parts]
    while _length(parts, suffix) > characters - _ROOM or _size(parts, suffix) > size - _ROOM:
        longest = max(
            range(len(parts)), key=lambda index: (len(parts[index]) > _SHORTEST and index > 0, len(parts[index]))
        )
        parts[longest] = parts[longest][:-1]
    name = "_".join(part.rstrip("._ ") for part in parts) or "_"
    return ("_" if is_device(name) else "") + name + suffix


def _length(parts: list[str], suffix: str) -> int:
    return len("_".join(parts)) + len(suffix) + 1


def _size(parts: list[str], suffix: str) -> int:
    return len("_".join(parts).encode()) + len(suffix) + 1
