from pathlib import Path

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder


def test_created_folder_exists_and_is_empty(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "runs" / "first")
    assert folder.path.is_dir()
    assert not list(folder.path.iterdir())


def test_every_file_lies_in_the_folder_under_its_known_name(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert [
        file.relative_to(tmp_path).as_posix() for file in (folder.best_checkpoint, folder.last_checkpoint)
    ] == [
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
    ]
    others = [folder.settings_file, folder.metrics_file, folder.results_file, folder.log_file]
    assert [file.name for file in others] == ["settings.yaml", "metrics.csv", "results.json", "train.log"]
    assert {file.parent for file in others} == {tmp_path}


@pytest.mark.parametrize("name", ["settings.yaml", "checkpoints", "metrics.csv", "results.json", "train.log"])
def test_folder_that_holds_a_run_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(UserError, match=f"already holds a run \\({name}\\)"):
        RunFolder.create(tmp_path)
    assert (tmp_path / name).read_text() == "precious"


def test_folder_with_other_files_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    RunFolder.create(tmp_path)
    assert (tmp_path / "notes.md").read_text() == "mine"


def test_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(UserError, match="can't be made"):
        RunFolder.create(tmp_path / "runs")
    with pytest.raises(UserError, match="can't be made"):
        RunFolder.create_unique(tmp_path / "runs", "multi-feature")


def test_unique_folders_made_at_once_differ(tmp_path: Path) -> None:
    folders = [RunFolder.create_unique(tmp_path / "runs", "multi-feature") for _ in range(5)]
    assert len({folder.path for folder in folders}) == 5
    assert all(folder.path.name.startswith("multi-feature-2") for folder in folders)
