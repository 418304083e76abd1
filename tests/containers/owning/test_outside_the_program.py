"""A stranger's family besides the commands: Lightning's own ways, scripts, loggers, hyper-parameters."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, UserError, bootstrap, family, from_checkpoint, part
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.containers.starting.bootstrapping import provider_of
from nested_lightning.settings.families import knowing
from tests.command_line import PROJECT
from tests.containers.owning.auto_encoder import Reconstruction, waves
from tests.containers.owning.image_classifier import pictures

EXAMPLE = PROJECT / "tests" / "containers" / "owning" / "auto_encoder.py"


def _settings(folder: Path, **trainer: Any) -> dict[str, Any]:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False, **trainer}
    return {"run_dir": str(folder / "run"), "trainer": trainer}


@pytest.mark.slow
def test_the_modules_own_load_from_checkpoint_takes_the_parts_that_from_checkpoint_builds(
    tmp_path: Path,
) -> None:
    checkpoint = bootstrap(_settings(tmp_path), family=waves).waves.training_run()().best_checkpoint
    opened = from_checkpoint(checkpoint, family=waves).waves.model()
    fresh = bootstrap({"seed": 7}, family=waves).waves.model().net
    own = Reconstruction.load_from_checkpoint(checkpoint, net=fresh).eval()
    batch = [torch.linspace(0, 1, 8)[None]]

    assert torch.equal(own.predict_step(batch, 0)["latent"], opened.predict_step(batch, 0)["latent"])


@pytest.mark.slow
def test_results_are_those_of_the_best_checkpoint_and_not_of_the_last(tmp_path: Path) -> None:
    worst_first = _settings(tmp_path, max_epochs=3, monitor_mode="max")
    settings = worst_first | {"pictures": {"adam": {"lr": 0.01}}}
    result = bootstrap(settings, family=pictures).pictures.training_run()()

    def scores(name: str, part: str) -> Any:
        opened = from_checkpoint(result.run_folder.path / "checkpoints" / name, family=pictures)
        return opened.pictures.evaluator()(part).scores

    assert scores("best.ckpt", "test") == pytest.approx(result.test_metrics)
    assert scores("best.ckpt", "val") == pytest.approx(result.validation_metrics)
    assert scores("last.ckpt", "val") != pytest.approx(result.validation_metrics)


def test_a_test_step_without_a_loader_ends_a_training_without_test_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reconstruction, "test_step", Reconstruction.validation_step)
    result = bootstrap(_settings(tmp_path), family=waves).waves.training_run()()

    assert (set(result.validation_metrics), result.test_metrics) == ({"val_loss"}, {})


@pytest.mark.slow
def test_what_a_script_trained_opens_by_its_file_also_when_that_has_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "my_script.py"
    settings = json.dumps(_settings(tmp_path)).replace("false", "False")
    main = f"\n\nif __name__ == '__main__':\n    bootstrap({settings}, family=waves).waves.training_run()()\n"
    text = EXAMPLE.read_text().replace("import Part,", "import Part, bootstrap,")
    script.write_text(text + main)
    runpy.run_path(str(script), run_name="__main__")
    monkeypatch.chdir("/")
    checkpoint = tmp_path / "run" / "checkpoints" / "best.ckpt"
    found = [_predict(checkpoint, script), _predict(checkpoint, script.rename(tmp_path / "other_name.py"))]

    assert found[0] == found[1]
    assert len(found[0].splitlines()) == 10
    with pytest.raises(UserError, match=r"'waves' is not registered.*--model FILE\.py:NAME"):
        from_checkpoint(checkpoint)


def _predict(checkpoint: Path, file: Path) -> bytes:
    with knowing(family_in_file(f"{file}:waves")):
        written: bytes = from_checkpoint(checkpoint).waves.answers(files=[]).encode("jsonl")
    return written


def test_a_provider_that_a_container_lacks_is_named() -> None:
    with pytest.raises(UserError, match="waves has no judge: its container lacks a provider of that name"):
        provider_of(bootstrap({}, family=waves), "judge")


class Named(pl.LightningDataModule):
    """Has hyper-parameters."""

    def __init__(self, batch_size: int = 4, name: str = "data") -> None:
        super().__init__()
        self.save_hyperparameters()
        self.batch_size = batch_size

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(torch.ones(8, 3)), batch_size=self.batch_size)


class NamedNet(pl.LightningModule):
    """Has hyper-parameters of the same names."""

    def __init__(self, layer: nn.Module, batch_size: int = 8, name: str = "net") -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["layer"])
        self.layer = layer

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.layer(batch[0]).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("named")
def named(data: Named, model: Part[NamedNet], layer: Part[nn.Module] = part(nn.Linear)) -> NamedNet:
    """Wire a layer."""
    return model(layer(3, 1))


def test_equal_hyper_parameters_of_module_and_data_keep_their_values_and_are_logged_by_path(
    tmp_path: Path,
) -> None:
    application = bootstrap(_settings(tmp_path, use_tensorboard=True), family=named)
    settings = application.settings().to_plain()["named"]
    application.named.training_run()()
    logged = yaml.safe_load((tmp_path / "run" / "tensorboard" / "hparams.yaml").read_text())

    assert (settings["batch_size"], settings["data"]["batch_size"]) == (8, 4)
    assert (
        logged.items() >= {"batch_size": 8, "name": "net", "data.batch_size": 4, "data.name": "data"}.items()
    )
    assert application.named.datamodule().hparams["name"] == "data"
