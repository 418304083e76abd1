"""What a model makes use of: its score when an input, or a submodule's output, carries no information."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.report.charts import draw_bars
from nested_lightning.app.report.contents import Block, Table, Text

MAX_ROWS = 2000
"""Samples that importance is measured on."""
MAX_PARTS = 60
"""Inputs or submodules whose importance is measured."""


def evenly(num_rows: int, most: int) -> Tensor:
    """Return the numbers of at most that many rows, evenly spread over all; int64 of [N]."""
    return torch.linspace(0, num_rows - 1, min(most, num_rows)).long()


@contextmanager
def replaced_by_mean(module: nn.Module, score: Callable[[], Any]) -> Iterator[None]:
    """Have a submodule return the mean of its outputs for every sample within the block.

    Args:
        module: Returns a tensor whose first dimension is that of samples, or a tuple that begins with one.
            Where the rest of its shape differs by batch, as that of sequences, the mean is over all but the
            last.
        score: Sends the samples through the model, by which the mean is taken.

    Raises:
        TypeError: It returns something else.
    """
    seen: list[Tensor] = []
    counts: list[int] = []

    def collect(module: nn.Module, _inputs: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) and output else output
        if not isinstance(first, Tensor) or not first.is_floating_point() or first.ndim == 0:
            raise TypeError(f"{type(module).__name__} returns no tensor of numbers")
        seen.append(first.detach().double().sum(dim=0))
        counts.append(len(first))

    def replace(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return mean.to(output[0]).expand_as(output[0]), *output[1:]
        return mean.to(output).expand_as(output)

    handle = module.register_forward_hook(collect)
    try:
        score()
    finally:
        handle.remove()
    if not seen:
        raise TypeError(f"{type(module).__name__} is called by another method than forward")
    mean = _mean(seen, counts)
    handle = module.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def _mean(sums: Sequence[Tensor], counts: Sequence[int]) -> Tensor:
    if len({one.shape for one in sums}) == 1:
        return torch.stack([*sums]).sum(dim=0) / sum(counts)
    flat = [one.flatten(end_dim=-2) for one in sums]
    num_rows = sum(count * len(one) for count, one in zip(counts, flat, strict=True))
    return torch.stack([one.sum(dim=0) for one in flat]).sum(dim=0) / num_rows


def submodule_importance(
    modules: Mapping[str, nn.Module], score: Callable[[], Mapping[str, float]], *, where: str
) -> list[Block]:
    """Return the scores with each submodule's output replaced by its mean, and which has none.

    Args:
        modules: By their names; the first `MAX_PARTS` are taken.
        score: Returns the scores of the model as it is, the one that tells most first; less of it is better.
        where: Part, samples and checkpoint.
    """
    found: dict[str, Mapping[str, float]] = {}
    lacking: list[str] = []
    for name, module in islice(modules.items(), MAX_PARTS):
        try:
            with replaced_by_mean(module, score):
                found[name] = score()
        except (TypeError, RuntimeError):  # returns something else, or shapes of which there is no mean
            lacking.append(name)
    title = f"Submodules, each with its output replaced by its mean, {where}"
    said = (
        f"Not measured, as these aren't called here, or return no tensor with a mean: {', '.join(lacking)}."
    )
    return [
        *(importance_blocks(title, "submodule", score(), found) if found else []),
        *([Text(text=said)] if lacking else []),
    ]


def importance_blocks(
    title: str, of: str, whole: Mapping[str, float], found: Mapping[str, Mapping[str, float]]
) -> list[Block]:
    """Return bars of how much worse the first score gets, and a table of all.

    Args:
        title: Says what was done.
        of: What was taken away.
        whole: Scores of the model as it is, the first one a loss.
        found: Scores by what was taken away.
    """
    first = next(iter(whole))
    ordered = dict(sorted(found.items(), key=lambda item: -item[1][first]))
    bars = {name: scores[first] - whole[first] for name, scores in ordered.items()}
    rows = [["(nothing)", *whole.values()]]
    rows += [[name, *(scores[column] for column in whole)] for name, scores in ordered.items()]
    chart = draw_bars(title, bars, of=of, what=f"rise of {first}")
    return [chart, Table(title=f"Scores: {title}", columns=[f"without {of}", *whole], rows=rows)]
