"""Lightning's averages of weights and its finders, with our composites in a plain Trainer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import EMAWeightAveraging, StochasticWeightAveraging, WeightAveraging
from pytorch_lightning.tuner import batch_size_scaling
from pytorch_lightning.tuner.tuning import Tuner

from nested_lightning import bootstrap, family_container, from_checkpoint, load_settings
from tests.command_line import Program
from tests.frozen.set_ups import SMALL, TRAINED

AVERAGES: dict[str, Callable[[], Callback]] = {
    "weights": WeightAveraging,
    "exponential": lambda: EMAWeightAveraging(decay=0.5),
    "stochastic": lambda: StochasticWeightAveraging(swa_lrs=0.01, swa_epoch_start=1),
}
STACKED = {"multi_feature": {"min_stacked_extractors": 2}}


@pytest.fixture(params=["multi-feature", "vae-gan"])
def container(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A family of automatic optimisation, with stacked extractors, and one of several optimisers."""
    monkeypatch.chdir(TRAINED / request.param)
    more = [STACKED] if request.param == "multi-feature" else []
    return family_container(bootstrap(load_settings(config=SMALL, assignments=more)))


def _trainer(folder: Path, *callbacks: Callback) -> Trainer:
    return Trainer(
        accelerator="cpu",
        default_root_dir=folder,
        max_epochs=2,
        callbacks=[*callbacks],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _has_several_optimizers(model: Any) -> bool:
    return not model.automatic_optimization


@pytest.mark.slow
@pytest.mark.parametrize(
    "average", [pytest.param("weights", marks=pytest.mark.slow), "exponential", "stochastic"]
)
def test_a_checkpoint_of_averaged_weights_opens(container: Any, average: str, tmp_path: Path) -> None:
    model = container.model()
    trainer = _trainer(tmp_path, AVERAGES[average]())
    if average == "stochastic" and _has_several_optimizers(model):
        with pytest.raises(MisconfigurationException, match="SWA currently works with 1 `optimizer`"):
            trainer.fit(model, datamodule=container.datamodule())
        return
    trainer.fit(model, datamodule=container.datamodule())
    trainer.save_checkpoint(tmp_path / "averaged.ckpt")
    opened = family_container(from_checkpoint(tmp_path / "averaged.ckpt")).model()

    torch.testing.assert_close(dict(opened.state_dict()), dict(model.state_dict()), rtol=0, atol=0)


def test_the_finder_of_learning_rates_leaves_the_model_as_it_was(container: Any, tmp_path: Path) -> None:
    model = container.model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tuner = Tuner(_trainer(tmp_path))
    if _has_several_optimizers(model):
        with pytest.raises(MisconfigurationException, match="only works with single optimizer"):
            tuner.lr_find(model, datamodule=container.datamodule(), update_attr=False)
        return
    found = tuner.lr_find(model, datamodule=container.datamodule(), num_training=8, update_attr=False)

    assert found is not None
    assert len(found.results["loss"]) >= 3
    torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)


@pytest.mark.slow
def test_the_finder_of_batch_sizes_sets_that_of_the_data(
    container: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size_scaling, "garbage_collection_cuda", lambda: None)  # looks at all there is
    data = container.datamodule()
    size = Tuner(_trainer(tmp_path)).scale_batch_size(
        container.model(), datamodule=data, init_val=4, max_trials=2, steps_per_trial=1
    )

    assert data.batch_size == size
    assert size is not None
    assert size > 4


_SPAWNED = """
import os, sys
import torch
from pytorch_lightning import Trainer
from nested_lightning import bootstrap, family_container, load_settings

(folder, settings, devices), here = sys.argv[1:], os.getcwd()
os.chdir(folder)
container = family_container(bootstrap(load_settings(config=settings)))
model = container.model()
before = {name: value.clone() for name, value in model.state_dict().items()}
Trainer(
    accelerator="cpu", devices=int(devices), strategy="ddp_spawn_find_unused_parameters_true", max_epochs=1,
    logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    use_distributed_sampler=False, default_root_dir=here,
).fit(model, datamodule=container.datamodule())
assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("family", "devices"), [("multi-feature", "2"), ("vae-gan", "1")])
def test_spawned_processes_train_copies(family: str, devices: str, forked_code: Program) -> None:
    done = forked_code(_SPAWNED, str(TRAINED / family), str(SMALL), devices)

    assert done.returncode == 0, done.stderr
