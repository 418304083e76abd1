"""Whatever is trained, and whoever trains it, the recipe is in its checkpoints."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from nested_lightning import (
    OverrideNeededError,
    bootstrap,
    family_container,
    from_checkpoint,
    overriding,
    resume_training,
)


class WholeModel(pl.LightningModule):
    """Takes the place of a whole composite, and knows nothing of recipes."""

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self.weight.square().sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.slow
def test_a_composite_brings_the_recipe_to_a_trainer_of_the_user(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    family = family_container(bootstrap(small_settings))
    model = family.model()
    trainer = pl.Trainer(
        max_steps=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    for _ in range(2):
        trainer.fit(model, datamodule=family.datamodule())
    trainer.save_checkpoint(tmp_path / "own.ckpt")
    again = family_container(from_checkpoint(tmp_path / "own.ckpt")).model()

    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_module_in_the_place_of_a_whole_composite_has_one_that_says_so(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    application = bootstrap(small_settings)
    with overriding(application, "multi_feature.model", WholeModel):
        result = application.multi_feature.training_run()()
    given = {"multi_feature.model": WholeModel}

    with pytest.raises(OverrideNeededError, match=r"multi_feature\.model was overridden with .*WholeModel"):
        from_checkpoint(result.best_checkpoint)
    model = from_checkpoint(result.best_checkpoint, overrides=given).multi_feature.model()
    assert model.weight[0].item() < 1.0
    longer = {"trainer": {"max_epochs": 2 * small_settings["trainer"]["max_epochs"]}}
    again = resume_training(result.run_folder.path, longer, overrides=given)()
    assert again.num_steps == 2 * result.num_steps
