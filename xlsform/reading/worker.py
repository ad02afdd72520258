"""The process that may die: reads .xls, .xlsb and .ods with calamine, and undoes encryption, for ``legacy``.

It is run as a script, and imports nothing of xlsform: it must start quickly, and wherever xlsform lies. For the same
reason each task imports what it needs: msoffcrypto takes 14 ms, olefile 7 ms. A request is a line of JSON and as many
bytes as its ``size`` says; so is the answer.
"""

from __future__ import annotations

import datetime
import io
import json
import math
import struct
import sys
from typing import Any, BinaryIO

#: Excel encrypts with it where nobody was asked for a password ("read-only recommended"), and opens such files itself.
DEFAULT_PASSWORD = "VelvetSweatshop"

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FILEPASS = 0x2F

#: How often the password may have to be hashed; Excel does it 100,000 times.
_MOST_SPINS = 200_000

Answer = dict[str, Any]


def main() -> None:
    """Answer requests until there are none."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        _limit_memory(request["memory"])
        answer, content = _answer(request, data)
        _send(answers, answer | {"size": len(content)}, content)


def _answer(request: Answer, data: bytes) -> tuple[Answer, bytes]:
    try:
        if request["task"] == "decrypt":
            return {}, _decrypted(data)
        return _values(data, request), b""
    except (KeyboardInterrupt, SystemExit):
        raise
    except MemoryError:
        return {"reason": "oversized"}, b""
    except Exception:
        reason = "encrypted" if request["task"] == "decrypt" else "damaged"
        return {"reason": reason}, b""
    except BaseException:
        # A panic of Rust code is not an Exception.
        return {"reason": "crashed"}, b""


def _decrypted(data: bytes) -> bytes:
    import msoffcrypto

    file = msoffcrypto.OfficeFile(io.BytesIO(data))
    if getattr(file, "info", {}).get("spinValue", 0) > _MOST_SPINS:
        raise ValueError
    file.load_key(password=DEFAULT_PASSWORD)
    decrypted = io.BytesIO()
    file.decrypt(decrypted)
    return decrypted.getvalue()


def _values(data: bytes, request: Answer) -> Answer:
    import python_calamine

    macros = False
    if data.startswith(_OLE2):
        encrypted, macros = _look_into(data)
        if encrypted:
            try:
                data = _decrypted(data)
            except Exception:
                return {"reason": "encrypted"}
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    types = python_calamine.SheetTypeEnum
    macros = macros or any(sheet.typ == types.MacroSheet for sheet in workbook.sheets_metadata)
    sheets: list[Answer] = []
    damaged: list[str] = []
    cells = 0
    for index, known in enumerate(workbook.sheets_metadata):
        sheet: Answer = {"name": known.name, "state": str(known.visible).rpartition(".")[2], "cells": [], "merges": []}
        sheets.append(sheet)
        if known.typ not in (types.WorkSheet, types.MacroSheet):
            continue
        try:
            content = workbook.get_sheet_by_index(index)
        except python_calamine.CalamineError:
            damaged.append(known.name)
            continue
        sheet["cells"] = _cells(content, request["cells"])
        sheet["merges"] = content.merged_cell_ranges or []
        cells += len(sheet["cells"])
        if cells > request["cells"]:
            return {"reason": "oversized", "cells": request["cells"]}
        if len(sheet["merges"]) > request["ranges"]:
            return {"reason": "oversized", "ranges": request["ranges"]}
    return {"sheets": sheets, "damaged": damaged, "macros": macros}


def _cells(sheet: Any, limit: int) -> list[tuple[int, int, str | float | bool]]:
    """Return row, column and value of what is not blank.

    Raises:
        MemoryError: two cells lie so far apart that calamine's matrix of all between them is too large.
    """
    if sheet.start is None:
        return []
    if sheet.height * sheet.width > 10 * limit:
        raise MemoryError
    # The matrix begins at the first used cell.
    top, left = sheet.start[0] + 1, sheet.start[1] + 1
    found: list[tuple[int, int, str | float | bool]] = []
    for row, values in enumerate(sheet.to_python(skip_empty_area=True), top):
        for column, value in enumerate(values, left):
            if value != "":
                plain = _plain(value)
                if plain is not None:
                    found.append((row, column, plain))
    return found


def _plain(value: Any) -> str | float | bool | None:
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)


def _look_into(data: bytes) -> tuple[bool, bool]:
    """Tell whether an .xls is encrypted, and whether there is VBA in it."""
    import olefile  # type: ignore[import-untyped]

    with olefile.OleFileIO(io.BytesIO(data)) as container:
        macros = bool(container.exists("_VBA_PROJECT_CUR"))
        name = "Workbook" if container.exists("Workbook") else "Book"
        # Its sectors may run in a circle, until it is as large as it says.
        if container.get_size(name) > len(data):
            raise ValueError
        records = container.openstream(name).read(4096)
    # Encryption is the second record, or the third: it comes before anything that is encrypted.
    offset = 0
    while offset + 4 <= len(records):
        record, size = struct.unpack_from("<HH", records, offset)
        if record == _FILEPASS:
            return True, macros
        offset += 4 + size
    return False, macros


def _limit_memory(size: int) -> None:
    # A matrix for one cell in the last corner would take the whole machine. Windows has no such limit.
    if sys.platform != "win32":
        # There is no such module.
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _send(stream: BinaryIO, answer: Answer, content: bytes) -> None:
    stream.write(json.dumps(answer).encode() + b"\n" + content)
    stream.flush()


if __name__ == "__main__":
    main()
