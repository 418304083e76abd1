"""Submodules are built seeded by their own path, and what doesn't fit is told with its path."""

from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.seeding import derive_seed, seeded
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.fitting import refuse_unfit
from nested_lightning.app.assembly.wiring.published import published


def _linear(**widths: int) -> nn.Linear:
    return nn.Linear(widths["in_features"], 3)


def test_initial_weights_depend_on_seed_and_path_alone() -> None:
    torch.manual_seed(1)
    first: Any = Assembler(seed=0, path="family").build("part", _linear, {"in_features": 2})
    torch.rand(7)
    same: Any = Assembler(seed=0, path="family").build("part", _linear, {"in_features": 2})
    other_path: Any = Assembler(seed=0, path="family").build("other", _linear, {"in_features": 2})
    other_seed: Any = Assembler(seed=1, path="family").build("part", _linear, {"in_features": 2})

    assert torch.equal(first.weight, same.weight)
    assert not torch.equal(first.weight, other_path.weight)
    assert not torch.equal(first.weight, other_seed.weight)


def test_building_leaves_the_global_random_state_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)

    Assembler(seed=0, path="family").build("part", _linear, {"in_features": 2})

    assert torch.equal(torch.rand(2), expected)


def test_the_random_state_comes_back_after_an_exception() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)

    with pytest.raises(RuntimeError), seeded(0, "path"):
        raise RuntimeError

    assert torch.equal(torch.rand(2), expected)


def test_a_derived_seed_is_the_same_everywhere() -> None:
    assert derive_seed(0, "multi_feature.head") == 1640939766612202054


@pytest.mark.parametrize("given", [42, None, "linear"])
def test_what_is_no_module_is_refused_with_its_path(given: object) -> None:
    with pytest.raises(CompositionError, match=r"family\.part must be an nn\.Module"):
        Assembler(seed=0, path="family").build("part", lambda: given, {})


def test_a_factory_that_fails_is_named_by_its_path() -> None:
    with pytest.raises(CompositionError, match=r"family\.part can't be built: .*in_features"):
        Assembler(seed=0, path="family").build("part", nn.Identity.forward, {"in_features": 2})


def test_widths_that_differ_name_both_providers_and_both_widths() -> None:
    assembler = Assembler(seed=0, path="family")
    given = {"in_features": Width(4, "family.encoder")}

    with pytest.raises(WidthError, match=r"family\.encoder gives 4 features, but family\.head takes 2"):
        refuse_unfit(nn.Linear(2, 3), given, path="family.head", assembler=assembler)


def test_a_submodule_without_a_published_width_is_reported_by_what_is_missing() -> None:
    with pytest.raises(CompositionError, match=r"Identity has no out_features"):
        published(nn.Identity())


@pytest.mark.parametrize("width", [2**20, 2**40])
def test_a_submodule_for_which_there_is_no_memory_is_named(width: int) -> None:
    def wide(**widths: int) -> nn.Linear:
        return nn.Linear(widths["in_features"], 2**24)

    with pytest.raises(CompositionError, match=r"family\.part can't be built: there isn't enough memory"):
        Assembler(seed=0, path="family").build("part", wide, {"in_features": width})
