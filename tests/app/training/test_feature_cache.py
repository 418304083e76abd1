"""What a frozen submodule makes of rows is computed once."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.feature_cache import FeatureCache
from nested_lightning.app.training.submodule_policies import SubmodulePolicies
from nested_lightning.app.training.submodule_policy import SubmodulePolicy
from tests.app.training.tiny_training import TinyData, tiny_model, tiny_trainer


class Counting(nn.Linear):
    """Counts the rows that it computes."""

    num_rows = 0

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, F_in] to [B, F_out]."""
        self.num_rows += len(x)
        return super().forward(x)


def _cached(limit_mb: int = 1) -> tuple[Counting, FeatureCache]:
    torch.manual_seed(0)
    module = Counting(3, 2).requires_grad_(False).eval()
    cache = FeatureCache(module, path="small.net", limit_mb=limit_mb)
    cache.begin()
    return module, cache


def test_rows_are_computed_once_in_whatever_batch_they_come() -> None:
    module, cache = _cached()
    rows = torch.randn(6, 3)
    wanted = nn.functional.linear(rows, module.weight, module.bias)

    first, mixed = module(rows[:4]), module(rows[[5, 0, 3, 4]])
    again = module(rows.flip(0))

    torch.testing.assert_close(first, wanted[:4])
    torch.testing.assert_close(mixed, wanted[[5, 0, 3, 4]])
    torch.testing.assert_close(again, wanted.flip(0))
    assert module.num_rows == 6
    cache.end()
    module(rows)
    assert module.num_rows == 12


def test_rows_of_the_same_bytes_and_another_shape_are_other_rows() -> None:
    same = nn.Identity()
    FeatureCache(same, path="small.net", limit_mb=1).begin()
    row = torch.arange(6.0)

    assert same(row.view(1, 2, 3)).shape == (1, 2, 3)
    assert same(row.view(1, 3, 2)).shape == (1, 3, 2)


def test_no_more_is_kept_than_is_allowed() -> None:
    module, _ = _cached(limit_mb=0)
    rows = torch.randn(2, 3)

    assert torch.equal(module(rows), module(rows))
    assert module.num_rows == 4


def test_a_cache_that_is_never_met_ends_with_a_note() -> None:
    module, cache = _cached()
    module(torch.randn(2, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.end_epoch()
    module(torch.randn(2, 3))

    with pytest.warns(UserWarning, match=r"submodules\.small\.net\.cache has no effect"):
        cache.end_epoch()
    assert "forward" not in vars(module)


def test_what_can_not_be_known_again_is_refused() -> None:
    module, _ = _cached()

    with pytest.raises(UserError, match="what comes before it learns"):
        module(torch.randn(2, 3, requires_grad=True))
    with pytest.raises(UserError, match="it doesn't take one tensor"):
        module([torch.randn(2, 3)])
    whole = nn.Flatten(start_dim=0)
    FeatureCache(whole, path="small.net", limit_mb=1).begin()
    with pytest.raises(UserError, match="a row for each row"):
        whole(torch.randn(2, 3))


def test_a_training_that_fails_leaves_the_submodule_its_forward(tmp_path: Path) -> None:
    model, policy = tiny_model(), SubmodulePolicy(freeze=True, cache=True)
    trainer = tiny_trainer(tmp_path, [SubmodulePolicies(family="tiny", policies={"tiny.layers.0": policy})])

    def fail() -> None:
        assert isinstance(model.layers[0].forward, FeatureCache)
        raise KeyError("broken model")

    model.on_train_epoch_end = fail  # type: ignore[method-assign]
    with pytest.raises(KeyError, match="broken model"):
        trainer.fit(model, datamodule=TinyData())
    assert not isinstance(model.layers[0].forward, FeatureCache)
