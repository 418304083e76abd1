"""Models in one file are exported by what is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, bootstrap, family, part
from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.own_model import exports_of
from nested_lightning.app.own.data_facts import OwnDataSpec
from nested_lightning.app.tensors import tensors_in
from nested_lightning.containers.starting.exporting import export_graphs


class Rows(LightningDataModule):
    """Rows of three numbers with a class each."""

    def setup(self, stage: str) -> None:
        """Draw them."""
        numbers = torch.Generator().manual_seed(0)
        x, y = torch.randn(12, 3, generator=numbers), torch.randint(2, (12,), generator=numbers)
        self.rows = TensorDataset(x, y)

    def train_dataloader(self) -> Any:
        """Return batches of five."""
        return DataLoader(self.rows, batch_size=5)


class Model(LightningModule):
    """Logs in ``forward``, as a stranger may."""

    def __init__(self, *, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        self.log("mean", x.mean())
        return self.net(x)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """Return the loss."""
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def predict_step(self, batch: Any, batch_idx: int) -> Any:
        """Return probabilities and the class."""
        probabilities = self.net(batch[0]).softmax(dim=1)
        return {"probabilities": probabilities, "best": probabilities.argmax(dim=1)}

    def configure_optimizers(self) -> Any:
        """Return Adam."""
        return torch.optim.Adam(self.parameters())


class Net(nn.Linear):
    """From three numbers to two."""

    def __init__(self) -> None:
        super().__init__(3, 2)


@family("rows", data=Rows)
def rows(data: Rows, net: Part[Net] = part(Net)) -> Model:
    """Tell the class of a row."""
    return Model(net=net())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
@pytest.mark.parametrize(
    ("called", "inputs", "outputs"),
    [
        (None, ["batch_0", "batch_1"], ["probabilities", "best"]),
        ("forward", ["x"], ["output"]),
    ],
)
def test_what_is_asked_for_is_exported(
    tmp_path: Path, called: Any, inputs: list[str], outputs: list[str]
) -> None:
    report = export_graphs(bootstrap({}, family=rows), tmp_path / "m.onnx", called=called)

    (graph,) = report.manifest.graphs
    assert [port.name for port in graph.inputs] == inputs
    assert [port.name for port in graph.outputs] == outputs
    assert graph.outputs[0].dims == (None, 2)


@pytest.mark.parametrize(
    ("give", "reason"),
    [
        (lambda *_: "a text", r"rows: predict_step gives no tensor, but a str.*--call forward$"),
        (None, "rows has no predict_step to export: .*--call forward$"),
    ],
)
def test_what_has_no_graph_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, give: Any, reason: str
) -> None:
    monkeypatch.setattr(Model, "predict_step", give or LightningModule.predict_step)
    with pytest.raises(UserError, match=reason):
        export_graphs(bootstrap({}, family=rows), tmp_path / "m.onnx", called="predict_step")


@dataclass(frozen=True)
class Named:
    """A batch as a stranger may have it."""

    x: Tensor
    names: list[str]
    temperature: Tensor


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda x: (x, ["a"] * 5, torch.tensor(2.0)), ["batch_0", "batch_2"]),
        (lambda x: {"x": x, "names": ["a"] * 5, "scale": [x, {"by": x}]}, ["x", "scale_0", "scale_1_by"]),
        (lambda x: Named(x, ["a"] * 5, torch.tensor(2.0)), ["x", "temperature"]),
    ],
    ids=["tuple", "mapping", "dataclass"],
)
def test_what_of_a_batch_is_no_tensor_or_has_no_rows_stays_as_it_is(make: Any, inputs: list[str]) -> None:
    class Own(Model):
        def predict_step(self, batch: Any, batch_idx: int) -> Tensor:
            assert type(batch) is type(make(torch.ones(1)))
            return self.net(tensors_in(batch)[0])

    model, spec = Own(net=Net()).eval(), OwnDataSpec()
    (graph,) = exports_of(model=model, data_spec=spec, batches=[make(torch.ones(5, 3))], name="own").graphs

    assert list(graph.inputs) == inputs
    for case, given in graph.cases.items():
        assert [f"{len(each)} rows" for each in (given[0], *graph.says(case))] == [case, case]


def test_sizes_that_differ_between_batches_are_dynamic() -> None:
    class Own(Model):
        def predict_step(self, batch: Any, batch_idx: int) -> Tensor:
            return self.net(batch[0].sum(dim=1))

    batches = [(torch.ones(5, length, 3), torch.ones(5)) for length in (4, 7)]
    batches.append((torch.ones(5, 3), torch.ones(5)))  # of another structure
    (graph,) = exports_of(
        model=Own(net=Net()).eval(), data_spec=OwnDataSpec(), batches=batches, name="own"
    ).graphs

    assert graph.dynamic_dims == [{0, 1}, {0}]
    assert [*graph.cases] == ["17 rows", "3 rows", "2 rows", "1 rows", "batch 2"]


class WithLoader(Model):
    """Has data of its own, which it makes where Lightning asks it to, and takes whole batches."""

    def setup(self, stage: str) -> None:
        """Make the data."""
        self.rows = [{"numbers": torch.ones(n, 3)} for n in (4, 2)]

    def train_dataloader(self) -> Any:
        """Return the batches."""
        return DataLoader(self.rows, batch_size=None)  # type: ignore[arg-type]

    def forward(self, given: Any) -> Tensor:
        return self.net(given["numbers"])


def test_batches_of_a_models_own_loader_go_whole_to_a_forward_that_takes_one_thing() -> None:
    model = WithLoader(net=Net()).eval()
    (graph,) = exports_of(
        model=model, data_spec=OwnDataSpec(), batches=[], name="own", called="forward"
    ).graphs

    assert list(graph.inputs) == ["given_numbers"]
    assert [len(one) for one in graph.says("batch 2")] == [2]
    assert not hasattr(model, "rows")


def test_a_pair_goes_whole_to_a_forward_that_takes_a_batch() -> None:
    class Own(Model):
        def forward(self, batch: Any) -> Tensor:
            return self.net(batch[0])

    model, pairs = Own(net=Net()).eval(), [(torch.ones(2, 3), torch.ones(2))]
    (graph,) = exports_of(
        model=model, data_spec=OwnDataSpec(), batches=pairs, name="own", called="forward"
    ).graphs

    assert list(graph.inputs) == ["batch_0", "batch_1"]
    assert graph.says("3 rows")[0].shape == (3, 2)


def test_a_forward_that_takes_something_else_than_a_batch_has_is_told() -> None:
    class Own(Model):
        def forward(self, x: Tensor, scale: Tensor) -> Tensor:  # type: ignore[override]
            return x * scale

    model, batch = Own(net=Net()).eval(), {"picture": torch.ones(5, 3), "name": ["a"] * 5}
    with pytest.raises(UserError, match=r"^own: forward takes x, scale, and a batch has picture, name: call"):
        exports_of(model=model, data_spec=OwnDataSpec(), batches=[batch], name="own", called="forward")


def test_forward_is_given_the_example_input_of_the_module_where_it_takes_no_batch() -> None:
    model = Model(net=nn.Linear(7, 2))
    model.example_input_array = torch.zeros(2, 7)
    (graph,) = exports_of(
        model=model, data_spec=OwnDataSpec(), batches=[torch.zeros(2, 3)], name="own", called="forward"
    ).graphs

    assert all(one.shape[1] == 7 for inputs in graph.cases.values() for one in inputs)


def test_a_step_that_fails_is_told_in_a_line_with_its_place() -> None:
    model, batches = Model(net=Net()).eval(), [(torch.ones(5, 4),)]
    with pytest.raises(ExportError, match=r"^own: predict_step fails .*Error.*\(test_one_file\.py:\d+\)"):
        exports_of(model=model, data_spec=OwnDataSpec(), batches=batches, name="own")


def test_families_with_graphs_of_their_own_are_not_asked_what_to_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = bootstrap({"model": "multi-feature"})
    with pytest.raises(UserError, match="--call forward is for families of one's own"):
        export_graphs(application, tmp_path / "m.onnx", called="forward")
