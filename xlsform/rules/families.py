"""The families of rules, in the order in which their rules run and their pages stand; a new one is one line here."""

from __future__ import annotations

from xlsform.messages import Message, say

#: By the letter that the codes of a family begin with.
FAMILIES = {
    "F": say("File"),
    "S": say("Structure, against what was issued"),
    "H": say("Head"),
    "V": say("Values"),
    "M": say("Money"),
    "G": say("Goal"),
    "K": say("Completeness of indicators"),
    "W": say("Weights"),
    "P": say("Points of an indicator"),
    "T": say("Total and narrative"),
    "X": say("Across files"),
}


def order(code: str) -> tuple[int, str]:
    """Return what codes are sorted by: family by family, a template's own letters last."""
    letters = list(FAMILIES)
    return (letters.index(code[0]) if code[0] in FAMILIES else len(letters), code)


def family_name(code: str) -> Message:
    """Return what the family of a code is called."""
    return FAMILIES.get(code[0], say("The form's own checks"))
