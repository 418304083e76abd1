"""The composite variant, put together by hand from tiny modules."""

from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.loss_balances import FixedBalance, UncertaintyBalance
from nested_lightning.app.submodules.sequence_adapters import LinearProjection, TokenEmbedding
from nested_lightning.app.submodules.sequence_decoders import RecurrentDecoder
from nested_lightning.app.submodules.sequence_losses import CrossEntropy
from nested_lightning.app.submodules.sequence_trunks import LstmTrunk
from nested_lightning.app.variant.batch import IGNORED, SequenceBatch
from nested_lightning.app.variant.model import VariantModel

NUM_CLASSES = {"image": 3, "text": 2}


def _build(*, is_bidirectional: bool = True, **options: Any) -> VariantModel:
    torch.manual_seed(0)
    defaults: dict[str, Any] = {
        "adapters": {
            "image": LinearProjection(in_features=5, out_features=4),
            "text": TokenEmbedding(in_features=7, out_features=4),
        },
        "decoders": {
            name: RecurrentDecoder(
                in_features=4, out_features=count, hidden_features=6, is_bidirectional=is_bidirectional
            )
            for name, count in NUM_CLASSES.items()
        },
        "losses": {name: CrossEntropy() for name in NUM_CLASSES},
        "balance": FixedBalance(weights=dict.fromkeys(NUM_CLASSES, 1.0), num_sequences={}),
        "num_classes": NUM_CLASSES,
        "optimizer": torch.optim.Adam,
        "schedule": lambda optimizer, num_steps: None,
    }
    return VariantModel(**{**defaults, **options})


def _batch(variant: str, *, padding: int = 0) -> SequenceBatch:
    torch.manual_seed(1)
    inputs = torch.randn(2, 4 + padding, 5) if variant == "image" else torch.randint(7, (2, 4 + padding))
    target = torch.randint(NUM_CLASSES[variant], (2, 4 + padding))
    mask = None
    if padding:
        mask = torch.arange(4 + padding).expand(2, -1) < 4
        inputs = inputs.masked_fill(~mask.reshape(2, -1, *[1] * (inputs.dim() - 2)), 0)
        target = target.masked_fill(~mask, IGNORED)
    return SequenceBatch(variant=variant, inputs=inputs, mask=mask, target=target)


def _cut(batch: SequenceBatch, length: int) -> SequenceBatch:
    assert batch.target is not None
    return SequenceBatch(
        variant=batch.variant, inputs=batch.inputs[:, :length], target=batch.target[:, :length]
    )


def test_the_decoder_is_chosen_by_the_input_type() -> None:
    model = _build()

    image, _ = model("image", torch.randn(2, 4, 5))
    text, _ = model("text", torch.randint(7, (2, 4)))

    assert image.shape == (2, 4, 3)
    assert text.shape == (2, 4, 2)


def test_an_unknown_type_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(
        UserError, match=r"unknown variant 'txt'; did you mean 'text'\? \(known: image, text\)"
    ):
        _build()("txt", torch.zeros(1, 1))


@pytest.mark.parametrize("variant", ["image", "text"])
def test_padding_counts_neither_in_the_loss_nor_in_the_scores(variant: str) -> None:
    model = _build()
    padded = _batch(variant, padding=3)

    with_padding = model.training_step(padded, 0)
    scores_with = model.train_scores.compute()
    without = model.training_step(_cut(padded, 4), 0)
    scores_without = model.train_scores.compute()

    torch.testing.assert_close(with_padding, without)
    torch.testing.assert_close(scores_with, scores_without)
    assert scores_with[f"train_{variant}_num_samples"] == 8


def test_a_step_of_one_variant_leaves_the_other_and_its_optimiser_state_untouched() -> None:
    model = _build()
    optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.1)
    for variant in ("image", "text"):
        optimizer.zero_grad()
        model.training_step(_batch(variant), 0).backward()
        optimizer.step()
    text = [*model.adapters["text"].parameters(), *model.decoders["text"].parameters()]
    image = list(model.decoders["image"].parameters())
    before = [p.clone() for p in text]
    states = [{name: value.clone() for name, value in optimizer.state[p].items()} for p in text]
    image_before = [p.clone() for p in image]

    optimizer.zero_grad()
    model.training_step(_batch("image"), 0).backward()
    optimizer.step()

    assert all(p.grad is None for p in text)
    assert all(torch.equal(p, b) for p, b in zip(text, before, strict=True))
    for parameter, state in zip(text, states, strict=True):
        torch.testing.assert_close(dict(optimizer.state[parameter]), state, rtol=0, atol=0)
    assert all(not torch.equal(p, b) for p, b in zip(image, image_before, strict=True))


def test_a_trunk_learns_from_every_variant() -> None:
    model = _build(
        trunk=LstmTrunk(in_features=4, hidden_features=3),
        decoders={
            name: RecurrentDecoder(in_features=6, out_features=count, hidden_features=4)
            for name, count in NUM_CLASSES.items()
        },
    )
    assert model.trunk is not None
    for variant in ("image", "text"):
        model.zero_grad()
        model.training_step(_batch(variant, padding=2), 0).backward()
        assert all(p.grad is not None and p.grad.any() for p in model.trunk.parameters())


def test_what_is_frozen_gets_no_gradient_and_stays_in_evaluation_mode() -> None:
    model = _build(frozen=["text"], trunk=LstmTrunk(in_features=4, hidden_features=2)).train()

    assert not any(p.requires_grad for p in model.decoders["text"].parameters())
    assert not model.decoders["text"].training
    assert not model.adapters["text"].training
    assert model.decoders["image"].training


def test_a_forward_decoder_fed_piece_by_piece_says_the_same_as_at_once() -> None:
    model = _build(is_bidirectional=False).eval()
    x = torch.randint(7, (2, 9))

    whole, _ = model("text", x)
    first, hidden = model("text", x[:, :4])
    second, _ = model("text", x[:, 4:], hidden)

    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


def test_a_decoder_that_reads_both_ways_refuses_a_state() -> None:
    model = _build()
    x = torch.randint(7, (2, 4))
    _, hidden = model("text", x)

    assert hidden is None
    with pytest.raises(UserError, match="reads both ways can't go on from a hidden state"):
        model("text", x, (torch.zeros(1), torch.zeros(1)))


def test_a_label_of_a_whole_sequence_is_the_mean_over_its_steps() -> None:
    model = _build().eval()
    padded = _batch("text", padding=3)

    logits = model.label(padded, has_step_labels=False)
    steps, _ = model("text", padded.inputs[:, :4])

    assert logits.shape == (2, 2)
    torch.testing.assert_close(logits, steps.mean(dim=1))


def test_scores_are_given_for_each_variant_and_as_their_mean() -> None:
    model = _build()
    model.validation_step(_batch("image"), 0)
    model.validation_step(_batch("text"), 1)
    scores = model.val_scores.compute()

    for name in ("loss", "accuracy", "macro_f1"):
        mean = (scores[f"val_image_{name}"] + scores[f"val_text_{name}"]) / 2
        torch.testing.assert_close(scores[f"val_{name}"], mean)
    assert scores["val_image_num_samples"] == 8
    assert model.val_scores.compute() == {}


def test_uncertainty_moves_the_weight_of_the_stepped_variant_alone() -> None:
    balance = UncertaintyBalance(weights=dict.fromkeys(NUM_CLASSES, 1.0), num_sequences={})
    model = _build(balance=balance)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    model.training_step(_batch("image"), 0).backward()
    optimizer.step()

    assert balance.effective_weight("text") == 1.0
    assert balance.effective_weight("image") != 1.0


def test_variants_with_names_that_a_module_dict_refuses_work() -> None:
    class Plain(nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None, hidden: Any = None) -> tuple[Tensor, None]:
            return x, None

    names = ("values", "a.b")
    model = _build(
        adapters={name: nn.Identity() for name in names},
        decoders={name: Plain() for name in names},
        losses={name: CrossEntropy() for name in names},
        num_classes=dict.fromkeys(names, 3),
    )

    logits, _ = model("a.b", torch.ones(1, 2, 3))
    assert logits.shape == (1, 2, 3)


def test_gathering_gradients_of_several_batches_is_refused_under_ddp() -> None:
    model = _build()
    trainer = Trainer(strategy="ddp", accelerator="cpu", devices=2, accumulate_grad_batches=2, logger=False)
    model.trainer = trainer

    with pytest.raises(UserError, match=r"accumulate_grad_batches must be 1"):
        model.setup("fit")
