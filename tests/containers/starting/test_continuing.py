"""A new training that begins with the weights of another one: the same data or other ones, any family."""

import json
import signal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from nested_lightning import (
    SettingsError,
    bootstrap,
    bootstrap_from,
    family,
    family_container,
    resume_training,
)
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.choices.feature_extractors import LinearFeatureExtractorSettings
from nested_lightning.settings.reading.merging import merge
from tests.conftest import NORMALIZED
from tests.containers.five_families import FIVE, ONE_FILE, OneFile, new_training
from tests.containers.owning.test_ways_of_training import ShuffledRows
from tests.containers.shared_trainings import SharedTrainings, interrupt

pytestmark = pytest.mark.slow

State = dict[str, Tensor]
ONCE = {"trainer": {"max_epochs": 1, "num_threads": 1}}


class AtStart(Callback):
    """Keeps the weights that a training begins with."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.state = {name: value.clone() for name, value in pl_module.state_dict().items()}


def first_weights(run: TrainingRun) -> State:
    seen = AtStart()
    run.trainer.callbacks.insert(0, seen)  # type: ignore[attr-defined]
    run()
    return seen.state


def run_from(path: Path, changes: dict[str, Any], **others: Any) -> TrainingRun:
    application = bootstrap_from(path, merge(ONCE, changes), **others)
    run: TrainingRun = family_container(application).training_run()
    return run


def weights_in(path: Path) -> State:
    state: State = torch.load(path, weights_only=True)["state_dict"]
    return state


@pytest.fixture
def trained(multi_feature: dict[str, Any], shared_trainings: SharedTrainings) -> Path:
    """The run folder of a small training of multi-feature."""
    return shared_trainings.undisturbed(merge(multi_feature, NORMALIZED))


@pytest.fixture
def other_csv(multi_feature: dict[str, Any], tmp_path: Path) -> Path:
    """The same table with one class renamed and two columns swapped."""
    text = Path(multi_feature["multi_feature"]["data"]["path"]).read_text()
    path = tmp_path / "other.csv"
    path.write_text(text.replace("circle", "round").replace("kar0,kar1,kar2", "kar1,kar0,kar2"))
    return path


@pytest.mark.parametrize("name", FIVE)
def test_any_family_begins_with_all_weights_of_a_run(name: str, tmp_path: Path) -> None:
    new_training(name, tmp_path / "one", ONCE["trainer"])()
    own = family("one-file", model=OneFile, data=ShuffledRows) if name == ONE_FILE else None

    found = first_weights(run_from(tmp_path / "one", {"run_dir": str(tmp_path / "two")}, family=own))

    wanted = weights_in(RunFolder(tmp_path / "one").checkpoint_of_results)
    assert found.keys() == wanted.keys()
    unlike = {key.partition(".")[0] for key in found if not torch.equal(found[key], wanted[key])}
    assert unlike <= {"classifier"}  # of vae-gan, which is fitted to the new pictures


def test_settings_of_the_file_are_below_those_given(trained: Path, tmp_path: Path) -> None:
    changes = {"seed": 7, "run_dir": str(tmp_path / "two"), "multi_feature.head.dropout": 0.25}
    container = bootstrap_from(trained, changes)

    settings = container.settings()
    assert settings.multi_feature.feature_extractor.hidden_features == 8
    assert settings.multi_feature.head.dropout == 0.25
    assert (settings.seed, settings.run_dir) == (7, tmp_path / "two")


def test_another_family_takes_the_weights_alone(trained: Path) -> None:
    settings = bootstrap_from(trained, {"model": "variant"}).settings()

    assert settings.init_from == trained / "checkpoints/best.ckpt"
    assert (settings.model, settings.run_dir, settings.trainer.accelerator) == ("variant", None, "auto")


def test_other_classes_and_columns_are_matched_by_name(
    trained: Path, other_csv: Path, tmp_path: Path
) -> None:
    data = {"data": {"path": str(other_csv)}}
    run = run_from(trained, {"run_dir": str(tmp_path / "two"), "multi_feature": data})

    with pytest.warns(UserWarning, match="2 of 3 classes are there, not round"):
        found = first_weights(run)

    wanted = weights_in(trained / "checkpoints/best.ckpt")
    last = [name for name in wanted if name.startswith("head.")][-1]
    assert torch.equal(found[last][1:], wanted[last][1:])
    assert not torch.equal(found[last][0], wanted[last][0])
    first = "feature_extractors.kar.layers.0.weight"
    assert torch.equal(found[first][:, [1, 0, 2]], wanted[first])
    log = (tmp_path / "two/train.log").read_text()
    assert "2 of 3 classes are there, not round" in log


def test_an_extractor_that_embeds_columns_is_not_taken_by_others(
    multi_feature: dict[str, Any], shared_trainings: SharedTrainings, other_csv: Path, tmp_path: Path
) -> None:
    before = shared_trainings.undisturbed(multi_feature)
    data = {"data": {"path": str(other_csv)}}
    run = run_from(before, {"run_dir": str(tmp_path / "two"), "multi_feature": data})

    with pytest.warns(UserWarning, match=r"feature_extractors\.kar: belongs to other columns there"):
        first_weights(run)


def test_what_has_another_shape_is_listed_before_the_first_step(trained: Path, tmp_path: Path) -> None:
    wider = {"multi_feature": {"feature_extractors": {"kar": {"kind": "plain", "hidden_features": 5}}}}
    run = run_from(trained, {"run_dir": str(tmp_path / "two"), **wider})

    with pytest.warns(UserWarning, match=r"kar\.layers\.0\.weight: has shape \(8, 3\) there, \(5, 3\) here"):
        found = first_weights(run)

    wanted = weights_in(trained / "checkpoints/best.ckpt")
    assert all(torch.equal(found[name], wanted[name]) for name in wanted if ".fou." in name)


def test_nothing_taken_at_all_is_an_error(trained: Path, picture_settings: dict[str, Any]) -> None:
    settings = merge(picture_settings, {"init_from": str(trained), **ONCE})

    with pytest.raises(UserError, match=r"best\.ckpt: nothing of it is taken"):
        family_container(bootstrap(settings)).training_run()()


def test_files_of_the_training_name_the_source_with_its_digest(trained: Path, tmp_path: Path) -> None:
    file = trained / "checkpoints/best.ckpt"
    result = run_from(trained, {"run_dir": str(tmp_path / "two")})()

    digest = sha256(file.read_bytes()).hexdigest()
    assert result.init_from == {"file": str(file), "sha256": digest}
    assert json.loads((tmp_path / "two/results.json").read_text())["init_from"] == result.init_from
    recorded = torch.load(tmp_path / "two/checkpoints/best.ckpt", weights_only=True)["nested_lightning"]
    assert json.loads(recorded)["settings"]["init_sha256"] == digest


def test_another_file_than_the_recorded_one_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="isn't the file that was meant"):
        run_from(trained, {"run_dir": str(tmp_path / "two"), "init_sha256": 64 * "0"})()


def test_it_goes_on_exactly_without_the_source(trained: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.ckpt"
    source.write_bytes((trained / "checkpoints/best.ckpt").read_bytes())
    steps = {"trainer": {"max_epochs": 2, "checkpoint_every_n_steps": 1}}
    for name in ("whole", "cut"):
        run = run_from(source, merge(steps, {"run_dir": str(tmp_path / name), "seed": 3}))
        run() if name == "whole" else interrupt(run, 3, signal.SIGTERM)
    source.unlink()

    result = resume_training(tmp_path / "cut")()

    ends = [weights_in(tmp_path / name / "checkpoints/last.ckpt") for name in ("whole", "cut")]
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=0)
    assert result.init_from["file"] == str(source)


class OwnHead(nn.Module):
    """A linear head."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


def test_own_classes_are_given_again_or_replaced(small_settings: dict[str, Any], tmp_path: Path) -> None:
    head = "multi_feature.head"
    overrides = {
        head: OwnHead,
        "multi_feature.feature_extractor": LinearFeatureExtractorSettings(out_features=6),
    }
    family_container(bootstrap(merge(small_settings, ONCE), overrides=overrides)).training_run()()
    source, changes = tmp_path / "run", {"run_dir": str(tmp_path / "two")}

    with pytest.raises(SettingsError, match=r"give it again, --override multi_feature\.head="):
        bootstrap_from(source, changes)
    found = first_weights(run_from(source, changes, overrides={head: OwnHead}))

    wanted = weights_in(source / "checkpoints/best.ckpt")
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)  # the registered kind comes from the file


def test_policies_take_their_own_files_alone(trained: Path, tmp_path: Path) -> None:
    path = "multi_feature.head"
    policy = {"init_from": str(trained / "checkpoints/best.ckpt"), "lr": 0.5}
    first = run_from(trained, {"run_dir": str(tmp_path / "two"), "submodules": {path: policy}})
    first()

    again = bootstrap_from(tmp_path / "two", {"run_dir": str(tmp_path / "three")}).settings()

    assert (again.submodules[path].init_from, again.submodules[path].lr) == (None, 0.5)
    assert str(again.init_from) == str(tmp_path / "two/checkpoints/best.ckpt")
