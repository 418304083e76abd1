"""From the name of a device to one that is available."""

import torch

from nested_lightning.app.errors import UserError


def find_device(name: str) -> torch.device:
    """Return the device of this name.

    Args:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; or ``auto``, the fastest that is there.

    Raises:
        UserError: It isn't there.
    """
    here = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        here.append("mps")
    here.append("cpu")
    if name == "auto":
        return torch.device(here[0])
    if name not in here and not (name == "cuda" and "cuda:0" in here):
        raise UserError(f"prediction.device = '{name}': there is no such device here ({', '.join(here)})")
    return torch.device(name)
