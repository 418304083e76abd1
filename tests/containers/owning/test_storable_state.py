"""Every checkpoint of a stranger's module opens, whatever its hyper-parameters and its callbacks hold."""

import enum
import re
import threading
from collections import OrderedDict, UserDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, UserError, bootstrap, family, from_checkpoint, part
from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from nested_lightning.app.checkpoints.storable import to_storable
from nested_lightning.containers.checking.model_check import check_application


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Sizes:
    width: int
    folder: Path


class Rows(pl.LightningDataModule):
    """Rows of three numbers, and a state of the data."""

    def __init__(self, count: int = 8) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.rows, self.width = torch.linspace(0, 1, 3 * count).view(count, 3), 3

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(self.rows), batch_size=4)

    def state_dict(self) -> dict[Any, Any]:
        return {"read_on": date(2026, 1, 2), "from": Path("rows.csv"), 3: np.float32(0.5)}


class Diary(pl.Callback):
    """A callback with a state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def state_dict(self) -> dict[str, Any]:
        return self.state


class Saving(pl.LightningModule):
    """Saves all that it is given as hyper-parameters, modules and functions too."""

    def __init__(
        self,
        net: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        state: Any = None,
        **values: Any,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["state"])
        self.net, self.optimizer, self.state = net, optimizer, state or {}

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.net(batch[0]).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer(self.parameters())

    def configure_callbacks(self) -> pl.Callback:
        return Diary(self.state)


def saving(**values: Any) -> Any:
    @family("saving")
    def wire(data: Rows, model: Part[Saving], net: Part[nn.Module] = part(nn.Linear)) -> Saving:
        return model(net=net(data.width, 2), optimizer=partial(torch.optim.SGD, lr=0.1), **values)

    return wire


def train(own: Any, folder: Path) -> dict[str, Any]:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    application = bootstrap({"run_dir": str(folder / "run"), "trainer": trainer}, family=own)
    result = application.saving.training_run()()
    from_checkpoint(result.best_checkpoint, family=own).saving.model()
    return read_checkpoint(result.best_checkpoint)


def test_what_has_a_plain_meaning_is_stored_as_that_and_what_is_built_again_left_out(tmp_path: Path) -> None:
    values = {
        "folder": Path("a/b"),
        "colour": Colour.RED,
        "number": np.int64(3),
        "weights": np.ones(2, dtype=np.float32),
        "sizes": Sizes(4, Path("c")),
        "nested": UserDict({"depth": 2, "names": ["x"]}),
        "activation": nn.ReLU,
        "layers": [nn.Identity(), nn.ReLU()],
        "space": SimpleNamespace(span=timedelta(minutes=1), loss=torch.nn.functional.l1_loss),
    }
    found = train(saving(**values), tmp_path)

    given = found["hyper_parameters"]
    assert torch.equal(given.pop("weights"), torch.ones(2))
    assert given == {
        "folder": "a/b",
        "colour": "red",
        "number": 3,
        "sizes": {"width": 4, "folder": "c"},
        "nested": {"depth": 2, "names": ["x"]},
        "space": {"span": 60.0},
    }
    assert found["Rows"] == {"read_on": "2026-01-02", "from": "rows.csv", 3: 0.5}


def test_states_of_callbacks_keep_their_kinds(tmp_path: Path) -> None:
    state = {"at": date(2026, 1, 2), "pair": (1, Path("x")), 5: OrderedDict(a=np.bool_(True)), "some": {1, 2}}
    found = train(saving(state=state), tmp_path)["callbacks"]["Diary"]

    assert found == {"at": "2026-01-02", "pair": (1, "x"), 5: {"a": True}, "some": {1, 2}}
    assert type(found[5]) is OrderedDict


def test_what_no_checkpoint_can_hold_is_named_by_its_key_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = saving(state={"lock": threading.Event(), "list": [1, iter("")]}, words=object())
    named = (
        r"can't hold callbacks\.Diary\.list\.1 \(str_ascii_iterator\), callbacks\.Diary\.lock \(Event\),"
        r" hyper_parameters\.words \(object\): leave it out, save_hyperparameters"
    )
    (fault,) = check_application(bootstrap({}, family=own)).faults
    monkeypatch.setattr(Saving, "training_step", lambda *_: pytest.fail("a step was taken"))

    assert re.search(named, fault.what)
    with pytest.raises(UserError, match=named):
        train(own, tmp_path)


def test_a_hook_whose_state_is_not_there_yet_fails_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(module: Any, checkpoint: dict[str, Any]) -> None:
        checkpoint["mine"] = {"seen_on": module.seen_on}

    monkeypatch.setattr(Saving, "on_save_checkpoint", save)
    monkeypatch.setattr(
        Saving, "on_train_batch_start", lambda module, *_: setattr(module, "seen_on", date(2026, 1, 2))
    )

    assert train(saving(), tmp_path)["mine"] == {"seen_on": "2026-01-02"}


def test_a_state_that_comes_later_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    checkpoint = {"state_dict": {"a": torch.ones(2).to_sparse()}, "mine": {"b": [object()]}}

    with pytest.raises(UserError, match=r"mine\.b\.0 \(object\), state_dict\.a \(sparse_coo\)"):
        AtomicCheckpointIO().save_checkpoint(checkpoint, tmp_path / "a.ckpt")
    assert list(tmp_path.iterdir()) == []


def test_what_is_plain_already_is_the_same_object() -> None:
    state = nn.BatchNorm1d(2).state_dict()
    checkpoint = {"state_dict": state, "loops": {"a": (1, 2.0, None, [b"x"])}}
    stored = to_storable(checkpoint)

    assert stored["state_dict"] is state
    assert stored["loops"] is checkpoint["loops"]
    odd = to_storable({"state_dict": OrderedDict(state, extra=Path("x"))})["state_dict"]
    assert odd["extra"] == "x"
