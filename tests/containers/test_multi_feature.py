"""The container of multi-feature: what is injected, overridden, seeded and trained."""

from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import bootstrap
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.feature_extractors import (
    FeatureExtractor,
    LinearFeatureExtractor,
    PeriodicFeatureExtractor,
)
from nested_lightning.app.submodules.heads import LinearHead
from nested_lightning.settings.reading.merging import merge


class MockExtractor(nn.Module):
    """Gives zeros and a learned constant, and counts its calls."""

    def __init__(self, *, in_features: int, out_features: int = 4) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.constant = nn.Parameter(torch.ones(out_features))
        self.num_calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.num_calls += 1
        return self.constant.expand(len(x), -1)


def _train_one_step(container: Any) -> Any:
    model = container.multi_feature.model()
    batch = next(iter(container.multi_feature.datamodule().train_dataloader()))
    optimizer = container.multi_feature.optimizer(model.parameters())
    model.training_step(batch, 0).backward()
    optimizer.step()
    return model


def test_a_mock_extractor_trains_a_step_and_the_real_one_is_back(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with container.multi_feature.feature_extractor.override(providers.Factory(MockExtractor)):
        model = _train_one_step(container)

    assert {type(m) for m in model.feature_extractors.values()} == {MockExtractor}
    assert all(m.num_calls == 1 and m.constant.grad is not None for m in model.feature_extractors.values())
    restored = container.multi_feature.model()
    assert {type(m) for m in restored.feature_extractors.values()} == {PeriodicFeatureExtractor}


@pytest.mark.parametrize("replaced", ["feature_extractors.kar", "feature_extractors.fou", "combiner", "head"])
def test_replacing_a_submodule_leaves_its_siblings_initial_weights(
    small_settings: dict[str, Any], replaced: str
) -> None:
    container = bootstrap(small_settings)
    before = container.multi_feature.model().state_dict()
    mocks: dict[str, Any] = {
        "feature_extractors.kar": MockExtractor,
        "feature_extractors.fou": MockExtractor,
        "combiner": _MockCombiner,
        "head": _MockHead,
    }
    family = container.multi_feature
    provider = (
        family.feature_extractors[replaced.split(".")[1]] if "." in replaced else getattr(family, replaced)
    )

    with provider.override(providers.Factory(mocks[replaced])):
        after = container.multi_feature.model().state_dict()

    siblings = [name for name in before if not name.startswith(replaced)]
    assert siblings
    assert all(torch.equal(before[name], after[name]) for name in siblings)
    assert any(name not in after or not torch.equal(before[name], after[name]) for name in before) or (
        replaced == "combiner"
    )


class _MockCombiner(nn.Module):
    def __init__(self, *, in_features: dict[str, int]) -> None:
        super().__init__()
        self.out_features = sum(in_features.values())
        self.scale = nn.Parameter(torch.rand(1))

    def forward(self, vectors: list[Tensor], presence: Tensor | None = None) -> Tensor:
        return torch.cat(vectors, dim=1) * self.scale


class _MockHead(nn.Module):
    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.out = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x)


def test_each_group_has_the_extractor_that_its_settings_choose(small_settings: dict[str, Any]) -> None:
    chosen = {"multi_feature": {"feature_extractors": {"kar": {"kind": "linear", "out_features": 7}}}}

    model = bootstrap(merge(small_settings, chosen)).multi_feature.model()

    assert isinstance(model.feature_extractors["kar"], LinearFeatureExtractor)
    assert isinstance(model.feature_extractors["fou"], PeriodicFeatureExtractor)
    assert model.combiner.out_features == 7 + 4


def test_settings_of_a_group_that_the_data_lacks_are_refused(small_settings: dict[str, Any]) -> None:
    misspelt = {"multi_feature": {"feature_extractors": {"kra": {"kind": "linear"}}}}

    with pytest.raises(CompositionError, match=r"feature_extractors\.kra.*did you mean 'kar'"):
        bootstrap(merge(small_settings, misspelt)).multi_feature.model()


def test_a_module_of_another_width_is_refused_with_both_widths(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    mock = FeatureExtractor(in_features=9)

    with (
        container.multi_feature.feature_extractors["kar"].override(providers.Object(mock)),
        pytest.raises(WidthError, match=r"'kar' gives 3 features, but .*feature_extractors\.kar takes 9"),
    ):
        container.multi_feature.model()


def test_groups_of_different_widths_are_refused_where_the_combiner_needs_one(
    small_settings: dict[str, Any],
) -> None:
    unequal = {
        "multi_feature": {
            "combiner": {"kind": "gated_sum"},
            "feature_extractors": {"kar": {"kind": "linear", "out_features": 7}},
        }
    }

    with pytest.raises(CompositionError, match=r"multi_feature\.combiner .* kar gives 7, fou gives 4"):
        bootstrap(merge(small_settings, unequal)).multi_feature.model()


class _Lies(MockExtractor):
    """Publishes another width than it gives."""

    def __init__(self, *, in_features: int) -> None:
        super().__init__(in_features=in_features)
        self.out_features = 9


def test_a_module_that_gives_another_width_than_it_publishes_is_named(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with (
        container.multi_feature.feature_extractors["kar"].override(providers.Factory(_Lies)),
        pytest.raises(UserError, match=r"group 'kar' \(_Lies\) publishes out_features=9, and gave 4"),
    ):
        _train_one_step(container)


def test_a_head_of_another_width_than_there_are_classes_is_refused(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with (
        container.multi_feature.head.override(providers.Object(LinearHead(in_features=8, out_features=4))),
        pytest.raises(WidthError, match=r"head gives 4 features, but the data's classes takes 3"),
    ):
        container.multi_feature.model()
