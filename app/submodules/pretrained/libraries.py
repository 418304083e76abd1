"""Libraries of parts that were trained elsewhere; each is imported when a part of it is wanted."""

from importlib import import_module
from typing import Any

from nested_lightning.app.errors import UserError


def library(name: str, *, extra: str, wanted_by: str) -> Any:
    """Import a library.

    Args:
        name: E.g. ``timm``.
        extra: The extra of this project that brings it.
        wanted_by: What needs it, for the message.

    Raises:
        UserError: It isn't installed, or can't be imported beside the installed torch.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise _broken(name, wanted_by, error) from error
        raise UserError(
            f"{wanted_by} needs {name}, which isn't installed: pip install 'nested-lightning[{extra}]'"
        ) from error
    except Exception as error:  # e.g. a torchvision of another torch
        raise _broken(name, wanted_by, error) from error


def _broken(name: str, wanted_by: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(
        f"{wanted_by} needs {name}, which can't be imported here ({reason}); `nested-lightning doctor` says"
        " which versions don't belong together"
    )
