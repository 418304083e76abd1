"""Which modules are run as one."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.multi_feature.stacking.planning import plan_stacks
from nested_lightning.app.submodules.feature_extractors import (
    FeatureExtractor,
    LinearFeatureExtractor,
    NormalizedFeatureExtractor,
    PeriodicFeatureExtractor,
    ResidualFeatureExtractor,
)
from nested_lightning.app.training.parameter_groups import treat_apart


def _extractors(*widths: int, kind: Callable[..., nn.Module] = FeatureExtractor) -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({f"g{i}": kind(in_features=width) for i, width in enumerate(widths)})


def _plan(modules: nn.ModuleDict, *, min_size: int = 3) -> list[list[str]]:
    return plan_stacks(dict(modules.items()), min_size=min_size, model=modules)


class _Custom(nn.Module):
    """An extractor of one's own, with a forward that is passed in."""

    def __init__(self, *, in_features: int, step: Callable[["_Custom", Tensor], Tensor]) -> None:
        super().__init__()
        self.in_features = in_features
        self.linear = nn.Linear(in_features, 4)
        self.step = step
        self.num_calls = 0

    def forward(self, x: Tensor) -> Tensor:
        return self.step(self, self.linear(x))


def _count(module: _Custom, x: Tensor) -> Tensor:
    module.num_calls += 1
    return x


@pytest.mark.parametrize(
    "kind",
    [
        FeatureExtractor,
        NormalizedFeatureExtractor,
        PeriodicFeatureExtractor,
        ResidualFeatureExtractor,
        LinearFeatureExtractor,
    ],
)
def test_extractors_of_one_kind_are_stacked_whatever_their_inputs_widths(
    kind: Callable[..., nn.Module],
) -> None:
    assert _plan(_extractors(5, 4, 5, kind=kind)) == [["g0", "g1", "g2"]]


def test_too_few_are_left_alone() -> None:
    assert _plan(_extractors(5, 5), min_size=3) == []


def test_kinds_and_sizes_are_kept_apart() -> None:
    modules = _extractors(5, 5, 5)
    modules["wide"] = FeatureExtractor(in_features=5, hidden_features=9)
    modules["normal"] = NormalizedFeatureExtractor(in_features=5)

    assert _plan(modules) == [["g0", "g1", "g2"]]


def test_inputs_are_filled_up_to_twice_as_much_at_most() -> None:
    modules = _extractors(100, 2, 90, 2, 2, 2)  # three times 100 of 192, but not four of 194

    assert _plan(modules) == [["g0", "g1", "g2"], ["g3", "g4", "g5"]]


def test_what_a_policy_addresses_is_left_alone() -> None:
    modules = _extractors(5, 5, 5, 5, 5)
    treat_apart(modules["g1"].parameters(), lr=0.5)
    treat_apart(modules["g3"].get_submodule("layers.0").parameters())

    assert _plan(modules) == [["g0", "g2", "g4"]]


def test_frozen_shared_and_watched_modules_are_left_alone() -> None:
    modules = _extractors(*[5] * 7)
    modules["g0"].requires_grad_(False)
    modules["g2"] = modules["g1"]
    modules["g3"].register_forward_hook(lambda *_: None)

    assert _plan(modules) == [["g4", "g5", "g6"]]


@pytest.mark.parametrize(
    ("step", "is_stacked"),
    [
        (lambda module, x: torch.tanh(x) + 1, True),
        (lambda module, x: x - x.mean(dim=0), False),
        (lambda module, x: x * len(x), False),
        (lambda module, x: x * float(x.sum()), False),
        (lambda module, x: x + torch.rand(()) if module.training else x, False),
        (_count, False),
    ],
    ids=["row by row", "over rows", "by number of rows", "reads values", "random", "counts calls"],
)
def test_modules_of_ones_own_are_stacked_if_they_give_the_same(
    step: Callable[[_Custom, Tensor], Tensor], is_stacked: bool
) -> None:
    modules = nn.ModuleDict({f"g{i}": _Custom(in_features=5, step=step) for i in range(3)})

    assert bool(_plan(modules)) == is_stacked
    assert all(module.num_calls == 0 for module in modules.values())  # a plan calls copies


def test_modules_with_another_attribute_are_no_equals() -> None:
    modules = _extractors(5, 5, 5, kind=NormalizedFeatureExtractor)
    modules["g1"].get_submodule("layers.3").p = 0.9  # type: ignore[assignment]

    assert _plan(modules) == []


def test_a_plan_leaves_weights_and_random_numbers_as_they_are() -> None:
    modules = _extractors(5, 5, 5, kind=NormalizedFeatureExtractor)
    before = {name: tensor.clone() for name, tensor in modules.state_dict().items()}
    state = torch.get_rng_state()

    assert _plan(modules)

    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], tensor) for name, tensor in modules.state_dict().items())
