"""What the weights of each family stand for: they are taken from a model of other data by names."""

import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.training.first_weights import transfer_to
from nested_lightning.app.training.meanings import Transfer
from tests.frozen.set_ups import SMALL, TRAINED

Spec = dict[str, Any]


def turned(names: list[str], first: int = 0) -> list[str]:
    """Return names in another order, all but the first of them."""
    return [*names[:first], *reversed(names[first:])]


def taken_with(name: str, change: Callable[[Spec], None]) -> tuple[Any, Transfer]:
    """Return a small model of a family, and what it takes of its twin of other data."""
    os.chdir(TRAINED / name)
    model = family_container(bootstrap(load_settings(config=SMALL))).model()
    spec = deepcopy(model.recipe.data_spec)
    change(spec)
    return model, transfer_to(model, model.state_dict(), replace(model.recipe, data_spec=spec))


def turn_tokens(spec: Spec) -> None:
    spec["tokens"] = turned(spec["tokens"], first=4)


def turn_classes_and_letters(spec: Spec) -> None:
    for each in spec["variants"]:
        each["class_names"] = turned(each["class_names"])
        each["vocabulary"] = turned(each["vocabulary"])


def turn_domains(spec: Spec) -> None:
    spec["domains"] = turned(spec["domains"])
    spec["groups"] = {name: turned(names) for name, names in spec["groups"].items()}


def turn_classes(spec: Spec) -> None:
    spec["target"]["names"] = turned(spec["target"]["names"])


@pytest.mark.parametrize(
    ("name", "change", "tensor", "first"),
    [
        ("multi-feature", turn_classes, "head.", 0),
        ("image-to-text", turn_tokens, "text_decoder.embedding.weight", 4),
        ("variant", turn_classes_and_letters, "adapters.", 1),
        ("variant", turn_classes_and_letters, "decoders.", 0),
        ("vae-gan", turn_domains, "discriminators.", 0),
    ],
)
def test_rows_follow_their_names(name: str, change: Callable[[Spec], None], tensor: str, first: int) -> None:
    model, transfer = taken_with(name, change)

    own = {one: value for one, value in model.state_dict().items() if one.startswith(tensor)}
    moved = [one for one in own if one in transfer.taken and not torch.equal(own[one], transfer.taken[one])]
    assert moved
    for one in moved:
        assert any(torch.equal(back, own[one]) for back in _turned(transfer.taken[one], first)), one


def _turned(tensor: torch.Tensor, first: int) -> Iterator[torch.Tensor]:
    """Yield a tensor with the entries from ``first`` on turned round, in each dimension that has as many."""
    for dim, size in enumerate(tensor.shape):
        if size > first:
            kept, rest = tensor.split([first, size - first], dim)
            yield torch.cat([kept, rest.flip(dim)], dim)


def test_a_vae_of_other_domains_is_not_taken() -> None:
    _, transfer = taken_with("vae-gan", turn_domains)

    assert "vaes.outline: belongs to other domains there" in transfer.lines()
    assert any(name.startswith("vaes.dot.") for name in transfer.taken)


def test_other_groups_leave_the_combiner_and_the_heads_input_out() -> None:
    def change(spec: Spec) -> None:
        spec["groups"] = spec["groups"][::-1]

    model, transfer = taken_with("multi-feature", change)

    first = next(name for name, value in model.head.named_parameters() if value.dim() == 2)
    taken, own = transfer.taken[f"head.{first}"], model.head.get_parameter(first)
    half = own.shape[1] // 2
    assert torch.equal(taken[:, :half], own[:, half:])


def test_scaling_comes_from_the_new_data() -> None:
    _, transfer = taken_with("image-to-text", lambda spec: None)

    assert transfer.lines() == ["normalization: follows from the data and the settings"]
