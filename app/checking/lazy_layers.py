"""Lazy layers, such as ``nn.LazyLinear``: a batch sets their widths before weights are counted or copied."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import nn
from torch.nn.parameter import is_lazy

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.seeding import derive_seed
from nested_lightning.app.checking.step_trainer import unlogged, without_scores
from nested_lightning.app.training.loops import call_step


def materialise(
    model: LightningModule, batches: Callable[[], Sequence[Any]], *, seed: int, path: str
) -> None:
    """Give lazy layers their weights by sending batches, on its device, through the composite at ``path``.

    Without any, do nothing. Weights depend on the application's seed and the layer's path alone, as those of
    all others do.

    Raises:
        CompositionError: A lazy layer is left: the batches don't get as far as to it.
    """
    if not find_lazy(model):
        return
    with _at_rest(model), _seeded_layers(model, seed, path):
        for batch in batches():
            for step in (model.training_step, model.validation_step, model.predict_step):
                with suppress(Exception):  # faults of a step are reported by another check
                    call_step(step, batch)
    if left := [*find_lazy(model)]:
        where = f"{path}.{left[0]}"
        raise CompositionError(
            f"{where}: this lazy layer learns its width from a first batch, and none gets as far as to it:"
            " mend what stands before it, or build it from in_features",
            path=where,
        )


def find_lazy(model: nn.Module) -> dict[str, nn.Module]:
    """Return the modules that lack their weights, by path."""
    return {
        name: module
        for name, module in model.named_modules()
        if any(map(is_lazy, [*module.parameters(recurse=False), *module.buffers(recurse=False)]))
    }


@contextmanager
def _at_rest(model: LightningModule) -> Iterator[None]:
    """Let steps change nothing: no statistics, no gradients, no random state."""
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]), unlogged(model), without_scores(model):
            yield
    finally:
        for module, is_training in was_training.items():
            module.training = is_training


@contextmanager
def _seeded_layers(model: nn.Module, seed: int, path: str) -> Iterator[None]:
    """Seed torch by the path of each lazy layer right before it draws its weights."""
    with ExitStack() as stack:
        for name, module in find_lazy(model).items():

            def seed_by_path(*_: Any, of: str = f"{path}.{name}") -> None:
                torch.default_generator.manual_seed(derive_seed(seed, of))

            stack.callback(module.register_forward_pre_hook(seed_by_path, prepend=True).remove)
        yield
