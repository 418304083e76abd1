"""Batches of several feature groups."""

import torch

from nested_lightning.app.multi_feature.batch import FeatureBatch


def _batch() -> FeatureBatch:
    return FeatureBatch(
        features={
            "kar": torch.arange(12.0).reshape(4, 3),
            "fou": None,
            "zer": torch.arange(4.0).reshape(4, 1),
        },
        presence=torch.tensor([[True, False, True]] * 3 + [[True, False, False]]),
        target=torch.tensor([3, 1, 2, 0]),
    )


def test_feature_batch_gathers_all_parts_at_an_index() -> None:
    batch = _batch()[torch.tensor([3, 0])]
    assert batch.target is not None
    assert batch.presence is not None
    assert batch.features["kar"] is not None
    assert batch.target.tolist() == [0, 3]
    assert batch.presence.tolist() == [[True, False, False], [True, False, True]]
    assert batch.features["kar"].tolist() == [[9.0, 10.0, 11.0], [0.0, 1.0, 2.0]]
    assert batch.features["fou"] is None


def test_feature_batch_keeps_the_order_of_groups() -> None:
    assert list(_batch()[torch.tensor([1])].features) == ["kar", "fou", "zer"]
