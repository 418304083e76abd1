"""Processes that train together have one run folder, whoever started them."""

from pathlib import Path

import pytest
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import open_run_folder

VARIABLES = ["RANK", "SLURM_PROCID", "LOCAL_RANK", "NODE_RANK", "TORCHELASTIC_USE_AGENT_STORE"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*VARIABLES, "_NESTED_LIGHTNING_RUN_DIR"]:
        monkeypatch.setenv(name, "0")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_processes_that_the_first_one_starts_share_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_run_folder(None, name="multi-feature")
    monkeypatch.setenv("LOCAL_RANK", "1")

    assert open_run_folder(None, name="multi-feature").path == first.path.absolute()


def test_processes_of_torchrun_share_the_folder_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(store.port))
    monkeypatch.setenv("RANK", "0")
    first = open_run_folder(None, name="multi-feature")
    monkeypatch.delenv("_NESTED_LIGHTNING_RUN_DIR")  # another machine
    monkeypatch.setenv("RANK", "3")

    assert open_run_folder(None, name="multi-feature").path == first.path.absolute()


def test_only_the_first_process_refuses_a_folder_that_holds_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "settings.yaml").touch()
    with pytest.raises(UserError, match="already holds a run"):
        open_run_folder(tmp_path, name="multi-feature")
    monkeypatch.setenv("SLURM_PROCID", "1")

    assert open_run_folder(tmp_path, name="multi-feature").path == tmp_path


def test_processes_that_can_not_know_the_folder_ask_for_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_PROCID", "1")

    with pytest.raises(UserError, match="name the folder that they share by run_dir=FOLDER"):
        open_run_folder(None, name="multi-feature")
