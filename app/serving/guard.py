"""Who is let in: by the header Host, and by a token."""

import secrets
from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address

from fastapi import Request

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

    Addresses are let in, as nobody can rebind them.

    Args:
        allowed: Names; ``*`` for any.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = {name.lower() for name in allowed}

    async def __call__(self, request: Request) -> None:
        """Let a request in.

        Raises:
            Problem: It is for another host.
        """
        host = request.url.hostname or ""
        if "*" not in self._allowed and host.lower() not in self._allowed and not is_address(host):
            raise Problem(421, "this server isn't known by the name in the header Host; see --allowed-host")


class TokenGuard:
    """Lets those in who have a token.

    Args:
        tokens: All that there are.
    """

    def __init__(self, tokens: Collection[str]) -> None:
        self._tokens = [token.encode() for token in tokens]

    async def __call__(self, request: Request) -> None:
        """Let a request in.

        Raises:
            Problem: It has no such token.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        found = [secrets.compare_digest(given.strip().encode(), token) for token in self._tokens]
        if scheme.lower() != "bearer" or not any(found):
            raise Problem(
                401,
                "a token is needed, as Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )


Guard = Callable[[Request], Awaitable[None]]
"""Not an ordinary function: FastAPI would run each of them in a thread, which costs more than answering."""
