"""What is put into a provider's place is checked at once, against the Protocol that is declared there."""

from functools import partial
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from torch import Tensor, nn

from nested_lightning import bootstrap, overriding, unchecked
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.submodules.feature_extractors import LinearFeatureExtractor
from nested_lightning.settings.choices.feature_extractors import LinearFeatureExtractorSettings

EXTRACTOR = "multi_feature.feature_extractor"
KAR = "multi_feature.feature_extractors.kar"


class NeedsOthers(nn.Module):
    def __init__(self, *, in_features: int, vocabulary: list[str]) -> None:
        super().__init__()
        self.out_features = in_features + len(vocabulary)

    def forward(self, x: Tensor) -> Tensor:
        return x


class WithoutWidth(nn.Module):
    def __init__(self, *, in_features: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.slow
@pytest.mark.parametrize("path", [EXTRACTOR, KAR])
@pytest.mark.parametrize(
    ("replacement", "told"),
    [
        (MagicMock(), "a ready MagicMock is refused: it is a mock"),
        (
            NeedsOthers,
            "NeedsOthers is refused: its constructor can't be called with in_features: missing a required",
        ),
        (providers.Factory(NeedsOthers), "missing a required argument: 'vocabulary'"),
        (providers.Object(42), "it is no nn.Module"),
    ],
)
def test_what_cannot_be_an_extractor_is_refused_at_once(
    small_settings: dict[str, Any], path: str, replacement: Any, told: str
) -> None:
    container = bootstrap(small_settings)

    with pytest.raises(OverrideRefusedError) as caught, overriding(container, path, replacement):
        pytest.fail("the block must not be entered")

    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert len(container.multi_feature.model().feature_extractors) == 2


@pytest.mark.parametrize(
    "replacement",
    [
        LinearFeatureExtractor,
        partial(LinearFeatureExtractor, out_features=3),
        partial(NeedsOthers, vocabulary=["a"]),
        LinearFeatureExtractorSettings(out_features=3),
        providers.Factory(LinearFeatureExtractor, out_features=3),
        lambda *, in_features: LinearFeatureExtractor(in_features=in_features),
        LinearFeatureExtractor(in_features=3, out_features=3),
    ],
)
def test_what_can_be_an_extractor_is_taken(small_settings: dict[str, Any], replacement: Any) -> None:
    container = bootstrap(small_settings)

    with overriding(container, KAR, replacement):
        extractor = container.multi_feature.feature_extractors["kar"](in_features=3)

    assert isinstance(extractor, LinearFeatureExtractor | NeedsOthers)


def test_what_a_class_or_function_makes_is_checked_when_it_is_made(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with (
        overriding(container, KAR, WithoutWidth),
        pytest.raises(OverrideRefusedError, match="no out_features"),
    ):
        container.multi_feature.model()
    with (
        overriding(container, KAR, lambda in_features: MagicMock()),
        pytest.raises(OverrideRefusedError, match="it is a mock"),
    ):
        container.multi_feature.model()


def test_a_check_can_be_waived_in_so_many_words(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    mock = MagicMock()

    with overriding(container, KAR, unchecked(mock, because="only its calls are looked at")):
        assert container.multi_feature.feature_extractors["kar"](in_features=3) is mock
    with pytest.raises(ValueError, match="needs a reason"):
        unchecked(mock, because=" ")


def test_all_items_together_are_called_with_the_items_name(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    made: list[str] = []

    def make(name: str, *, in_features: int) -> nn.Module:
        made.append(name)
        return LinearFeatureExtractor(in_features=in_features)

    with overriding(container, "multi_feature.feature_extractors", make):
        container.multi_feature.model()
    with (
        pytest.raises(
            OverrideRefusedError,
            match="can't be called with name, in_features: too many positional arguments",
        ),
        overriding(container, "multi_feature.feature_extractors", LinearFeatureExtractor),
    ):
        pass

    assert made == ["kar", "fou"]


def test_other_providers_have_protocols_too(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    for path, told in {
        "multi_feature.datamodule": "it is no LightningDataModule",
        "multi_feature.optimizer": "it is no Optimizer",
        "multi_feature.model": "it is no LightningModule",
        "trainer.lightning_trainer": "it is no Trainer",
        "trainer.metrics_file": "it is no Logger",
    }.items():
        with pytest.raises(OverrideRefusedError, match=told), overriding(container, path, nn.Identity):
            pass
    with overriding(container, "multi_feature.optimizer", torch.optim.SGD):
        built = container.multi_feature.optimizer([nn.Parameter(torch.ones(1))])

    assert isinstance(built, torch.optim.SGD)


def test_a_provider_without_a_protocol_takes_anything() -> None:
    class Host(DeclarativeContainer):
        answer: providers.Factory[Any] = providers.Factory(dict, value=42)

    host = Host()

    with overriding(host, "answer", MagicMock(return_value=3)):
        assert host.answer()() == 3
    assert host.answer() == {"value": 42}
