"""How the parts of a package point at one another."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import NamedTuple

from lxml import etree


class Relationship(NamedTuple):
    """What a part says of another."""

    id: str
    kind: str
    """The last word of its type, such as ``comments``: the rest differs between the two editions of the format."""
    target: str
    """The part's name; an external target's address as it stands."""
    external: bool


def part_of_relationships(part: str) -> str:
    """Return the name of the part that holds a part's relationships; those of the package itself for a blank."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relationships(elements: Iterable[etree._Element], named: Callable[[str], str]) -> tuple[Relationship, ...]:
    """Return what elements say.

    Args:
        elements: those within a part of relationships.
        named: returns the name of the part that a target leads to.
    """
    found = []
    for element in elements:
        target, external = element.get("Target", ""), element.get("TargetMode") == "External"
        kind = element.get("Type", "").rpartition("/")[2]
        found.append(Relationship(element.get("Id", ""), kind, target if external else named(target), external))
    return tuple(found)


def resolved(target: str, part: str) -> str:
    """Return the name of the part that a target leads to from another part, or from the package for a blank."""
    path = posixpath.join("/", posixpath.dirname(part), target.replace("\\", "/"))
    return posixpath.normpath(path).lstrip("/")


def relation_id(element: etree._Element) -> str:
    """Return the ``r:id`` of an element, whichever edition's namespace it is in; empty without one."""
    return next((str(value) for key, value in element.items() if key == "id" or str(key).endswith("}id")), "")
