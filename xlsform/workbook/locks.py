"""Locks: a password as workbooks hold it, put on their sheets and their structure."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.xml_trees import child, namespace

_ALGORITHM = "SHA-512"
_SPINS = 100_000


@dataclass(frozen=True, slots=True)
class Lock:
    """A password as a workbook holds it: a salted SHA-512 hash (ECMA-376 part 1, 18.2.29), never the password."""

    salt: str
    hash: str

    def as_json(self) -> str:
        """Return all that a workbook says of it: enough to put the same lock into another workbook."""
        return json.dumps({"algorithm": _ALGORITHM, "salt": self.salt, "hash": self.hash, "spins": _SPINS})


@lru_cache(maxsize=16)
def lock_for(password: str) -> Lock:
    """Return the lock of a password; made once, since hashing is slow on purpose.

    With SOURCE_DATE_EPOCH set, the same password gives the same lock, so that builds can be repeated. The salt then
    comes from that time, never from the password: it would give away a hash that is quick to try.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    salt = hashlib.sha256(b"xlsform salt " + epoch.encode()).digest()[:16] if epoch else os.urandom(16)
    digest = hashlib.sha512(salt + password.encode("utf-16-le")).digest()
    for spin in range(_SPINS):
        digest = hashlib.sha512(digest + spin.to_bytes(4, "little")).digest()
    return Lock(base64.b64encode(salt).decode(), base64.b64encode(digest).decode())


def locked(data: bytes, lock: Lock) -> bytes:
    """Return a workbook with its sheets and its structure under the lock."""
    package = Package(data)
    for sheet in package.sheets():
        root = package.xml(sheet.part)
        protection = child(root, "sheetProtection")
        assert protection is not None, "every sheet that we write is protected"
        _set_lock(protection, "", lock)
        package.write_xml(sheet.part, root)
    workbook = package.xml(package.workbook_part)
    protection = etree.Element(f"{{{namespace(workbook)}}}workbookProtection", lockStructure="1")
    _set_lock(protection, "workbook", lock)
    views = child(workbook, "bookViews")
    assert views is not None, "every workbook that we write has a view"
    views.addprevious(protection)
    package.write_xml(package.workbook_part, workbook)
    return package.to_bytes()


def _set_lock(element: etree._Element, prefix: str, lock: Lock) -> None:
    values = {"AlgorithmName": _ALGORITHM, "HashValue": lock.hash, "SaltValue": lock.salt, "SpinCount": str(_SPINS)}
    for name, value in values.items():
        element.set(prefix + name if prefix else name[0].lower() + name[1:], value)
