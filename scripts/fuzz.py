"""Look for a file that brings the reader down, guided by the code that each input reaches.

Usage: python scripts/fuzz.py read|zip|verdict [INPUTS] [SEED]

``read`` puts each input in place of one part of a small workbook and reads that; ``zip`` reads the input as it is;
``verdict`` puts it in place of a part of a faultless return and judges that. An input fails when an exception gets
through, when the last resort is what answers it, or when it takes two seconds. It is then
written to the current folder as crash-KIND-…; what was fixed gets a line in tests/support/hostile.py, which builds it
small.

Needs atheris (Linux: pip install atheris). Everything is seeded: the same numbers give the same inputs.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path

import atheris

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["xlsform"]):
    from xlsform.reading import legacy, ooxml, read_bytes  # noqa: F401
    from xlsform.reading.workbook import Unreadable
    from xlsform.rules.registry import catalogue
    from xlsform.verdict.judge import judged
    from xlsform.verdict.verdict import Options

    catalogue()

from support.packages_by_hand import cells, parts, sheet, zipped  # noqa: E402

_SECONDS = 2.0
_LONGEST = 4_096

_ATTRIBUTES = ("r", "s", "t", "si", "ref", "sqref", "min", "max", "ht", "hidden", "r:id")
#: What means something in a part, or is at the end of a range.
WORDS = [
    *(f'{name}="{value}"' for name in _ATTRIBUTES for value in ("0", "A1", "-1")),
    *("A1", "XFD1048576", "A0", "A1:XFD1048576", "1:1", "A:A", "$A$1", "A1 A1", "#REF!", "s", "str", "b", "e", "d", "n",
      "shared", "inlineStr"),
    *("-1", "0", "1", "1e308", "1e-400", "nan", "inf", "99999999999999999999", "1_0", "٣", "_xD800_", "_x0000_",
      "&amp;", "&#0;", "&a;", "\0"),
    *("<c/>", "<row/>", "<v>1</v>", "<f>A1</f>", '<f t="shared" si="0"/>', "<is><t>x</t></is>", "<r><t>y</t></r>",
      "<rPh><t>z</t></rPh>"),
    *("<!--x-->", "<?x?>", "<![CDATA[x]]>", "<!DOCTYPE a>", '<mergeCell ref="A1:B2"/>',
      '<Relationship Id="rId1" Target="" Type=""/>'),
]  # fmt: skip
_TAG = re.compile(rb"<[^<>]*>")
_VALUE = re.compile(rb'"[^"]*"|>[^<]+<')


def base() -> dict[str, bytes]:
    """Return the parts of a small workbook that has a little of everything."""
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><f>A1*2</f><v>2</v></c><c t="inlineStr"><is><t>x</t>'
        "</is></c></row>"
        '<row r="3" hidden="1"><c r="A3"><f t="shared" ref="A3:A4" si="0">B$1+1</f><v>3</v></c></row>'
        '<row><c r="A4"><f t="shared" si="0"/><v>4</v></c><c r="B4" t="e"><v>#DIV/0!</v></c><c r="C4" t="b"><v>1</v>'
        "</c></row>"
    )
    around = (
        '<sheetProtection sheet="1"/><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
        '<dataValidations><dataValidation sqref="A1 B1:C2"/></dataValidations>'
    )
    found = parts(
        sheet(rows, around, '<cols><col min="1" max="2" hidden="1"/></cols>'),
        strings="<si><t>项目</t></si><si><r><t>a</t></r><r><t>b</t></r><rPh><t>c</t></rPh></si>",
        styles='<numFmts><numFmt numFmtId="164" formatCode="0.00"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="164"><protection locked="0"/></xf></cellXfs>',
        workbook="<definedNames><definedName name=\"year\">'自评表'!$A$1</definedName></definedNames>",
        **{
            "docProps/custom.xml": '<Properties><property name="xlsform.template"><x>mof-2020</x></property>'
            "</Properties>"
        },
    )
    return {name: text.encode() if isinstance(text, str) else text for name, text in found.items()}


def faultless() -> dict[str, bytes]:
    """Return the parts of a faultless return."""
    with zipfile.ZipFile(ROOT / "samples/faultless.xlsx") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stored(content: dict[str, bytes]) -> bytes:
    """Return a zip of these parts, right checksums and all."""
    return zipped(content, zipfile.ZIP_STORED)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the part with one thing in it changed that means something to a reader of workbooks."""
    tags, values = list(_TAG.finditer(data)), list(_VALUE.finditer(data))
    what = chance.randrange(5)
    if what == 0 and tags:
        tag = chance.choice(tags)
        return data[: tag.start()] + chance.choice([b"", tag[0] * 2, chance.choice(tags)[0]]) + data[tag.end() :]
    if what == 1 and values:
        place = chance.choice(values)
        return data[: place.start() + 1] + chance.choice(WORDS).encode() + data[place.end() - 1 :]
    if what == 2 and len(tags) > 1:
        start, end = sorted(chance.sample(range(len(tags)), 2))
        piece = data[tags[start].start() : tags[end].end()]
        return data[: tags[end].end()] + piece + data[tags[end].end() :]
    if what == 3 and tags:
        tag = chance.choice(tags)
        return data[: tag.end()] + chance.choice(WORDS).encode() + data[tag.end() :]
    changed: bytes = atheris.Mutate(data, _LONGEST)
    return changed


def mutator(data: bytes, size: int, seed: int) -> bytes:
    """Return another input: the first byte chooses the part, the rest is what stands in it."""
    chance = random.Random(seed)
    part, content = data[:1] or b"\0", data[1:]
    if chance.random() < 0.02:
        part = bytes([chance.randrange(256)])
    for _ in range(chance.choice([1, 1, 2, 4])):
        content = mutated(content, chance)
    return (part + content)[:size]


def tried(kind: str, content: dict[str, bytes], data: bytes) -> None:
    """Read or judge an input; raise an error where that is not done as it should be."""
    # Of this process alone: the machine may be at something else.
    started = time.process_time()
    names = list(content)
    name = names[(data[0] if data else 0) % len(names)]
    package = data if kind == "zip" else stored(content | {name: data[1:]})
    if kind == "verdict":
        verdict = judged(Path("return.xlsx"), package, Options())
        assert verdict.status == "passed" or verdict.findings
        told = " ".join(str(each.message) for each in verdict.findings)
    else:
        found = read_bytes(package)
        told = str(found.detail) if isinstance(found, Unreadable) else ""
    assert "fault in xlsform" not in told, told
    assert "make no sense" not in told, told
    assert time.process_time() - started < _SECONDS, "it takes too long"


def seeds(kind: str, content: dict[str, bytes]) -> list[bytes]:
    """Return inputs to begin with."""
    if kind == "zip":
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return [buffer.getvalue(), stored(content)]
    found = [bytes([number]) + data for number, data in enumerate(content.values())]
    if kind == "read":
        found += [
            bytes([4]) + cells(f'<c r="A1" t="{name}"><v>1</v></c>').encode() for name in ("s", "str", "b", "e", "d")
        ]
    return found


def main() -> None:
    """Fuzz as asked for on the command line."""
    kind = sys.argv[1]
    inputs = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    content = faultless() if kind == "verdict" else base()
    longest = max(_LONGEST, *(len(data) + 1 for data in content.values())) if kind != "zip" else 2 * _LONGEST
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds(kind, content)):
            Path(folder, str(number)).write_bytes(data)
        options = [f"-runs={inputs}", f"-seed={seed}", f"-max_len={longest}", "-rss_limit_mb=512", "-timeout=10"]

        def target(data: bytes) -> None:
            try:
                tried(kind, content, data)
            except Exception:
                Path(f"crash-{kind}-{hashlib.sha256(data).hexdigest()[:8]}").write_bytes(data)
                raise

        custom = {} if kind == "zip" else {"custom_mutator": mutator}
        atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", folder], target, **custom)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
