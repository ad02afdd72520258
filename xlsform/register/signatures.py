"""Sign the identity of a workbook with the register's key, and tell a signature from a forged one."""

from __future__ import annotations

import hashlib
import hmac


def signature(key: bytes, digest: str) -> str:
    """Return the HMAC-SHA256 of an identity's digest, in hexadecimal."""
    return hmac.new(key, _bytes(digest), hashlib.sha256).hexdigest()


def signature_holds(key: bytes, digest: str, signed: str) -> bool:
    """Whether a signature, which may be any text that came back, was made of this digest with this key."""
    return hmac.compare_digest(_bytes(signature(key, digest)), _bytes(signed))


def _bytes(text: str) -> bytes:
    # What came back may hold half a character, which plain UTF-8 cannot carry.
    return text.encode("utf-8", "surrogatepass")
