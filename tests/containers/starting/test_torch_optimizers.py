"""Optimisers and schedules of torch by the names of their classes, and optimisers of single submodules."""

import re
import signal
from pathlib import Path
from typing import Any

import pytest
from torch.optim import SGD, RMSprop

from nested_lightning import UserError, bootstrap, resume_training
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import SAVING, assert_same_training, interrupt, new_run


@pytest.fixture
def settings(small_settings: dict[str, Any]) -> dict[str, Any]:
    return merge(small_settings, SAVING)


def _optimizer(name: str, **options: Any) -> dict[str, Any]:
    return {"multi_feature": {"optimizer": {"kind": "torch", "name": name, "options": options}}}


def _schedule(name: str, **values: Any) -> dict[str, Any]:
    return {"multi_feature": {"schedule": {"kind": "torch", "name": name, **values}}}


HEAD = {"kind": "torch", "name": "RMSprop", "lr": 1e-3, "options": {"momentum": 0.9}}
OWN_OPTIMIZER = {"submodules": {"multi_feature.head": {"optimizer": HEAD}}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        _optimizer("RMSprop", momentum=0.9, alpha=0.5),
        _optimizer("NAdam", betas=[0.8, 0.9]),
        _optimizer("LBFGS", max_iter=3),
        _optimizer("Adafactor"),
        _schedule("CosineAnnealingLR", options={"T_max": 3}),
        _schedule("CyclicLR", options={"base_lr": 1e-4, "max_lr": 1e-2, "step_size_up": 2}, interval="step"),
        _schedule("ReduceLROnPlateau", options={"patience": 0, "threshold": 10.0}),
        OWN_OPTIMIZER,
        merge(OWN_OPTIMIZER, {"trainer": {"gradient_clip_norm": 0.1, "accumulate_grad_batches": 2}}),
    ],
    ids=lambda changes: str(changes)[:70],
)
def test_a_training_goes_on_exactly_with_classes_of_torch(
    settings: dict[str, Any], tmp_path: Path, changes: dict[str, Any]
) -> None:
    changed = merge(settings, changes)
    new_run(changed, tmp_path / "undisturbed")()
    interrupt(new_run(changed, tmp_path / "stopped"), 2, signal.SIGTERM)
    interrupt(resume_training(tmp_path / "stopped"), 3 if "trainer" in changes else 5, signal.SIGTERM)

    resume_training(tmp_path / "stopped")()

    assert_same_training(tmp_path / "stopped", tmp_path / "undisturbed")


def test_a_submodule_has_the_optimizer_that_its_settings_say(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    shared = {"multi_feature": {"optimizer": {"kind": "sgd"}, "schedule": {"kind": "cosine"}}}
    run = new_run(merge(settings, merge(OWN_OPTIMIZER, shared)), tmp_path / "run")
    run()

    (joint,) = run.trainer.optimizers
    of_all, of_head = joint.optimizers  # type: ignore[attr-defined]
    head = {id(each) for each in run.model.head.parameters()}  # type: ignore[union-attr]
    assert (type(of_all), type(of_head)) == (SGD, RMSprop)
    assert {id(each) for each in of_head.param_groups[0]["params"]} == head
    assert [group["initial_lr"] for group in joint.param_groups] == [0.1, 1e-3]
    assert joint.param_groups[1]["lr"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (_optimizer("rmsprop"), r"no class rmsprop; did you mean 'RMSprop'\? \(allowed: "),
        (_optimizer("RMSprop", momentun=0.9), r"no option momentun; did you mean 'momentum'\?"),
        (_optimizer("RMSprop", momentum=-1.0), "RMSprop can't be built with .*Invalid momentum"),
        (_optimizer("SparseAdam"), "SparseAdam takes sparse gradients alone"),
        (_optimizer("Muon"), "Muon can't be built with .*2D"),
        (_schedule("CosineAnealingLR"), r"did you mean 'CosineAnnealingLR'\?"),
        (_schedule("CosineAnnealingLR"), "CosineAnnealingLR needs T_max"),
        (_schedule("LambdaLR"), "takes a function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_torch_does_not_have_is_refused_with_the_nearest_name(
    settings: dict[str, Any], tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        new_run(merge(settings, changes), tmp_path / "run")()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"optimizer": {"kind": "torch", "name": "LBFGS"}}, "can't be one of several"),
        (
            {"schedule": {"kind": "torch", "name": "ExponentialLR", "options": {"gamma": 0.5}}},
            "needs interval step",
        ),
    ],
)
def test_what_several_optimizers_cannot_do_is_refused(
    picture_settings: dict[str, Any], tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        new_run(merge(picture_settings, {"vae_gan": {"vae": changes}}), tmp_path / "run")()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (_schedule("CosineAnnealingLR", options={"T_max": "abc"}), "schedule: CosineAnnealingLR can't be"),
        (_schedule("StepLR", options={"step_size": 0}), "schedule: StepLR can't be"),
        (_schedule("OneCycleLR", options={"max_lr": 0.1}), "schedule: OneCycleLR can't be.*total_steps"),
        (_schedule("ReduceLROnPlateau", options={"patience": "x"}), "schedule: ReduceLROnPlateau can't be"),
        (_optimizer("NAdam", betas=[0.9]), "optimizer: NAdam can't be"),
        (_optimizer("SGD", momentum="much"), "optimizer: SGD can't be"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_check_finds_a_wrong_value_of_torchs_options_and_names_the_setting(
    settings: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    report = check_application(bootstrap(merge(settings, changes)))

    assert len(report.faults) == 1
    assert re.search(f"multi_feature.{said}", str(report.faults[0]))


def test_a_fault_of_a_submodules_own_optimizer_names_its_setting(settings: dict[str, Any]) -> None:
    wrong = {"submodules": {"multi_feature.head": {"optimizer": {**HEAD, "options": {"alpha": "x"}}}}}

    (fault,) = check_application(bootstrap(merge(settings, wrong))).faults

    assert "submodules.multi_feature.head.optimizer: RMSprop can't be" in str(fault)
