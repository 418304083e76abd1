"""What a model makes use of: its score when an input, or a submodule's output, carries no information."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.report.charts import draw_bars
from nested_lightning.app.report.contents import Block, Table

MAX_ROWS = 2000
"""Samples that importance is measured on."""


@contextmanager
def replaced_by_mean(module: nn.Module, score: Callable[[], Any]) -> Iterator[None]:
    """Have a submodule return the mean of its outputs for every sample within the block.

    Args:
        module: Returns a tensor whose first dimension is that of samples.
        score: Sends the samples through the model, by which the mean is taken.

    Raises:
        TypeError: It returns something else.
    """
    seen: list[Tensor] = []
    counts: list[int] = []

    def collect(module: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.ndim == 0:
            raise TypeError(f"{type(module).__name__} returns no tensor of numbers")
        seen.append(output.detach().double().sum(dim=0))
        counts.append(len(output))

    handle = module.register_forward_hook(collect)
    try:
        score()
    finally:
        handle.remove()
    if not seen:
        raise TypeError(f"{type(module).__name__} is called by another method than forward")
    mean = torch.stack(seen).sum(dim=0) / sum(counts)
    handle = module.register_forward_hook(lambda _module, _inputs, output: mean.to(output).expand_as(output))
    try:
        yield
    finally:
        handle.remove()


def submodule_importance(
    modules: Mapping[str, nn.Module], score: Callable[[], Mapping[str, float]], *, where: str
) -> list[Block]:
    """Return the scores with each submodule's output replaced by its mean.

    Args:
        modules: By their names.
        score: Returns the scores of the model as it is, the most telling one first; less of it is better.
        where: Part, samples and checkpoint.
    """
    found: dict[str, Mapping[str, float]] = {}
    for name, module in modules.items():
        try:
            with replaced_by_mean(module, score):
                found[name] = score()
        except (TypeError, RuntimeError):  # returns several tensors, or of a shape that differs by batch
            continue
    return importance_blocks(
        f"Submodules, each with its output replaced by its mean, {where}", "submodule", score(), found
    )


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
