"""Tensors within nested values."""

from collections.abc import Iterator, Mapping
from copy import copy
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
    return [tensor for _, each in items_of(value) for tensor in tensors_in(each)]


def items_of(value: Any) -> list[tuple[Any, Any]]:
    """Return what a mapping, dataclass, list or tuple holds, by key, name or place; of others, nothing."""
    if isinstance(value, Mapping):
        return [*value.items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [*zip(getattr(value, "_fields", range(len(value))), value, strict=True)]
    return []


def filled(value: Any, tensors: Iterator[Tensor]) -> Any:
    """Return a value with other tensors, in order, in the places of those that `tensors_in` returns."""
    if isinstance(value, Tensor):
        return next(tensors)
    items = {key: filled(one, tensors) for key, one in items_of(value)}
    if isinstance(value, Mapping):
        return items
    if isinstance(value, list | tuple):
        return type(value)(*items.values()) if hasattr(value, "_fields") else type(value)(items.values())
    if items:
        value = copy(value)
        for name, one in items.items():
            object.__setattr__(value, name, one)  # it may be frozen
    return value


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
