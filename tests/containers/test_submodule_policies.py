"""Single submodules by path: what they start from, what is frozen, what has a rate of its own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from nested_lightning import SettingsError, bootstrap, family_container, resume_training
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import cut_off

State = dict[str, torch.Tensor]


def new_run(settings: dict[str, Any], **policies: Any) -> TrainingRun:
    paths = {path.replace("__", "."): policy for path, policy in policies.items()}
    run: TrainingRun = family_container(bootstrap(merge(settings, {"submodules": paths}))).training_run()
    return run


def state_of(run: TrainingRun) -> State:
    return {name: value.clone() for name, value in run.model.state_dict().items()}


def changed_modules(before: State, after: State) -> set[str]:
    names = [name for name in before if not torch.equal(before[name], after[name])]
    return {".".join(name.split(".")[: 2 if name.startswith("feature") else 1]) for name in names}


class StatesByEpoch(Callback):
    def __init__(self) -> None:
        self.states: list[State] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.states.append({name: value.clone() for name, value in pl_module.state_dict().items()})


KAR, FOU = "feature_extractors.kar", "feature_extractors.fou"


def test_a_frozen_submodule_keeps_weights_and_statistics(small_settings: dict[str, Any]) -> None:
    settings = merge(small_settings, {"multi_feature": {"feature_extractor": {"kind": "normalized"}}})
    run = new_run(settings, multi_feature__feature_extractors__kar={"freeze": True})
    before = state_of(run)
    assert any("running_mean" in name for name in before if name.startswith(KAR))

    run()

    assert changed_modules(before, state_of(run)) == {FOU, "head"}


def test_a_star_stands_for_one_name(small_settings: dict[str, Any]) -> None:
    policies: dict[str, Any] = {"multi_feature.feature_extractors.*": {"freeze": True}}
    run = new_run(small_settings, **policies)
    before = state_of(run)

    run()

    assert changed_modules(before, state_of(run)) == {"head"}


def test_a_submodule_is_unfrozen_at_its_epoch(small_settings: dict[str, Any]) -> None:
    seen = StatesByEpoch()
    run = new_run(
        small_settings, multi_feature__feature_extractors__kar={"freeze": True, "unfreeze_at_epoch": 1}
    )
    run.trainer.callbacks.insert(0, seen)  # type: ignore[attr-defined]
    before = state_of(run)

    run()

    assert changed_modules(before, seen.states[0]) == {FOU, "head"}
    assert changed_modules(seen.states[0], seen.states[1]) == {KAR, FOU, "head"}


@pytest.mark.slow
def test_unfreezing_goes_on_exactly(small_settings: dict[str, Any], tmp_path: Path) -> None:
    policy = {"freeze": True, "unfreeze_at_epoch": 1, "lr": 0.01}
    settings = merge(small_settings, {"trainer": {"checkpoint_every_n_steps": 1}})
    whole = new_run(settings | {"run_dir": str(tmp_path / "whole")}, multi_feature__head=policy)
    whole()
    cut_off(new_run(settings | {"run_dir": str(tmp_path / "cut")}, multi_feature__head=policy), 2)

    resume_training(tmp_path / "cut")()

    ends = [
        torch.load(tmp_path / run / "checkpoints/last.ckpt", weights_only=True) for run in ("whole", "cut")
    ]
    torch.testing.assert_close(ends[0]["state_dict"], ends[1]["state_dict"], rtol=0, atol=0)


def test_own_rates_make_groups_of_the_optimizer(small_settings: dict[str, Any]) -> None:
    run = new_run(
        merge(small_settings, {"multi_feature": {"schedule": {"kind": "constant"}}}),
        multi_feature__head={"lr": 0.5, "weight_decay": 0.25},
        multi_feature__feature_extractors__kar={"lr": 0.125},
    )
    run()

    groups = run.trainer.optimizers[0].param_groups
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(1e-3, 0), (0.125, 0), (0.5, 0.25)]
    assert sum(len(group["params"]) for group in groups) == len(list(run.model.parameters()))


@pytest.mark.slow
def test_first_weights_come_from_another_file(
    small_settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = new_run(small_settings | {"run_dir": str(tmp_path / "first")})
    result = first()
    export_safetensors(result.best_checkpoint, tmp_path / "first.safetensors")
    stop_at_once = {"trainer": {"max_epochs": 1}, "seed": 9}
    for number, file in enumerate([result.best_checkpoint, tmp_path / "first.safetensors"]):
        policy = {"init_from": str(file), "freeze": True}
        settings = merge(small_settings, stop_at_once) | {"run_dir": str(tmp_path / f"second-{number}")}
        second = new_run(settings, multi_feature__feature_extractors__kar=policy)
        second()
        found, wanted = state_of(second), first.model.state_dict()
        assert all(torch.equal(found[name], wanted[name]) for name in found if name.startswith(KAR))
        assert not all(torch.equal(found[name], wanted[name]) for name in found if name.startswith(FOU))
        log = (tmp_path / f"second-{number}" / "train.log").read_text()
        assert "multi_feature.feature_extractors.kar: " in log


@pytest.mark.slow
def test_a_star_passes_over_what_has_no_weights(small_settings: dict[str, Any], tmp_path: Path) -> None:
    result = new_run(small_settings | {"run_dir": str(tmp_path / "first")})()
    policies: dict[str, Any] = {"multi_feature.*": {"init_from": str(result.best_checkpoint), "lr": 1e-9}}
    second = new_run(small_settings | {"run_dir": str(tmp_path / "second"), "seed": 9}, **policies)

    second()

    log = (tmp_path / "second/train.log").read_text()
    assert all(f"multi_feature.{name}: " in log for name in ("feature_extractors", "head"))
    assert "train_loss: " not in log


@pytest.mark.slow
def test_a_training_that_goes_on_reads_no_first_weights(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    best = new_run(small_settings | {"run_dir": str(tmp_path / "first")})().best_checkpoint
    policy = {"init_from": str(best)}
    new_run(small_settings | {"run_dir": str(tmp_path / "second")}, multi_feature__head=policy)()
    best.unlink()

    result = resume_training(tmp_path / "second", {"trainer": {"max_epochs": 4}})()

    assert result.num_steps == 12


@pytest.mark.slow
def test_weights_that_do_not_fit_are_refused(small_settings: dict[str, Any], tmp_path: Path) -> None:
    best = new_run(small_settings | {"run_dir": str(tmp_path / "first")})().best_checkpoint
    for there, message in (
        ("multi_feature.feature_extractors.fou", r"has shape \(.*\) there, \(.*\) here"),
        ("multi_feature.head", "is not in the file"),
        ("multi_feature.heads", "has no weights at multi_feature.heads"),
    ):
        policy = {"init_from": str(best), "init_path": there}
        run = new_run(
            small_settings | {"run_dir": str(tmp_path / there)}, multi_feature__feature_extractors__kar=policy
        )
        with pytest.raises(UserError, match=message):
            run()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("multi_feature.feature_extractors.karr", r"near: multi_feature\.feature_extractors\.kar"),
        ("multi_feature.*.*.*.*.*.*", "there is no such submodule; near:"),
        ("vae_gan.head", "there is no such submodule; near:"),
    ],
)
def test_a_path_that_matches_nothing_lists_the_near_ones(
    small_settings: dict[str, Any], path: str, message: str
) -> None:
    policies: dict[str, Any] = {path: {"freeze": True}}
    with pytest.raises(UserError, match=message):
        new_run(small_settings, **policies)()


def test_what_makes_no_sense_is_refused(small_settings: dict[str, Any]) -> None:
    everything: dict[str, Any] = {"multi_feature.*": {"freeze": True}}
    with pytest.raises(UserError, match="nothing to train"):
        new_run(small_settings, **everything)()
    with pytest.raises(SettingsError, match="unfreeze_at_epoch needs freeze"):
        new_run(small_settings, multi_feature__head={"unfreeze_at_epoch": 2})
    with pytest.raises(SettingsError, match="init_path needs init_from"):
        new_run(small_settings, multi_feature__head={"init_path": "multi_feature.head"})


@pytest.mark.slow
def test_a_part_of_several_optimizers_can_be_frozen(picture_settings: dict[str, Any]) -> None:
    policies: dict[str, Any] = {
        "vae_gan.vaes.*.encoder": {"freeze": True},
        "vae_gan.vaes.*.decoder": {"lr": 0.01},
    }
    quick = {"trainer": {"max_epochs": 1}, "vae_gan": {"classifier_steps": 2}}
    run = new_run(merge(picture_settings, quick), **policies)
    before = state_of(run)
    run()

    after = state_of(run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(".decoder." in name for name in changed)
    assert not any(".encoder." in name for name in changed)
    assert 0.01 in {group["initial_lr"] for each in run.trainer.optimizers for group in each.param_groups}


class DeepHead(nn.Module):
    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.blocks = nn.Sequential(*(nn.Linear(in_features, in_features) for _ in range(3)))
        self.last = nn.Linear(in_features, out_features)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.last(self.blocks(features))


def rates_of(run: TrainingRun) -> dict[str, float]:
    """Return the rate that each layer of the head began with."""
    rates = {
        id(one): group["initial_lr"]
        for group in run.trainer.optimizers[0].param_groups
        for one in group["params"]
    }
    head: Any = run.model.head
    return {name: rates[id(one)] for name, one in head.named_parameters() if name.endswith("weight")}


@pytest.mark.parametrize(
    ("policy", "rate"), [({"lr": 0.5}, 0.5), ({}, 0.001), ({"optimizer": {"lr": 0.25}}, 0.25)]
)
def test_rates_fall_from_layer_to_layer_and_follow_the_schedule(
    small_settings: dict[str, Any], policy: dict[str, Any], rate: float, tmp_path: Path
) -> None:
    settings = merge(small_settings, {"submodules": {"multi_feature.head": {"layer_decay": 0.5, **policy}}})
    constant = {"multi_feature": {"schedule": {"kind": "cosine"}}, "trainer": {"max_epochs": 1}}
    own = {"multi_feature.head": DeepHead}
    run: TrainingRun = family_container(bootstrap(merge(settings, constant), overrides=own)).training_run()
    run()

    falling = {f"blocks.{block}.weight": rate * 0.5 ** (3 - block) for block in range(3)}
    assert rates_of(run) == pytest.approx({**falling, "last.weight": rate})
    assert all(group["lr"] < group["initial_lr"] for group in run.trainer.optimizers[0].param_groups)
    assert (
        "multi_feature.head: a learning rate for each of 5 layers" in (tmp_path / "run/train.log").read_text()
    )


@pytest.mark.slow
def test_falling_rates_are_there_again_where_a_training_goes_on(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    policy = {"submodules": {"multi_feature.head": {"layer_decay": 0.5, "lr": 0.01}}}
    own = {"multi_feature.head": DeepHead}
    settings = merge(small_settings, policy | {"multi_feature": {"schedule": {"kind": "constant"}}})
    for name, epochs in (("whole", 3), ("cut", 2)):
        placed = merge(settings, {"run_dir": str(tmp_path / name), "trainer": {"max_epochs": epochs}})
        family_container(bootstrap(placed, overrides=own)).training_run()()

    resume_training(tmp_path / "cut", {"trainer": {"max_epochs": 3}}, overrides=own)()

    ends = [
        torch.load(tmp_path / run / "checkpoints/last.ckpt", weights_only=True) for run in ("whole", "cut")
    ]
    torch.testing.assert_close(ends[0]["state_dict"], ends[1]["state_dict"], rtol=0, atol=0)
    groups = [[group["lr"] for group in end["optimizer_states"][0]["param_groups"]] for end in ends]
    assert groups[0] == groups[1]
    assert sorted(groups[0]) == pytest.approx([0.001, 0.00125, 0.0025, 0.005, 0.01])


def test_a_submodule_without_layers_has_no_falling_rates(small_settings: dict[str, Any]) -> None:
    run = new_run(small_settings, multi_feature__head={"layer_decay": 0.5})
    with pytest.raises(UserError, match=r"^submodules\.multi_feature\.head\.layer_decay: MemberHead has no "):
        run()
