"""Settings of single submodules reach a stranger's own ``configure_optimizers``, or are refused."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import LBFGS, SGD, Adam
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, StepLR

from nested_lightning import UserError, bootstrap, family
from nested_lightning.containers.checking.model_check import check_application
from tests.containers.owning.small_training import Rows, Small, run_of


class Scheduled(Small):
    """One optimiser with a group of its own, and a schedule of all groups."""

    def configure_optimizers(self) -> Any:
        groups = [{"params": self.named_parameters(), "lr": 0.02}]
        optimizer = SGD(groups, lr=0.05, momentum=0.9)
        return [optimizer], [StepLR(optimizer, 1, gamma=0.5)]


class Manual(Small):
    """Two optimisers, which it steps itself."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizers: Any = self.optimizers()
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(self.loss(batch))
        for optimizer in optimizers:
            optimizer.step()

    def configure_optimizers(self) -> Any:
        return Adam(self.first.parameters()), SGD(self.last.parameters(), lr=0.1)


class Half(Small):
    def configure_optimizers(self) -> Any:
        return SGD(self.first.parameters(), lr=0.1)


class Cycled(Small):
    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        return {"optimizer": optimizer, "lr_scheduler": OneCycleLR(optimizer, 0.1, total_steps=99)}


class Listed(Small):
    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        return {"optimizer": optimizer, "lr_scheduler": LambdaLR(optimizer, [lambda _: 1.0])}


class Quasi(Small):
    def configure_optimizers(self) -> Any:
        return LBFGS(self.parameters())


def run_with(module: Any, folder: Path, path: str = "small.last", **policy: Any) -> Any:
    return run_of(module, folder, sections={"submodules": {path: policy}})


def rates(run: Any) -> list[tuple[float, int]]:
    groups = [group for optimizer in run.trainer.optimizers for group in optimizer.param_groups]
    return [(group.get("initial_lr", group["lr"]), len(group["params"])) for group in groups]


def test_a_rate_of_its_own_is_that_of_a_group_and_the_schedule_goes_on_from_it(tmp_path: Path) -> None:
    run = run_with(Scheduled, tmp_path, lr=0.5, weight_decay=0.25)
    run()
    (optimizer,) = run.trainer.optimizers

    assert rates(run) == [(0.02, 2), (0.5, 2)]
    assert [group["lr"] for group in optimizer.param_groups] == [0.005, 0.125]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0, 0.25]
    assert "configure_optimizers" not in vars(run.model)


def test_each_of_several_optimisers_gets_the_rates_of_its_submodules(tmp_path: Path) -> None:
    run = run_with(Manual, tmp_path, "small.*", lr=0.5)
    run()

    assert rates(run) == [(0.5, 2), (0.5, 2)]


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Half, r"submodules\.small\.last: lr would have no effect, as Half\.configure_optimizers"),
        (Cycled, r"submodules\.small\.last: lr would have no effect, as Cycled\.configure_optimizers"),
        (Listed, r"submodules: the optimiser can't have several rates or decays: Expected 2 lr_lambdas"),
        (Quasi, r"submodules: the optimiser can't have several rates or decays: LBFGS"),
    ],
)
def test_a_rate_that_can_not_reach_it_is_refused_before_the_first_step(
    module: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = family("small", model=module, data=Rows)
    report = check_application(bootstrap({"submodules": {"small.last": {"lr": 0.5}}}, family=own))
    monkeypatch.setattr(Small, "training_step", lambda *_: pytest.fail("a step was taken"))

    assert [fault for fault in report.faults if re.search(message, str(fault))]
    with pytest.raises(UserError, match=message):
        run_with(module, tmp_path, lr=0.5)()


@pytest.mark.parametrize("module", [Small, Scheduled, Manual])
def test_what_is_frozen_keeps_its_weights(module: Any, tmp_path: Path) -> None:
    run = run_with(module, tmp_path, freeze=True)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run()

    changed = {name for name, value in run.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"first.weight", "first.bias"}
