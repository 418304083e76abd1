"""Batches of the family variant that have a shape and no data."""

import torch

from nested_lightning.app.variant.batch import SequenceBatch
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

NUM_STEPS = 4


def example_batches(
    data_spec: VariantDataSpec, *, num_samples: int = 2, device: str = "meta"
) -> list[SequenceBatch]:
    """Return one batch of each variant, shaped by the data's spec; nothing is padded."""
    with torch.device(device):
        return [_example_batch(variant, num_samples) for variant in data_spec.variants]


def _example_batch(variant: VariantSpec, num_samples: int) -> SequenceBatch:
    shape = (num_samples, NUM_STEPS)
    if variant.kind == "vectors":
        inputs = torch.rand(*shape, variant.in_features)
    elif variant.pieces is not None:
        ids = torch.arange(NUM_STEPS * variant.pieces.per_step) % variant.in_features
        inputs = ids.expand(num_samples, -1).unflatten(1, (NUM_STEPS, -1))
    else:
        inputs = torch.arange(NUM_STEPS).expand(shape) % variant.in_features
    target_shape = shape if variant.has_step_labels else (num_samples,)
    target = torch.zeros(target_shape, dtype=torch.int64)
    return SequenceBatch(variant=variant.name, inputs=inputs, target=target)


def real_batches(datamodule: VariantDataModule, *, num_samples: int = 2) -> list[SequenceBatch]:
    """Return one batch of training samples of each variant."""
    return [
        sequences.gather(torch.arange(min(num_samples, len(sequences))))
        for sequences in datamodule.part("train").values()
    ]
