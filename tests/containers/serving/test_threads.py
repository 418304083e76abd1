"""How many threads torch takes while models are served."""

from pathlib import Path
from typing import Any

import torch

from nested_lightning import from_checkpoint
from nested_lightning.app.serving.service import Model
from nested_lightning.app.training.machine.threads import torch_threads
from nested_lightning.containers.serving.program import compute_with
from nested_lightning.containers.serving.services import model_of

TRAINED = Path(__file__).parents[2] / "frozen" / "trained" / "multi-feature" / "run"
DESK: Any = object()


def test_a_small_model_is_computed_by_one_thread() -> None:
    assert model_of(from_checkpoint(TRAINED)).num_threads == 1


def test_torch_takes_as_many_threads_as_the_largest_model_wants() -> None:
    models = [Model(desk=DESK, family="own", num_threads=number) for number in (1, 3, 2)]

    with torch_threads(2):
        compute_with(models)
        assert torch.get_num_threads() == 3
