import random
from pathlib import Path

import numpy as np
import pytest
import torch

from nested_lightning.app.random_numbers import get_random_state, seeded_generators, set_random_state
from nested_lightning.app.training.runs.random_state import RandomState
from tests.app.training.tiny_training import TinyData, tiny_model, tiny_trainer

Draws = tuple[float, ...]


def draw() -> Draws:
    return (
        torch.rand(()).item(),
        random.random(),
        random.gauss(0, 1),
        float(np.random.rand()),
        float(np.random.randn()),
    )


def test_restored_state_draws_the_same() -> None:
    draw()  # leaves half a pair of normal numbers behind in Python's and numpy's generators
    state = get_random_state()
    first = draw()
    assert draw() != first
    set_random_state(state)
    assert draw() == first


def test_state_survives_a_file_of_plain_values(tmp_path: Path) -> None:
    draw()
    torch.save(get_random_state(), tmp_path / "state.pt")
    first = draw()
    set_random_state(torch.load(tmp_path / "state.pt", weights_only=True))
    assert draw() == first


def test_callback_restores_what_was_loaded_when_training_starts(tmp_path: Path) -> None:
    callback = RandomState()
    callback.load_state_dict(callback.state_dict())
    first = draw()
    callback.on_train_start(tiny_trainer(tmp_path), tiny_model())
    assert draw() == first


def test_callback_restores_nothing_in_a_new_training(tmp_path: Path) -> None:
    weights = []
    for seed in (1, 2):
        model = tiny_model()
        torch.manual_seed(seed)
        trainer = tiny_trainer(tmp_path, [RandomState()], max_epochs=1)
        trainer.fit(model, datamodule=TinyData())
        weights.append(next(model.parameters()).detach().clone())
    assert not torch.equal(*weights)


def test_seeded_generators_draw_by_the_seed_and_leave_no_trace() -> None:
    before = get_random_state()
    with seeded_generators(7):
        first = draw()
    expected = draw()
    set_random_state(before)
    assert draw() == expected
    with seeded_generators(7):
        assert draw() == first
    with seeded_generators(8):
        assert draw() != pytest.approx(first)
