"""Who is let in: by the header Host, and by a token."""

import secrets
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from nested_lightning.app.serving.failures import problem_response
from nested_lightning.app.serving.problems import Problem

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine alone."""
    return ip_address(host).is_loopback if is_address(host) else host == "localhost"


def is_address(host: str) -> bool:
    """Return whether this is an address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class HostGuard:
    """Refuses requests for other hosts, as a page of somebody else's would send them by DNS rebinding.

    Addresses are let in, as nobody can rebind them; ``*`` allows any host.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = {name.lower() for name in allowed}
        self._knows = lru_cache(self._is_allowed)

    def __call__(self, request: Request) -> None:
        """Let a request in."""
        host = request.headers.get("host")
        if host is not None and not self._knows(host):  # every browser sends one
            raise Problem(421, "this server isn't known by the name in the header Host; see --allowed-host")

    def _is_allowed(self, header: str) -> bool:
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:  # brackets without an address
            return False
        return "*" in self._allowed or host in self._allowed or is_address(host)


class TokenGuard:
    """Lets those in who have a token."""

    def __init__(self, tokens: Collection[str]) -> None:
        self._tokens = [token.encode() for token in tokens]

    def __call__(self, request: Request) -> None:
        """Let a request in."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        found = [secrets.compare_digest(given.strip().encode(), token) for token in self._tokens]
        if scheme.lower() != "bearer" or not any(found):
            raise Problem(
                401,
                "a token is needed, as Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )


Guard = Callable[[Request], None]
"""Raises a `Problem` unless it lets a request in."""


class Guarded:
    """Middleware that asks guards before anything else sees a request.

    Args:
        app: What answers requests that were let in.
        guards: Each of them is asked, in order.
        open_paths: Paths that everybody may ask for; one that ends with ``/`` stands for all below it.
    """

    def __init__(self, app: ASGIApp, *, guards: Sequence[Guard], open_paths: Collection[str]) -> None:
        self._app, self._guards = app, guards
        self._open = frozenset(open_paths)
        self._open_folders = tuple(path for path in open_paths if path.endswith("/") and path != "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the problem of a guard."""
        answer = self._app
        if scope["type"] == "http" and not self._is_open(scope["path"]):
            try:
                for guard in self._guards:
                    guard(Request(scope))
            except Problem as problem:
                answer = problem_response(problem)
        await answer(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in self._open or path.startswith(self._open_folders)
