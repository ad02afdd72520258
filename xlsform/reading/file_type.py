"""What kind of file it is, by its first bytes and contents, whatever its name says."""

from __future__ import annotations

import io
import re

from xlsform.messages import Message, say
from xlsform.patterns import LazyPattern
from xlsform.reading.limits import Limits, UnreadableError
from xlsform.reading.package import UntrustedPackage
from xlsform.reading.parts import parse, remembering
from xlsform.reading.text_encodings import encodings
from xlsform.reading.workbook import Kind
from xlsform.spreadsheet.zip_format import END, MEMBER

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_OPC_KINDS: dict[str, Kind] = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml": "xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": "xlsm",
    "application/vnd.ms-excel.template.macroenabled.main+xml": "xlsm",
    "application/vnd.ms-excel.addin.macroenabled.main+xml": "xlsm",
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": "xlsb",
}
_OPC_OTHERS = {
    "wordprocessingml": say("a Word document"),
    "presentationml": say("a PowerPoint presentation"),
    "visio": say("a Visio drawing"),
}
_ODF = "application/vnd.oasis.opendocument."

_BEGINNINGS = (
    (b"%PDF", say("a PDF document")),
    (b"\x89PNG", say("a picture (PNG)")),
    (b"\xff\xd8\xff", say("a picture (JPEG)")),
    (b"GIF8", say("a picture (GIF)")),
    (b"BM", say("a picture (BMP)")),
    (b"Rar!", say("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", say("a 7-Zip archive")),
    (b"\x1f\x8b", say("a gzip archive")),
    (b"{\\rtf", say("an RTF document")),
    (b"ID;P", say("a SYLK file")),
    (b"TABLE\r\n0,1", say("a DIF file")),
    (b"\x00\x00\x02\x00", say("a Lotus 1-2-3 or Works worksheet")),
    (b"\x00\x00\x1a\x00", say("a Lotus 1-2-3 worksheet")),
    *(
        (bytes((9, version, size, 0)), say("a workbook of Excel 4 or earlier"))
        for version in (0, 2, 4, 8)
        for size in (4, 6, 8, 16)
    ),
    (END, say("an empty zip archive")),
)
_MARKUP = (
    (LazyPattern(rb"<html|<table|<!doctype html", re.I), say("an HTML page")),
    (LazyPattern(rb"urn:schemas-microsoft-com:office:spreadsheet"), say("an XML Spreadsheet 2003 file")),
    (LazyPattern(rb"urn:oasis:names:tc:opendocument"), say("a flat OpenDocument file")),
    (LazyPattern(rb"\A\s*<\?xml|\A\s*<[A-Za-z]"), say("an XML file")),
)


def identify(data: bytes, limits: Limits) -> tuple[Kind, UntrustedPackage | None]:
    """Return what kind of workbook it is, and its zip if it is one.

    Raises:
        UnreadableError: it is no workbook, an encrypted one, or damaged beyond telling.
    """
    if not data:
        raise UnreadableError("empty", say("the file has no content"))
    if data.startswith(MEMBER):
        package = UntrustedPackage(data, limits)
        return _kind_of_package(package), package
    # A zip is told by its beginning, never by its end: OLE files of WPS have a zip within them.
    if data.startswith(OLE2):
        return _kind_of_ole(data), None
    if not data.strip(b"\0"):
        raise UnreadableError("damaged", say("it consists of zero bytes only"))
    raise UnreadableError("not-a-spreadsheet", _describe(data))


def _kind_of_package(package: UntrustedPackage) -> Kind:
    content_type = _content_type(package, package.main_part)
    if content_type in _OPC_KINDS:
        return _OPC_KINDS[content_type]
    for word, name in _OPC_OTHERS.items():
        if word in content_type:
            raise UnreadableError("not-a-spreadsheet", name)
    if "mimetype" in package:
        mimetype = package.read("mimetype").decode("ascii", "replace").strip()
        if mimetype.startswith(f"{_ODF}spreadsheet"):
            return "ods"
        if mimetype.startswith(_ODF):
            raise UnreadableError(
                "not-a-spreadsheet", say("an OpenDocument file ({kind})", kind=mimetype.removeprefix(_ODF)[:20])
            )
    if "xl/workbook.xml" in package:
        return "xlsx"
    if any(part.endswith(".iwa") or part == "index.zip" for part in package.parts):
        raise UnreadableError("not-a-spreadsheet", say("a document of Apple Numbers, Pages or Keynote"))
    raise UnreadableError("not-a-spreadsheet", say("a zip archive of other files"))


def _content_type(package: UntrustedPackage, part: str) -> str:
    if "[content_types].xml" not in package:
        return ""
    types = _content_types(package.read("[Content_Types].xml"), "[Content_Types].xml", package.limits)
    return types.get(f"/{part}".lower()) or types.get(part.rpartition(".")[2].lower(), "")


@remembering(64)
def _content_types(content: bytes, part: str, limits: Limits) -> dict[str, str]:
    """Return the types, in lower case, of parts by name and of others by extension."""
    return {
        (element.get("PartName") or element.get("Extension") or "").lower(): element.get("ContentType", "").lower()
        for element in parse(content, part, limits)
    }


def _kind_of_ole(data: bytes) -> Kind:
    # 5 ms of a start, and most batches have nothing but .xlsx.
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            streams = {path[0].lower() for path in container.listdir()}
    # olefile raises whatever a broken number leads to.
    except Exception:
        raise UnreadableError("damaged", say("its directory cannot be read")) from None
    if "encryptedpackage" in streams:
        raise UnreadableError("encrypted", say("a password is needed to open it"))
    if streams & {"workbook", "book"}:
        return "xls"
    others = {"worddocument": say("a Word document"), "powerpoint document": say("a PowerPoint presentation")}
    raise UnreadableError(
        "not-a-spreadsheet",
        next((others[name] for name in others if name in streams), say("an OLE2 file without a workbook")),
    )


def _describe(data: bytes) -> Message:
    for beginning, name in _BEGINNINGS:
        if data.startswith(beginning):
            return name
    # Excel puts ~$name.xlsx beside a workbook that is open: it holds the user's name and spaces.
    if len(data) == 165 and 0 < data[0] < 55:
        return say("the lock file that Excel keeps beside an open workbook")
    for markup, name in _MARKUP:
        if markup.search(data[:4096]):
            return name
    text = _as_text(data[:4096])
    if text is None:
        return say("a file of unknown type")
    lines = [line for line in text.splitlines() if line.strip()]
    delimited = any(lines and all(mark in line for line in lines) for mark in ",;\t")
    return say("delimited text (CSV)") if delimited else say("plain text")


def _as_text(data: bytes) -> str | None:
    possible = encodings(data)
    if b"\0" in data and "utf-16" not in possible:
        return None
    for encoding in possible:
        for shortened in range(4):
            try:
                text = data[: len(data) - shortened].decode(encoding)
            except UnicodeDecodeError:
                # The last character may be cut off.
                continue
            if all(char.isprintable() or char in "\r\n\t\f\v\u3000" for char in text):
                return text
    return None
