"""What an unusual module is told: of streams, missing scores, clipped gradients and real batches."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from nested_lightning import Part, UserError, bootstrap, family, from_checkpoint, part
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.commands.printing.console import show_warnings_as_notes
from nested_lightning.commands.run_training import print_result
from nested_lightning.containers.checking.model_check import check_application
from tests.containers.owning.small_training import Rows, Small, run_of, train


class Numbers(IterableDataset[Tensor]):
    """A stream."""

    def __iter__(self) -> Iterator[Tensor]:
        yield from torch.ones(8, 3)


class Stream(pl.LightningDataModule):
    """Batches of a stream."""

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(Numbers(), batch_size=4)


class Streamed(Small):
    """Learns from bare tensors."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return self.loss([batch])


class Clipping(pl.LightningModule):
    """Clips gradients itself, and keeps its part among the hyper-parameters too."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.layer = layer

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        optimizer: Any = self.optimizers()
        self.manual_backward(self.layer(batch).mean())
        self.clip_gradients(optimizer, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
        optimizer.step()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Compiling(Small):
    """Compiles a part itself as training begins, and takes its parameters from the Trainer."""

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self.first = torch.compile(self.first, backend="eager")  # type: ignore[assignment]

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.trainer.model.parameters(), lr=0.05)  # type: ignore[union-attr]


@family("clipping")
def clipping(data: Stream, model: Part[Clipping], layer: Part[nn.Module] = part(nn.Linear)) -> Clipping:
    """Wire a layer."""
    return model(layer(3, 1))


class Making(Clipping):
    """Makes its layer itself."""

    def __init__(self, make_layer: Any) -> None:
        super().__init__(make_layer(out_features=1))


@family("making")
def making(data: Stream, model: Part[Making], layer: Part[nn.Module] = part(nn.Linear)) -> Making:
    """Hand on what makes a layer."""
    return model(layer)


def test_the_last_epoch_of_a_stream_is_the_last_and_a_training_without_scores_says_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.warns(UserWarning, match="'val_loss': no such value is logged"):
        result = train(Streamed, tmp_path, Stream, use_progress_bar=True)
    print_result(result)
    shown = capsys.readouterr()

    assert "epoch 2/2" in shown.err
    assert "last.ckpt: none" in shown.out.replace("\n", "")


def test_gradients_that_a_module_clips_itself_are_checked() -> None:
    report = check_application(bootstrap({}, family=clipping))

    assert (report.faults, report.unchecked) == ((), ())


def test_a_real_batch_goes_through_it_on_the_cpu() -> None:
    report = check_application(bootstrap({}, family=clipping), has_real_batch=True)

    assert report.unchecked == ()
    assert report.rows[0].inputs == ((4, 3),)


def test_weights_of_a_part_that_a_module_compiled_itself_are_opened_under_its_own_names(
    tmp_path: Path,
) -> None:
    run = run_of(Compiling, tmp_path)
    file = run().best_checkpoint

    opened = from_checkpoint(file, family=family("small", model=Compiling, data=Rows)).small.model()
    assert torch.equal(opened.first.weight, run.model.state_dict()["first._orig_mod.weight"])


def test_a_module_that_takes_its_parameters_from_the_trainer_is_checked() -> None:
    report = check_application(bootstrap({}, family=family("small", model=Compiling, data=Rows)))

    assert (report.faults, report.unchecked) == ((), ())


def test_what_a_factory_does_not_get_is_set_or_said_with_the_way_out() -> None:
    (fault,) = check_application(bootstrap({}, family=making)).faults
    assert "missing a required argument: 'in_features'; what it was handed to calls it so: set" in fault.what

    container = bootstrap({"making": {"layer": {"in_features": 3}}}, family=making)
    assert container.making.model().layer.weight.shape == (1, 3)


def test_lightnings_advice_on_kept_modules_is_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        show_warnings_as_notes()
        Clipping(nn.Linear(3, 1))

    assert capsys.readouterr().err == ""


class Fussy(nn.Module):
    """Refuses what it is given in ways of its own."""

    def __init__(self, in_features: int, out_features: int, activation: str = "relu", heads: int = 2) -> None:
        super().__init__()
        if in_features % heads:
            raise AssertionError("heads must divide in_features")
        self.activation = {"relu": nn.ReLU}[activation]()


@family("fussy")
def fussy(data: Stream, model: Part[Clipping], layer: Part[nn.Module] = part(Fussy)) -> Clipping:
    """Wire a part that is hard to please."""
    return model(layer(4, 1))


@pytest.mark.parametrize(
    ("setting", "reason"),
    [({"activation": "rleu"}, "KeyError: 'rleu'"), ({"heads": 3}, "heads must divide in_features")],
)
def test_whatever_a_constructor_raises_names_the_part(setting: dict[str, Any], reason: str) -> None:
    container = bootstrap({"fussy": {"layer": setting}}, family=fussy)

    with pytest.raises(UserError, match=f"^fussy.layer can't be built: {reason}$"):
        container.fussy.model()
    assert [str(one) for one in check_application(container).faults] == [
        f"fussy.layer: it can't be built: {reason}"
    ]


class Counting(Small):
    """Keeps a number in the checkpoint by its own hooks."""

    seen = 0

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        self.seen += 1
        return self.loss(batch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["seen"] = self.seen

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.seen = checkpoint["seen"]


def test_what_a_module_keeps_in_checkpoints_itself_is_there_when_one_is_opened(tmp_path: Path) -> None:
    result = train(Counting, tmp_path, max_epochs=2)
    own = family("small", model=Counting, data=Rows)
    opened = from_checkpoint(result.best_checkpoint, family=own)
    export_safetensors(result.best_checkpoint, tmp_path / "weights.safetensors")
    bare = from_checkpoint(tmp_path / "weights.safetensors", family=own)

    assert opened.small.model().seen == result.num_steps
    assert bare.small.model().seen == 0
