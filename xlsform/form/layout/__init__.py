"""Where everything of a form stands."""

from xlsform.form.layout.builder import MAX_ROWS, PRINTED_ROWS, block_sizes, lay_out
from xlsform.form.layout.fields import (
    HINT_WIDTH,
    HINTS_TITLE,
    TARGET_MARKS,
    TARGET_PARTS,
    Field,
    Label,
    PlacedCheck,
    UnknownReferenceError,
)
from xlsform.form.layout.layout import Layout

__all__ = [
    "HINTS_TITLE",
    "HINT_WIDTH",
    "MAX_ROWS",
    "PRINTED_ROWS",
    "TARGET_MARKS",
    "TARGET_PARTS",
    "Field",
    "Label",
    "Layout",
    "PlacedCheck",
    "UnknownReferenceError",
    "block_sizes",
    "lay_out",
]
