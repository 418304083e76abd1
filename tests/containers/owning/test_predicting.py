"""``predict`` for a stranger's family: one result for each row, in order, from files or a loader."""

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from dependency_injector import providers
from torch import Tensor, nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from nested_lightning import Part, UserError, bootstrap, family, part
from nested_lightning.app.own.data_facts import OwnDataSpec
from nested_lightning.app.own.prediction_rows import rows_of
from nested_lightning.containers.checking.model_check import check_application
from tests.containers.owning.auto_encoder import waves
from tests.containers.owning.classifier import corners
from tests.untrained import as_if_trained


class Two(NamedTuple):
    """Two results by name."""

    a: Any
    b: Any


class Lines(pl.LightningDataModule):
    """Numbers, of files where some are given."""

    def __init__(self, kind: str = "shuffled") -> None:
        super().__init__()
        self.kind = kind
        self.predict_paths: list[Path] = []
        self.stages: list[str] = []

    def setup(self, stage: str) -> None:
        self.stages.append(stage)
        given = [float(line) for path in self.predict_paths for line in path.read_text().split()]
        self.rows = TensorDataset(torch.tensor(given or list(range(130)))[:, None].float())

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.rows, batch_size=64)

    def predict_dataloader(self) -> Any:
        if self.kind == "twice":
            return DataLoader(self.rows, sampler=RandomSampler(self.rows, replacement=True))
        if self.kind == "by position":
            return DataLoader(self.rows, 64)
        shuffled = DataLoader(self.rows, batch_size=64, shuffle=True)
        return [shuffled, DataLoader(self.rows, batch_size=100)] if self.kind == "several" else shuffled


class Doubling(pl.LightningModule):
    """Doubles."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.layer(batch[0]).mean()

    def predict_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> Any:
        row = batch[0][:, 0]
        return {
            "number": row,
            "double": (2 * row, torch.stack([row, row], 1)),
            "of": [dataloader_idx] * len(row),
        }

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("doubling")
def doubling(data: Lines, model: Part[Doubling], layer: Part[nn.Module] = part(nn.Linear)) -> Doubling:
    """Wire a layer."""
    return model(layer(1, 1))


def _answers(kind: str = "shuffled", files: Any = ()) -> Any:
    application = bootstrap({"doubling": {"data": {"kind": kind}}}, family=doubling)
    return as_if_trained(application.doubling).answers(files=files)


def _lines(answers: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answers.encode("jsonl").splitlines()]


def test_rows_come_in_the_order_of_the_data_with_all_keys_though_the_loader_shuffles() -> None:
    answers = _answers()
    lines = _lines(answers)
    arrays = np.load(io.BytesIO(answers.encode("npz")))

    assert answers.count == 130
    assert lines[7] == {"number": 7.0, "double.0": 14.0, "double.1": [7.0, 7.0], "of": 0}
    assert [line["number"] for line in lines] == list(range(130))
    assert json.loads(answers.encode("json")) == lines
    assert arrays["double.1"].shape == (130, 2)
    assert arrays["number"].tolist() == list(range(130))
    assert answers.encode("csv").decode().splitlines()[8] == "7.0,14.0,7.0,7.0,0"


def test_a_container_has_a_predictor_for_loaders_files_and_single_batches(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("5 3")
    predictor = as_if_trained(bootstrap({}, family=doubling).doubling).predictor()

    assert [row["number"] for row in predictor.predict_files()] == list(range(130))
    assert [row["number"] for row in predictor.predict_files(tmp_path / "a")] == [5, 3]
    assert [row["double.0"] for row in predictor.predict([torch.tensor([[2.0], [4.0]])])] == [4, 8]


def test_a_module_without_a_fitting_step_has_no_predictor() -> None:
    container = bootstrap({}, family=corners).corners
    with pytest.raises(UserError, match="corners: nothing has been trained"):
        container.predictor()
    with pytest.raises(UserError, match="corners has no predictor: CornerClassifier has no predict_step"):
        as_if_trained(container).predictor()


def test_a_batch_size_that_lightning_does_not_take_by_position_is_named() -> None:
    with pytest.raises(UserError, match=r"Doubling and .* pass batch_size to DataLoader by name"):
        _answers("by position")


def test_one_loader_comes_after_the_other() -> None:
    lines = _lines(_answers("several"))

    assert [line["of"] for line in lines] == [0] * 130 + [1] * 130
    assert [line["number"] for line in lines] == [*range(130), *range(130)]


def test_a_loader_that_gives_rows_twice_is_refused() -> None:
    with pytest.raises(UserError, match="predict_dataloader doesn't give each row of its data set once"):
        _answers("twice")


def test_a_result_for_each_batch_is_none_for_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Doubling, "predict_step", lambda *_: torch.ones(3))

    with pytest.raises(UserError, match=r"Doubling\.predict_step gives 3 results for a batch of 64 rows"):
        _answers()


def test_files_are_handed_to_the_datamodule_without_data_of_the_training(tmp_path: Path) -> None:
    for name, text in (("a", "5 3"), ("b", "4")):
        (tmp_path / name).write_text(text)
    application = bootstrap({}, family=doubling)
    application.doubling.known_data_spec.override(providers.Object(OwnDataSpec()))  # as a checkpoint does
    as_if_trained(application.doubling)
    answers = application.doubling.answers(files=[tmp_path / "a", tmp_path / "b"])

    assert [line["number"] for line in _lines(answers)] == [5.0, 3.0, 4.0]
    assert application.doubling.unread_datamodule().stages == ["predict"]
    with pytest.raises(UserError, match="c: there is no such file"):
        application.doubling.answers(files=[tmp_path / "c"])


def test_files_for_a_datamodule_that_takes_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="waves takes no files: give Waves the attribute predict_paths"):
        as_if_trained(bootstrap({}, family=waves).waves).answers(files=[tmp_path])


@pytest.mark.slow
def test_check_notes_what_predict_lacks_and_finds_no_fault() -> None:
    reports = [check_application(bootstrap({}, family=own)) for own in (corners, waves)]

    assert [len(report.faults) for report in reports] == [0, 0]
    assert reports[0].notes[0].startswith("corners has no predictor: CornerClassifier has no predict_step")
    assert reports[1].notes == ()


@pytest.mark.parametrize(
    ("output", "row"),
    [
        (
            Two(torch.ones(1), np.zeros((1, 2))),
            {"prediction.a": 1, "prediction.b": [0, 0]},
        ),
        ({"in": {"a": torch.ones(1, dtype=torch.bfloat16)}}, {"in.a": 1}),
        (
            [{"boxes": torch.ones(2, 4), "name": "cat"}],
            {"prediction": {"boxes": [[1] * 4] * 2, "name": "cat"}},
        ),
        (["a text"], {"prediction": "a text"}),
    ],
)
def test_nested_results_have_names_by_their_places(output: Any, row: dict[str, Any]) -> None:
    [found] = rows_of(output, owner="Net")

    assert {name: np.asarray(one).tolist() for name, one in found.items()} == row


@pytest.mark.parametrize(
    ("output", "what"),
    [
        (torch.ones(()), "a single number as prediction"),
        ({"a": torch.ones(2), "loss": torch.ones(())}, "a single number as loss"),
        ({"a": torch.ones(2), "b": [1]}, r"unequally many results \(2 of a, 1 of b\)"),
        ({}, "an empty mapping"),
        (None, "NoneType"),
        ([object()], "object"),
    ],
)
def test_what_is_no_result_for_each_row_is_named(output: Any, what: str) -> None:
    with pytest.raises(UserError, match=rf"^Net\.predict_step gives {what}: let it give a tensor or a list"):
        rows_of(output, owner="Net")


@pytest.mark.parametrize(
    ("format_", "output"),
    [("csv", [{"a": 1}]), ("csv", [[[1]]]), ("npz", [{"a": 1}]), ("npz", [[1], [1, 2]])],
)
def test_what_a_format_cannot_hold_is_refused_with_one_that_can(
    format_: str, output: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Doubling, "predict_step", lambda _, batch, *__: (output * 130)[: len(batch[0])])

    with pytest.raises(UserError, match=r"prediction .*: take the format jsonl"):
        _answers().encode(format_)
