"""Mark a copy of a returned workbook with what is wrong in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lxml import etree

from xlsform.findings import Severity
from xlsform.messages import render
from xlsform.reports.annotate.comments import CommentPlace, add_comments, remove_comments
from xlsform.reports.annotate.finding_list import (
    SHEET,
    ListedFinding,
    Marked,
    add_list,
    find_list,
    is_annotation_sheet,
    remove_list,
)
from xlsform.spreadsheet.a1 import Range, a1, parse_range, position
from xlsform.spreadsheet.cells import SheetRows
from xlsform.spreadsheet.package import Package, SheetEntry
from xlsform.spreadsheet.styles import CellStyles
from xlsform.spreadsheet.xml_trees import child, children

__all__ = ["SHEET", "CellNote", "annotate", "is_annotation_sheet", "unmark"]

_SEVERITIES = {severity.value: severity for severity in Severity}
_FILLS = frozenset(severity.fill for severity in Severity)
#: A merged range shows the background of its first cell; the others are only painted while they are few.
_PAINTED = 1_000
#: A comment longer than this helps nobody; the list has it all.
_LONGEST = 8_000


class CellNote(NamedTuple):
    """One finding, in the words that a filer reads."""

    sheet: str | None
    cell: str | None
    """Such as ``I7``; None where the finding is about the sheet or the file."""
    severity: str
    """``error``, ``warning`` or ``note``."""
    code: str
    title: str
    message: str
    how_to_fix: str


def annotate(
    data: bytes,
    notes: Sequence[CellNote],
    *,
    heading: str,
    intro: Sequence[str],
    columns: Sequence[str],
    author: str,
    language: str = "zh",
) -> bytes:
    """Return a copy of a workbook in which each note is a comment on its cell and a line on a first sheet.

    The copy can be filled as before: locks, validations and all else stay. Marks of an earlier round are replaced.

    Args:
        data: the workbook.
        notes: what is to be marked.
        heading: of the list.
        intro: lines below the heading.
        columns: what the six columns of the list are headed: number, severity, place, problem, how to fix it, code.
        author: of the comments.
        language: in which severities are named, ``zh`` or ``en``.

    Raises:
        ValueError: the package lacks a part that a workbook must have, or one is damaged.
    """
    package = Package(data)
    _unmark(package)
    styles = CellStyles(package)
    visible = {
        entry.name.casefold(): entry for entry in package.sheets() if entry.visible and entry.kind == "worksheet"
    }
    placed: dict[str, dict[Range, list[CellNote]]] = defaultdict(lambda: defaultdict(list))
    lines = []
    for note in notes:
        entry, area = visible.get((note.sheet or "").casefold()), _area(note)
        link = ""
        if entry is not None and area is not None:
            placed[entry.part][area].append(note)
        if entry is not None:
            link = f"'{entry.name.replace(chr(39), chr(39) * 2)}'!{area or 'A1'}"
        lines.append(_line(note, link, language))
    marked: list[Marked] = []
    for entry in visible.values():
        if entry.part in placed:
            marked += _mark(package, entry, placed[entry.part], styles, author, columns[4])
    add_list(package, styles, lines, marked, heading=heading, intro=intro, columns=columns)
    styles.save()
    return package.to_bytes()


def unmark(data: bytes) -> bytes:
    """Return a workbook without the marks that ``annotate`` put there; the very same bytes where it has none.

    Raises:
        ValueError: as ``annotate``.
    """
    package = Package(data)
    return package.to_bytes() if _unmark(package) else data


def _unmark(package: Package) -> bool:
    listed = find_list(package)
    memory = remove_list(package, listed).cells if listed is not None else ()
    styles, changed = CellStyles(package), listed is not None
    for entry in package.sheets():
        cells = [cell for cell in memory if cell.sheet.casefold() == entry.name.casefold()]
        if entry.kind != "worksheet" or not (cells or package.related(entry.part, "comments")):
            continue
        place = CommentPlace(package, entry.part, package.xml(entry.part))
        touched = remove_comments(place)
        if _restore(place.root, cells, styles) or touched:
            package.write_xml(entry.part, place.root)
            changed = True
    return changed


def _restore(root: etree._Element, cells: Sequence[Marked], styles: CellStyles) -> bool:
    grid = SheetRows(root) if cells else None
    touched = False
    for marked in cells:
        cell = grid.find(*position(marked.cell)) if grid is not None else None
        # A cell without our colour was put there since, by pasting for instance: its look is its own.
        if cell is not None and styles.background(cell.get("s", "0")) in _FILLS:
            cell.set("s", marked.style)
            touched = True
    return touched


def _mark(
    package: Package,
    entry: SheetEntry,
    placed: Mapping[Range, Sequence[CellNote]],
    styles: CellStyles,
    author: str,
    fix: str,
) -> list[Marked]:
    root = package.xml(entry.part)
    grid, merges = SheetRows(root), _merges(root)
    areas: dict[Range, list[CellNote]] = defaultdict(list)
    for cell, notes in placed.items():
        areas[next((merge for merge in merges if merge.overlaps(cell)), cell)] += notes
    marked = []
    for area, notes in areas.items():
        color = min(map(_severity, notes), key=lambda severity: severity.rank).fill
        for row, column in _cells(area):
            element = grid.cell(row, column)
            before = element.get("s", "0")
            element.set("s", styles.filled(before, color))
            marked.append(Marked(entry.name, a1(row, column), before))
    add_comments(
        CommentPlace(package, entry.part, root), {area: _comment(notes, fix) for area, notes in areas.items()}, author
    )
    package.write_xml(entry.part, root)
    return marked


def _merges(root: etree._Element) -> list[Range]:
    listed = child(root, "mergeCells")
    return [] if listed is None else [parse_range(merge.get("ref", "")) for merge in children(listed, "mergeCell")]


def _cells(area: Range) -> Iterator[tuple[int, int]]:
    if (area.bottom - area.top + 1) * (area.right - area.left + 1) > _PAINTED:
        yield area.anchor
        return
    for row in range(area.top, area.bottom + 1):
        for column in range(area.left, area.right + 1):
            yield row, column


def _area(note: CellNote) -> Range | None:
    try:
        return parse_range(note.cell) if note.cell else None
    except ValueError:
        return None


def _severity(note: CellNote) -> Severity:
    return _SEVERITIES.get(note.severity, Severity.NOTE)


def _line(note: CellNote, link: str, language: str) -> ListedFinding:
    place = "!".join(part for part in (note.sheet, note.cell) if part)
    problem = "\n".join(part for part in (note.title, note.message) if part)
    severity = _severity(note)
    label = render(severity.label, language) if note.severity == severity else note.severity
    return ListedFinding(label, severity.fill, place, link, problem, note.how_to_fix, note.code)


def _comment(notes: Sequence[CellNote], fix: str) -> str:
    texts = []
    for number, note in enumerate(notes, 1):
        lead = f"{number}. " if len(notes) > 1 else ""
        head = f"{lead}{note.title}" if note.title else lead.rstrip()
        texts.append(
            "\n".join(
                part for part in (head, note.message, f"{fix}：{note.how_to_fix}" if note.how_to_fix else "") if part
            )
        )
    return "\n".join(texts)[:_LONGEST]
