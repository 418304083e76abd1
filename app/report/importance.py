"""What a model makes use of: its score when an input, or a submodule's output, carries no information."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
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
_NUM_SHUFFLES = 3


def evenly(num_rows: int, most: int) -> Tensor:
    """Return the numbers of at most that many rows, evenly spread over all; int64 of [N]."""
    return torch.linspace(0, num_rows - 1, min(most, num_rows)).long()


Outputs = list[tuple[Tensor, int]]
"""Of each call of a submodule: the sum over its samples, float64, and how many there were."""


@contextmanager
def collected(modules: Mapping[str, nn.Module]) -> Iterator[Mapping[str, Outputs]]:
    """Collect the outputs of submodules within the block, by name; of what is no tensor of numbers, nothing.

    They return a tensor whose first dimension is that of samples, or a tuple that begins with one.
    """
    seen: dict[str, Outputs] = {name: [] for name in modules}
    with ExitStack() as stack:
        for name, one in modules.items():
            stack.enter_context(one.register_forward_hook(partial(_collect, seen[name])))
        yield seen


def _collect(seen: Outputs, _module: nn.Module, _inputs: Any, output: Any) -> None:
    first = output[0] if isinstance(output, tuple) and output else output
    if isinstance(first, Tensor) and first.is_floating_point() and first.ndim > 0:
        seen.append((first.detach().double().sum(dim=0), len(first)))


@contextmanager
def replaced_by_mean(module: nn.Module, outputs: Outputs) -> Iterator[None]:
    """Have a submodule return the mean of its outputs for every sample within the block.

    The outputs are what was `collected` of it, at least one. Where shapes differ, as those of sequences, the
    mean is over all dimensions but the last.
    """
    mean = _mean(outputs)

    def replace(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return mean.to(output[0]).expand_as(output[0]), *output[1:]
        return mean.to(output).expand_as(output)

    with module.register_forward_hook(replace):
        yield


def _mean(outputs: Outputs) -> Tensor:
    sums, counts = zip(*outputs, strict=True)
    if len({one.shape for one in sums}) == 1:
        return torch.stack(sums).sum(dim=0) / sum(counts)
    flat = [one.flatten(end_dim=-2) for one in sums]
    num_rows = sum(count * len(one) for count, one in zip(counts, flat, strict=True))
    return torch.stack([one.sum(dim=0) for one in flat]).sum(dim=0) / num_rows


def submodule_importance(
    modules: Mapping[str, nn.Module], score: Callable[[], Mapping[str, float]], *, where: str
) -> list[Block]:
    """Return the scores with each submodule's output replaced by its mean, and which has none.

    Of the modules the first `MAX_PARTS` are taken. ``score`` returns the scores of the model as it is, the
    one that tells most first; less of it is better.
    """
    some = dict(islice(modules.items(), MAX_PARTS))
    with collected(some) as seen:
        whole = score()
    found: dict[str, Mapping[str, float]] = {}
    for name, outputs in seen.items():
        with suppress(TypeError, RuntimeError):  # returns something else, or shapes of which there is no mean
            if outputs:
                with replaced_by_mean(some[name], outputs):
                    found[name] = score()
    lacking = [name for name in some if name not in found]
    title = f"Submodules, each with its output replaced by its mean, {where}"
    said = (
        f"Not measured, as these aren't called here, or return no tensor with a mean: {', '.join(lacking)}."
    )
    return [
        *(_blocks(title, "submodule", whole, found, num=len(modules)) if found else []),
        *([Text(text=said)] if lacking else []),
    ]


def input_importance(
    inputs: Mapping[str, Callable[[Tensor], Mapping[str, float]]],
    whole: Mapping[str, float],
    *,
    num_rows: int,
    of: str,
    where: str,
) -> list[Block]:
    """Return the scores with each input taken from other samples, the mean of several draws.

    Args:
        inputs: By name, the first `MAX_PARTS` of which are taken: returns the scores of samples of which each
            has this input of the sample whose number is given, int64 of [N].
        whole: Scores of the model as it is, the first one a loss.
        num_rows: Number of samples.
        of: What an input is called.
        where: Part and samples.
    """
    found: dict[str, Mapping[str, float]] = {}
    for name, score in islice(inputs.items(), MAX_PARTS):
        drawn = [score(_order(num_rows, seed)) for seed in range(_NUM_SHUFFLES)]
        found[name] = {key: sum(one[key] for one in drawn) / len(drawn) for key in whole}
    title = f"Each {of} with its values permuted {_NUM_SHUFFLES} times, {where}"
    return _blocks(title, of, whole, found, num=len(inputs))


def _order(num_rows: int, seed: int) -> Tensor:
    return torch.randperm(num_rows, generator=torch.Generator().manual_seed(seed))


def _blocks(
    title: str, of: str, whole: Mapping[str, float], found: Mapping[str, Mapping[str, float]], *, num: int
) -> list[Block]:
    """Return bars of how much worse the first score gets, and a table of all."""
    first = next(iter(whole))
    ordered = dict(sorted(found.items(), key=lambda item: -item[1][first]))
    bars = {name: scores[first] - whole[first] for name, scores in ordered.items()}
    rows = [["(nothing)", *whole.values(), None]]
    rows += [[name, *(scores[column] for column in whole), bars[name]] for name, scores in ordered.items()]
    note = f"The first {MAX_PARTS} of {num:,} are measured." if num > MAX_PARTS else ""
    what = f"rise of {first}"
    columns = [f"without {of}", *whole, what]
    chart = draw_bars(title, bars, of=of, what=what, has_table=False)
    return [chart, Table(title=f"Scores: {title}", columns=columns, rows=rows, note=note)]
