"""A faultless form stays faultless however a program writes it down: the same content in each shape that is met."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hostile import FAULTLESS, form_parts
from support.packages_by_hand import MAIN, made_strict, zipped

from xlsform.verdict.judge import judged
from xlsform.verdict.verdict import Options

Parts = dict[str, str]
FORM = "xl/worksheets/sheet1.xml"
OF_MAIN = ("xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/")


def texts() -> Parts:
    return {name: data.decode() for name, data in form_parts().items()}


def each(names: tuple[str, ...], change: Callable[[str], str]) -> Parts:
    return {name: change(text) if name.startswith(names) else text for name, text in texts().items()}


def replaced(
    pattern: str, replacement: str | Callable[[re.Match[str]], str], names: tuple[str, ...] = (FORM,)
) -> Parts:
    def change(text: str) -> str:
        return re.sub(pattern, replacement, text, flags=re.DOTALL)

    found = each(names, change)
    assert found != texts(), "it changes something"
    return found


def in_utf_16() -> bytes:
    found = {
        name: text.replace("encoding='UTF-8'", "encoding='UTF-16'").replace('encoding="UTF-8"', 'encoding="UTF-16"')
        for name, text in texts().items()
    }
    return zipped({name: text.encode("utf-16") for name, text in found.items()})


def prefixed() -> bytes:
    def change(text: str) -> str:
        text = re.sub(r"<(/?)([A-Za-z0-9]+)(?=[\s/>])", r"<\1x:\2", text)
        return text.replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')

    return zipped(each(OF_MAIN, change))


def column(reference: str) -> int:
    number = 0
    for letter in re.sub("[0-9]", "", reference):
        number = number * 26 + ord(letter) - 64
    return number


def without_references() -> bytes:
    """Cells and rows follow one another; where one is left out, a blank one stands."""

    def row(match: re.Match[str]) -> str:
        cells, last = "", 0
        for cell in re.finditer(r'<c r="([A-Z]+)\d+"(.*?)(?:/>|>.*?</c>)', match[2], re.DOTALL):
            cells += "<c/>" * (column(cell[1]) - last - 1) + re.sub(r' r="[A-Z]+\d+"', "", cell[0], count=1)
            last = column(cell[1])
        return f"<row{match[1]}>{cells}</row>"

    found = replaced(r'<row r="\d+"([^>]*)>(.*?)</row>', row)
    assert ' r="A1"' not in found[FORM]
    return zipped(found)


def with_inline_strings() -> bytes:
    items = re.findall(r"<si>(.*?)</si>", texts()["xl/sharedStrings.xml"], re.DOTALL)
    found = replaced(
        r' t="s"><v>(\d+)</v>',
        lambda match: f' t="inlineStr"><is>{items[int(match[1])]}</is>',
        ("xl/worksheets/",),
    )
    found["xl/_rels/workbook.xml.rels"] = re.sub(
        r"<Relationship [^>]*sharedStrings[^>]*/>", "", found["xl/_rels/workbook.xml.rels"]
    )
    del found["xl/sharedStrings.xml"]
    return zipped(found)


def in_runs() -> bytes:
    """Each text in two runs, with the reading aids of Chinese and Japanese behind it."""

    def item(match: re.Match[str]) -> str:
        text = match[1]
        half = re.match(r"(?:&\w+;|.){0,3}", text, re.DOTALL)
        assert half
        runs = "".join(
            f'<r><rPr><sz val="11"/></rPr><t xml:space="preserve">{part}</t></r>'
            for part in (half[0], text[half.end() :])
        )
        return f'<si>{runs}<rPh sb="0" eb="1"><t>ピン</t></rPh><phoneticPr fontId="1" type="noConversion"/></si>'

    return zipped(replaced(r"<si><t[^>]*>([^<]*)</t></si>", item, ("xl/sharedStrings.xml",)))


def with_revisions() -> bytes:
    """As Excel writes it since 2016: extensions that only some understand, and unique names for everything."""
    spaces = (
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac xr"'
        ' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"'
        ' xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"'
    )
    found = replaced("<worksheet ", f'<worksheet xr:uid="{{00000000-0001-0000-0000-000000000000}}"{spaces} ')
    found[FORM] = (
        found[FORM]
        .replace("<row ", '<row x14ac:dyDescent="0.15" ')
        .replace(
            "</worksheet>",
            '<extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}" '
            'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
            "<x14:conditionalFormattings/></ext></extLst></worksheet>",
        )
    )
    return zipped(found)


def members(rename: Callable[[str], str]) -> bytes:
    return zipped({rename(name): text for name, text in texts().items()})


def with_folders() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in ("_rels/", "docProps/", "xl/", "xl/worksheets/"):
            archive.writestr(folder, b"")
        for name, text in texts().items():
            archive.writestr(name, text)
    return buffer.getvalue()


class _Pipe(io.RawIOBase):
    """What cannot go back: sizes come behind the data then."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.data += piece
        return len(piece)


def to_a_pipe() -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts().items():
            archive.writestr(name, text)
    return pipe.data


def zip64() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts().items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(text.encode())
    return buffer.getvalue()


def by_wps() -> bytes:
    """A zip comment, properties of its own, and an element of protection on sheets that are not protected."""
    found = texts()
    more = (
        '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="90" name="KSOProductBuildVer">'
        "<vt:lpwstr>2052-12.1.0.16120</vt:lpwstr></property>"
    )
    found["docProps/custom.xml"] = found["docProps/custom.xml"].replace("</Properties>", f"{more}</Properties>")
    found["xl/worksheets/sheet3.xml"] = found["xl/worksheets/sheet3.xml"].replace(
        "</sheetData>", '</sheetData><sheetProtection selectLockedCells="1"/>', 1
    )
    found["xl/cellimages.xml"] = '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"/>'
    buffer = io.BytesIO(zipped(found))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"WPS"
    return buffer.getvalue()


SHAPES: dict[str, Callable[[], bytes]] = {
    "as it was": lambda: FAULTLESS,
    "no dimension": lambda: zipped(replaced("<dimension [^>]*/>", "")),
    "a dimension of one cell": lambda: zipped(replaced('<dimension ref="[^"]*"', '<dimension ref="A1:A1"')),
    "cells and rows without references": without_references,
    "inline strings": with_inline_strings,
    "runs and phonetic runs": in_runs,
    "revisions and extensions": with_revisions,
    "parts in UTF-16": in_utf_16,
    "a byte order mark before each part": lambda: zipped(
        {name: b"\xef\xbb\xbf" + text.encode() for name, text in texts().items()}
    ),
    "standalone": lambda: zipped(
        each(
            ("",),
            lambda text: re.sub(r"<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n', text),
        )
    ),
    "no XML declaration": lambda: zipped(each(("",), lambda text: re.sub(r"<\?xml[^>]*\?>\s*", "", text))),
    "a prefix for the main namespace": prefixed,
    "strict Open XML": lambda: zipped(made_strict({**texts()})),
    "absolute member names": lambda: members(lambda name: f"/{name}"),
    "backslashes in member names": lambda: members(lambda name: name.replace("/", "\\")),
    "member names in another case": lambda: members(str.upper),
    "entries for folders": with_folders,
    "absolute targets of relationships": lambda: zipped(
        each(("xl/_rels/",), lambda text: re.sub('Target="(?!/)', 'Target="/xl/', text))
    ),
    "parts in another order": lambda: zipped(dict(reversed(texts().items()))),
    "stored": lambda: zipped(texts(), zipfile.ZIP_STORED),
    "sizes behind the data": to_a_pipe,
    "zip64": zip64,
    "attributes of formulas": lambda: zipped(replaced("<f>", '<f ca="1" aca="0">')),
    "true for 1": lambda: zipped(
        replaced(
            '((?:sheet|objects|scenarios|locked|hidden|customHeight))="1"',
            r'\1="true"',
            ("xl/worksheets/", "xl/styles.xml"),
        )
    ),
    "comments and processing instructions": lambda: zipped(replaced("(<row |<c |<v>)", r"<!-- a --><?b c?>\1")),
    "blanks and line breaks between elements": lambda: zipped(replaced("(</c>|</row>|<sheetData>)", "\\1\r\n  ")),
    "by WPS": by_wps,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_faultless_form_stays_faultless(shape: str) -> None:
    verdict = judged(Path("return.xlsx"), SHAPES[shape](), Options())
    assert [(each.code, str(each.message)) for each in verdict.findings] == []
    assert verdict.status == "passed"
    assert verdict.score is not None
