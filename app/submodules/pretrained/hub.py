"""What was fetched from a hub before: found on this machine, without a network."""

from pathlib import Path

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


def find_fetched(named: str) -> Path:
    """Return the folder of what was fetched from a hub; no network is used.

    Raises:
        UserError: It wasn't fetched.
    """
    name, revision = split_name(named)
    hub = library("huggingface_hub", extra="pretrained", wanted_by=named)
    try:
        return Path(hub.snapshot_download(name, revision=revision, local_files_only=True))
    except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError, OSError) as error:
        raise UserError(
            f"{named} isn't on this machine; fetch it once: nested-lightning fetch {named}"
        ) from error
