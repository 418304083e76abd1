"""A submodule that returns a fixed answer and remembers how it was called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.tensors import tensors_in

DEFAULT_WIDTH = 4


@dataclass(frozen=True)
class Call:
    """One call of a submodule."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class SubmoduleDouble(nn.Module):
    """Stands for any submodule: it gives ``answer`` for every sample, and every step of a sequence.

    The answer is a parameter, so that an optimiser finds one and a gradient arrives from what comes after;
    what comes before gets a gradient of zero. All keywords that it is built with are published as
    attributes, as a real submodule publishes its widths.

    Args:
        answer: The numbers that it gives for each sample, or one that stands for all of them.
        gives: Called with the answer and the arguments of each call, returns the output, where that isn't
            one vector for each sample: ``lambda answer, x, mask, hidden: (answer.expand(8, 9, -1), None)``.
        out_features: Width of the answer; None: the length of ``answer``, or 4 where that is one number.
        **published: What a provider asks for besides, and further attributes, e.g. ``role="attention"``.

    Attributes:
        calls: How it was called so far, the first call first.
    """

    def __init__(
        self,
        *,
        answer: Sequence[float] | float = 0.0,
        gives: Callable[..., Any] | None = None,
        out_features: int | None = None,
        **published: Any,
    ) -> None:
        super().__init__()
        numbers = [float(answer)] if isinstance(answer, int | float) else [*answer]
        is_single = isinstance(answer, int | float)
        self.out_features = out_features or (DEFAULT_WIDTH if is_single else len(numbers))
        for name, value in published.items():
            setattr(self, name, value)
        self.answer = nn.Parameter(torch.tensor(numbers).expand(self.out_features).clone())
        self.calls: list[Call] = []
        self._gives = gives or _for_each_step

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the answer: [B, out_features] for [B, F], [B, L, out_features] for [B, L, F] or [B, L]."""
        self.calls.append(Call(args, kwargs))
        return self._gives(self.answer + _no_gradient_but_a_way(args, kwargs), *args, **kwargs)


def _for_each_step(answer: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    first = tensors_in((args, kwargs))[0]
    shape = first.shape[:-1] if first.is_floating_point() and first.dim() > 1 else first.shape
    return answer.expand(*shape, -1)


def _no_gradient_but_a_way(*values: Any) -> Tensor | float:
    numbers = [tensor for tensor in tensors_in(values) if tensor.is_floating_point()]
    return sum((0 * tensor.sum() for tensor in numbers), start=0.0)
