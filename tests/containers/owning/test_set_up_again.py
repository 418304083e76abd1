"""A stranger's datamodule is set up again for each stage, and in each process: no row changes its part."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split

from nested_lightning import Part, UserError, bootstrap, family, from_checkpoint, part
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.starting.resuming import resume_training
from nested_lightning.settings.families import knowing
from tests.command_line import Program

Parts = dict[str, list[int]]


class Unseeded(pl.LightningDataModule):
    """Splits anew in each set-up, by a generator that everybody else draws from too."""

    seen: list[Parts] = []  # noqa: RUF012

    def __init__(self, kind: str = "split") -> None:
        super().__init__()
        self.kind, self.generator = kind, torch.Generator().manual_seed(1)

    def setup(self, stage: str) -> None:
        rows = TensorDataset(torch.arange(30.0)[:, None])
        if self.kind == "once" and hasattr(self, "train"):
            return
        if self.kind in ("split", "kept"):
            generator = self.generator if self.kind == "kept" else torch.default_generator
            self.train, self.val, self.test = random_split(rows, [0.6, 0.2, 0.2], generator)
        elif self.kind == "tensors":
            order = np.random.default_rng().permutation(30).tolist()
            parts: Any = [TensorDataset(rows.tensors[0][order[i : i + 10]]) for i in (0, 10, 20)]
            self.train, self.val, self.test = parts
            return
        else:
            order = np.random.default_rng().permutation(30).tolist()
            self.train, self.val, self.test = (Subset(rows, order[i : i + 10]) for i in (0, 10, 20))
        self.seen.append({name: sorted(getattr(self, name).indices) for name in ("train", "val", "test")})

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train, batch_size=6, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.val, batch_size=6)

    def test_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.test, batch_size=6)

    def predict_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.test, batch_size=6)


class Line(pl.LightningModule):
    """A layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.layer(batch[0] / 30).square().mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", self.training_step(batch, batch_idx))

    def test_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("test_loss", self.training_step(batch, batch_idx))

    def predict_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return batch[0][:, 0]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("unseeded")
def unseeded(data: Unseeded, model: Part[Line], layer: Part[nn.Module] = part(nn.Linear)) -> Line:
    """Wire a layer."""
    return model(layer(1, 1))


def _settings(folder: Path, **values: Any) -> dict[str, Any]:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    return {"run_dir": str(folder / "run"), "trainer": trainer, **values}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["split", "kept"])
def test_each_row_stays_in_its_part_in_training_resuming_evaluation_and_prediction(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Parts] = []
    monkeypatch.setattr(Unseeded, "seen", seen)
    settings = _settings(tmp_path, unseeded={"data": {"kind": kind}})
    result = bootstrap(settings, family=unseeded).unseeded.training_run()()
    torch.manual_seed(5)
    with knowing(family_of(unseeded)):
        resume_training(tmp_path / "run", {"trainer": {"max_epochs": 2}})()
    opened = from_checkpoint(result.best_checkpoint, family=unseeded).unseeded
    opened.evaluator()("test")
    predicted = opened.answers(files=[]).encode("jsonl").decode().splitlines()

    assert len(seen) >= 6
    assert all(one == seen[0] for one in seen)
    assert sorted(row for rows in seen[0].values() for row in rows) == list(range(30))
    assert sorted(int(json.loads(line)["prediction"]) for line in predicted) == seen[0]["test"]


@pytest.mark.slow
def test_another_process_and_another_seed_part_the_rows_alike(forked_code: Program) -> None:
    code = (
        "import json, random, torch\n"
        "from tests.containers.owning.test_set_up_again import parts_with_seed\n"
        "torch.manual_seed(9)\n"
        "print(json.dumps(parts_with_seed(7)))\n"
    )
    done = forked_code(code)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == parts_with_seed(0)


def parts_with_seed(seed: int) -> Parts:
    """Return the rows of each part in this process."""
    data = bootstrap({"seed": seed}, family=unseeded).unseeded.datamodule()
    return {name: list(getattr(data, name).indices) for name in ("train", "val", "test")}


@pytest.mark.parametrize("kind", ["own", "tensors"])
def test_a_split_that_no_seed_holds_is_refused_before_the_first_step(kind: str, tmp_path: Path) -> None:
    run = bootstrap(_settings(tmp_path, unseeded={"data": {"kind": kind}}), family=unseeded).unseeded

    with pytest.raises(UserError, match=r"Unseeded\.setup gives 'train' other rows than it had"):
        run.training_run()()
    assert not (tmp_path / "run" / "checkpoints" / "last.ckpt").exists()


def test_evaluation_refuses_test_rows_that_training_may_have_seen(tmp_path: Path) -> None:
    own = {"unseeded": {"data": {"kind": "once"}}}
    result = bootstrap(_settings(tmp_path, **own), family=unseeded).unseeded.training_run()()

    with pytest.raises(UserError, match=r"Unseeded\.setup gives 'train' other rows than it had"):
        from_checkpoint(result.best_checkpoint, family=unseeded).unseeded.evaluator()


def test_setting_up_leaves_the_generators_of_the_caller_as_they_were() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    bootstrap({}, family=unseeded).unseeded.datamodule()

    assert torch.equal(torch.get_rng_state(), before)


class Drawn(pl.LightningDataModule):
    """Draws rows for each stage."""

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self.train: Dataset[Any] = TensorDataset(torch.randn(40, 2))
        if stage == "test":
            self.test: Dataset[Any] = TensorDataset(torch.randn(20, 2))

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train)


@family("drawn")
def drawn(data: Drawn, model: Part[Line], layer: Part[nn.Module] = part(nn.Linear)) -> Line:
    """Wire a layer."""
    return model(layer(1, 1))


def test_rows_that_are_drawn_for_the_test_are_none_of_those_drawn_for_training() -> None:
    def rows() -> tuple[Any, Any]:
        data = bootstrap({}, family=drawn).drawn.datamodule()
        data.setup("test")
        data.setup(stage="test")
        return data.train.tensors[0], data.test.tensors[0]

    (train, test), again = rows(), rows()

    assert not torch.isin(test, train).any()
    assert torch.equal(train, again[0])
    assert torch.equal(test, again[1])
