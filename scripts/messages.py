"""Bring the Chinese catalogue up to date with the program's messages and manual pages.

Usage: python scripts/messages.py [FILE.po …]    translations in the files named are taken over
       python scripts/messages.py --check        exit 1 where a message lacks its translation or the .mo is stale
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "xlsform/locale/zh_CN/LC_MESSAGES/xlsform.po"
SOURCES = sorted((ROOT / "xlsform").rglob("*.py"))


def messages() -> dict[str, str]:
    """Return every text that is translated, with the module it first stands in."""
    found: dict[str, str] = {}
    for path in SOURCES:
        for text in _said(path):
            found.setdefault(text, path.relative_to(ROOT).as_posix())
    for text in _manual():
        found.setdefault(text, "xlsform/rules")
    return found


def _said(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
            yield from _texts(node.args[0], f"{path}:{node.lineno}")


def _texts(node: ast.expr, where: str) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body, where)
        yield from _texts(node.orelse, where)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        raise SystemExit(f"{where}: say() takes its text as written, so that it can be found here")


def _manual() -> Iterator[str]:
    sys.path.insert(0, str(ROOT))
    from xlsform.rules.manual import paragraphs
    from xlsform.rules.registry import catalogue

    for rule in catalogue().values():
        yield from paragraphs(rule.page)


def catalogue(extra: list[str]) -> polib.POFile:
    """Return the catalogue with exactly the messages there are, known translations kept."""
    known: dict[str, str] = {}
    for path in [CATALOGUE, *map(Path, extra)]:
        if path.exists():
            known |= {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if entry.msgstr}
    result = polib.POFile(wrapwidth=110)
    result.metadata = {"Language": "zh_CN", "Content-Type": "text/plain; charset=UTF-8", "MIME-Version": "1.0"}
    for text, where in sorted(messages().items(), key=lambda item: (item[1], item[0])):
        result.append(polib.POEntry(msgid=text, msgstr=known.get(text, ""), occurrences=[(where, "")]))
    return result


def main(arguments: list[str]) -> int:
    """Update or check the catalogue; return the exit code."""
    check = arguments == ["--check"]
    result = catalogue([] if check else arguments)
    missing = [entry.msgid for entry in result if not entry.msgstr]
    for text in missing:
        print(f"no translation: {text}")
    if check:
        stale = CATALOGUE.read_text(encoding="utf-8").strip() != str(result).strip()
        stale |= CATALOGUE.with_suffix(".mo").read_bytes() != result.to_binary()
        if stale:
            print("the catalogue is stale: run python scripts/messages.py")
        return int(stale or bool(missing))
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    result.save(str(CATALOGUE))
    result.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
