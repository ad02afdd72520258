"""Fuzzers of what stands in a single cell: figures, targets and dates as people write them, and formulas."""

from __future__ import annotations

import random
import re

from support.fuzzing.target import Clock, Target

from xlsform.quantities import (
    Target as Reading,
)
from xlsform.quantities import (
    compare,
    decimals_of,
    is_blank_mark,
    normalize_text,
    printed_decimals,
    read_number,
    read_target,
    says_nothing,
)
from xlsform.quantities.dates import read_date
from xlsform.reading.formulas import outside_references, spell_out, take_apart
from xlsform.reports.sanitize import harmless, visible
from xlsform.spreadsheet.formula_equality import normalised

#: A cell's text is looked at dozens of times in a form: no single look may take long.
_SECONDS = 0.2
_SIDES = [
    read_target(text)
    for text in ("≥95%", "3-5次", "20万元以内", "2021年12月31日前", "合格", "1次/月", "≤3%", "=100", "0", "-5℃")
]
TYPED = (
    "≥95%", "不少于3次", "20万元以内", "3-5次", "每月1次", "12月31日前", "2021年12月", "1,000.50万元", "100％",
    "１２３", "-0.5%", "4。5", "约4", "叁", "½", "5²", "m²", "①", "1e5", "NaN", "1_000", "٣", "12.5‰", "合格",
    "达成年度指标", "—", "/", "无", "元整", "以上", "高于", "(", "）", "~", "至", "、", ",", ".", "。", "+", "-", "−",
    "¥", "'", " ", "\u3000", "\u200b", "\u0301", "ﷺ", "\U0001d7d8", "\n", "每", "个/人", "人次", "亿", "万", "0" * 40,
    "9" * 30, "１" * 20, "年", "月", "日", "%", "%%", "公里", "0.0000001",
)  # fmt: skip
FORMULAS = (
    '=IF(N(H7)=0,"",ROUND(H8/H7,4))', "SUM($A$1:B2)", "'自评 表'!A1", "_xlfn.IFS(", "TRUE()", ".50", "A1:XFD1048576",
    "#REF!", '"', '""', "'", "''", "!", "(", ")", "{", "}", "[1]", "$", ":", ",", " ", "e", "1E5", "R1C1", "A0",
    "XFE1", "a1:A1:a1", "&", "@", "中",
)  # fmt: skip
_WORD = re.compile(r"[0-9.,。]+|[A-Za-z]+|\s+|.", re.DOTALL)


def _words(data: bytes, chance: random.Random, known: tuple[str, ...]) -> bytes:
    """Return a text with a word in it replaced, doubled, gone, swapped, or a known one put in."""
    words = _WORD.findall(data.decode("utf-8", "replace"))
    number = chance.randrange(len(words) + 1)
    what = chance.randrange(6)
    if what <= 1 or number == len(words):
        words.insert(number, chance.choice(known))
    elif what == 2:
        del words[number]
    elif what == 3:
        words[number] *= chance.choice([2, 2, 3, 50])
    elif what == 4:
        words[number] = chance.choice(known)
    else:
        other = chance.randrange(len(words))
        words[number], words[other] = words[other], words[number]
    return "".join(words).encode()


def _figures(data: bytes) -> None:
    """Read a text in every way: no exception, what is read is finite, and normalizing twice is normalizing once."""
    clock = Clock(_SECONDS)
    text = data.decode("utf-8", "replace")
    normalized = normalize_text(text)
    assert normalize_text(normalized) == normalized
    number, target = read_number(text), read_target(text)
    read_date(normalized[:200])
    assert is_blank_mark(text) <= says_nothing(text)
    if number is not None:
        assert number.value.is_finite()
        assert number.decimals >= 0
        assert decimals_of(number.value) >= 0
    for other in _SIDES:
        _compared(target, other)
        _compared(other, target)
    places = printed_decimals(text)
    assert places is None or places >= 0
    assert "\n" not in visible(text)
    harmless(text)
    clock.check()


def _compared(actual: Reading, target: Reading) -> None:
    outcome = compare(actual, target)
    assert outcome.ratio is None or outcome.ratio.is_finite()


def _formulas(data: bytes) -> None:
    """Read a returned formula: taken apart and put together again it is the same."""
    clock = Clock(_SECONDS)
    text = data.decode("utf-8", "replace")
    normalised(text)
    outside_references(text)
    pieces = take_apart(text)
    assert spell_out(pieces, 0, 0).upper() == text.upper()
    spell_out(pieces, 5, -2)
    clock.check()


TARGETS = {
    "figures": Target(
        "what is typed into a cell",
        lambda: [text.encode() for text in TYPED[:22]],
        lambda data, chance: _words(data, chance, TYPED),
        _figures,
        longest=400,
    ),
    "formulas": Target(
        "a formula in a cell",
        lambda: [text.encode() for text in FORMULAS[:5]],
        lambda data, chance: _words(data, chance, FORMULAS),
        _formulas,
        longest=1_000,
    ),
}
