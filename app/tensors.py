"""Tensors within nested values."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.errors import UserError


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors that a value consists of, in order.

    Args:
        value: A tensor, or lists, tuples, mappings and dataclasses of such, nested to any depth.
    """
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    elif is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [tensor for each in value for tensor in tensors_in(each)]
    return []


def require_finite(answers: Tensor) -> Tensor:
    """Return a model's answer, after checking that its numbers are finite.

    Raises:
        UserError: It holds NaN or infinity.
    """
    if not torch.isfinite(answers).all():
        raise UserError(
            "the model answers with numbers that aren't finite: its weights are of no use, or what it is"
            " given is too large; take a checkpoint from before the loss stopped being finite, or train anew"
            " with a lower learning rate"
        )
    return answers


def to_double(tensor: Tensor) -> Tensor:
    """Return float64, on the CPU where the tensor's device has none."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()
