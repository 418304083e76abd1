"""Loggers by settings and by overrides: without a server, fresh and where a training goes on."""

import csv
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import CSVLogger

from nested_lightning import SettingsError, UserError
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.training.reporting.loggers import saved_run_ids
from nested_lightning.settings.choices.loggers import LOGGERS
from tests.containers.five_families import FIVE, going_on, new_training, stopped_and_resumed

OFFLINE = {"wandb": {"offline": True, "tags": ["a"]}, "comet": {"online": False, "tags": ["a"]}}
PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow", "comet": "comet_ml"}
SECRET = "hf_0123456789abcdef"


class Broken(Callback):
    """Fails in the first epoch."""

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("HF_TOKEN", SECRET)


def _skip_without(kind: str) -> None:
    if kind in PACKAGES:
        pytest.importorskip(PACKAGES[kind], reason=f"the extra {kind} is not installed")


def _trainer(kind: str, **more: Any) -> dict[str, Any]:
    _skip_without(kind)
    return {"loggers": {"web": {"kind": kind, **OFFLINE.get(kind, {})}}, **more}


def _mlflow_run(folder: Path) -> Any:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = client.search_experiments(filter_string="name = 'nested-lightning'")
    (run,) = client.search_runs([one.experiment_id for one in experiments])
    return run


def _files(folder: Path) -> dict[str, bytes]:
    """Return what a logger has left in a run folder."""
    own = ("checkpoints", ".lock", "settings.yaml", "metrics.csv", "results.json", "train.log")
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if not str(path.relative_to(folder)).startswith(own)
    }


def _plain(content: bytes) -> bytes:
    """Return a file's content, of an archive what is in it."""
    if not is_zipfile(io.BytesIO(content)):
        return content
    with ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(map(archive.read, archive.namelist()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*LOGGERS.choices])
def test_a_training_that_goes_on_goes_on_in_its_run(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    rest = stopped_and_resumed("multi-feature", folder, _trainer(kind))
    last = folder / "checkpoints" / "last.ckpt"
    before = saved_run_ids(read_checkpoint(last))
    rest()

    assert saved_run_ids(read_checkpoint(last)) == before
    assert list(before) == (["web"] if kind in ("wandb", "mlflow", "comet") else [])
    assert _files(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIVE)
def test_several_loggers_get_what_each_family_logs(name: str, tmp_path: Path) -> None:
    kinds = ["csv", *(PACKAGES if name == "one-file" else ["tensorboard"])]
    for kind in kinds:
        _skip_without(kind)
    loggers = {kind: {"kind": kind, **OFFLINE.get(kind, {})} for kind in kinds}
    result = new_training(name, tmp_path / "run", {"loggers": loggers, "max_epochs": 1})()
    folder = tmp_path / "run" / "csv" / "version_0"
    rows = [*csv.DictReader((folder / "metrics.csv").open())]

    assert any(row["train_loss"] for row in rows)
    assert str(result.best_checkpoint) in (folder / "hparams.yaml").read_text()


@pytest.mark.slow
def test_mlflow_knows_what_was_trained_and_how_it_ended(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped_and_resumed("multi-feature", folder, _trainer("mlflow", max_epochs=2))
    assert _mlflow_run(folder).info.status == "KILLED"
    going_on(folder, {"trainer": {"max_epochs": 3}})()  # with another value of a parameter
    run = _mlflow_run(folder)
    broken = new_training(
        "multi-feature", tmp_path / "broken", _trainer("mlflow"), {"trainer.callbacks.a": Broken}
    )
    with pytest.raises(ZeroDivisionError):
        broken()

    assert _mlflow_run(tmp_path / "broken").info.status == "FAILED"
    assert run.info.status == "FINISHED"
    assert run.data.params["settings/multi_feature/feature_extractor/hidden_features"] == "8"
    assert run.data.params["settings/trainer/max_epochs"] == "2"
    assert run.data.params["data_fingerprint"]
    assert run.data.metrics["val_loss"] > 0
    assert run.data.tags["best_checkpoint"] == str(folder / "checkpoints" / "best.ckpt")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tensorboard", "csv", "wandb", "mlflow", "comet"])
def test_nothing_secret_is_logged(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["main.py", "train", "--set", f"x={SECRET}"])
    trainer = _trainer(kind, max_epochs=1)
    run = new_training("one-file", tmp_path / "run", trainer)
    run.model.save_hyperparameters(
        {"address": "s3://me:pass-word@host/a", "api_key": "own-key", "said": SECRET, "rate": 1}
    )
    run()
    content = b"\n".join(map(_plain, _files(tmp_path / "run").values()))

    assert b"address" in content
    for secret in (SECRET, "pass-word", "own-key"):
        assert secret.encode() not in content


def test_a_password_is_no_setting(tmp_path: Path) -> None:
    address = {"kind": "mlflow", "tracking_uri": "http://me:pass@host"}
    with pytest.raises(SettingsError, match=r"trainer\.loggers\.web\.tracking_uri.*MLFLOW_TRACKING_PASSWORD"):
        new_training("multi-feature", tmp_path / "run", {"loggers": {"web": address}})


@pytest.mark.parametrize(("kind", "package"), [*PACKAGES.items()])
def test_a_package_that_is_missing_is_one_line_with_the_command(
    kind: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nested_lightning.app.extras.find_spec", lambda _: None)
    with pytest.raises(UserError, match=rf"trainer\.loggers\.web .*pip install 'nested-lightning\[{kind}\]'"):
        new_training("multi-feature", tmp_path / "run", {"loggers": {"web": {"kind": kind}}})


def test_the_old_setting_of_tensorboard_is_one_of_the_loggers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    run = new_training("multi-feature", tmp_path / "run", {"use_tensorboard": True})

    assert [type(one).__name__ for one in run.trainer.loggers] == ["TensorBoard", "MetricsFile"]


def test_a_logger_of_ones_own_is_added_by_an_override(tmp_path: Path) -> None:
    own = CSVLogger(tmp_path / "own")
    run = new_training("one-file", tmp_path / "run", {"max_epochs": 1}, {"trainer.loggers.mine": own})
    run()

    assert run.trainer.loggers[0] is own
    assert Path(own.log_dir, "metrics.csv").is_file()
    assert run.run_folder.metrics_file.is_file()
