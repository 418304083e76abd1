"""A server that answers what it took before it ends, within a limit."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from nested_lightning.app.errors import UserError
from nested_lightning.app.signals import heard_by

_READING_S = 0.1


class Server(uvicorn.Server):
    """Ends gracefully at the first signal, and at once at the second, whichever they are.

    ``when_ready`` is called when requests are answered from now on.
    """

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self._when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, answer what was sent so far, though it may not have been read, and end."""
        for listening in self.servers:
            listening.close()
        await asyncio.sleep(_READING_S)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note a signal; the second one ends everything at once."""
        if self.should_exit:
            os._exit(1)
        self.should_exit = True


def listen_at(host: str, port: int) -> socket.socket:
    """Return a socket with that address, at which nobody is answered yet.

    Raises:
        UserError: The address isn't available.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, protocol)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"--host {host} --port {port}: {reason}; take another port, or 0 for a free one"
        ) from None
    return taken


def make_server(app: FastAPI, *, stop_timeout_s: float, when_ready: Callable[[], None]) -> Server:
    """Return a server of an application, which logs warnings and errors, but none of what clients send."""
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=max(1, round(stop_timeout_s)),
        server_header=False,
    )
    return Server(config, when_ready)


def run_until_stopped(server: Server, listening: socket.socket) -> None:
    """Serve until a signal asks for the end, then answer what was taken."""
    gc.collect()
    gc.freeze()  # or collections would look through all that is imported, again and again under load
    with heard_by(
        lambda *_: None, (signal.SIGINT, signal.SIGTERM)
    ):  # uvicorn passes them on when it has ended
        server.run(sockets=[listening])
