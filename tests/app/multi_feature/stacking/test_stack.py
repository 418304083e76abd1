"""Modules in a stack compute, save and load as they do alone."""

import copy
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch import Tensor, nn

from nested_lightning.app.multi_feature.stacking.callback import ModuleStacking, StackedOptimizer
from nested_lightning.app.multi_feature.stacking.layers import StackedDropout
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.submodules.feature_extractors import (
    NormalizedFeatureExtractor,
    PeriodicFeatureExtractor,
    ResidualFeatureExtractor,
)


def _modules(kind: type[nn.Module] = NormalizedFeatureExtractor) -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict(
        {
            f"g{i}": kind(in_features=width, hidden_features=6, out_features=3, dropout=0.0)
            for i, width in enumerate((5, 3, 4))
        }
    )


def _stacked(modules: nn.ModuleDict) -> ModuleStack:
    return ModuleStack(dict(modules.items()))


def _inputs() -> dict[str, Tensor]:
    return {f"g{i}": torch.randn(8, width) for i, width in enumerate((5, 3, 4))}


def _train(modules: nn.ModuleDict, optimizer: torch.optim.Optimizer, stack: ModuleStack | None) -> None:
    torch.manual_seed(1)
    for _ in range(3):
        inputs = _inputs()
        vectors = None if stack is None else stack.vectors(inputs)
        if vectors is None:
            vectors = torch.stack([modules[name](x) for name, x in inputs.items()])
        optimizer.zero_grad()
        vectors.square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize(
    "kind", [NormalizedFeatureExtractor, PeriodicFeatureExtractor, ResidualFeatureExtractor]
)
def test_outputs_gradients_and_statistics_are_those_of_single_modules(kind: type[nn.Module]) -> None:
    alone, modules = _modules(kind), _modules(kind)
    stack, inputs = _stacked(modules), _inputs()

    outputs = stack.vectors(inputs)
    assert outputs is not None
    outputs.square().sum().backward()
    expected = torch.stack([alone[name](x) for name, x in inputs.items()])
    expected.square().sum().backward()
    torch.testing.assert_close(outputs, expected)

    with torch.no_grad():
        for parameter in (*alone.parameters(), *stack.parameters()):
            assert parameter.grad is not None
            parameter.sub_(0.1 * parameter.grad)
    torch.testing.assert_close(modules.state_dict(), alone.state_dict())


def test_a_state_dict_is_loaded_into_the_stack() -> None:
    modules, other = _modules().eval(), _modules().eval()
    for parameter in other.parameters():
        nn.init.normal_(parameter)
    stack, inputs = _stacked(modules), _inputs()

    modules.load_state_dict(other.state_dict())

    expected = torch.stack([other[name](x) for name, x in inputs.items()])
    torch.testing.assert_close(stack.vectors(inputs), expected)


def test_a_missing_input_leaves_each_module_to_itself() -> None:
    modules = _modules()
    alone = copy.deepcopy(modules)
    stack, inputs = _stacked(modules), _inputs()
    some = {"g0": inputs["g0"], "g1": None, "g2": inputs["g2"][:, :2]}

    vectors = stack.single_vectors(some)
    vectors["g0"].square().sum().backward()

    assert stack.vectors(some) is None
    assert list(vectors) == ["g0"]
    torch.testing.assert_close(vectors["g0"], alone["g0"](inputs["g0"]))
    weight = stack.get_parameter("template.layers.0.weight")
    assert weight.grad is not None
    assert weight.grad[0].any()
    assert not weight.grad[1:].any()


def test_released_modules_have_the_newest_weights_for_themselves() -> None:
    modules = _modules()
    stack = _stacked(modules)
    weight = stack.get_parameter("template.layers.0.weight")
    nn.init.ones_(weight)

    stack.release()
    nn.init.zeros_(weight)

    assert all((module.get_parameter("layers.0.weight") == 1).all() for module in modules.values())
    assert all(parameter.is_contiguous() for parameter in modules.parameters())


@pytest.mark.parametrize("kind", [torch.optim.Adam, partial(torch.optim.SGD, lr=1e-3, momentum=0.9)])
def test_an_optimizer_goes_on_stacked_and_is_saved_as_one_of_single_modules(
    kind: Callable[..., torch.optim.Optimizer],
) -> None:
    alone, modules = _modules(ResidualFeatureExtractor), _modules(ResidualFeatureExtractor)
    of_alone, optimizer = kind(alone.parameters()), kind(modules.parameters())
    for each, its_optimizer in ((alone, of_alone), (modules, optimizer)):
        _train(each, its_optimizer, None)

    stack = _stacked(modules)
    stacked_optimizer = StackedOptimizer(optimizer=optimizer, stacks=[stack])
    assert optimizer.param_groups[0]["params"] == list(stack.parameters())
    _train(modules, optimizer, stack)
    _train(alone, of_alone, None)
    during = copy.deepcopy(optimizer.state_dict())
    torch.testing.assert_close(during, of_alone.state_dict(), rtol=1e-4, atol=1e-5)
    assert optimizer.param_groups[0]["params"] == list(stack.parameters())

    stack.release()
    stacked_optimizer.release()

    assert optimizer.param_groups[0]["params"] == list(modules.parameters())
    torch.testing.assert_close(optimizer.state_dict(), during, rtol=0, atol=0)
    torch.testing.assert_close(modules.state_dict(), alone.state_dict(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
def test_dropout_of_a_stack_drops_its_share_and_keeps_the_mean(share: float) -> None:
    torch.manual_seed(0)
    dropped = StackedDropout([nn.Dropout(share)])(torch.ones(4, 200, 100))

    assert (dropped == 0).float().mean() == pytest.approx(share, abs=0.01)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)


def test_dropout_of_a_stack_does_nothing_in_evaluation() -> None:
    x = torch.randn(2, 3, 4)

    assert torch.equal(StackedDropout([nn.Dropout(0.5)]).eval()(x), x)


def test_a_stack_is_released_too_where_the_optimizer_can_not_be_stacked() -> None:
    composite: Any = nn.Module()
    composite.extractors = _modules()
    optimizer = torch.optim.Adam(composite.parameters())
    for number, parameter in enumerate(composite.parameters()):
        optimizer.state[parameter] = {} if number else {"step": torch.zeros(())}
    trainer: Any = SimpleNamespace(strategy=SingleDeviceStrategy("cpu"), optimizers=[optimizer])
    stacking = ModuleStacking(holder="extractors", min_size=2, optimizer=torch.optim.Adam)

    with pytest.raises(KeyError):
        stacking.on_train_start(trainer, composite)
    stacking.on_exception(trainer, composite, KeyError())

    places = [one.untyped_storage().data_ptr() for one in composite.parameters()]
    assert len({*places}) == len(places)
