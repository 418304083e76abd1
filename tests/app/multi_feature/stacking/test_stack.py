"""Modules in a stack compute, save and load as they do alone."""

import copy

import pytest
import torch
from torch import nn

from nested_lightning.app.multi_feature.stacking.installing import StackedModules
from nested_lightning.app.multi_feature.stacking.layers import StackedDropout
from nested_lightning.app.submodules.feature_extractors import (
    NormalizedFeatureExtractor,
    ResidualFeatureExtractor,
)


def _model(kind: type[nn.Module] = NormalizedFeatureExtractor) -> nn.Module:
    torch.manual_seed(0)
    extractors = {
        f"g{i}": kind(in_features=width, hidden_features=6, out_features=3, dropout=0.0)
        for i, width in enumerate((5, 3, 4))
    }
    return nn.ModuleDict({"extractors": nn.ModuleDict(extractors), "stacks": nn.ModuleList()})


def _stacked(model: nn.Module) -> StackedModules:
    stacked = StackedModules(model=model, holder="extractors", stacks="stacks")
    stacked.stack([["g0", "g1", "g2"]])
    return stacked


@pytest.mark.parametrize("kind", [NormalizedFeatureExtractor, ResidualFeatureExtractor])
def test_outputs_gradients_and_statistics_are_those_of_single_modules(kind: type[nn.Module]) -> None:
    alone, model = _model(kind), _model(kind)
    stacked = _stacked(model)
    inputs = {f"g{i}": torch.randn(8, width) for i, width in enumerate((5, 3, 4))}

    outputs = dict(zip(inputs, stacked.stacks[0].vectors(inputs), strict=True))  # type: ignore[operator]
    sum(output.square().sum() for output in outputs.values()).backward()
    expected = {name: alone.get_submodule(f"extractors.{name}")(x) for name, x in inputs.items()}
    sum(output.square().sum() for output in expected.values()).backward()
    torch.testing.assert_close(outputs, expected)

    with torch.no_grad():
        for parameter in (*alone.parameters(), *model.parameters()):
            assert parameter.grad is not None
            parameter.sub_(0.1 * parameter.grad)
    torch.testing.assert_close(model.state_dict(), alone.state_dict())


def test_names_order_and_shapes_of_a_state_dict_are_those_of_single_modules() -> None:
    model = _model()
    before = copy.deepcopy(model.state_dict())

    _stacked(model)

    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_a_state_dict_of_single_modules_is_loaded_into_the_stack() -> None:
    model, other = _model(), _model()
    for parameter in other.parameters():
        nn.init.normal_(parameter)
    _stacked(model)

    model.load_state_dict(other.state_dict())

    assert all(torch.equal(model.state_dict()[name], each) for name, each in other.state_dict().items())


def test_what_is_missing_unknown_or_of_another_shape_is_named() -> None:
    model = _model()
    _stacked(model)
    state = model.state_dict()
    state["extractors.g1.more"] = torch.zeros(1)
    del state["extractors.g0.layers.0.weight"]
    state["extractors.g2.layers.4.bias"] = torch.zeros(9)

    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(state)

    message = str(caught.value)
    assert 'Missing key(s) in state_dict: "extractors.g0.layers.0.weight"' in message
    assert 'Unexpected key(s) in state_dict: "extractors.g1.more"' in message
    assert (
        "size mismatch for extractors.g2.layers.4.bias: (9,) in the checkpoint, (3,) in the model" in message
    )


def test_a_member_computes_alone_with_the_weights_of_the_stack() -> None:
    model = _model().eval()
    x = torch.randn(2, 3)
    member = model.get_submodule("extractors.g1")
    expected = member(x)

    stacked = _stacked(model)
    model.eval()

    torch.testing.assert_close(model.get_submodule("extractors.g1")(x), expected)
    nn.init.zeros_(stacked.stacks[0].get_parameter("template.layers.4.weight"))
    assert model.get_submodule("extractors.g1")(x).std(dim=0).max() == 0


def test_a_missing_input_leaves_each_module_to_itself() -> None:
    stacked = _stacked(_model())
    inputs = {"g0": torch.randn(2, 5), "g1": None, "g2": torch.randn(2, 4)}

    assert stacked.stacks[0].vectors(inputs) is None  # type: ignore[operator]


def test_released_modules_are_the_ones_from_before_with_the_newest_weights() -> None:
    model = _model()
    before = dict(model.get_submodule("extractors").named_children())
    stacked = _stacked(model)
    model.double()
    with torch.no_grad():
        stacked.stacks[0].get_parameter("template.layers.0.weight").add_(1e-9)
    state = copy.deepcopy(model.state_dict())

    stacked.release()

    assert dict(model.get_submodule("extractors").named_children()) == before
    assert len(stacked.stacks) == 0
    assert model.state_dict()["extractors.g0.layers.0.weight"].dtype == torch.float64
    assert all(torch.equal(model.state_dict()[name], each) for name, each in state.items())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
def test_dropout_of_a_stack_drops_its_share_and_keeps_the_mean(share: float) -> None:
    torch.manual_seed(0)
    dropped = StackedDropout([nn.Dropout(share)])(torch.ones(4, 200, 100))

    assert (dropped == 0).float().mean() == pytest.approx(share, abs=0.01)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)


def test_dropout_of_a_stack_does_nothing_in_evaluation() -> None:
    x = torch.randn(2, 3, 4)

    assert torch.equal(StackedDropout([nn.Dropout(0.5)]).eval()(x), x)
