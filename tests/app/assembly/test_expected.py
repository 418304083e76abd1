"""What something lacks of a Protocol is told in words, and every registered choice lacks nothing."""

from functools import partial
from importlib import import_module
from typing import Any, Protocol
from unittest.mock import MagicMock

import pytest
from torch import Tensor, nn
from torch.optim import SGD

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.expected import ANYTHING, Expected
from nested_lightning.app.assembly.wiring.parts import Part
from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.image_to_text.generation.search import Generation
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
    (PICTURE_SPLITS, Splitter),
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
        not_given = {"kind", *getattr(choice, "not_built_of", ())}
        bound = partial(target, **dict.fromkeys(choice.model_fields.keys() - not_given))
        assert Expected.by_provider(protocol).lacks_of_maker(bound) == [], target


EXTRACTOR = Expected.by_provider(protocols.FeatureExtractor)
NO_FEATURES = "its constructor can't be called with in_features: got an unexpected keyword argument"


@pytest.mark.parametrize(
    ("cls", "lacks"),
    [
        (Extractor, []),
        (
            nn.Module,
            [f"{NO_FEATURES} 'in_features' (it takes: nothing)", "it has no forward"],
        ),
        (WithoutWidth, [f"{NO_FEATURES} 'in_features' (it takes: nothing)"]),
        (
            NeedsOthers,
            [f"{NO_FEATURES} 'in_features' (it takes: num_inputs, depth)"],
        ),
        (NeedsMask, ["its forward can't be called with x: missing a required argument: 'mask'"]),
        (dict, ["it is no nn.Module"]),
        (MagicMock, ["it is a mock, which pretends to have everything"]),
    ],
)
def test_a_class_is_told_what_it_lacks(cls: type, lacks: list[str]) -> None:
    assert EXTRACTOR.lacks_of_maker(cls) == lacks


@pytest.mark.parametrize(
    ("instance", "lacks"),
    [
        (Extractor(in_features=2), []),
        (nn.Module(), ["it has no out_features", "it has no forward"]),
        (WithoutWidth(), ["it has no out_features"]),
        (
            NeedsMask(in_features=2),
            ["its forward can't be called with x: missing a required argument: 'mask'"],
        ),
        (42, ["it is no nn.Module"]),
        (None, []),
        (MagicMock(), ["it is a mock, which pretends to have everything"]),
        (MagicMock(spec=nn.Linear), ["it is a mock, which pretends to have everything"]),
    ],
)
def test_a_ready_object_is_told_what_it_lacks(instance: Any, lacks: list[str]) -> None:
    assert EXTRACTOR.lacks_of_maker(instance) == lacks


def test_a_method_of_the_object_itself_counts() -> None:
    module = nn.Module()
    module.out_features, module.forward = 3, lambda x: x  # type: ignore[assignment]

    assert EXTRACTOR.lacks(module) == []


def test_bound_arguments_count_as_given() -> None:
    bound = partial(NeedsOthers, 3, depth=2)

    assert Expected.by_provider(protocols.SequenceLoss).lacks_of_maker(bound) == [
        "its forward can't be called with logits, target: too many positional arguments"
    ]


def test_a_function_must_take_what_the_provider_is_called_with() -> None:
    assert EXTRACTOR.lacks_of_maker(lambda in_features: None) == []
    assert EXTRACTOR.lacks_of_maker(lambda: None) == [
        "it can't be called with in_features: got an unexpected keyword argument 'in_features'"
        " (it takes: nothing)"
    ]
    assert EXTRACTOR.with_name().lacks_of_maker(lambda name, in_features: None) == []


def test_other_classes_than_modules_can_be_needed() -> None:
    optimizer = Expected.by_provider(protocols.Optimizer)

    assert optimizer.lacks_of_maker(SGD) == []
    assert optimizer.lacks_of_maker(Extractor) == ["it is no Optimizer"]


def test_methods_of_a_protocol_of_ones_own_are_compared_as_well() -> None:
    class Counter(Protocol):
        def count(self, words: list[str], *, is_strict: bool) -> int: ...

    class Loose:
        def count(self, words: list[str]) -> int:
            return len(words)

    (lack,) = Expected(Counter).lacks(Loose())
    assert lack.startswith("its count can't be called with words, is_strict: got an unexpected keyword")
    assert Expected(Counter).lacks(3) == ["it has no count"]


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    (lack,) = ANYTHING.lacks_of_maker(partial(Extractor, widht=3))  # type: ignore[call-arg]

    assert "'widht'; did you mean 'width'? (it takes: in_features, width)" in lack
    assert ANYTHING.lacks_of_maker(partial(Extractor, width=3)) == []


def test_what_a_part_says_of_construction_is_the_wirings_business() -> None:
    assert Expected.by_part(Part[protocols.FeatureExtractor]).lacks_of_maker(NeedsOthers) == []
    assert Expected.by_part(Part[nn.Module | None]).lacks(None) == []
    assert Expected.by_part(Part[nn.Module]).lacks(None) == ["it is no nn.Module"]
    assert Expected.by_part(Part[Any]).lacks(MagicMock()) == []


def test_what_is_expected_is_described() -> None:
    assert str(Expected.by_provider(protocols.Combiner)) == (
        "Combiner (of nn.Module; called with in_features; that has out_features, forward(vectors, presence))"
    )
    assert str(Expected(nn.Module)) == "nn.Module"
