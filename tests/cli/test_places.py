"""Files and folders that can't be used: one line that names them, from every command."""

from pathlib import Path
from typing import Any

import pytest

import nested_lightning as nl
from tests.command_line import Program

LONG = "x" * 300


@pytest.mark.slow
def test_a_place_that_can_not_be_used_is_named_in_one_line_by_every_command(
    program: Program, small_settings: dict[str, Any], small_csv: Path, tmp_path: Path
) -> None:
    quick = {**small_settings, "trainer": {**small_settings["trainer"], "max_epochs": 1}}
    best = str(nl.family_container(nl.bootstrap(quick)).training_run()().best_checkpoint)
    data = ("--config", str(tmp_path / "run" / "settings.yaml"))
    swap = ("--submodule", "multi_feature.head", "--with", "linear")

    for place in (f"{small_csv.name}/below", LONG):
        for arguments in [
            ("export", best, f"{place}.safetensors"),
            ("swap", best, *swap, "-o", f"{place}.ckpt"),
            ("predict", best, str(small_csv), "-o", f"{place}.csv"),
            ("predict", best, place),
            ("graph", *data, "--format", "mermaid", "-o", place),
            ("train", *data, "--run-dir", place),
            ("train", *data, "--folds", "2", "--run-dir", place),
            ("resume", place),
            ("evaluate", f"{place}.ckpt"),
            ("inspect", f"{place}.safetensors"),
            ("config", "--diff", place, str(tmp_path / "run")),
        ]:
            done = program(*arguments)
            assert done.returncode == 2, (arguments, done.stderr)
            assert len(done.stderr.splitlines()) == 1, (arguments, done.stderr)
            assert place.partition("/")[0] in done.stderr, (arguments, done.stderr)


@pytest.mark.slow
def test_missing_folders_of_what_is_written_are_made(program: Program, tmp_path: Path) -> None:
    done = program("graph", "-m", "multi-feature", "--format", "mermaid", "-o", "new/folder/graph.mmd")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new" / "folder" / "graph.mmd").read_text(encoding="utf-8")
