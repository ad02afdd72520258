"""Words that are out: of texts that people read, and of the code.

How clerks and reviewers are spoken to: one word for one thing, in the workbook, letters, pages, reports and manual;
nobody is accused. Where a word still stands is listed in `tests/data/words_to_clear.tsv`, which only gets shorter.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polib
import pytest

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "xlsform/locale/zh_CN/LC_MESSAGES/xlsform.po"
ALLOWED = ROOT / "tests/data/words_to_clear.tsv"

#: Each word that is out, how it is found where that takes more than the word, and what is said instead.
OUT = {
    "发放": ("发放", "下发"),
    "发表": ("发表", "下发; the unit that does: 下发单位"),
    "发给": ("发给", "下发"),
    "返回": ("返回", "报送; 未报送"),
    "发回": ("发回", "报送"),
    "重新发送": ("重新发送|请发送", "重新报送"),
    "被退回": ("被退回", "退回修改, or 审核未通过 before anything went back"),
    "未通过": ("(?<!审核)未通过", "不通过"),
    "下发的工作簿": ("下发的工作簿", "原表"),
    "数据验证": ("数据验证", "数据有效性"),
    "个问题": ("(?<!哪)个(?:问题|文件)(?!夹)", "处 for what is wrong, 份 for forms"),
    "错误": ("[“【(（*]错误[”】)）*]|^错误$", "须改正, as a severity"),
    "警告": ("警告", "须核实; it is a disciplinary penalty in offices"),
    "代码": ("代码", "规则编号"),
    "怎么改": ("怎么改|怎样修改|改法", "修改办法"),
    "检查规则": ("检查规则", "审核规则"),
    "没有填写": ("没有填写", "未填写"),
    "印制": ("印制", "表样原有"),
    "签名": ("签名", "电子标识: a signature is what people put on paper"),
    "权重": ("(?<!一级指标)权重", "分值"),
    "等次": ("等次", "档次"),
    "年度中": ("年度中", "年中"),
    "例外": ("例外", "豁免"),
    "追究": ("追究", "豁免"),
    "抄": ("(?<!照)抄(?!错)", "内容雷同, 内容相同: nobody is accused of copying from somebody"),
}
_OUT = {word: re.compile(pattern) for word, (pattern, _) in OUT.items()}

#: Where Chinese stands in the code itself and is read by people.
ROOMS = ("form/evaluation", "mailing", "projects/lists", "reports", "workbook")
#: Words that people may type into a list, and that nobody is told.
ACCEPTED = {"xlsform/projects/lists/headings.py"}

#: Words that the code no longer has: parts of names, and names of modules.
_NAMES = "plate plates setter setters asleep lull lulls lulled mend mends mended guidance shortfall shortfalls"
_MODULES = (
    "apart contents figures guidance outputs packed part plate refs scope setter standing utils visible waiting "
    "zip_members"
)
NAMES_OUT, MODULES_OUT = frozenset(_NAMES.split()), frozenset(_MODULES.split())


def texts() -> Iterator[tuple[str, str]]:
    """Yield every Chinese text that people read, with its file."""
    translated = [entry.msgstr for entry in polib.pofile(str(CATALOGUE))]
    for text in translated:
        yield _name(CATALOGUE), text
    for path in sorted((ROOT / "templates").glob("*.json")):
        for text in _strings(json.loads(path.read_text(encoding="utf-8"))):
            yield _name(path), text
    for path in sorted((ROOT / "samples").glob("*.json")):
        yield _name(path), json.loads(path.read_text(encoding="utf-8"))["about"]
    # Pages that are made from the catalogue have its words, which are listed there.
    made = {_plain(text) for text in translated}
    for path in sorted([*(ROOT / "xlsform").rglob("*.jinja"), ROOT / "README.zh.md", *(ROOT / "docs").glob("*.zh.md")]):
        for line in path.read_text(encoding="utf-8").splitlines():
            if _plain(line) not in made and not line.startswith("### "):
                yield _name(path), line
    for path in sorted((ROOT / ".github").rglob("*.[my]*")):
        yield _name(path), path.read_text(encoding="utf-8")
    for room in ROOMS:
        for path in sorted((ROOT / "xlsform" / room).rglob("*.py")):
            if _name(path) not in ACCEPTED:
                for text in _literals(path):
                    yield _name(path), text


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _plain(line: str) -> str:
    return line.lstrip("# ").rstrip()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _literals(path: Path) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@cache
def places() -> set[tuple[str, str, str]]:
    """Return where words that are out stand: the word, the file, and what stands around it."""
    found = set()
    for name, text in texts():
        for line in text.splitlines():
            for word, pattern in _OUT.items():
                for match in pattern.finditer(line):
                    around = line[max(0, match.start() - 12) : match.end() + 12]
                    found.add((word, name, " ".join(around.split())))
    return found


def allowed() -> set[tuple[str, str, str]]:
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    return {(word, name, around) for word, name, around in (line.split("\t") for line in lines)}


def test_words_that_are_out_stand_nowhere_new() -> None:
    told = [f"{name}: …{around}… has {word}; use {OUT[word][1]}" for word, name, around in sorted(places() - allowed())]
    assert told == []


def test_places_that_were_cleared_leave_the_list() -> None:
    assert sorted(allowed() - places()) == [], f"take these lines out of {_name(ALLOWED)}"


def test_the_list_is_in_order() -> None:
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))


@pytest.mark.parametrize("word", OUT)
def test_a_word_that_is_out_is_found(word: str) -> None:
    text = f"“{word}”" if word == "错误" else word
    assert _OUT[word].search(text)
    assert not _OUT[word].search(OUT[word][1].replace(word, ""))


# --- code


@cache
def sources() -> tuple[Path, ...]:
    return tuple(
        path for room in ("xlsform", "tests", "scripts", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))
    )


def names(path: Path) -> Iterator[str]:
    """Yield the words that names in a module are made of."""
    text = path.read_text(encoding="utf-8")
    # Most modules have none of them anywhere, and need not be taken to pieces.
    if not any(name in text.lower() for name in NAMES_OUT):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield from (part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", token.string))


def test_names_that_were_changed_do_not_come_back() -> None:
    found = {(_name(path), name) for path in sources() for name in names(path) if name in NAMES_OUT}
    assert found == set()


def test_modules_are_called_by_their_duty() -> None:
    package = ROOT / "xlsform"
    modules = [path for path in package.rglob("*") if path.suffix == ".py" or path.is_dir()]
    assert {_name(path) for path in modules if path.stem in MODULES_OUT} == set()


def test_english_says_fix() -> None:
    """But in messages of findings: registers keep these in English, and translate them by it."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "scripts/pages").glob("*.md")]
    said = [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if re.search(r"\bmend(s|ed|ing)?\b", entry.msgid)]
    assert [text for text in said if "put the formula back" not in text] == []
    wrong = [
        f"{_name(path)}: {line.strip()}"
        for path in [*sources(), *pages]
        if path != Path(__file__)
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\bmend(s|ed|ing)?\b", line) and "mend the cells that it follows from first" not in line
    ]
    assert wrong == []
