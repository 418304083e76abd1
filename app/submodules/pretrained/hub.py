"""Weights on a hub: fetched once, and from then on found on this machine without a network."""

from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.files import HUB
from nested_lightning.app.submodules.pretrained.libraries import library

FETCHED = ("*.safetensors", "*.json", "README.md", "*.txt", "LICENSE*")
"""What is fetched of a repository: no pickles, and no code."""


def split_name(named: str) -> tuple[str, str]:
    """Return repository and revision of ``hub:NAME@REVISION``.

    Raises:
        UserError: It lacks one of them.
    """
    name, _, revision = named.removeprefix(HUB).partition("@")
    if not name or not revision or name.startswith((".", "/")):
        raise UserError(
            f"weights {named!r}: write hub:NAME@REVISION, e.g. hub:timm/resnet10t.c3_in1k@main; a commit as"
            " revision is always the same weights"
        )
    return name, revision


def fetch(named: str) -> Path:
    """Fetch weights and their config into the cache of the hub's own library; return their folder.

    Args:
        named: ``hub:NAME@REVISION``.

    Raises:
        UserError: It isn't there, or the hub can't be reached.
    """
    name, revision = split_name(named)
    hub = _hub(named)
    try:
        return Path(hub.snapshot_download(name, revision=revision, allow_patterns=[*FETCHED]))
    except Exception as error:  # the library's own, its client's, the system's
        raise UserError(f"{named} can't be fetched: {_first_line(error)}") from error


def find_fetched(named: str) -> Path:
    """Return the folder of what was fetched from a hub; no network is used.

    Raises:
        UserError: It wasn't fetched.
    """
    name, revision = split_name(named)
    hub = _hub(named)
    try:
        return Path(
            hub.snapshot_download(name, revision=revision, allow_patterns=[*FETCHED], local_files_only=True)
        )
    except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError, OSError) as error:
        raise UserError(
            f"{named} isn't on this machine; fetch it once: nested-lightning fetch {named}"
        ) from error


def _hub(named: str) -> Any:
    return library("huggingface_hub", extra="pretrained", wanted_by=named)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
