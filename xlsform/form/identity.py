"""Which form a workbook is, and what was issued in it: written into three carriers, read back from any."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

#: The hidden sheet, the prefix of the custom properties, and the defined name that carry the identity.
SHEET = "_xlsform"
PROPERTY_PREFIX = "xlsform."
NAME = "_xlsform.identity"

_ISSUED = "issued:"

#: A cell holds 32,767 characters; a longer value goes on in the next row.
_PIECE = 30_000


@dataclass(frozen=True, slots=True)
class Identity:
    """What an issued workbook says of itself."""

    template: str
    edition: str
    rows: tuple[int, ...]
    """Rows of each level-2 block."""
    year: str = ""
    project_code: str = ""
    digest: str = ""
    """SHA-256 over all else, the signature left out."""
    signature: str = ""
    """HMAC-SHA256 of the digest with the register's key, in hexadecimal; blank where there is no register."""
    issued: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Prefilled, locked values by field; carried by the hidden sheet alone."""

    def sealed(self, key: bytes | None = None) -> Identity:
        """Return it with its digest, and signed where there is a key."""
        digest = self._digest()
        return replace(self, digest=digest, signature=signature(key, digest) if key else "")

    def signed_with(self, key: bytes) -> bool:
        """Whether the digest was signed with this key."""
        return hmac.compare_digest(_bytes(signature(key, self.digest)), _bytes(self.signature))

    @property
    def intact(self) -> bool:
        """Whether the digest is that of the content."""
        return self.digest == self._digest()

    def _digest(self) -> str:
        content = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "signature"}
        content |= {"digest": "", "issued": dict(self.issued)}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(_bytes(text)).hexdigest()

    def pairs(self) -> dict[str, str]:
        """Return its parts as texts, as each carrier holds them."""
        return {
            "template": self.template,
            "edition": self.edition,
            "rows": ",".join(map(str, self.rows)),
            "year": self.year,
            "project_code": self.project_code,
            "digest": self.digest,
            **({"signature": self.signature} if self.signature else {}),
        }

    def sheet_rows(self) -> list[tuple[str, str]]:
        """Return the rows of the hidden sheet."""
        issued = [(_ISSUED + name, json.dumps(value)) for name, value in self.issued.items()]
        pieces = [
            (key if start == 0 else f"{key}:{start}", text[start : start + _PIECE])
            for key, text in issued
            for start in range(0, len(text), _PIECE)
        ]
        return [*self.pairs().items(), *pieces]

    def name_text(self) -> str:
        """Return what the defined name holds; short enough for a text in a formula."""
        return "|".join([self.template, self.edition, self.year, self.project_code, self.digest])


def signature(key: bytes, digest: str) -> str:
    """Return the HMAC-SHA256 of an identity's digest, in hexadecimal."""
    return hmac.new(key, _bytes(digest), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    # What came back may hold half a character, which plain UTF-8 cannot carry.
    return text.encode("utf-8", "surrogatepass")


def from_pairs(pairs: Mapping[str, str]) -> Identity | None:
    """Return the identity that a carrier's texts give, None where they give none."""
    try:
        rows = tuple(int(part) for part in pairs["rows"].split(",") if part)
        texts: dict[str, str] = {}
        for key, value in pairs.items():
            if key.startswith(_ISSUED):
                name = key.split(":")[1]
                texts[name] = texts.get(name, "") + value
        return Identity(
            template=pairs["template"],
            edition=pairs["edition"],
            rows=rows,
            year=_year(pairs.get("year", "")),
            project_code=pairs.get("project_code", ""),
            digest=pairs.get("digest", ""),
            signature=pairs.get("signature", ""),
            issued={name: _issued_value(text) for name, text in texts.items()},
        )
    except (KeyError, ValueError, RecursionError):
        return None


def _year(text: str) -> str:
    if text and not re.fullmatch("[0-9]{4}", text):
        raise ValueError(f"not a year: {text[:40]}")
    return text


def _issued_value(text: str) -> str | int | float:
    value = json.loads(text)
    if isinstance(value, str) or (isinstance(value, int | float) and _finite(value)):
        return value
    raise ValueError(f"no value that a form can be issued with: {text[:40]}")


def _finite(value: float) -> bool:
    """Whether a number is one that a cell can hold."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def from_name_text(text: str) -> Identity | None:
    """Return the identity that the defined name holds, without the rows of the form; None where it holds none."""
    # In a formula a quote is written twice; a project's code may have a bar in it.
    parts = text.replace('""', '"').split("|")
    if len(parts) < 5 or not parts[0]:
        return None
    template, edition, year, *code, digest = parts
    try:
        return Identity(template, edition, (), _year(year), "|".join(code), digest)
    except ValueError:
        return None
