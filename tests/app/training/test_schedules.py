import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.optimization import ScheduleFactory
from nested_lightning.app.training.optimizers import build_sgd
from nested_lightning.app.training.schedules import (
    build_constant,
    build_cosine,
    build_one_cycle,
)

LR = 0.1


def optimizer(*rates: float) -> torch.optim.Optimizer:
    groups = [{"params": nn.Linear(1, 1).parameters(), "lr": rate} for rate in rates or (LR,)]
    return build_sgd(groups)


def factors(schedule: LRScheduler, steps: int) -> list[float]:
    """Return the learning rate of each step as a multiple of the optimiser's."""
    values = []
    for _ in range(steps):
        values.append(float(schedule.get_last_lr()[0]) / LR)
        schedule.optimizer.step()
        schedule.step()
    return values


def test_constant_is_no_schedule() -> None:
    factory: ScheduleFactory = build_constant
    assert factory(optimizer(), 10) is None


@pytest.mark.parametrize("total_steps", [10, 37, 1000])
@pytest.mark.parametrize("warmup_fraction", [0.3, 0.5])
def test_one_cycle_is_torchs_one_cycle(total_steps: int, warmup_fraction: float) -> None:
    ours = build_one_cycle(
        optimizer(), total_steps, peak_factor=10.0, warmup_fraction=warmup_fraction, final_factor=4e-5
    )
    torchs = OneCycleLR(
        optimizer(), 10 * LR, total_steps=total_steps, pct_start=warmup_fraction, cycle_momentum=False
    )
    assert factors(ours, total_steps) == pytest.approx(factors(torchs, total_steps))


def test_one_cycle_of_one_step_takes_it_at_the_peak() -> None:
    assert factors(build_one_cycle(optimizer(), 1, peak_factor=5.0), 1) == pytest.approx([5.0])


def test_one_cycle_without_warmup_falls_from_the_peak() -> None:
    schedule = build_one_cycle(optimizer(), 3, peak_factor=4.0, warmup_fraction=0.0, final_factor=2.0)
    assert factors(schedule, 3) == pytest.approx([4.0, 3.0, 2.0])


def test_cosine_rises_on_a_line_and_falls_on_a_cosine() -> None:
    schedule = build_cosine(optimizer(), 10, warmup_fraction=0.4, final_factor=0.2)
    falling = [0.2 + 0.8 * (1 + torch.tensor(torch.pi * k / 6).cos().item()) / 2 for k in range(7)]
    assert factors(schedule, 10) == pytest.approx([0.25, 0.5, 0.75, *falling])


def test_schedule_stays_at_its_last_value_after_the_foretold_end() -> None:
    assert factors(build_cosine(optimizer(), 4, final_factor=0.5), 8)[4:] == pytest.approx([0.5] * 4)


def test_schedule_keeps_the_ratio_of_parameter_groups() -> None:
    schedule = build_one_cycle(optimizer(0.1, 0.3), 10)
    first, second = schedule.get_last_lr()
    assert second == pytest.approx(3 * first)


def test_restored_schedule_follows_the_new_length() -> None:
    short = build_cosine(optimizer(), 4, warmup_fraction=0.0)
    factors(short, 4)
    long = build_cosine(optimizer(), 9, warmup_fraction=0.0)
    long.load_state_dict(short.state_dict())
    long.optimizer.step()
    long.step()
    assert long.get_last_lr()[0] / LR == pytest.approx((1 + torch.tensor(torch.pi * 5 / 8).cos().item()) / 2)


@pytest.mark.parametrize("build", [build_cosine, build_one_cycle])
def test_training_without_a_step_is_refused(build: ScheduleFactory) -> None:
    with pytest.raises(UserError, match="at least 1 optimiser step, not 0"):
        build(optimizer(), 0)
