"""The headers of a mail and of its parts, however badly they are written.

Not by the standard library's parser: both of its policies raise on malformed headers, need seconds for a long one, and
lose file names in raw GBK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, unquote_to_bytes

from xlsform.inbox.encodings import decoded, words
from xlsform.inbox.names import shown

Header = Mapping[str, str]

#: Characters of a header that are looked at.
_READ = 16_000
_SENDER = 120

_LINE = re.compile(rb"\r?\n(?![ \t])")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*?))?\Z")
_ADDRESS = re.compile(r"<([^<>]{0,300})>")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def parsed(block: bytes) -> Header:
    """Return the headers by name in lower case, unfolded, the first of each name."""
    found: dict[str, str] = {}
    for line in _LINE.split(block):
        name, _, value = line.partition(b":")
        key = name.strip().lower().decode("ascii", "replace")
        if key not in found:
            found[key] = decoded(_FOLD.sub(b" ", value)[: 2 * _READ]).strip()
    return found


def content_type(header: Header) -> str:
    """Return the type of a part, in lower case, without its parameters."""
    return header.get("content-type", "").partition(";")[0].strip().lower() or "text/plain"


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header by name in lower case; what RFC 2231 encodes comes before what is plain."""
    plain: dict[str, str] = {}
    extended: dict[str, list[tuple[int, bool, str]]] = {}
    for name, given in _PARAMETER.findall(value[:_READ]):
        text = _unquoted(given)
        section = _SECTION.match(name.lower())
        if section is None:
            plain.setdefault(name.lower(), text)
        else:
            encoded = section[2] is None or bool(section[3])
            extended.setdefault(section[1], []).append((int(section[2] or 0), encoded, text))
    return plain | {name: _joined(parts) for name, parts in extended.items()}


def _unquoted(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        # Not every backslash escapes: some programs send the path on the sender's disk.
        text = re.sub(r'\\(["\\])', r"\1", text[1:].removesuffix('"'))
    return text


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    charset, joined = "", ""
    for index, (_, encoded, text) in enumerate(sorted(parts, key=lambda part: part[0])):
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        # Decoded when joined: sections end anywhere.
        joined += text if encoded else quote(text, errors="replace")
    return decoded(unquote_to_bytes(joined), charset)


def file_name(header: Header) -> str:
    """Return the file name that a part was given, decoded, as it was written; blank where there is none."""
    disposition = parameters(header.get("content-disposition", ""))
    kind = parameters(header.get("content-type", ""))
    given = [_name(name) for name in (disposition.get("filename"), kind.get("name")) if name]
    # Gateways that do not know the charset put question marks into one of the two.
    sound = (name for name in given if not {"?", "\ufffd"} & set(name))
    return next(sound, given[0] if given else "")


def _name(text: str) -> str:
    text = words(text)
    if _PERCENT.search(text) and text.isascii():
        plain = unquote(text, errors="replace")
        return text if plain.isascii() or "\ufffd" in plain else plain
    return text


def sender(header: Header) -> str:
    """Return whom a mail says it is from: ``张三 <zs@x.cn>``."""
    value = (header.get("from") or header.get("sender") or "")[:_READ]
    # The last one: a name may hold what looks like an address.
    found = max(_ADDRESS.finditer(value), key=lambda each: each.start(), default=None)
    if found is None:
        return shown(words(value))[:_SENDER]
    name = shown(words(value[: found.start()].strip().strip("\"'"))).strip("\"' ")
    address = shown(found[1])
    return f"{name[:_SENDER]} <{address}>" if name and name != address else address


def sent(header: Header) -> datetime | None:
    """Return when a mail says it was sent, in UTC."""
    try:
        found = parsedate_to_datetime(header.get("date", "")[:100])
        # ``-0000``: the sender's zone is not known.
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    # An impossible date raises exceptions of many kinds.
    except Exception:
        return None


def message_id(header: Header) -> str:
    """Return what identifies a mail, if it can be written into the header of an answer."""
    found = _MESSAGE_ID.match(header.get("message-id", "")[:_READ])
    return found[0] if found else ""


def subject(header: Header) -> str:
    """Return the subject of a mail, decoded."""
    return shown(words(header.get("subject", "")[:_READ]))
