"""Adapters, decoders, trunks, losses and balances of sequences."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.loss_balances import CountBalance, FixedBalance, UncertaintyBalance
from nested_lightning.app.submodules.sequence_adapters import (
    LinearProjection,
    PerceptronProjection,
    PictureProjection,
    TokenEmbedding,
)
from nested_lightning.app.submodules.sequence_decoders import LinearDecoder, RecurrentDecoder
from nested_lightning.app.submodules.sequence_losses import CrossEntropy, FocalLoss
from nested_lightning.app.submodules.sequence_trunks import LstmTrunk, PerceptronTrunk

MASK = torch.tensor([[True, True, True], [True, False, False]])


@pytest.mark.parametrize("adapter", [LinearProjection, PerceptronProjection, PictureProjection])
def test_an_adapter_of_vectors_gives_its_published_width(adapter: Any) -> None:
    module = adapter(in_features=16, out_features=5)

    assert module(torch.randn(2, 3, 16)).shape == (2, 3, module.out_features)
    assert (module.takes, module.in_features, module.out_features) == ("vectors", 16, 5)


def test_an_embedding_gives_its_published_width() -> None:
    module = TokenEmbedding(in_features=9, out_features=5)

    assert module(torch.tensor([[0, 8]])).shape == (1, 2, 5)
    assert module.takes == "tokens"


@pytest.mark.parametrize(("width", "height"), [(15, None), (9, None), (12, 4)])
def test_pictures_of_an_impossible_shape_are_refused(width: int, height: int | None) -> None:
    with pytest.raises(ValueError, match=f"vectors of {width} numbers are no pictures"):
        PictureProjection(in_features=width, height=height)


def test_pictures_need_not_be_square() -> None:
    assert PictureProjection(in_features=24, height=4)(torch.randn(1, 2, 24)).shape == (1, 2, 32)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("is_bidirectional", [True, False])
def test_what_stands_behind_a_sequence_changes_nothing(cell: Any, is_bidirectional: bool) -> None:
    torch.manual_seed(0)
    decoder = RecurrentDecoder(
        in_features=4, out_features=2, cell=cell, hidden_features=3, is_bidirectional=is_bidirectional
    )
    x = torch.randn(2, 3, 4)
    changed = x.clone()
    changed[1, 1:] = 99.0

    logits, _ = decoder(x, MASK)

    torch.testing.assert_close(decoder(changed, MASK)[0][MASK], logits[MASK])
    torch.testing.assert_close(decoder(x[1:, :1])[0][0, 0], logits[1, 0])


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_the_original_decoder_has_thirty_two_in_sixty_four_hidden_and_ten_out(cell: Any, gates: int) -> None:
    decoder = RecurrentDecoder(in_features=32, out_features=10, cell=cell, is_bidirectional=False)
    shapes = {name: tuple(p.shape) for name, p in decoder.named_parameters()}

    assert shapes["recurrent.weight_ih_l0"] == (gates * 64, 32)
    assert shapes["linear.weight"] == (10, 64)


def test_a_linear_decoder_looks_at_each_step_alone() -> None:
    decoder = LinearDecoder(in_features=4, out_features=2)
    x = torch.randn(1, 3, 4)

    torch.testing.assert_close(decoder(x)[0][:, 1:2], decoder(x[:, 1:2])[0])


@pytest.mark.parametrize("trunk", [PerceptronTrunk(in_features=4), LstmTrunk(in_features=4)])
def test_a_trunk_gives_its_published_width_whatever_stands_behind(trunk: nn.Module) -> None:
    x = torch.randn(2, 3, 4)
    changed = x.clone()
    changed[1, 1:] = 99.0

    assert trunk(x, MASK).shape == (2, 3, trunk.out_features)
    torch.testing.assert_close(trunk(changed, MASK)[MASK], trunk(x, MASK)[MASK])


def test_focal_loss_without_gamma_is_cross_entropy_and_with_it_less() -> None:
    logits, target = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1])
    plain = CrossEntropy()(logits, target)

    torch.testing.assert_close(FocalLoss(gamma=0.0)(logits, target), plain)
    assert FocalLoss(gamma=2.0)(logits, target) < plain


def test_label_smoothing_reaches_the_loss() -> None:
    logits, target = torch.tensor([[5.0, 0.0]]), torch.tensor([0])

    assert CrossEntropy(label_smoothing=0.1)(logits, target) > CrossEntropy()(logits, target)


def test_fixed_weights_multiply_the_loss() -> None:
    balance = FixedBalance(weights={"image": 0.5, "text": 2.0}, num_sequences={})

    assert balance("text", torch.tensor(3.0)) == 6.0
    assert balance.effective_weight("image") == 0.5


def test_weights_by_count_make_variants_count_alike_in_proportional_batches() -> None:
    counts = {"image": 100, "text": 300}
    balance = CountBalance(weights={"image": 1.0, "text": 1.0}, num_sequences=counts)
    weights = {name: balance.effective_weight(name) for name in counts}

    assert weights["image"] * counts["image"] == pytest.approx(weights["text"] * counts["text"])
    assert weights == {"image": 2.0, "text": pytest.approx(2 / 3)}


def test_uncertainty_settles_where_the_variance_is_twice_the_loss() -> None:
    balance = UncertaintyBalance(weights={"image": 1.0}, num_sequences={})
    optimizer = torch.optim.SGD(balance.parameters(), lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        balance("image", torch.tensor(0.25)).backward()
        optimizer.step()

    # L·exp(-s) + s/2 is least at exp(s) = 2L
    (log_variance,) = balance.parameters()
    assert math.exp(log_variance.item()) == pytest.approx(0.5, rel=1e-3)
    assert balance.effective_weight("image") == pytest.approx(2.0, rel=1e-3)


def test_every_balance_gives_a_scalar_with_a_gradient() -> None:
    for balance in (FixedBalance, CountBalance, UncertaintyBalance):
        loss: Tensor = torch.tensor(1.0, requires_grad=True)
        balance(weights={"x": 2.0}, num_sequences={"x": 5})("x", loss).backward()
        assert loss.grad == 2.0
