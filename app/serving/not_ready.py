"""What a server answers while its models are loaded: that it lives, and isn't ready."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nested_lightning.app.serving.failures import problem_response
from nested_lightning.app.serving.problems import RETRY, Problem
from nested_lightning.app.serving.program import Server


@contextmanager
def answering_not_ready(listening: socket.socket) -> Iterator[None]:
    """Answer from a thread inside the block: 200 at ``/healthz``, 503 at everything else.

    A client that connects while it ends waits for the server itself; the socket of `listen_at` stays open.
    """
    app = Starlette()
    app.add_route("/healthz", _is_alive)
    app.add_route("/{path:path}", _is_not_ready, methods=["GET", "POST"])
    config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False, server_header=False)
    server = Server(config)
    thread = threading.Thread(target=server.run, args=([listening.dup()],), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


async def _is_alive(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _is_not_ready(_: Request) -> Response:
    return problem_response(Problem(503, "the models are being loaded; try again later", headers=RETRY))
