"""Trainings with stacked extractors, beside the same ones with an extractor after the other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import bootstrap, family_container, overriding, resume_training
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.submodules.feature_extractors import LinearFeatureExtractor
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import cut_off

NAMES = [f"g{i}" for i in range(9)]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Nine groups of two or three columns, no dropout, a stack from eight extractors on."""
    generator = np.random.default_rng(0)
    columns = [f"{name}_{i}" for name in NAMES for i in range(2 + int(name[1]) % 2)]
    label = generator.integers(3, size=96)
    rows = generator.normal(size=(96, len(columns))) + label[:, None]
    lines = [",".join([*columns, "label"])]
    lines += [
        ",".join([*(f"{x:.4f}" for x in row), f"c{each}"]) for row, each in zip(rows, label, strict=True)
    ]
    (tmp_path / "many.csv").write_text("\n".join(lines) + "\n")
    extractor = {"kind": "plain", "hidden_features": 4, "out_features": 3}
    return {
        "model": "multi-feature",
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False},
        "multi_feature": {
            "data": {"path": str(tmp_path / "many.csv"), "label": "label", "batch_size": 16},
            "feature_extractor": extractor,
            "head": {"kind": "linear"},
            "min_stacked_extractors": 8,
        },
    }


class Watch(Callback):
    """Counts the numbers that learn, the stacks and their members in a training."""

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, MultiFeatureClassifier)
        groups = trainer.optimizers[0].param_groups
        self.num_numbers = sum(each.numel() for group in groups for each in group["params"])
        self.num_stacks = len(pl_module.stacks)
        self.num_members = sum(len(stack.names) for stack in pl_module.stacks)


def _run(settings: dict[str, Any], folder: Path, **multi_feature: Any) -> tuple[TrainingRun, Watch]:
    changed = merge(settings, {"run_dir": str(folder), "multi_feature": multi_feature})
    run: TrainingRun = family_container(bootstrap(changed)).training_run()
    watch = Watch()
    run.trainer.callbacks.insert(0, watch)  # type: ignore[attr-defined]
    return run, watch


def _last(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    return content


@pytest.mark.slow
def test_a_stack_gives_the_same_training_and_the_same_checkpoint(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    loop, seen_alone = _run(settings, tmp_path / "loop", min_stacked_extractors=None)
    stacked, seen = _run(settings, tmp_path / "stacked")

    first, second = loop(), stacked()

    assert (seen_alone.num_stacks, seen.num_stacks, seen.num_members) == (0, 1, 9)
    assert second.test_metrics == pytest.approx(first.test_metrics, rel=1e-4)
    one, other = _last(tmp_path / "loop"), _last(tmp_path / "stacked")
    assert list(one["state_dict"]) == list(other["state_dict"])
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        one["optimizer_states"][0]["state"], other["optimizer_states"][0]["state"], rtol=1e-3, atol=1e-6
    )
    assert one["optimizer_states"][0]["param_groups"] == other["optimizer_states"][0]["param_groups"]


def test_a_model_is_made_of_single_extractors_before_and_after_its_training(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    run, _ = _run(settings, tmp_path / "run")
    before = dict(run.model.get_submodule("feature_extractors").named_children())

    run()

    assert dict(run.model.get_submodule("feature_extractors").named_children()) == before
    assert not run.model.stacks
    broken, _ = _run(settings, tmp_path / "broken")
    cut_off(broken, 6)
    assert not broken.model.stacks


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "normalized"])
def test_a_stacked_training_goes_on_exactly(settings: dict[str, Any], tmp_path: Path, kind: str) -> None:
    settings = merge(settings, {"trainer": {"checkpoint_every_n_steps": 1}})
    settings["multi_feature"]["feature_extractor"]["kind"] = kind
    whole, _ = _run(settings, tmp_path / "whole")
    whole()
    cut, _ = _run(settings, tmp_path / "cut")
    cut_off(cut, 6)  # in the middle of the second epoch

    resume_training(tmp_path / "cut")()

    for part in ("state_dict", "optimizer_states"):
        torch.testing.assert_close(
            _last(tmp_path / "whole")[part], _last(tmp_path / "cut")[part], rtol=0, atol=0
        )


@pytest.mark.slow
def test_what_a_policy_addresses_learns_beside_the_stack(settings: dict[str, Any], tmp_path: Path) -> None:
    policies = {
        "submodules": {
            "multi_feature.feature_extractors.g3": {"lr": 0.5},
            "multi_feature.feature_extractors.g4": {"freeze": True, "unfreeze_at_epoch": 2},
        }
    }
    settings = merge(settings, policies)

    loop, _ = _run(settings, tmp_path / "loop", min_stacked_extractors=None)
    stacked, seen = _run(settings, tmp_path / "stacked", min_stacked_extractors=7)
    loop(), stacked()

    assert (seen.num_stacks, seen.num_members) == (1, 7)
    one, other = _last(tmp_path / "loop"), _last(tmp_path / "stacked")
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=1e-3, atol=1e-4)
    assert one["optimizer_states"][0]["param_groups"] == other["optimizer_states"][0]["param_groups"]
    resumed = resume_training(tmp_path / "stacked")  # its state is read back
    assert resumed().num_steps == one["global_step"]


@pytest.mark.slow
def test_an_overridden_extractor_runs_beside_the_stack(settings: dict[str, Any], tmp_path: Path) -> None:
    application = bootstrap(merge(settings, {"run_dir": str(tmp_path / "run")}))
    watch = Watch()
    with overriding(
        application,
        "multi_feature.feature_extractors.g3",
        lambda in_features: LinearFeatureExtractor(in_features=in_features, out_features=3),
    ):
        run = family_container(application).training_run()
        run.trainer.callbacks.insert(0, watch)
        run()

    assert (watch.num_stacks, watch.num_members) == (1, 8)


@pytest.mark.slow
def test_an_optimizer_that_knows_tensors_apart_is_given_single_extractors(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    application = bootstrap(merge(settings, {"run_dir": str(tmp_path / "run")}))
    watch = Watch()
    with overriding(application, "multi_feature.optimizer", torch.optim.Adafactor):
        run = family_container(application).training_run()
        run.trainer.callbacks.insert(0, watch)
        run()

    assert watch.num_stacks == 0


@pytest.mark.slow
def test_numbers_that_learn_are_as_many_but_for_the_filling(settings: dict[str, Any], tmp_path: Path) -> None:
    run, watch = _run(settings, tmp_path / "run")
    alone = sum(each.numel() for each in run.model.parameters())

    run()

    num_filled = 4 * sum(3 - (2 + int(name[1]) % 2) for name in NAMES)
    assert watch.num_numbers == alone + num_filled
