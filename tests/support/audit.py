"""Whether Excel would open a workbook without offering to repair it.

openxml_audit, a port of the Open XML SDK's validator, knows the schema; it never looks at what an index points to,
whether ranges overlap, at Excel's limits, nor even whether a part parses (27 of 45 damages made on purpose passed it),
so those rules follow here. Formulas are for LibreOffice to judge.
"""

import base64
import binascii
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lxml import etree
from openxml_audit import FileFormat, OpenXmlValidator

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ROWS, COLUMNS = 1_048_576, 16_384
# The attributes our locks carry: openxml_audit does not check the names of these elements' attributes.
LOCKS = {
    "sheetProtection": "algorithmName hashValue saltValue spinCount password sheet objects scenarios formatCells"
    " formatColumns formatRows insertColumns insertRows insertHyperlinks deleteColumns deleteRows selectLockedCells"
    " sort autoFilter pivotTables selectUnlockedCells",
    "workbookProtection": "workbookAlgorithmName workbookHashValue workbookSaltValue workbookSpinCount lockStructure"
    " lockWindows lockRevision workbookPassword",
}
LIMITS = {"errorTitle": 32, "promptTitle": 32, "error": 255, "prompt": 255}


def audit(path: Path) -> list[str]:
    """Findings, one line each; none for a sound workbook.

    Warnings count too: the only one on a full workbook of XlsxWriter's is about links that lead out of the file.
    """
    try:
        found = [f"{item.severity.value} {item}" for item in _validator().validate(path).errors]
    except zipfile.BadZipFile as error:  # a member that cannot be read
        return [f"error {error}"]
    return found + [f"rule {item}" for item in _rules(path)]


@cache
def _validator() -> OpenXmlValidator:
    return OpenXmlValidator(file_format=FileFormat.OFFICE_2019, max_errors=0, security_validation=True)


def _rules(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        return  # said already
    parts: dict[str, etree._Element] = {}
    with zipfile.ZipFile(path) as archive:
        for name, times in Counter(archive.namelist()).items():
            if times > 1:
                yield f"{name}: {times} members of this name"
            if name.endswith((".xml", ".rels", ".vml")):
                try:
                    parts[name] = etree.fromstring(archive.read(name))
                except etree.XMLSyntaxError as error:
                    yield f"{name}: {error}"
    styles = parts.get("xl/styles.xml")
    if styles is None or "xl/workbook.xml" not in parts:
        return
    yield from _workbook(parts["xl/workbook.xml"])
    yield from _styles(styles)
    if "xl/sharedStrings.xml" in parts:
        for item in parts["xl/sharedStrings.xml"].iter(f"{MAIN}si"):
            if _length("".join(text.text or "" for text in item.iter(f"{MAIN}t"))) > 32_767:
                yield "xl/sharedStrings.xml: a text longer than a cell"
    for name, part in parts.items():
        if name.startswith("xl/worksheets/sheet"):
            yield from (f"{name}: {finding}" for finding in _sheet(part, styles))


def _workbook(part: etree._Element) -> Iterator[str]:
    sheets = list(part.iter(f"{MAIN}sheet"))
    names = [sheet.get("name", "") for sheet in sheets]
    for name in names:
        if not 0 < _length(name) <= 31 or re.search(r"[\[\]:*?/\\]|^'|'$", name):
            yield f"sheet name {name!r}"
    yield from (f"sheet name {name!r} twice" for name in _repeated(name.casefold() for name in names))
    view = part.find(f"{MAIN}bookViews/{MAIN}workbookView")
    active = int(view.get("activeTab", "0")) if view is not None else 0
    if active >= len(sheets) or sheets[active].get("state", "visible") != "visible":
        yield f"the active sheet {active} is hidden or missing"
    scopes = []
    for defined in part.iter(f"{MAIN}definedName"):
        name, scope = defined.get("name", ""), defined.get("localSheetId", "")
        scopes.append(f"{scope}!{name.casefold()}")
        if not re.fullmatch(r"[^\W\d][\w.\\?]*|\\[\w.\\?]*", name) or len(name) > 255 or _is_reference(name):
            yield f"defined name {name!r}"
        if scope and int(scope) >= len(sheets):
            yield f"defined name {name!r} belongs to sheet {scope}"
        if not defined.text or defined.text.startswith("="):
            yield f"defined name {name!r} is {defined.text!r}"
    yield from (f"defined name {name!r} twice" for name in _repeated(scopes))
    yield from _lock(part.find(f"{MAIN}workbookProtection"))


def _styles(part: etree._Element) -> Iterator[str]:
    for kinds in ("cellXfs", "cellStyleXfs"):
        for style in part.iterfind(f"{MAIN}{kinds}/{MAIN}xf"):
            for index, table in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
                if int(style.get(index, "0")) >= _size(part, table):
                    yield f"xl/styles.xml: {kinds} {index} {style.get(index)}"
            if int(style.get("xfId", "0")) >= max(_size(part, "cellStyleXfs"), 1):
                yield f"xl/styles.xml: {kinds} xfId {style.get('xfId')}"


def _sheet(part: etree._Element, styles: etree._Element) -> Iterator[str]:
    known, last_row = _size(styles, "cellXfs"), 0
    for row in part.iterfind(f"{MAIN}sheetData/{MAIN}row"):
        number, last_column = int(row.get("r", "0")), 0
        if not last_row < number <= ROWS:
            yield f"row {number} after row {last_row}"
        last_row = number
        if float(row.get("ht", "0")) > 409.5:
            yield f"row {number} is {row.get('ht')} points high"
        for cell in row:
            name = cell.get("r", "")
            area = _area(name)
            if area is None or area[1] != number or area[0] <= last_column:
                yield f"cell {name} in row {number} after column {last_column}"
            else:
                last_column = area[0]
            if int(cell.get("s", "0")) >= known:
                yield f"cell {name}: style {cell.get('s')}"
            formula = cell.findtext(f"{MAIN}f")
            if formula and (formula.startswith("=") or _length(formula) > 8_192):
                yield f"cell {name}: formula {formula[:40]}"
    last = 0
    for column in part.iterfind(f"{MAIN}cols/{MAIN}col"):
        first, final = int(column.get("min", "0")), int(column.get("max", "0"))
        if not last < first <= final <= COLUMNS or float(column.get("width", "0")) >= 256:
            yield f"columns {first} to {final} after {last}, {column.get('width')} wide"
        last = final
    merged = [merge.get("ref", "") for merge in part.iter(f"{MAIN}mergeCell")]
    for place, ref in enumerate(merged):
        yield from (f"merged {ref} and {other}" for other in merged[:place] if _overlap(ref, other))
    yield from (f"no range: {ref!r}" for ref in _ranges(part) if _area(ref) is None)
    for rule in part.iter(f"{MAIN}cfRule"):
        if int(rule.get("dxfId", "0")) >= max(_size(styles, "dxfs"), 1):
            yield f"conditional format: dxfId {rule.get('dxfId')}"
    for validation in part.iter(f"{MAIN}dataValidation"):
        where = validation.get("sqref")
        for attribute, limit in LIMITS.items():
            if _length(validation.get(attribute, "")) > limit:
                yield f"validation {where}: {attribute} longer than {limit}"
        source = validation.findtext(f"{MAIN}formula1", "")
        if source.startswith('"') and _length(source) > 257:
            yield f"validation {where}: list longer than 255"
    for text in part.iterfind(f"{MAIN}headerFooter/*"):
        if _length(text.text or "") > 255:
            yield "header or footer longer than 255"
    yield from _lock(part.find(f"{MAIN}sheetProtection"))


def _lock(element: etree._Element | None) -> Iterator[str]:
    if element is None:
        return
    kind = str(element.tag).removeprefix(MAIN)
    for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
        if name not in LOCKS[kind].split():
            yield f"{kind} has no attribute {name}"
        bytes_of = name.lower().removeprefix("workbook")
        if bytes_of in ("hashvalue", "saltvalue"):
            try:
                size = len(base64.b64decode(value, validate=True))
            except binascii.Error:
                size = -1
            if size != {"hashvalue": 64, "saltvalue": 16}[bytes_of]:  # SHA-512, and the salt Excel writes
                yield f"{kind} {name} of {size} bytes"


def _ranges(part: etree._Element) -> Iterator[str]:
    for tag, attribute in (
        ("selection", "sqref"),
        ("mergeCell", "ref"),
        ("conditionalFormatting", "sqref"),
        ("dataValidation", "sqref"),
    ):
        for element in part.iter(f"{MAIN}{tag}"):
            yield from element.get(attribute, "A1").split() or [""]


def _area(ref: str) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of `B2` or `B2:C3`; None when there is no such range."""
    ends = []
    for name in ref.split(":"):
        match = re.fullmatch(r"([A-Z]{1,3})([1-9][0-9]{0,6})", name)
        if not match:
            return None
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        if column > COLUMNS or int(match[2]) > ROWS:
            return None
        ends.append((column, int(match[2])))
    if len(ends) > 2 or ends[0][0] > ends[-1][0] or ends[0][1] > ends[-1][1]:
        return None
    return *ends[0], *ends[-1]


def _overlap(one: str, other: str) -> bool:
    a, b = _area(one), _area(other)
    return a is not None and b is not None and a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _is_reference(name: str) -> bool:
    return _area(name.upper()) is not None or bool(re.fullmatch(r"(?i)r\d*(c\d*)?|c\d*", name))


def _size(styles: etree._Element, table: str) -> int:
    return len(styles.findall(f"{MAIN}{table}/*"))


def _length(text: str) -> int:
    """In UTF-16 units, as Excel counts; `_x000a_` is one character written out."""
    text = re.sub("_x[0-9A-Fa-f]{4}_", "x", text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _repeated(names: Iterator[str] | list[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
