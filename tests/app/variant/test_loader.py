"""Batches of one variant each: who is drawn, in which order, and from where again."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch import distributed

from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.loader import VariantLoader
from nested_lightning.app.variant.sampling import (
    ProportionalSampling,
    RoundRobinSampling,
    TemperatureSampling,
    VariantSampling,
)
from nested_lightning.app.variant.sequences import Sequences
from tests.quick_first import quick_first


def _sequences(variant: str, count: int) -> Sequences:
    return Sequences.cut(
        variant=variant,
        steps=[torch.tensor([number, number]) for number in range(count)],
        labels=[torch.tensor([0, 1]) for _ in range(count)],
        has_step_labels=True,
    )


def pretend(monkeypatch: pytest.MonkeyPatch, *, rank: int, world_size: int) -> None:
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_rank", lambda: rank)
    monkeypatch.setattr(distributed, "get_world_size", lambda: world_size)


def _loader(sampling: VariantSampling | None = None, seed: int = 0, **options: Any) -> VariantLoader:
    data = {"image": _sequences("image", 8), "text": _sequences("text", 40)}
    return VariantLoader(
        data=data, batch_sizes={"image": 4, "text": 4}, sampling=sampling, seed=seed, **options
    )


def _drawn(loader: VariantLoader) -> list[tuple[str, list[int]]]:
    return [(batch.variant, batch.inputs[:, 0].tolist()) for batch in loader]


def test_proportional_sampling_gives_every_sequence_once() -> None:
    drawn = _drawn(_loader(ProportionalSampling()))
    text = [number for variant, numbers in drawn if variant == "text" for number in numbers]

    assert Counter(variant for variant, _ in drawn) == {"text": 10, "image": 2}
    assert sorted(text) == list(range(40))
    assert text != sorted(text)


def test_round_robin_takes_variants_in_turn_and_begins_a_new_order_where_one_is_used_up() -> None:
    drawn = _drawn(_loader(RoundRobinSampling()))
    image = [numbers for variant, numbers in drawn if variant == "image"]

    assert [variant for variant, _ in drawn] == ["image", "text"] * 6
    assert all(sorted(a + b) == list(range(8)) for a, b in zip(image[::2], image[1::2], strict=True))
    assert image[:2] != image[2:4]


@pytest.mark.parametrize(("temperature", "share"), quick_first([(2.0, 0.309), (1.0, 8 / 48), (1000.0, 0.5)]))
def test_temperature_sampling_draws_by_the_root_of_the_size(temperature: float, share: float) -> None:
    loader = _loader(TemperatureSampling(temperature=temperature), batches_per_epoch=4000)
    names = [batch.variant for batch in loader]

    assert names.count("image") / len(names) == pytest.approx(share, abs=0.03)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    loader = _loader(ProportionalSampling())
    first, second = _drawn(loader), _drawn(loader)

    assert first != second
    assert first == _drawn(_loader(ProportionalSampling()))
    assert first != _drawn(_loader(ProportionalSampling(), seed=1))


@pytest.mark.parametrize("sampling", [ProportionalSampling(), RoundRobinSampling(), TemperatureSampling()])
@pytest.mark.parametrize("position", [1, 5, 12])
def test_it_goes_on_where_the_state_was_taken(sampling: VariantSampling, position: int) -> None:
    whole = _loader(sampling)
    wanted = _drawn(whole) + _drawn(whole)
    interrupted, resumed = _loader(sampling), _loader(sampling)
    batches = iter(interrupted)
    for _ in range(position):
        next(batches)

    resumed.load_state_dict(interrupted.state_dict())

    rest = _drawn(resumed) + (_drawn(resumed) if position < 12 else [])
    assert rest == wanted[position:]


def test_the_state_is_plain_numbers() -> None:
    loader = _loader(RoundRobinSampling())
    next(iter(loader))

    assert loader.state_dict() == {"epoch": 0, "position": 1}


def test_evaluation_gives_every_sequence_once_and_in_order() -> None:
    drawn = _drawn(_loader())

    assert [variant for variant, _ in drawn] == ["image"] * 2 + ["text"] * 10
    assert [n for variant, numbers in drawn if variant == "text" for n in numbers] == list(range(40))


@pytest.mark.parametrize("sampling", [None, ProportionalSampling(), TemperatureSampling()])
def test_all_processes_draw_the_same_variant_and_share_its_sequences(
    monkeypatch: pytest.MonkeyPatch, sampling: VariantSampling | None
) -> None:
    ranks = []
    for rank in range(2):
        pretend(monkeypatch, rank=rank, world_size=2)
        ranks.append(_drawn(_loader(sampling)))

    assert [variant for variant, _ in ranks[0]] == [variant for variant, _ in ranks[1]]
    assert all(not set(a) & set(b) for (_, a), (_, b) in zip(*ranks, strict=True))
    if sampling is None:
        seen = sorted(
            n for drawn in ranks for variant, numbers in drawn if variant == "text" for n in numbers
        )
        assert seen == list(range(40))


def test_too_few_sequences_for_all_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, rank=0, world_size=9)

    with pytest.raises(UserError, match="variant 'image': 8 sequences cannot be shared by 9 processes"):
        len(_loader(ProportionalSampling()))


def test_an_epoch_has_as_many_batches_as_settings_say() -> None:
    loader = _loader(ProportionalSampling(), batches_per_epoch=30)

    assert len(loader) == 30
    assert len(_drawn(loader)) == 30
