"""Damaged and hostile files are refused in words, and nothing in them is run."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import family_container, from_checkpoint, resume_training
from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from nested_lightning.app.checkpoints.migrations import MIGRATIONS
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, FORMAT_VERSION, read_recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.containers.shared_trainings import SharedTrainings

pytestmark = pytest.mark.slow


class Payload:
    """Writes a file when it is unpickled without care."""

    def __init__(self, evidence: Path) -> None:
        self.evidence = evidence

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.evidence}",)


@pytest.fixture
def run_folder(multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path) -> RunFolder:
    return shared_trainings.copy(multi_feature, tmp_path / "run")


@pytest.fixture
def checkpoint(run_folder: RunFolder) -> Path:
    return run_folder.last_checkpoint


def content_of(checkpoint: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    return content


def openers() -> list[Callable[[Path], object]]:
    return [from_checkpoint, read_checkpoint, lambda file: AtomicCheckpointIO().load_checkpoint(file)]


def put(content: dict[str, Any], place: str, value: Any) -> None:
    *names, last = place.split("/")
    inner: Any = content
    for name in names:
        inner = inner[int(name)] if isinstance(inner, list) else inner.setdefault(name, {})
    inner[last] = value


PLACES = [
    "hyper_parameters",
    "hyper_parameters/lr",
    "datamodule_hyper_parameters/path",
    "callbacks/RandomState",
    "callbacks/Other",
    "loops/fit_loop",
    "optimizer_states/0/state",
    "lr_schedulers/0/last_epoch",
    "MultiFeatureDataModule",
    "state_dict/head.weight",
    "nested_lightning",
    "anything",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_forced", [False, True])
def test_code_in_a_pickle_is_refused_and_not_run(
    checkpoint: Path, tmp_path: Path, place: str, is_forced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_forced:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    evidence = tmp_path / "evidence"
    content = torch.load(checkpoint, weights_only=True)
    put(content, place, Payload(evidence))
    torch.save(content, checkpoint)

    for opener in openers():
        with pytest.raises(UserError, match="is refused: it holds more than tensors and plain values"):
            opener(checkpoint)
    assert not evidence.exists()

    torch.load(checkpoint, weights_only=False)
    assert evidence.exists(), "the payload is a real one"


def test_resume_runs_nothing_of_a_hostile_checkpoint(run_folder: RunFolder, tmp_path: Path) -> None:
    for file in (run_folder.last_checkpoint, run_folder.best_checkpoint):
        content = torch.load(file, weights_only=True)
        content["callbacks"]["RandomState"] = Payload(tmp_path / "evidence")
        torch.save(content, file)

    with pytest.raises(UserError, match="is refused"):
        resume_training(run_folder.path)
    assert not (tmp_path / "evidence").exists()


@pytest.mark.parametrize("place", ["hyper_parameters", "datamodule_hyper_parameters", ""])
@pytest.mark.parametrize("key", ["_instantiator", "_class_path"])
def test_names_of_code_are_refused(checkpoint: Path, place: str, key: str) -> None:
    content = content_of(checkpoint)
    put(content, f"{place}/{key}".lstrip("/"), "os.system")
    torch.save(content, checkpoint)

    with pytest.raises(UserError, match=f"names code to run \\({key}\\)"):
        from_checkpoint(checkpoint)


def test_an_archive_that_claims_more_than_it_has_is_refused(checkpoint: Path) -> None:
    with zipfile.ZipFile(checkpoint, "w") as archive:
        archive.writestr("last/data.pkl", b"\x80\x02}.")
        archive.writestr("last/data/0", b"\0" * 4096)
        one = archive.infolist()[1]
        for number in range(50):  # many entries of the same bytes
            copy = zipfile.ZipInfo(f"last/data/{number + 1}")
            copy.header_offset, copy.file_size = one.header_offset, one.file_size
            copy.compress_size, copy.CRC = one.compress_size, one.CRC
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy

    with pytest.raises(UserError, match="claim more than the file's"):
        from_checkpoint(checkpoint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "no-such"}, "model = 'no-such' is not registered"),
        ({"family": "vae-gan"}, "of the family 'vae-gan', but its settings are of 'multi-feature'"),
        ({"format_version": 99}, f"^[^:]*: its recipe has format version 99, .* up to {FORMAT_VERSION}"),
        ({"settings": {"model": "multi-feature", "target": "os.system"}}, "unknown name"),
    ],
)
def test_a_wrong_recipe_is_refused(checkpoint: Path, change: dict[str, Any], message: str) -> None:
    content = content_of(checkpoint)
    recipe = json.loads(content[CHECKPOINT_KEY]) | change
    if recipe["family"] == "no-such":
        recipe["settings"]["model"] = "no-such"
    torch.save(content | {CHECKPOINT_KEY: json.dumps(recipe)}, checkpoint)

    with pytest.raises(ValueError, match=message):
        from_checkpoint(checkpoint)


def test_the_data_spec_of_another_family_and_wrong_shapes_are_refused(checkpoint: Path) -> None:
    content = content_of(checkpoint)
    recipe = json.loads(content[CHECKPOINT_KEY])
    recipe["family"] = recipe["settings"]["model"] = "vae-gan"
    torch.save(content | {CHECKPOINT_KEY: json.dumps(recipe)}, checkpoint)
    with pytest.raises(UserError, match="no data spec of the vae-gan family"):
        from_checkpoint(checkpoint)

    state = {name: value[..., :-1] if value.dim() else value for name, value in content["state_dict"].items()}
    torch.save(content | {"state_dict": state}, checkpoint)
    with pytest.raises(UserError, match="its weights don't fit its recipe"):
        from_checkpoint(checkpoint)

    for wrong in ({"a": 1}, [1], None):
        torch.save(content | {"state_dict": wrong}, checkpoint)
        with pytest.raises(UserError, match="holds no weights by name"):
            from_checkpoint(checkpoint)


def test_a_first_version_is_migrated_and_goes_on(run_folder: RunFolder) -> None:
    content = content_of(run_folder.last_checkpoint)
    recipe = json.loads(content[CHECKPOINT_KEY])
    del recipe["data_spec"]["fingerprint"]
    content["callbacks"]["RandomState"] = content["callbacks"]["RandomState"]["ranks"][0]
    content[CHECKPOINT_KEY] = json.dumps(recipe | {"format_version": 1})
    torch.save(content, run_folder.last_checkpoint)

    read = read_checkpoint(run_folder.last_checkpoint)
    assert read_recipe(read, source="here").format_version == FORMAT_VERSION
    assert len(read["callbacks"]["RandomState"]["ranks"]) == 1
    assert family_container(from_checkpoint(run_folder.last_checkpoint)).model() is not None
    resume_training(run_folder.path)()


def test_every_older_version_has_a_migration() -> None:
    assert sorted(MIGRATIONS) == list(range(1, FORMAT_VERSION))
