"""What a stranger's module does with its loggers."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nested_lightning import bootstrap, family, resume_training
from nested_lightning.settings.families import knowing
from tests.containers.owning.small_training import STEPS_PER_EPOCH, Rows, Small, train


class Writing(Small):
    """Writes to its logger whatever there is, by the names of TensorBoard's writer."""

    def on_train_start(self) -> None:
        logger: Any = self.logger
        logger.log_hyperparams({"rate": 0.1})
        assert Path(logger.log_dir).is_relative_to(self.trainer.default_root_dir)

    def on_train_epoch_end(self) -> None:
        logger: Any = self.logger
        logger.log_metrics({"by_epoch": torch.tensor(0.5)}, step=self.current_epoch)
        logger.experiment.add_scalar("scalar", 0.25, self.global_step - 1)
        logger.experiment.add_image("picture", torch.zeros(1, 2, 2), self.global_step)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", self.loss(batch))


def rows_of(file: Path) -> dict[int, dict[str, str]]:
    with file.open() as opened:
        return {int(row["step"]): {k: v for k, v in row.items() if v} for row in csv.DictReader(opened)}


def test_numbers_come_to_the_metrics_file_and_pictures_nowhere_which_is_said(tmp_path: Path) -> None:
    with pytest.warns(
        UserWarning, match=r"experiment\.add_image writes nothing; set trainer\.use_tensorboard"
    ):
        result = train(Writing, tmp_path)
    rows = rows_of(result.run_folder.metrics_file)
    last = rows[2 * STEPS_PER_EPOCH]

    assert list(rows) == [1, 2, STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH]
    assert rows[2]["by_epoch"] == "0.5"
    assert last["scalar"] == "0.25"
    assert float(last["val_loss"]) == pytest.approx(result.validation_metrics["val_loss"])


@pytest.mark.slow
def test_tensorboards_writer_is_the_modules_where_it_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    drawn: list[str] = []
    monkeypatch.setattr(
        "torch.utils.tensorboard.SummaryWriter.add_image", lambda _, tag, *__: drawn.append(tag)
    )
    result = train(Writing, tmp_path, use_tensorboard=True)

    assert drawn == ["picture", "picture"]
    assert "val_loss" in result.run_folder.metrics_file.read_text()


@pytest.mark.slow
def test_a_training_that_goes_on_keeps_all_rows_whatever_steps_the_module_names(tmp_path: Path) -> None:
    own = family("small", model=Writing, data=Rows)

    def run(name: str, epochs: int) -> Any:
        trainer = {"max_epochs": epochs, "accelerator": "cpu", "use_progress_bar": False}
        return bootstrap(
            {"run_dir": str(tmp_path / name), "trainer": trainer}, family=own
        ).small.training_run()

    whole = run("whole", 4)()
    run("cut", 3)()
    with knowing(own.family):
        rest = resume_training(tmp_path / "cut", {"trainer": {"max_epochs": 4}})()

    assert rows_of(rest.run_folder.metrics_file) == rows_of(whole.run_folder.metrics_file)
