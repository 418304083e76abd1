"""A hub on this machine: what huggingface_hub asks of one, for the files of a folder."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

COMMIT = 40 * "a"
NAME = "someone/part"


class _Hub(BaseHTTPRequestHandler):
    folder: ClassVar[Path]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        """Answer with a list of files, or with one of them."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """Answer with what is said of a file."""
        self._answer(with_content=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self, *, with_content: bool) -> None:
        self.asked.append(self.path)
        path = unquote(self.path.partition("?")[0])
        if path in (f"/api/models/{NAME}/revision/{revision}" for revision in ("main", COMMIT)):
            siblings = [{"rfilename": name} for name in self._files()]
            plain: Any = {"id": NAME, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            self._send(json.dumps(plain).encode(), "application/json", with_content=with_content)
            return
        if path == f"/api/models/{NAME}/tree/{COMMIT}":
            plain = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in self._files().items()
            ]
            self._send(json.dumps(plain).encode(), "application/json", with_content=with_content)
            return
        file = self.folder / path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
        if path.startswith(f"/{NAME}/resolve/") and file.is_file():
            self._send(file.read_bytes(), "application/octet-stream", with_content=with_content)
            return
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(self.folder.iterdir())}

    def _send(self, content: bytes, kind: str, *, with_content: bool) -> None:
        self.send_response(200)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if with_content:
            self.wfile.write(content)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder as the repository `NAME`; give the hub's address and the paths that it is asked for."""
    asked: list[str] = []
    handler = type("Hub", (_Hub,), {"folder": folder, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
