"""LibreOffice as a test tool: one soffice for the session, its own profile, no network, driven through UNO.

Typing goes the way a person's does, so locked cells refuse; see `office_bridge.py` for the half inside.
"""

import atexit
import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Value = float | str | bool
Values = dict[str, dict[str, Value]]

SYSTEM_PYTHON = "/usr/bin/python3"
BRIDGE = Path(__file__).with_name("office_bridge.py")
TIMEOUT = 60.0
INSTALL = "apt-get install libreoffice-calc python3-uno poppler-utils fonts-noto-cjk"


class OfficeError(AssertionError):
    """LibreOffice refused, crashed or hung."""


@cache
def available() -> str | None:
    """None when everything is installed, else what is missing, in one line."""
    missing = [tool for tool in ("soffice", "pdftoppm") if not shutil.which(tool)]
    probe = [SYSTEM_PYTHON, "-c", "import uno"]
    if not Path(SYSTEM_PYTHON).exists() or subprocess.run(probe, capture_output=True, check=False).returncode:
        missing.append(f"python3-uno for {SYSTEM_PYTHON}")
    return f"missing: {', '.join(missing)} ({INSTALL})" if missing else None


@cache
def offline() -> list[str]:
    """The prefix that cuts a command off from the network, where the kernel permits it."""
    for prefix in (["unshare", "-n"], ["unshare", "-rn"]):
        with contextlib.suppress(OSError):
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
    return []


class Office:
    """A persistent soffice, started at the first call and again after a crash."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self.home = Path(tempfile.mkdtemp(prefix="xlsform-office-"))
        self.bridge: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def convert(self, path: Path, extension: str, outdir: Path) -> Path:
        """Open and save as xlsx, xls, ods, pdf or csv (the first sheet); nothing is recalculated."""
        target = outdir / f"{path.stem}.{extension}"
        assert target.resolve() != path.resolve(), f"{target} would overwrite its source"
        self._ask("convert", path, target=target, extension=extension)
        return target

    def recalculated(self, path: Path) -> Values:
        """{sheet: {A1: value}} of all cells that are not empty after a hard recalculation; errors as `#DIV/0!`."""
        found: Values = self._ask("recalculated", path)
        return found

    def formulas(self, path: Path) -> dict[str, dict[str, str]]:
        """{sheet: {A1: formula}} as LibreOffice understands them."""
        found: dict[str, dict[str, str]] = self._ask("formulas", path)
        return found

    def type_into(
        self,
        path: Path,
        entries: Iterable[tuple[str, str, str]],
        save_as: Path | None = None,
        extension: str = "xlsx",
    ) -> Values:
        """Type each (sheet, A1, text) as a person would and return the values then; locked cells keep theirs.

        No validation is applied: LibreOffice does that for keystrokes only.
        """
        typed = list(entries)
        for _, where, _ in typed:
            assert re.fullmatch("[A-Z]+[1-9][0-9]*", where), f"no address of a cell: {where}"
        found: Values = self._ask("type", path, entries=typed, target=save_as, extension=extension)
        return found

    def pages(self, path: Path, outdir: Path, dpi: int = 70) -> list[Path]:
        """A PNG of every page that would be printed."""
        pdf = self.convert(path, "pdf", outdir)
        command = ["pdftoppm", "-r", str(dpi), "-png", str(pdf), str(outdir / path.stem)]
        subprocess.run(command, check=True, capture_output=True, timeout=self.timeout)
        return sorted(outdir.glob(f"{path.stem}-*.png"))

    def close(self) -> None:
        """End soffice and remove its profile."""
        self._stop()
        shutil.rmtree(self.home, ignore_errors=True)
        atexit.unregister(self.close)

    def _ask(self, do: str, path: Path, target: Path | None = None, **request: Any) -> Any:
        """One request to the bridge; starts it when need be, ends it when it fails."""
        # A copy: opening leaves a lock file beside the original, and a second reader would get it read-only.
        with tempfile.TemporaryDirectory(dir=self._home()) as folder:
            copy = Path(shutil.copy(path, folder))
            if target is not None:
                target.unlink(missing_ok=True)
                request["target"] = str(target.resolve())
            reply = self._exchange({"do": do, "path": str(copy), **request})
        if "error" in reply:
            if reply.get("gone"):
                self._stop()
            raise OfficeError(f"{do} {path.name}: {reply['error']}{self._complaints()}")
        if target is not None and not (target.exists() and target.stat().st_size):
            raise OfficeError(f"{do} {path.name}: no {target.name} came out{self._complaints()}")
        return reply["value"]

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        bridge = self._running()
        assert bridge.stdin is not None
        assert bridge.stdout is not None
        reply = b""
        deadline = time.monotonic() + self.timeout
        try:
            bridge.stdin.write(json.dumps(request).encode() + b"\n")
            bridge.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(bridge.stdout, selectors.EVENT_READ)
                while not reply.endswith(b"\n"):
                    if not selector.select(deadline - time.monotonic()):
                        raise TimeoutError(f"no answer within {self.timeout:g} s")
                    piece = os.read(bridge.stdout.fileno(), 1 << 20)
                    if not piece:
                        raise EOFError("the bridge to LibreOffice ended")
                    reply += piece
        except (OSError, EOFError) as error:  # TimeoutError and BrokenPipeError are OSErrors
            self._stop()
            raise OfficeError(f"{request['do']} {Path(request['path']).name}: {error}{self._complaints()}") from error
        except BaseException:  # Ctrl-C: the reply to this request must not answer the next one
            self._stop()
            raise
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self.bridge is None:
            found = shutil.which("soffice")
            assert found, available()
            program = Path(found).resolve().with_name("soffice.bin")
            with (self.home / "stderr").open("wb") as complaints:
                self.bridge = subprocess.Popen(
                    [*offline(), SYSTEM_PYTHON, str(BRIDGE), str(program), str(self.home)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    # A fixed locale, so that the same text typed is the same number everywhere; no display.
                    env={**os.environ, "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"},
                    start_new_session=True,
                )
        return self.bridge

    def _stop(self) -> None:
        bridge, self.bridge = self.bridge, None
        if bridge is None:
            return
        with contextlib.suppress(OSError):
            if bridge.stdin is not None:
                bridge.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            bridge.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(bridge.pid, signal.SIGKILL)
        bridge.wait()
        if bridge.stdout is not None:
            bridge.stdout.close()

    def _home(self) -> Path:
        self.home.mkdir(exist_ok=True)
        return self.home

    def _complaints(self) -> str:
        log = self.home / "stderr"
        text = log.read_text("utf-8", "replace").strip() if log.exists() else ""
        return f"\n{text[-2000:]}" if text else ""


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """The session's LibreOffice; the one place where a test may be skipped, and never in CI."""
    missing = available()
    if missing and os.environ.get("XLSFORM_REQUIRE_OFFICE") == "1":
        pytest.fail(f"LibreOffice is required here: {missing}", pytrace=False)
    if missing:
        pytest.skip(f"NOT TESTED WITH LIBREOFFICE: {missing}")
    running = Office()
    yield running
    running.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line nobody overlooks when the workbooks went untested."""
    missing = available()
    if missing:
        terminalreporter.write_line(f"WARNING: nothing was tested with LibreOffice; {missing}", red=True, bold=True)
