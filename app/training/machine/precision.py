"""The number format of computation, where the machine is to decide it."""

import logging

import torch

from nested_lightning.app.devices import find_device
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER

_logger = logging.getLogger(PROJECT_LOGGER)


def choose_precision(wanted: str, *, accelerator: str) -> str:
    """Return the precision of a training.

    Args:
        wanted: ``auto``: ``bf16-mixed`` where the device computes it natively, else ``32-true``, since
            emulated bf16 takes up to twice as long as float32; anything else is returned as it is.
        accelerator: As Lightning's Trainer takes it.
    """
    if wanted != "auto":
        return wanted
    device = "cpu" if accelerator in ("cpu", "tpu") else find_device("auto").type
    chosen = "bf16-mixed" if computes_bf16(device) else "32-true"
    _logger.info("trainer.precision=auto: %s on this %s", chosen, device)
    return chosen


def computes_bf16(device: str) -> bool:
    """Return whether a device has instructions of its own for bf16."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))
    return False
