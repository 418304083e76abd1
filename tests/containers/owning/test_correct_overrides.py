"""``check`` finds no fault in parts that are called late, nor in what a container is given."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import Part, bootstrap, family, from_checkpoint, part
from nested_lightning.containers.checking.model_check import check_application
from tests.containers.owning.auto_encoder import waves
from tests.containers.owning.image_classifier import Digits, pictures


class Late(pl.LightningModule):
    """Calls what it is given when validation begins."""

    def __init__(self, layer: nn.Module, late: Any, early: nn.Module | None) -> None:
        super().__init__()
        self.layer, self.late, self.early = layer, late, early

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self.layer(torch.ones(2, 3, device=self.device)).square().mean()

    def on_validation_epoch_start(self) -> None:
        self.late()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("late")
def late(
    model: Part[Late],
    layer: Part[nn.Module] = part(nn.Linear),
    late: Part[nn.Module] = part(nn.ReLU),
    early: Part[nn.Module | None] = part(None, relu=nn.ReLU),
    use_early: bool = False,
) -> Late:
    """Wire a model without data."""
    return model(layer(3, 4), late, early() if use_early else None)


@pytest.mark.parametrize("is_brief", [False, True])
def test_a_part_that_the_model_has_as_a_factory_may_be_called_at_any_time(is_brief: bool) -> None:
    application = bootstrap({}, family=late, overrides={"late.late": nn.Tanh})

    assert check_application(application, is_brief=is_brief).faults == ()


def test_a_part_that_the_settings_leave_out_is_overridden_to_no_effect() -> None:
    def faults(**settings: Any) -> list[str]:
        application = bootstrap({"late": settings}, family=late, overrides={"late.early": nn.Tanh})
        return [str(fault) for fault in check_application(application).faults]

    assert faults(use_early=True) == []
    assert faults()[0].startswith("late.early: it is overridden to no effect")


def test_an_input_that_the_container_is_given_and_does_not_use_is_no_override() -> None:
    application = bootstrap({}, family=waves)
    spec = application.waves.data_spec()
    application.waves.known_data_spec.override(providers.Object(spec))

    assert check_application(application).faults == ()


def test_a_datamodule_that_is_put_in_is_set_up_like_the_familys_own() -> None:
    overrides = {"pictures.datamodule": lambda: Digits(20)}
    application = bootstrap({}, family=pictures, overrides=overrides)

    assert application.pictures.data_spec().values == {"num_classes": 3}
    assert check_application(application).faults == ()


@pytest.mark.slow
def test_a_model_from_a_checkpoint_is_checked_like_one_that_is_built(tmp_path: Any) -> None:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": str(tmp_path / "run"), "trainer": trainer}
    checkpoint = bootstrap(settings, family=waves).waves.training_run()().best_checkpoint
    report = check_application(from_checkpoint(checkpoint, family=waves))

    assert (report.faults, report.unchecked) == ((), ())
