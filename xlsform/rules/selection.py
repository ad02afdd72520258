"""Which rules a reviewer names, by their codes or by how these begin."""

from __future__ import annotations

from collections.abc import Iterable

from xlsform.errors import UsageError
from xlsform.messages import say
from xlsform.rules.registry import catalogue


def codes_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the codes in texts of several, separated by commas (``M,S10,P101``), in capitals.

    Raises:
        UsageError: one is neither the code of a rule nor the beginning of one.
    """
    codes = tuple(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in catalogue()):
            families = sorted({known[0] for known in catalogue()})
            raise UsageError(say("no rule has the code {code}; families are {families}", code=code, families=families))
    return codes
