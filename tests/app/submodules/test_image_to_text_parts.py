"""Encoders, bridges and decoders of image-to-text: widths, roles, states."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning.app.submodules.bridges import (
    AttentionBridge,
    EveryStepBridge,
    FirstInputBridge,
    InitialStateBridge,
)
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder, ResidualImageEncoder
from nested_lightning.app.submodules.text_decoders import GruTextDecoder, LstmTextDecoder
from nested_lightning.app.submodules.transformer_text_decoder import TransformerTextDecoder

BRIDGES: list[Any] = [InitialStateBridge, FirstInputBridge, EveryStepBridge, AttentionBridge]
DECODERS: list[Any] = [LstmTextDecoder, GruTextDecoder, TransformerTextDecoder]
PAIRS = list(product(DECODERS, BRIDGES))


def _decoder(kind: Any, bridge: Any) -> Any:
    torch.manual_seed(0)
    return kind(in_features=6, out_features=9, role=bridge.role, hidden_features=8, dropout=0.0).eval()


def _context(bridge: Any, num: int = 3) -> torch.Tensor:
    shape = (num, 4, 6) if bridge is AttentionBridge else (num, 6)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("picture_size", [8, 9, 16, 31])
@pytest.mark.parametrize(
    "build",
    [PlainImageEncoder, lambda **sizes: ResidualImageEncoder(**sizes, channels=[4, 6], num_blocks=2)],
)
def test_encoder_publishes_the_width_and_positions_of_its_grid(build: Any, picture_size: int) -> None:
    encoder = build(in_features=3, picture_size=picture_size)

    grid = encoder(torch.rand(2, 3, picture_size, picture_size))

    assert grid.shape[1] == encoder.out_features
    assert grid.shape[2] * grid.shape[3] == encoder.out_positions


def test_the_original_encoder_has_its_layers() -> None:
    encoder: Any = PlainImageEncoder(in_features=3, picture_size=32)

    assert [type(layer).__name__ for layer in encoder.layers] == ["Conv2d", "ReLU", "MaxPool2d"] * 2
    assert (encoder.layers[0].out_channels, encoder.out_features) == (32, 128)


@pytest.mark.parametrize("build", [PlainImageEncoder, ResidualImageEncoder])
def test_pictures_too_small_to_be_halved_are_refused(build: Any) -> None:
    with pytest.raises(ValueError, match="too small to be halved"):
        build(in_features=3, picture_size=3)


@pytest.mark.parametrize("pooling", ["mean", "flatten"])
@pytest.mark.parametrize("kind", BRIDGES[:3])
def test_pooled_bridge_gives_one_vector(kind: Any, pooling: str) -> None:
    bridge = kind(in_features=5, in_positions=12, out_features=7, pooling=pooling)

    assert bridge(torch.rand(2, 5, 3, 4)).shape == (2, 7)
    assert bridge.out_features == 7


def test_attention_bridge_gives_a_vector_of_each_position() -> None:
    assert AttentionBridge(in_features=5, in_positions=12, out_features=7)(torch.rand(2, 5, 3, 4)).shape == (
        2,
        12,
        7,
    )


@pytest.mark.parametrize(("kind", "bridge"), PAIRS)
def test_decoder_reads_step_by_step_as_it_reads_at_once(kind: Any, bridge: Any) -> None:
    decoder, context = _decoder(kind, bridge), _context(bridge)
    tokens = torch.tensor([[1, 4, 5, 6], [1, 7, 8, 2], [1, 2, 0, 0]])

    at_once, _ = decoder(tokens, decoder.start(context))
    state, steps = decoder.start(context), []
    for column in tokens.unbind(dim=1):
        logits, state = decoder(column.unsqueeze(1), state)
        steps.append(logits)

    assert at_once.shape == (3, 4, 9)
    torch.testing.assert_close(torch.cat(steps, dim=1), at_once, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "bridge"), PAIRS)
def test_state_can_be_reordered_by_caption(kind: Any, bridge: Any) -> None:
    decoder, context = _decoder(kind, bridge), _context(bridge)
    _, state = decoder(torch.tensor([[1, 4], [1, 5], [1, 6]]), decoder.start(context))
    assert all(len(tensor) == 3 for tensor in state)
    order = torch.tensor([2, 0])

    logits, _ = decoder(torch.tensor([[7], [8]]), tuple(tensor[order] for tensor in state))
    wanted, _ = decoder(torch.tensor([[8], [0], [7]]), state)

    torch.testing.assert_close(logits, wanted[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "bridge"), PAIRS)
def test_what_comes_later_does_not_change_what_comes_before(kind: Any, bridge: Any) -> None:
    decoder, context = _decoder(kind, bridge), _context(bridge, num=1)
    one, _ = decoder(torch.tensor([[1, 4, 5]]), decoder.start(context))
    other, _ = decoder(torch.tensor([[1, 4, 8]]), decoder.start(context))

    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(one[:, 2], other[:, 2])


@pytest.mark.parametrize(("kind", "bridge"), PAIRS)
def test_the_picture_changes_the_first_token_and_all_weights_learn(kind: Any, bridge: Any) -> None:
    decoder, context = _decoder(kind, bridge), _context(bridge).requires_grad_()

    logits, _ = decoder(torch.tensor([[1, 4]] * 3), decoder.start(context))
    nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor([4, 2] * 3)).backward()

    assert not torch.allclose(logits[0, 0], logits[1, 0])
    assert context.grad is not None
    assert (context.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert all(p.grad is not None for p in decoder.parameters())


def test_transformer_refuses_a_width_that_its_heads_cannot_share() -> None:
    with pytest.raises(ValueError, match="multiple of num_heads"):
        TransformerTextDecoder(
            in_features=6, out_features=9, role="attention", hidden_features=10, num_heads=4
        )
