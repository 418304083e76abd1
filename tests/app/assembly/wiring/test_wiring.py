"""Wiring functions: one instance at a path, factories, sharing, seeds by path, errors."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
from nested_lightning.app.assembly.wiring.wired import offer, seeded, wired
from nested_lightning.app.assembly.wiring.wiring import Wiring
from nested_lightning.app.errors import UserError
from tests.app.assembly.wiring.captioner import Captioner, LinearEncoder, Pictures, captioner, weights

wire = wired("captioner")(captioner)


def test_wiring_builds_the_default_kinds_of_what_is_not_given() -> None:
    model = wire(Pictures(), Captioner)

    assert list(model.decoders) == ["de", "en"]
    assert model.encoder(torch.zeros(2, 3, 5, 5)).shape == (2, 8)
    assert isinstance(model.loss, nn.CrossEntropyLoss)


def test_a_function_that_is_called_as_it_stands_builds_the_default_kinds_too() -> None:
    def plain(
        encoder: Part[nn.Module] = part(LinearEncoder), head: Part[nn.Module] = part(nn.Linear)
    ) -> nn.Module:
        return nn.Sequential(encoder(in_channels=3), head(4, 2))

    assert plain()(torch.zeros(1, 3, 2, 2)).shape == (1, 2)


def test_what_is_given_takes_the_place_of_a_part() -> None:
    class Mock(nn.Module):
        def __init__(self, **widths: Any) -> None:
            super().__init__()
            self.out_features = 5

    ready = nn.MSELoss()
    model = wire(Pictures(), Captioner, encoder=Mock, loss=ready)

    assert isinstance(model.encoder, Mock)
    assert model.decoders["de"].in_features == 5
    assert model.loss is ready


def test_weights_depend_on_the_seed_and_the_path_alone() -> None:
    with seeded(0):
        first, again = wire(Pictures(), Captioner), wire(Pictures(), Captioner)
        other = wire(Pictures(), Captioner, encoder=lambda **_: LinearEncoder(in_channels=3, width=8))
    with seeded(1):
        elsewhere = wire(Pictures(), Captioner)

    assert torch.equal(weights(first), weights(again))
    assert torch.equal(weights(first.decoders), weights(other.decoders))
    assert not torch.equal(weights(first), weights(elsewhere))


def test_wirings_in_several_threads_do_not_meet() -> None:
    def build(number: int) -> torch.Tensor:
        with seeded(number % 2):
            return weights(wire(Pictures(), Captioner).encoder)

    built = [build(0), build(1)]
    with ThreadPoolExecutor(1) as pool:
        assert torch.equal(pool.submit(build, 0).result(), built[0])


def test_a_part_handed_on_uncalled_is_a_factory() -> None:
    model = wire(Pictures(), Captioner)

    norms = [module for module in model.encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 2
    assert norms[0] is not norms[1]


def test_what_a_call_returned_may_be_shared() -> None:
    @wired("pair")
    def pair(embedding: Part[nn.Module] = part(nn.Embedding)) -> nn.ModuleDict:
        shared = embedding(7, 3)
        return nn.ModuleDict({"encoder": shared, "decoder": shared})

    model = pair()
    assert model["encoder"] is model["decoder"]


def test_a_part_that_is_called_twice_is_refused() -> None:
    @wired("twice")
    def twice(block: Part[nn.Module] = part(nn.Linear)) -> nn.Module:
        return nn.Sequential(block(2, 3), block(3, 4))

    with pytest.raises(
        CompositionError, match=r"twice\.block was built before .*test_wiring\.py:\d+.* parts"
    ):
        twice()


def test_wiring_functions_nest_to_any_depth() -> None:
    def vae(size: int, encoder: Part[nn.Module] = part(nn.Linear), width: int = 3) -> nn.Module:
        return nn.Sequential(encoder(size, width), nn.Linear(width, size))

    @wired("gan")
    def gan(vaes: Parts[nn.Module] = parts(vae)) -> nn.ModuleDict:
        return nn.ModuleDict({name: vaes[name](size=size) for name, size in (("a", 4), ("b", 5))})

    assembler = Assembler(path="gan", seed=0)
    with seeded(0):
        model = gan()
    Wiring(assembler)(gan.__wrapped__)  # type: ignore[attr-defined]

    assert list(assembler.built) == ["vaes.a.encoder", "vaes.a", "vaes.b.encoder", "vaes.b"]
    assert torch.equal(weights(model.get_submodule("b.0")), weights(assembler.built["vaes.b.encoder"]))


def test_a_part_that_is_off_gives_none() -> None:
    assert part(None, flip=nn.Identity)() is None


def test_an_argument_is_offered_to_those_that_take_it() -> None:
    with seeded(0):
        taken = offer(LinearEncoder, width=6)(in_channels=3)
        left_out = offer(nn.Identity, width=6)

    assert taken.out_features == 6
    assert isinstance(left_out(), nn.Identity)


def test_a_keyword_that_the_kind_does_not_take_is_an_error_with_the_nearest_one() -> None:
    @wired("small")
    def small(encoder: Part[nn.Module] = part(LinearEncoder)) -> nn.Module:
        return encoder(in_chanels=3)

    with pytest.raises(CompositionError, match=r"small\.encoder .*LinearEncoder.*did you mean 'in_channels'"):
        small()


def test_a_published_width_that_is_not_the_given_one_names_both_and_the_line() -> None:
    class Liar(nn.Module):
        def __init__(self, in_features: int) -> None:
            super().__init__()
            self.in_features = in_features + 1

    @wired("small")
    def small(size: int, head: Part[nn.Module] = part(Liar)) -> nn.Module:
        return head(in_features=size + 1)

    with pytest.raises(CompositionError) as caught:
        small(2)
    for words in (
        "small.head",
        "in_features=3",
        "in_features=size + 1, test_wiring.py:",
        "publishes in_features=4",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize("declare", [part, parts])
def test_a_kind_without_a_name_is_refused(declare: Any) -> None:
    with pytest.raises(UserError, match="declared by its kinds"):
        declare(partial(nn.Linear, 2))


def test_a_part_that_names_no_kinds_has_to_be_given() -> None:
    @wired("small")
    def small(head: Part[nn.Module] = part()) -> nn.Module:
        return head(2, 3)

    assert isinstance(small(nn.Linear), nn.Linear)
    with pytest.raises(CompositionError, match=r"small\.head: give what builds it"):
        small()


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="different names"):
        part(nn.Linear, Linear=nn.Identity)
