"""Adapters around layers of a submodule."""

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.seeding import seeded
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import (
    Lora,
    adapted_layers,
    inject_adapters,
    is_of_adapter,
    take_adapters_away,
)

pytest.importorskip("peft", reason="peft is of the extra 'pretrained'")


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(5, 4)
        self.conv = nn.Conv1d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        self.query = nn.Linear(4, 4)
        self.scaling = 0.5  # as attention often has, which isn't that of an adapter
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        block = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(block, 2)

    def forward(self, words: Tensor) -> Tensor:
        x = self.query(self.norm(self.conv(self.words(words).mT)).mT) * self.scaling
        return self.blocks(x + self.attention(x, x, x)[0])


def new_encoder() -> Encoder:
    with seeded(0, "encoder"):
        return Encoder().eval()


def seeding(path: str, *, seed: int = 0) -> AbstractContextManager[None]:
    return seeded(seed, path)


def adapt(module: nn.Module, *targets: str, seed: int = 0, path: str = "f.encoder") -> nn.Module:
    lora = Lora(rank=2, alpha=4.0, dropout=0.0, targets=targets)
    inject_adapters(module, lora, path=path, seeding=partial(seeding, seed=seed))
    return module.eval()


def learn(module: nn.Module) -> None:
    """Stand for a training: give each adapter something else."""
    with seeded(1, "learned"):
        for name, parameter in module.named_parameters():
            if is_of_adapter(name):
                nn.init.normal_(parameter, std=0.3)


def answer(module: nn.Module) -> Tensor:
    with torch.no_grad():
        return module(torch.tensor([[0, 1, 2], [4, 3, 2]]))


def state_of(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


LAYERS = [
    ["query"],
    ["words"],
    ["conv"],
    ["linear1", "linear2"],
    ["words", "conv", "query", "blocks.layers.1.linear1"],
]


@pytest.mark.parametrize("targets", LAYERS)
def test_adapters_begin_as_nothing_learn_are_loaded_and_merged(targets: list[str]) -> None:
    plain = new_encoder()
    module = adapt(new_encoder(), *targets)
    torch.testing.assert_close(answer(module), answer(plain), rtol=0, atol=1e-6)

    learn(module)
    learned = answer(module)
    assert (learned - answer(plain)).abs().max() > 1e-3  # in evaluation, too, where torch has shorter ways
    torch.testing.assert_close(module(torch.tensor([[0, 1, 2], [4, 3, 2]])), learned)

    again = adapt(new_encoder(), *targets, seed=9)
    again.load_state_dict(state_of(module))
    torch.testing.assert_close(answer(again), learned, rtol=0, atol=0)

    take_adapters_away(again, is_merged=True)
    merged = new_encoder()
    merged.load_state_dict(again.state_dict())
    torch.testing.assert_close(answer(merged), learned, rtol=0, atol=1e-5)


@pytest.mark.parametrize("targets", LAYERS)
def test_frozen_tensors_keep_their_names_and_values(targets: list[str]) -> None:
    before = state_of(new_encoder())
    module = adapt(new_encoder(), *targets)
    learn(module)
    answer(module)

    after = module.state_dict()
    assert {name for name in after if not is_of_adapter(name)} == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert {name for name, one in module.named_parameters() if one.requires_grad} == {
        name for name, _ in module.named_parameters() if is_of_adapter(name)
    }


def test_a_plain_file_fits_but_for_the_adapters() -> None:
    missing, unexpected = adapt(Encoder(), "query").load_state_dict(new_encoder().state_dict(), strict=False)

    assert (missing, unexpected) == (["query.lora_A.adapter.weight", "query.lora_B.adapter.weight"], [])


def test_a_layers_adapter_depends_on_seed_and_path_alone() -> None:
    def drawn(*targets: str, **options: Any) -> Tensor:
        return adapt(new_encoder(), *targets, **options).state_dict()["query.lora_A.adapter.weight"]

    first = drawn("query")
    torch.manual_seed(5)
    assert torch.equal(drawn("words", "query", "conv"), first)
    assert not torch.equal(drawn("query", seed=1), first)
    assert not torch.equal(drawn("query", path="f.decoder"), first)


def test_a_second_injection_is_not_piled_upon_the_first() -> None:
    module = new_encoder()
    learn(adapt(module, "query", "linear1"))
    adapt(module, "conv")

    assert [name for name, _ in adapted_layers(module)] == ["conv"]
    torch.testing.assert_close(answer(module), answer(new_encoder()), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("qury", "no layer is called 'qury'; near: query"),
        ("zzz", "no layer is called 'zzz'; near: words, conv, query"),
        ("norm", "'norm' is a BatchNorm1d, which can't have an adapter; near: "),
        (
            "blocks.layers.1",
            "'blocks.layers.1' is a TransformerEncoderLayer, .*; near: linear1, linear2",
        ),
        (
            "attention.out_proj",
            "'attention.out_proj' is read by its MultiheadAttention .*: name other layers",
        ),
        ("attention", "'attention' is a MultiheadAttention, .*: name other layers"),
    ],
)
def test_a_target_that_can_not_be_adapted_is_refused_with_near_names(target: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"^submodules\.f\.encoder\.lora\.targets: {message}"):
        adapt(new_encoder(), target)


def test_a_layer_without_a_size_is_refused() -> None:
    with pytest.raises(UserError, match="'0' is a LazyLinear, whose size only a batch tells"):
        adapt(nn.Sequential(nn.LazyLinear(3)), "0")


def test_a_rank_that_does_not_fit_a_grouped_convolution_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"'0', a Conv2d, can't have an adapter: [^\n]*$"):
        inject_adapters(
            nn.Sequential(nn.Conv2d(6, 6, 1, groups=3)),
            Lora(rank=2, alpha=4.0, dropout=0.0, targets=["0"]),
            path="f.encoder",
            seeding=seeding,
        )
