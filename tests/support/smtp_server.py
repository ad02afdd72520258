"""A small mail server that does to its clients what bad luck does."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

#: What a command is answered with where nothing goes wrong.
_ANSWERS = {"EHLO": "250 here", "HELO": "250 here", "MAIL": "250 OK", "RCPT": "250 OK", "RSET": "250 OK", "NOOP": "250"}


class Fault(NamedTuple):
    """Something that goes wrong once."""

    step: str
    """``greet``, ``EHLO``, ``MAIL``, ``RCPT``, ``DATA``, ``content`` (all of it has arrived), ``after`` (a mail was
    taken and that was said)."""
    does: str
    """``drop`` the connection, ``hang``, or what is answered instead."""


class BadLuckServer:
    """Takes mails, and has one fault after the other, each at the first step that it is of."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = list(faults)
        self.got: list[EmailMessage] = []
        """What arrived whole, whatever was answered."""
        self.refused: set[str] = set()
        """Addresses that are answered with 550."""
        self.connections = 0
        self.lines: list[str] = []
        """What clients said, but for the mails."""
        self.delay = 0.0
        """Seconds until a mail is taken."""
        self.arrived = threading.Event()
        """Set when a mail has arrived."""
        self.go_on = threading.Event()
        """Ends what hangs."""
        self._lock = threading.Lock()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                # A client that is gone is nothing to a server.
                with contextlib.suppress(OSError):
                    owner._serve(self)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.port = int(self._listener.server_address[1])

    @property
    def to(self) -> list[str]:
        """Whom the mails were to, in their order."""
        return [message["To"].addresses[0].addr_spec for message in self.got]

    @contextlib.contextmanager
    def running(self) -> Iterator[BadLuckServer]:
        """Listen while the block runs."""
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self.go_on.set()
            self._listener.shutdown()
            self._listener.server_close()

    def _serve(self, client: socketserver.StreamRequestHandler) -> None:
        with self._lock:
            self.connections += 1
        if not self._answer(client, "greet", "220 here"):
            return
        while line := client.rfile.readline():
            self.lines.append(line.decode("ascii", "replace"))
            words = self.lines[-1].split()
            command = words[0].upper() if words else ""
            if command == "QUIT":
                client.wfile.write(b"221 bye\r\n")
                return
            if command == "DATA":
                if not self._data(client):
                    return
            elif command == "RCPT" and any(f"<{each}>" in line.decode() for each in self.refused):
                client.wfile.write(b"550 no such mailbox\r\n")
            elif not self._answer(client, command, _ANSWERS.get(command, "502 what?")):
                return

    def _data(self, client: socketserver.StreamRequestHandler) -> bool:
        going_on = self._answer(client, "DATA", "354 go on")
        if going_on != "354 go on":
            return bool(going_on)
        lines = []
        while (line := client.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(message, EmailMessage)
        with self._lock:
            self.got.append(message)
        self.arrived.set()
        time.sleep(self.delay)
        return bool(self._answer(client, "content", "250 taken")) and bool(self._answer(client, "after", ""))

    def _answer(self, client: socketserver.StreamRequestHandler, step: str, usual: str) -> str:
        """Answer, and return what was answered; blank where the connection is to end."""
        with self._lock:
            fault = self.faults.pop(0) if self.faults and self.faults[0].step == step else None
        answer = usual if fault is None else fault.does
        if answer == "drop":
            client.connection.shutdown(socket.SHUT_RDWR)
            return ""
        if answer == "hang":
            self.go_on.wait(30)
            return ""
        if answer:
            client.wfile.write(answer.encode() + b"\r\n")
        return "" if answer.startswith("421") else answer or "nothing to say"
