"""Which rules a reviewer names, by their codes or by how these begin."""

from __future__ import annotations

from collections.abc import Iterable

from xlsform.errors import UsageError
from xlsform.messages import say
from xlsform.rules.own_checks import known_codes


def codes_in(texts: Iterable[str], template: str | None = None) -> tuple[str, ...]:
    """Return the codes in texts of several, separated by commas (``M,S10,P101``), in capitals.

    Args:
        texts: what the reviewer wrote.
        template: the form that was named, which may bring codes of its own.

    Raises:
        UsageError: one is neither the code of a rule or of a form's own check, nor the beginning of one.
        TemplateError: the template named cannot be used.
    """
    codes = tuple(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
    known = known_codes(template) if codes else frozenset()
    for code in codes:
        if not any(each.startswith(code) for each in known):
            families = sorted({each[0] for each in known})
            raise UsageError(say("no rule has the code {code}; families are {families}", code=code, families=families))
    return codes
