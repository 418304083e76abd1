"""What something lacks of a Protocol is told in words, and every registered choice lacks nothing."""

from functools import partial
from importlib import import_module
from typing import Any, Protocol
from unittest.mock import MagicMock

import pytest
from torch import Tensor, nn
from torch.optim import SGD

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.protocols.conformance import (
    describe_protocol,
    lacks_of_class,
    lacks_of_function,
    lacks_of_instance,
    lacks_of_options,
)
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.splits import PictureSplitter
from nested_lightning.app.variant.sampling import VariantSampling
from nested_lightning.settings.choices.bridges import BRIDGES
from nested_lightning.settings.choices.combiners import COMBINERS
from nested_lightning.settings.choices.discriminators import DISCRIMINATORS
from nested_lightning.settings.choices.feature_extractors import FEATURE_EXTRACTORS
from nested_lightning.settings.choices.generation import GENERATIONS
from nested_lightning.settings.choices.heads import HEADS
from nested_lightning.settings.choices.image_encoders import IMAGE_ENCODERS
from nested_lightning.settings.choices.latent_samplers import LATENT_SAMPLERS
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES
from nested_lightning.settings.choices.picture_decoders import PICTURE_DECODERS
from nested_lightning.settings.choices.picture_encoders import PICTURE_ENCODERS
from nested_lightning.settings.choices.sequence_adapters import ADAPTERS
from nested_lightning.settings.choices.sequence_decoders import DECODERS, TRUNKS
from nested_lightning.settings.choices.splits import SPLITS
from nested_lightning.settings.choices.text_decoders import TEXT_DECODERS
from nested_lightning.settings.choices.variant_losses import BALANCES, LOSSES
from nested_lightning.settings.data.image_to_text import PICTURE_SPLITS
from nested_lightning.settings.data.variant import SAMPLINGS
from nested_lightning.settings.slot import Slot

SLOTS: list[tuple[Slot, type]] = [
    (FEATURE_EXTRACTORS, protocols.FeatureExtractor),
    (COMBINERS, protocols.Combiner),
    (HEADS, protocols.Head),
    (IMAGE_ENCODERS, protocols.ImageEncoder),
    (BRIDGES, protocols.Bridge),
    (TEXT_DECODERS, protocols.TextDecoder),
    (GENERATIONS, Generation),
    (ADAPTERS, protocols.SequenceAdapter),
    (TRUNKS, protocols.SequenceTrunk),
    (DECODERS, protocols.SequenceDecoder),
    (LOSSES, protocols.SequenceLoss),
    (BALANCES, protocols.LossBalance),
    (PICTURE_ENCODERS, protocols.PictureEncoder),
    (LATENT_SAMPLERS, protocols.LatentSampler),
    (PICTURE_DECODERS, protocols.PictureDecoder),
    (DISCRIMINATORS, protocols.Discriminator),
    (OPTIMIZERS, protocols.Optimizer),
    (SCHEDULES, protocols.Schedule),
    (SPLITS, Splitter),
    (PICTURE_SPLITS, PictureSplitter),
    (SAMPLINGS, VariantSampling),
]


class Extractor(nn.Module):
    def __init__(self, *, in_features: int, width: int = 4) -> None:
        super().__init__()
        self.out_features = width
        self.linear = nn.Linear(in_features, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class WithoutWidth(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class NeedsOthers(Extractor):
    def __init__(self, num_inputs: int, *, depth: int) -> None:
        super().__init__(in_features=num_inputs * depth)


class NeedsMask(Extractor):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        return x * mask


@pytest.mark.parametrize(("slot", "protocol"), SLOTS, ids=lambda one: getattr(one, "__name__", ""))
def test_every_registered_choice_satisfies_its_protocol(slot: Slot, protocol: type) -> None:
    for choice in slot.choices.values():
        module, _, name = choice.target.rpartition(".")
        target: Any = getattr(import_module(module), name)
        bound = partial(target, **dict.fromkeys(set(choice.model_fields) - {"kind"}))
        if isinstance(target, type):
            assert lacks_of_class(target, protocol, called_as=bound) == [], target
        else:
            assert lacks_of_function(bound, protocol) == [], target


@pytest.mark.parametrize(
    ("cls", "lacks"),
    [
        (Extractor, []),
        (nn.Module, ["its constructor doesn't take in_features", "it has no forward"]),
        (WithoutWidth, ["its constructor doesn't take in_features"]),
        (
            NeedsOthers,
            [
                "its constructor doesn't take in_features",
                "its constructor needs num_inputs, depth besides",
            ],
        ),
        (NeedsMask, ["its forward needs mask besides"]),
        (dict, ["it is no nn.Module"]),
        (MagicMock, ["it is a mock, which pretends to have everything"]),
    ],
)
def test_a_class_is_told_what_it_lacks(cls: type, lacks: list[str]) -> None:
    assert lacks_of_class(cls, protocols.FeatureExtractor, called_as=cls) == lacks


@pytest.mark.parametrize(
    ("instance", "lacks"),
    [
        (Extractor(in_features=2), []),
        (nn.Module(), ["it has no out_features", "it has no forward"]),
        (WithoutWidth(), ["it has no out_features"]),
        (NeedsMask(in_features=2), ["its forward needs mask besides"]),
        (42, ["it is no nn.Module"]),
        (None, ["it is no nn.Module"]),
        (MagicMock(), ["it is a mock, which pretends to have everything"]),
        (MagicMock(spec=nn.Linear), ["it is a mock, which pretends to have everything"]),
    ],
)
def test_a_ready_object_is_told_what_it_lacks(instance: Any, lacks: list[str]) -> None:
    assert lacks_of_instance(instance, protocols.FeatureExtractor) == lacks


def test_bound_arguments_count_as_given() -> None:
    bound = partial(NeedsOthers, 3, depth=2)

    assert lacks_of_class(NeedsOthers, protocols.SequenceLoss, called_as=bound) == [
        "its forward doesn't take target"
    ]


def test_a_function_must_take_what_the_provider_is_called_with() -> None:
    assert lacks_of_function(lambda in_features: None, protocols.FeatureExtractor) == []
    assert lacks_of_function(lambda: None, protocols.FeatureExtractor) == ["it doesn't take in_features"]
    assert lacks_of_function(lambda name, in_features: None, protocols.FeatureExtractor, num_leading=1) == []


def test_other_classes_than_modules_can_be_needed() -> None:
    assert lacks_of_class(SGD, protocols.Optimizer, called_as=SGD) == []
    assert lacks_of_class(Extractor, protocols.Optimizer, called_as=Extractor) == ["it is no Optimizer"]


def test_methods_of_a_protocol_of_ones_own_are_compared_as_well() -> None:
    class Counter(Protocol):
        def count(self, words: list[str], *, is_strict: bool) -> int: ...

    class Loose:
        def count(self, words: list[str]) -> int:
            return len(words)

    assert lacks_of_instance(Loose(), Counter) == ["its count doesn't take is_strict"]
    assert lacks_of_instance(3, Counter) == ["it has no count"]


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    assert lacks_of_options(Extractor, ["widht"]) == [
        "it takes no widht; did you mean 'width'? (it takes: in_features, width)"
    ]
    assert lacks_of_options(Extractor, ["width"]) == []


def test_a_protocol_is_described_by_what_it_asks_for() -> None:
    assert describe_protocol(protocols.Combiner) == (
        "Combiner (of nn.Module; called with in_features; that has out_features, forward(vectors, presence))"
    )
