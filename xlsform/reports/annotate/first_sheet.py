"""Put a sheet before all others of a workbook, and take it out again."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from lxml import etree

from xlsform.spreadsheet.cell_text import escape
from xlsform.spreadsheet.package import Package, SheetEntry
from xlsform.spreadsheet.relationships import relation_id
from xlsform.spreadsheet.xml_trees import child, children, insert_after, namespace

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BEFORE_VIEWS = ("fileVersion", "fileSharing", "workbookPr", "workbookProtection")
_BEFORE_NAMES = (*_BEFORE_VIEWS, "bookViews", "sheets", "functionGroups", "externalReferences")


def active_tab(package: Package) -> int:
    """Return the place of the sheet that shows when the workbook is opened."""
    views = child(package.xml(package.workbook_part), "bookViews")
    view = None if views is None else child(views, "workbookView")
    text = "0" if view is None else view.get("activeTab", "0")
    return int(text) if text.isdecimal() else 0


def insert_first(package: Package, name: str, root: etree._Element, names: Mapping[str, str]) -> None:
    """Put a sheet first and in front; the names given are defined for it alone.

    Raises:
        ValueError: the workbook lists no sheets.
    """
    # Two selected sheets would be a group: what is typed into one goes into both.
    for entry in package.sheets():
        _select(package, entry, chosen=False)
    part = package.workbook_part
    folder = posixpath.join(posixpath.dirname(part), "worksheets")
    link = package.add_part(part, "worksheet", posixpath.join(folder, "sheet{}.xml"), root, _SHEET_TYPE)
    workbook = package.xml(part)
    sheets = child(workbook, "sheets")
    if sheets is None:
        raise ValueError("the workbook lists no sheets")
    numbers = [int(sheet.get("sheetId", "0")) for sheet in children(sheets, "sheet")]
    sheet = etree.Element(
        f"{{{namespace(workbook)}}}sheet", name=escape(name), sheetId=str(max(numbers, default=0) + 1)
    )
    sheet.set(f"{{{package.relation_namespace}}}id", link.id)
    sheets.insert(0, sheet)
    _renumber(workbook, lambda place: place + 1)
    _define(workbook, names)
    _open_at(workbook, 0)
    package.write_xml(part, workbook)


def remove_sheet(package: Package, entry: SheetEntry, active: int) -> None:
    """Take a sheet out, with the names defined for it, and bring the sheet of that place in front instead."""
    part = package.workbook_part
    workbook = package.xml(part)
    sheets = child(workbook, "sheets")
    own = {link.id for link in package.relationships(part) if link.target == entry.part}
    listed = [] if sheets is None else list(children(sheets, "sheet"))
    place = next(number for number, sheet in enumerate(listed) if relation_id(sheet) in own)
    gone = listed.pop(place)
    assert sheets is not None, "a sheet was found in it"
    sheets.remove(gone)
    _renumber(workbook, lambda other: None if other == place else other - (other > place))
    visible = [number for number, sheet in enumerate(listed) if sheet.get("state", "visible") == "visible"]
    front = active if active in visible else next(iter(visible), 0)
    _open_at(workbook, front)
    package.write_xml(part, workbook)
    package.unrelate(part, relation_id(gone))
    for link in package.relationships(entry.part):
        if link.kind == "printerSettings":
            package.remove(link.target)
    package.remove(entry.part)
    remaining = package.sheets()
    if front < len(remaining):
        _select(package, remaining[front], chosen=True)


def _renumber(workbook: etree._Element, moved: Callable[[int], int | None]) -> None:
    names = child(workbook, "definedNames")
    for name in [] if names is None else list(children(names, "definedName")):
        place = name.get("localSheetId", "")
        if place.isdecimal():
            now = moved(int(place))
            if now is not None:
                name.set("localSheetId", str(now))
            elif names is not None:
                names.remove(name)
    if names is not None and not len(names):
        workbook.remove(names)


def _define(workbook: etree._Element, names: Mapping[str, str]) -> None:
    if not names:
        return
    space = namespace(workbook)
    listed = child(workbook, "definedNames")
    if listed is None:
        listed = etree.Element(f"{{{space}}}definedNames")
        insert_after(workbook, listed, _BEFORE_NAMES)
    for place, (name, refers) in enumerate(sorted(names.items())):
        entry = etree.Element(f"{{{space}}}definedName", name=name, localSheetId="0")
        entry.text = refers
        listed.insert(place, entry)


def _open_at(workbook: etree._Element, place: int) -> None:
    views = child(workbook, "bookViews")
    if views is None:
        views = etree.Element(f"{{{namespace(workbook)}}}bookViews")
        etree.SubElement(views, f"{{{namespace(workbook)}}}workbookView")
        insert_after(workbook, views, _BEFORE_VIEWS)
    for view in children(views, "workbookView"):
        view.attrib.pop("firstSheet", "")
        view.attrib.pop("activeTab", "")
        if place:
            view.set("activeTab", str(place))


def _select(package: Package, entry: SheetEntry, *, chosen: bool) -> None:
    root = package.xml(entry.part)
    views = child(root, "sheetViews")
    for view in () if views is None else children(views, "sheetView"):
        if chosen:
            view.set("tabSelected", "1")
        elif "tabSelected" in view.attrib:
            del view.attrib["tabSelected"]
        else:
            continue
        package.write_xml(entry.part, root)
