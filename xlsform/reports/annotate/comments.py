"""Put comments on the cells of a sheet, and take them away again."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from lxml import etree

from xlsform.reports.annotate.comment_boxes import Boxes
from xlsform.spreadsheet.a1 import Position, Range, a1, position
from xlsform.spreadsheet.cell_text import escape, text_elements
from xlsform.spreadsheet.package import Package
from xlsform.spreadsheet.relationships import relation_id
from xlsform.spreadsheet.xml_trees import child, children, insert_after, local, namespace, parse

#: Opens each text of ours: programs that save a workbook again may drop the author, never the words.
MARK = "【退回意见】"

_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_FONT = '<sz val="9"/><color indexed="81"/><rFont val="宋体"/><charset val="134"/>'
#: The placeholder that a thread of comments leaves for older programs; Excel writes it anew from the thread.
_THREAD = "tc="
# What stands before legacyDrawing in a worksheet; all else stands after it.
_BEFORE_BOXES = frozenset(
    (
        *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection"),
        *(
            "protectedRanges",
            "scenarios",
            "autoFilter",
            "sortState",
            "dataConsolidate",
            "customSheetViews",
            "mergeCells",
        ),
        *("phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins"),
        *("pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors"),
        *("smartTags", "drawing"),
    )
)


class CommentPlace(NamedTuple):
    """A sheet whose comments are changed: its part, and its root element, which the caller writes back."""

    package: Package
    part: str
    root: etree._Element


def add_comments(place: CommentPlace, texts: Mapping[Range, str], author: str) -> None:
    """Put a text on each cell or merged range; where a comment stands already, the text is added to it."""
    package, part, root = place
    name = package.related(part, "comments")
    tree = parse(f'<comments xmlns="{namespace(root)}"/>'.encode()) if name is None else package.xml(name)
    present = {comment.get("ref", ""): comment for comment in _list(tree)}
    ours = _author(tree, author)
    boxes = _boxes(place)
    for area, text in texts.items():
        address = a1(*area.anchor)
        comment = present.get(address)
        if comment is None:
            comment = etree.SubElement(
                _child(tree, "commentList"), f"{{{namespace(tree)}}}comment", ref=address, authorId=ours
            )
            _append(comment, f"{MARK}\n", text)
            boxes.add(area, f"{MARK}\n{text}")
        elif not _threaded(tree, comment):
            _append(comment, f"\n{MARK}\n", text)
            boxes.add(area, _text(comment))
    if name is None:
        name = posixpath.join(posixpath.dirname(package.workbook_part), "comments{}.xml")
        package.add_part(part, "comments", name, tree, _COMMENTS_TYPE)
    else:
        package.write_xml(name, tree)
    _write_boxes(place, boxes)


def remove_comments(place: CommentPlace) -> bool:
    """Take away what ``add_comments`` put there; say whether there was anything."""
    package, part, root = place
    name = package.related(part, "comments")
    if name is None:
        return False
    tree = package.xml(name)
    ours = [comment for comment in _list(tree) if MARK in _text(comment)]
    if not ours:
        return False
    gone: set[Position] = set()
    for comment in ours:
        if not _cut(comment):
            _child(tree, "commentList").remove(comment)
            gone.add(position(comment.get("ref", "")))
    boxes = _boxes(place)
    boxes.remove(gone)
    if _list(tree):
        package.write_xml(name, tree)
    else:
        _drop(place, "comments", name)
    if boxes.empty:
        _drop(place, "vmlDrawing", _boxes_part(place))
        for drawing in list(children(root, "legacyDrawing")):
            root.remove(drawing)
    else:
        _write_boxes(place, boxes)
    return True


def _list(tree: etree._Element) -> list[etree._Element]:
    return list(children(_child(tree, "commentList"), "comment"))


def _child(tree: etree._Element, name: str) -> etree._Element:
    found = child(tree, name)
    if found is None:
        found = etree.Element(f"{{{namespace(tree)}}}{name}")
        tree.insert(0 if name == "authors" else len(tree), found)
    return found


def _author(tree: etree._Element, author: str) -> str:
    authors = _child(tree, "authors")
    names = [entry.text or "" for entry in children(authors, "author")]
    if escape(author) not in names:
        etree.SubElement(authors, f"{{{namespace(tree)}}}author").text = escape(author)
        return str(len(names))
    return str(names.index(escape(author)))


def _threaded(tree: etree._Element, comment: etree._Element) -> bool:
    names = [entry.text or "" for entry in children(_child(tree, "authors"), "author")]
    number = comment.get("authorId", "")
    return number.isdecimal() and int(number) < len(names) and names[int(number)].startswith(_THREAD)


def _texts(comment: etree._Element) -> list[etree._Element]:
    body = child(comment, "text")
    return [] if body is None else list(text_elements(body, f"{{{namespace(comment)}}}"))


def _text(comment: etree._Element) -> str:
    return "".join(each.text or "" for each in _texts(comment))


def _append(comment: etree._Element, head: str, text: str) -> None:
    space = namespace(comment)
    body = _child(comment, "text")
    plain = child(body, "t")
    if plain is not None:
        # Plain text and runs do not stand side by side in any program's comments.
        run = etree.Element(f"{{{space}}}r")
        plain.addprevious(run)
        run.append(plain)
    place = len([each for each in body if local(each) == "r"])
    for number, (style, words) in enumerate((("<b/>", head), ("", text))):
        run = parse(f'<r xmlns="{space}"><rPr>{style}{_FONT}</rPr><t xml:space="preserve"/></r>'.encode())
        run[1].text = escape(words)
        body.insert(place + number, run)


def _cut(comment: etree._Element) -> str:
    """Cut our text off a comment, and return what is left of it."""
    texts = _texts(comment)
    start = next(number for number, t in enumerate(texts) if MARK in (t.text or ""))
    before = (texts[start].text or "").partition(MARK)[0].removesuffix("\n")
    texts[start].text = before
    for t in texts[start if not before else start + 1 :]:
        run = t.getparent()
        if run is not None and local(run) == "r" and run.getparent() is not None:
            run.getparent().remove(run)  # type: ignore[union-attr]
        elif run is not None:
            run.remove(t)
    rest = _texts(comment)
    run = rest[0].getparent() if len(rest) == 1 else None
    if run is not None and local(run) == "r" and len(run) == 1:
        run.addprevious(rest[0])
        run.getparent().remove(run)  # type: ignore[union-attr]
    return _text(comment)


def _boxes_part(place: CommentPlace) -> str | None:
    drawing = child(place.root, "legacyDrawing")
    if drawing is None:
        return None
    links = {link.id: link for link in place.package.relationships(place.part)}
    link = links.get(relation_id(drawing))
    return link.target if link is not None and link.target in place.package else None


def _boxes(place: CommentPlace) -> Boxes:
    part = _boxes_part(place)
    drawings = sum(name.lower().endswith(".vml") for name in place.package.names())
    return Boxes(b"" if part is None else place.package.read(part), place.root, drawings + 1)


def _write_boxes(place: CommentPlace, boxes: Boxes) -> None:
    package, sheet, root = place
    part = _boxes_part(place)
    if part is not None:
        package.write(part, boxes.to_bytes())
        return
    folder = posixpath.join(posixpath.dirname(package.workbook_part), "drawings")
    part = package.free_name(posixpath.join(folder, "vmlDrawing{}.vml"))
    package.write(part, boxes.to_bytes())
    package.set_default("vml", _VML_TYPE)
    drawing = child(root, "legacyDrawing")
    if drawing is None:
        drawing = etree.Element(f"{{{namespace(root)}}}legacyDrawing")
        insert_after(root, drawing, _BEFORE_BOXES)
    drawing.set(f"{{{package.relation_namespace}}}id", package.relate(sheet, "vmlDrawing", part))


def _drop(place: CommentPlace, kind: str, part: str | None) -> None:
    if part is None:
        return
    for link in place.package.relationships(place.part):
        if link.kind == kind and link.target == part:
            place.package.unrelate(place.part, link.id)
    place.package.remove(part)
