"""A server over real HTTP: in a thread of the tests, or a process of its own; and one who asks it."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from nested_lightning.app.serving.program import listen_at, make_server
from tests.command_line import MAIN

JSON = "application/json"
TIMEOUT_S = 60


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def answers(self) -> Any:
        assert self.status == 200, self.body
        return self.json["answers"]


class Client:
    """Asks a server; each request has a connection of its own."""

    def __init__(self, port: int, stop: Callable[[], None] = lambda: None) -> None:
        self.port, self.stop = port, stop

    def ask(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "", **headers: str
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type:
            given["content-type"] = content_type
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, None, "", **headers)

    def post(self, path: str, body: Any, content_type: str = JSON, **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content, content_type, **headers)

    def predict(self, model: str, body: Any, content_type: str = JSON, **headers: str) -> Reply:
        return self.post(f"/models/{model}/predict", body, content_type, **headers)

    def send_form(self, path: str, *parts: tuple[str, str, bytes], **headers: str) -> Reply:
        body, content_type = form(*parts)
        return self.post(path, body, content_type, **headers)

    def connect(self, request: bytes) -> socket.socket:
        """Return a connection on which bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        connection.sendall(request)
        return connection


def form(*parts: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """Return a form of parts, each with a name, that of a file or nothing, and content; and its type."""
    lines = []
    for name, file, content in parts:
        said = f'; filename="{file}"' if file else ""
        lines += [
            b'--limit\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n' % (name.encode(), said.encode())
        ]
        lines += [content, b"\r\n"]
    return b"".join([*lines, b"--limit--\r\n"]), "multipart/form-data; boundary=limit"


def posted(path: str, body: bytes, content_type: str = JSON) -> bytes:
    """Return the bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def running(app: FastAPI) -> Iterator[Client]:
    """Serve an application from a thread."""
    ready = threading.Event()
    listening = listen_at("127.0.0.1", 0)
    server = make_server(app, stop_timeout_s=10, when_ready=ready.set)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        assert ready.wait(TIMEOUT_S)
        yield Client(listening.getsockname()[1], partial(setattr, server, "should_exit", True))
    finally:
        server.should_exit = True
        thread.join(TIMEOUT_S)


@dataclass(frozen=True)
class Program:
    """A process of ``serve`` that answers."""

    process: "subprocess.Popen[str]"
    client: Client

    def wait(self, timeout_s: float = TIMEOUT_S) -> int:
        return self.process.wait(timeout_s)


@contextmanager
def serving(*arguments: str | Path, folder: Path, program: Sequence[str] = (str(MAIN),)) -> Iterator[Program]:
    """Run ``python main.py serve``, or another program, at a free port until it says that it answers."""
    command = [sys.executable, *program, "serve", *map(str, arguments), "--port", "0"]
    with (folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "errors.txt").read_text()
        yield Program(process, Client(int(line.strip().rpartition(":")[2])))
    finally:
        process.kill()
        process.wait()


def listens(client: Client) -> bool:
    """Return whether somebody takes connections there."""
    try:
        client.connect(b"").close()
    except OSError:
        return False
    return True


def until(wanted: Any, timeout_s: float = TIMEOUT_S) -> None:
    """Wait until a function gives something true."""
    end = time.monotonic() + timeout_s
    while not wanted():
        assert time.monotonic() < end, "it didn't come true in time"
        time.sleep(0.01)
