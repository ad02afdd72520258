"""Chromium as a test tool: one headless browser for the session, its own profile, driven through a pipe."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

INSTALL = "apt-get install chromium"


def available() -> str | None:
    """The path of the browser, where there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """A page in a headless browser, and what it asked for and complained of."""

    def __init__(self, program: str) -> None:
        self.home = tempfile.mkdtemp(prefix="xlsform-browser-")
        reading, self.to = os.pipe()
        self.source, writing = os.pipe()
        # The protocol's ends are file descriptors 3 and 4 of the browser.
        command = f'exec 3<&{reading} 4>&{writing}; exec "$@"'
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.home}",
        ]
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", command, "browser", program, *flags],
            pass_fds=(reading, writing),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reading)
        os.close(writing)
        self.session: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.buffer = b""
        self.number = 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters, **self.session}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, path: Path) -> None:
        """Show a file, and return once it is loaded whole."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def run(self, script: str) -> Any:
        """Return what an expression gives; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def printed(self) -> bytes:
        """Return the page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def asked(self) -> list[str]:
        """Return every address that the page asked for, its own first."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return errors of scripts, and what the page's own policy refused."""
        methods = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [str(event["params"]) for event in self.events if event.get("method") in methods]

    def close(self) -> None:
        """End the browser and remove its profile."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.source)
        shutil.rmtree(self.home, ignore_errors=True)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            piece = os.read(self.source, 1 << 20)
            assert piece, "the browser ended"
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The session's browser; where there is none, this says so loudly, and in CI it fails."""
    program = available()
    if program is None and os.environ.get("XLSFORM_REQUIRE_BROWSER") == "1":
        pytest.fail(f"a browser is required here ({INSTALL})", pytrace=False)
    if program is None:
        pytest.skip(f"NOT TESTED IN A BROWSER ({INSTALL})")
    running = Browser(program)
    yield running
    running.close()
