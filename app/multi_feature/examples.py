"""Batches of the family multi-feature that have a shape and no data."""

import torch

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec


def example_batches(
    data_spec: MultiFeatureDataSpec, *, num_samples: int = 2, device: str = "meta"
) -> list[FeatureBatch]:
    """Return one batch shaped by the data's spec; on ``cpu`` its features are random."""
    with torch.device(device):
        features = {
            group: torch.rand(num_samples, *shape).to(getattr(torch, dtype))
            for group, (shape, dtype) in data_spec.layouts.items()
        }
        target = data_spec.target.example(num_samples)
    return [FeatureBatch(features=dict(features), target=target)]


def real_batches(datamodule: MultiFeatureDataModule, *, num_samples: int = 2) -> list[FeatureBatch]:
    """Return one batch of training samples."""
    return [next(iter(datamodule.train_dataloader()))[:num_samples]]
