"""The Ray cluster whose workers train: one that runs already, or one of this machine for one training."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.extras import require_ray

_PATIENCE_S = 10.0
"""For a machine to answer; Ray itself waits for two minutes, and then ends the process."""


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


@contextmanager
def connected(address: str | None, *, num_cpus: int) -> Iterator[None]:
    """Connect this process to the cluster at ``address``, or start one here with at least ``num_cpus``.

    One that is started here refuses clients without its token, and ends with the block: it listens on all of
    this machine's addresses, and whoever reaches it can have it run anything.

    Raises:
        UserError: Ray isn't there, there is no cluster at the address, or it refuses this program.
    """
    require_ray()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no report to Ray's makers unless it is asked for
    if address is None and "ray" not in sys.modules:  # which reads it when it is imported
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    _connect(address, num_cpus)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(address: str | None, num_cpus: int) -> None:
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
        is_refused = "AuthToken" in f"{error}{error.__cause__}"
        none = f"there is no Ray cluster at {address}"
        raise UserError(_needs_token(address) if is_refused else none) from error
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


def _needs_token(address: str) -> str:
    return (
        f"the Ray cluster at {address} wants a token that this program hasn't given: set RAY_AUTH_MODE=token,"
        " and RAY_AUTH_TOKEN to what `ray get-auth-token` says on a machine of the cluster"
    )
