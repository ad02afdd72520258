"""What something that came in is to be taken for, by its name and its first bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from xlsform.inbox.names import suffix
from xlsform.messages import Message, say
from xlsform.reading.file_type import OLE2
from xlsform.reading.workbook import WORKBOOK_EXTENSIONS
from xlsform.spreadsheet.zip_format import END, MEMBER

#: ``zip`` and ``ole`` may be a workbook under any name, and much else; ``refused`` may hold returns but is not opened.
Kind = Literal["workbook", "zip", "ole", "mail", "mailbox", "refused", "other"]

_TNEF = b"\x78\x9f\x3e\x22"
_ARCHIVES = {".rar": "RAR", ".7z": "7-Zip", ".tar": "tar", ".gz": "gzip", ".tgz": "gzip", ".bz2": "bzip2", ".xz": "xz"}
_ARCHIVE_HEADS = {b"Rar!": "RAR", b"7z\xbc\xaf": "7-Zip"}
_WINMAIL = "winmail.dat"
_MAIL_TYPES = frozenset({"message/rfc822", "message/global"})
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

#: Extensions of containers, and of what may be one but is not opened.
CONTAINERS = frozenset({".zip", ".eml", ".mbox", ".msg", *_ARCHIVES})
#: What an archive may be named; one of another name that cannot be opened was none.
ARCHIVE_NAMES = frozenset({"", ".zip", ".rar", ".7z"})


#: What a form may be sent as, and cannot be checked: a text, a print, a scan, a photograph.
_TEXTS = frozenset({".pdf", ".ofd", ".doc", ".docx", ".docm", ".wps", ".wpt", ".rtf"})
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".webp"})
_DOCUMENT_TYPES = ("image/", "application/pdf", "application/msword", "application/vnd.openxmlformats-officedocument.w")


def is_document(name: str, content_type: str = "") -> bool:
    """Whether something of that name and type is a document or a picture, in which a form may have been sent."""
    if name.startswith(("~$", "._")):
        return False
    return suffix(name) in _TEXTS | _PICTURES or content_type.startswith(_DOCUMENT_TYPES)


def kind_of(name: str, head: bytes, content_type: str = "") -> Kind:
    """Return what it is to be taken for.

    Args:
        name: its file name.
        head: how it begins; blank where that cannot be seen.
        content_type: as its mail declares it.
    """
    # Before its name: a mail that is sent on is named after its subject, and that often after a workbook.
    if content_type in _MAIL_TYPES:
        return "mail"
    # Lock files of open workbooks, and what macOS keeps beside every file.
    if name.startswith(("~$", "._")):
        return "other"
    extension = suffix(name)
    if extension in WORKBOOK_EXTENSIONS:
        return "workbook"
    if head.startswith((MEMBER, END)):
        return "zip"
    if _refusal(name, head, content_type) is not None:
        return "refused"
    if head.startswith(OLE2):
        return "ole"
    if extension == ".eml":
        return "mail"
    if extension == ".mbox" or name.lower() == "mbox":
        return "mailbox"
    if extension == ".zip":
        return "zip"
    declared = "spreadsheet" in content_type or "ms-excel" in content_type
    return "workbook" if declared and not extension else "other"


def is_candidate(name: str) -> bool:
    """Whether a file of that name is taken from a folder."""
    wanted = suffix(name) in WORKBOOK_EXTENSIONS | CONTAINERS or name.lower() in ("mbox", _WINMAIL)
    return wanted and not name.startswith((".", "~$"))


def is_maildir(folders: Iterable[str]) -> bool:
    """Whether a folder that holds folders of these names is a Maildir."""
    return {"cur", "new", "tmp"} <= set(folders)


def refusal(name: str, head: bytes, content_type: str = "") -> Message:
    """Return what is to be said of a container that is not opened."""
    found = _refusal(name, head, content_type)
    assert found is not None, "asked only where the kind is refused"
    return found


def _refusal(name: str, head: bytes, content_type: str) -> Message | None:
    if content_type in _TNEF_TYPES or name.lower() == _WINMAIL or head.startswith(_TNEF):
        return say(
            "winmail.dat, in which Outlook packs attachments so that other programs cannot open them; "
            "ask for the workbook in a mail of plain text or HTML, or in a .zip"
        )
    extension = suffix(name)
    if extension == ".msg":
        return say(
            "a mail in Outlook's own format (.msg), which is not opened here; ask for the workbook itself, or .eml"
        )
    kind = next((kind for start, kind in _ARCHIVE_HEADS.items() if head.startswith(start)), _ARCHIVES.get(extension))
    if kind is None:
        return None
    return say("a {kind} archive, which is not opened here; ask for the workbook itself, or a .zip", kind=kind)
