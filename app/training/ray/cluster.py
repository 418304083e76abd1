"""The Ray cluster whose workers train: one that runs already, or one of this machine for one training."""

import logging
import os
import socket
import sys
from typing import Any

from nested_lightning.app.errors import UserError

_PATIENCE_S = 10.0
"""For a machine to answer; Ray itself waits for two minutes, and then ends the process."""


def require_token() -> None:
    """Make a cluster that is started here refuse clients without its token.

    It listens on all of this machine's addresses, and whoever reaches it can have it run anything. Newer
    versions of Ray ask for a token by themselves, and say so in a warning. Call it before Ray is imported,
    which reads it then.
    """
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def find_cluster(address: str | None) -> str | None:
    """Return the address of the cluster that is meant, once something answers there; None: a new one.

    Without an ``address`` it is what ``RAY_ADDRESS`` says.

    Raises:
        UserError: It is no address, or nothing answers.
    """
    meant = address or os.environ.get("RAY_ADDRESS") or "local"
    if meant == "local":
        return None
    if meant != "auto":
        _require_answer(meant)
    return meant


def connect(address: str | None, *, num_cpus: int) -> None:
    """Connect this process to the cluster at ``address``, or start one here with at least ``num_cpus``.

    Raises:
        UserError: There is no cluster at the address, or it refuses this program.
    """
    import ray

    # the run folder has the training's log; Ray's own is long
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    if address is None:  # "local", also where another one runs on this machine
        num_cpus = max(num_cpus, os.cpu_count() or 1)
        ray.init(address="local", num_cpus=num_cpus, include_dashboard=False, **quiet)
        return
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError, SystemExit) as error:  # it exits if nothing answers
        raise UserError(_why_not(address, error)) from error
    except ray.exceptions.AuthenticationError as error:
        raise UserError(_needs_token(address)) from error


def _require_answer(address: str) -> None:
    host, colon, port = address.rpartition(":")
    if "/" in address or not (colon and host and port.isdigit()):
        raise UserError(
            f"the address of a Ray cluster is HOST:PORT, as `ray start --head` says it, not {address}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(f"there is no Ray cluster at {address}: {error}") from error


def _why_not(address: str, error: BaseException) -> str:
    if "AuthToken" in f"{error}{error.__cause__}":
        return _needs_token(address)
    return f"there is no Ray cluster at {address}"


def _needs_token(address: str) -> str:
    return (
        f"the Ray cluster at {address} wants a token that this program hasn't given: set RAY_AUTH_MODE=token,"
        " and RAY_AUTH_TOKEN to what `ray get-auth-token` says on a machine of the cluster"
    )
