"""Lightning's finders on families with one optimiser; weights are as before, and nothing is left behind."""

import math
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.tuner import batch_size_scaling

from nested_lightning import UserError, bootstrap, family_container
from nested_lightning.app.training.tuning.finders import find_batch_size, find_learning_rate
from nested_lightning.app.training.tuning.rate_plot import draw_rates
from tests.tiny_variants import variant_settings


def _searched(settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    application = bootstrap(settings)
    family = family_container(application)
    return application.trainer.tuning_trainer, {
        "model": family.model(),
        "datamodule": family.datamodule(),
        "seed": 1,
    }


def test_a_learning_rate_is_found_and_drawn(small_settings: dict[str, Any], tmp_path: Path) -> None:
    trainer, searched = _searched(small_settings)
    before = {name: tensor.clone() for name, tensor in searched["model"].state_dict().items()}

    search = find_learning_rate(trainer, **searched, num_steps=30)

    assert 1e-6 < search.suggestion < 1
    assert "<polyline" in draw_rates(search)
    after = searched["model"].state_dict()
    assert all(tensor.equal(after[name]) for name, tensor in before.items())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shapes.csv"]


@pytest.mark.slow
def test_a_batch_holds_at_most_all_samples(
    small_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size_scaling, "garbage_collection_cuda", lambda: None)  # looks at all there is
    trainer, searched = _searched(small_settings)

    size = find_batch_size(trainer, **searched)

    assert size == len(searched["datamodule"].part("train"))


@pytest.mark.slow
def test_a_family_of_variants_is_searched(tmp_path: Path) -> None:
    trainer, searched = _searched(variant_settings(tmp_path / "data", tmp_path / "run"))

    assert math.isfinite(find_learning_rate(trainer, **searched, num_steps=20).suggestion)


@pytest.mark.parametrize("find", [find_learning_rate, find_batch_size])
def test_a_family_of_several_optimizers_is_refused(picture_settings: dict[str, Any], find: Any) -> None:
    trainer, searched = _searched(picture_settings)

    with pytest.raises(UserError, match="VaeGan steps several optimisers itself"):
        find(trainer, **searched)
