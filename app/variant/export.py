"""What of a `VariantModel` is exported: a graph for each variant, from encoded steps to probabilities.

Shapes: B sequences, L steps, F features of a step, C classes.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.exporting.exportable import NUM_ROWS, Exportable, Exports, Graphs, Inputs
from nested_lightning.app.variant.batch import SequenceBatch
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

_LENGTHS = (1, 7, 64)
"""Steps of sequences beside real ones."""


def exports_of(
    *, model: VariantModel, data_spec: VariantDataSpec, batches: Sequence[SequenceBatch]
) -> Exports:
    """Return the graphs, by the variants' names, which are verified with the batches."""
    by_variant = {batch.variant: batch for batch in batches}
    graphs = [
        Exportable(
            name=one.name,
            module=model,
            inputs=["inputs", "lengths"],
            outputs=["probabilities"],
            cases=dict(_cases(by_variant[one.name], one)),
            root="variant",
            call=partial(_label, one),
        )
        for one in data_spec.variants
    ]
    return Exports(graphs=graphs)


def _label(variant: VariantSpec, model: VariantModel, inputs: Tensor, lengths: Tensor) -> Tensor:
    """Map steps of [B, L, …] and lengths, int64 of [B], to probabilities of [B, L, C] or [B, C]."""
    mask = torch.arange(inputs.shape[1]) < lengths.unsqueeze(1)
    batch = SequenceBatch(variant=variant.name, inputs=inputs, mask=mask)
    return model.label(batch, has_step_labels=variant.has_step_labels).float().softmax(dim=-1)


def _cases(batch: SequenceBatch, variant: VariantSpec) -> Iterator[tuple[str, Inputs]]:
    """Yield real sequences, and their steps as often as makes other lengths; padding is 0."""
    lengths = _lengths(batch)
    for num in sorted({min(num, len(lengths)) for num in NUM_ROWS}):
        yield f"{num} sequences", (batch.inputs[:num], lengths[:num])
    for num in _LENGTHS:
        repeated = _repeated(batch.inputs[:1], num, variant)[:, :num]
        yield f"a sequence of {num} steps", (repeated, torch.tensor([repeated.shape[1]]))
    whole = _repeated(batch.inputs, 3, variant)
    uneven = torch.arange(len(whole)) % whole.shape[1] + 1
    is_step = (torch.arange(whole.shape[1]) < uneven.unsqueeze(1)).reshape(
        *whole.shape[:2], *[1] * (whole.dim() - 2)
    )
    yield "sequences of unequal lengths", (whole * is_step, uneven)


def _repeated(inputs: Tensor, num: int, variant: VariantSpec) -> Tensor:
    """Return steps ``num`` times one after the other, as far as their pieces can be read at once."""
    repeated = inputs.repeat(1, num, *[1] * (inputs.dim() - 2))
    if variant.pieces is None:
        return repeated
    num_pieces = (repeated != 0).sum(dim=2).cumsum(dim=1).amax(dim=0)
    return repeated[:, : max(1, int((num_pieces <= variant.pieces.max_length).sum()))]


def _lengths(batch: SequenceBatch) -> Tensor:
    if batch.mask is None:
        return torch.full((len(batch.inputs),), batch.inputs.shape[1])
    return batch.mask.sum(dim=1)


def answer_by_graphs(model: Any, *, data_spec: VariantDataSpec, graphs: Graphs) -> None:
    """Let a copy of a model answer by its graphs, as `evaluate` asks it; the copy is changed."""
    del data_spec

    def label(batch: SequenceBatch, *, has_step_labels: bool) -> Tensor:
        del has_step_labels
        (found,) = graphs[batch.variant](batch.inputs, _lengths(batch))
        return found.log()

    model.label = label
