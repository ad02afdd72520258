"""The half of the LibreOffice harness that speaks UNO; `office.py` starts it with the system's Python.

One request a line on stdin, one reply a line on stdout, both JSON. UNO comes with /usr/bin/python3 only, hence a
process of its own. It ends, and takes soffice along, when stdin closes: also when pytest was killed.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException

VALUE, DATE, TEXT, FORMULAS = 1, 2, 4, 16  # com.sun.star.sheet.CellFlags
ERROR_RESULTS = 4  # com.sun.star.sheet.FormulaResult
FILTERS = {
    "xlsx": "Calc MS Excel 2007 XML",
    "xls": "MS Excel 97",
    "ods": "calc8",
    "pdf": "calc_pdf_Export",
    "csv": "Text - txt - csv (StarCalc)",
}
RESTART = 81  # how soffice ends when it has set up a new profile and wants to be started again
SWITCHES = ["--headless", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"]
# Opened in a window, which a person has. A conversion is not: there LibreOffice asks for the password of a protected
# sheet anew before it writes .xls or .ods, with nobody to answer.
SEEN = ("type",)
CSV_OPTIONS = "44,34,76"  # comma, double quote, UTF-8; the first sheet


def prop(name: str, value: object) -> Any:
    item = PropertyValue()
    item.Name, item.Value = name, value
    return item


def column(index: int) -> str:
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name, index = chr(65 + letter) + name, index - 1
    return name


def corner(part: Any) -> str:
    address = part.getRangeAddress()
    return f"{column(address.StartColumn)}{address.StartRow + 1}"


def cells(ranges: Any) -> Any:
    """Every range with its address: (range, first column, first row)."""
    for part in ranges:
        address = part.getRangeAddress()
        yield part, address.StartColumn, address.StartRow


def values(document: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for sheet in document.Sheets:
        held = found[sheet.Name] = {}
        for part, left, top in cells(sheet.queryContentCells(VALUE | DATE | TEXT | FORMULAS)):
            for down, row in enumerate(part.getDataArray()):
                for right, value in enumerate(row):
                    # A truth value is a number in Calc, told apart by how it shows; only 0 and 1 need the question.
                    if value in (0.0, 1.0):
                        shown = part.getCellByPosition(right, down).String
                        value = shown == "TRUE" if shown in ("TRUE", "FALSE") else value
                    held[f"{column(left + right)}{top + down + 1}"] = value
        for part, left, top in cells(sheet.queryFormulaCells(ERROR_RESULTS)):
            address = part.getRangeAddress()
            for down in range(address.EndRow - top + 1):
                for right in range(address.EndColumn - left + 1):
                    shown = part.getCellByPosition(right, down).String
                    held[f"{column(left + right)}{top + down + 1}"] = shown
    return found


def formulas(document: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for sheet in document.Sheets:
        held = found[sheet.Name] = {}
        for part, left, top in cells(sheet.queryContentCells(FORMULAS)):
            for down, row in enumerate(part.getFormulaArray()):
                for right, formula in enumerate(row):
                    held[f"{column(left + right)}{top + down + 1}"] = formula
    return found


class Soffice:
    def __init__(self, program: str, home: str) -> None:
        pipe = f"xlsform-{os.getpid()}-{time.time_ns()}"
        self.socket = Path(f"/tmp/OSL_PIPE_{os.getuid()}_{pipe}")
        accept = f"pipe,name={pipe};urp;StarOffice.ComponentContext"
        self.url = f"uno:{accept}"
        profile = Path(home, "profile").as_uri()
        self.command = [program, f"-env:UserInstallation={profile}", f"--accept={accept}", *SWITCHES]
        self.start()

    def start(self) -> None:
        # The binary itself, not the script: a child that can be killed and waited for, leaving nothing behind.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def stop(self) -> None:
        """Ask first: soffice removes its sockets in /tmp then."""
        # On a thread, for a soffice that hangs never answers.
        threading.Thread(target=self.leave, daemon=True).start()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.socket.unlink(missing_ok=True)

    def leave(self) -> None:
        with contextlib.suppress(Exception):  # it dies of the call, or was never reached
            self.desktop.terminate()

    def connect(self) -> None:
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        while True:
            try:
                context = resolver.resolve(self.url)
                break
            except NoConnectException:
                if self.process.poll() == RESTART:
                    self.start()
                elif self.process.returncode is not None:
                    raise RuntimeError(f"soffice ended with {self.process.returncode} before it answered") from None
                time.sleep(0.05)
        create = context.ServiceManager.createInstanceWithContext
        self.desktop = create("com.sun.star.frame.Desktop", context)
        self.dispatcher = create("com.sun.star.frame.DispatchHelper", context)

    def open(self, path: str, hidden: bool = True) -> Any:
        document = self.desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, (prop("Hidden", hidden),))
        if document is None:
            raise RuntimeError(f"LibreOffice cannot load {Path(path).name}")
        if not document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            document.close(True)
            raise RuntimeError(f"LibreOffice does not see a workbook in {Path(path).name}")
        return document

    def save(self, document: Any, target: str, extension: str) -> None:
        options = [prop("FilterName", FILTERS[extension]), prop("Overwrite", True)]
        if extension == "csv":
            options.append(prop("FilterOptions", CSV_OPTIONS))
        document.storeToURL(Path(target).as_uri(), tuple(options))

    def type(self, document: Any, entries: list[list[str]]) -> None:
        controller = document.CurrentController
        frame = controller.Frame
        sheets = document.Sheets
        current = None
        for name, where, text in entries:
            if name != current:
                if not sheets.hasByName(name):
                    raise RuntimeError(f"no sheet {name}")
                sheet = sheets.getByName(name)
                if not sheet.IsVisible:
                    raise RuntimeError(f"nobody can type into the hidden sheet {name}")
                controller.setActiveSheet(sheet)
                current = name
            self.dispatcher.executeDispatch(frame, ".uno:GoToCell", "", 0, (prop("ToPoint", where),))
            # A locked cell that may not be selected leaves the cursor where it was: typing would hit another cell.
            if corner(document.CurrentSelection) != where:
                merged = sheet.createCursorByRange(sheet.getCellRangeByName(where))
                merged.collapseToMergedArea()
                if corner(merged) != where:
                    raise RuntimeError(f"{where} of {name} lies under the merged cell {corner(merged)}")
            else:
                self.dispatcher.executeDispatch(frame, ".uno:EnterString", "", 0, (prop("StringName", text),))


def answer(office: Soffice, request: dict[str, Any]) -> Any:
    do = request["do"]
    document = office.open(request["path"], hidden=do not in SEEN)
    try:
        if do == "recalculated":
            document.calculateAll()
            return values(document)
        if do == "formulas":
            return formulas(document)
        if do == "type":
            office.type(document, request["entries"])
        if request.get("target"):
            office.save(document, request["target"], request["extension"])
        return values(document) if do == "type" else None
    finally:
        with contextlib.suppress(DisposedException):
            document.close(True)


def main() -> None:
    office = Soffice(sys.argv[1], sys.argv[2])
    requests: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)
        # On a thread, because the main one may hang inside soffice when the session wants to end.
        office.stop()
        os.killpg(0, signal.SIGKILL)  # itself, and a soffice that a restart brought up meanwhile

    threading.Thread(target=listen, daemon=True).start()
    office.connect()
    while True:
        request = json.loads(requests.get())
        reply: dict[str, Any]
        try:
            reply = {"value": answer(office, request)}
        except DisposedException:
            office.stop()
            reply = {"error": f"soffice crashed, exit code {office.process.returncode}", "gone": True}
        except Exception as error:  # whatever else UNO throws is the test's to see
            reply = {"error": getattr(error, "Message", "") or str(error) or type(error).__name__}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


main()
