"""An override is recorded wherever a training is, and its settings alone train no other model."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from nested_lightning import bootstrap, resume_training
from nested_lightning.commands.program import app
from tests.conftest import make_small_settings, write_small_csv

HEAD = "multi_feature.head"
MODULE = """
from torch import nn

class MyHead(nn.Linear):
    pass
"""
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the run ``own``, whose head is a class in ``own_head.py``, and ``built_in``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_head.py").write_text(MODULE)
    from own_head import MyHead  # type: ignore[import-not-found]

    csv = write_small_csv(tmp_path / "shapes.csv")
    for name, overrides in {"own": {HEAD: MyHead}, "built_in": {}}.items():
        settings = make_small_settings(csv, Path(name))
        settings["trainer"]["max_epochs"] = 1
        bootstrap(settings, overrides=overrides).multi_feature.training_run()()
    return tmp_path


def test_override_stands_in_log_results_settings_and_differences(folder: Path) -> None:
    digest = hashlib.sha256((folder / "own_head.py").read_bytes()).hexdigest()

    differences = runner.invoke(app, ["config", "--diff", "own", "built_in"])
    of_files = runner.invoke(app, ["config", "--diff", "own/checkpoints/best.ckpt", "built_in/settings.yaml"])

    assert f"override {HEAD}: own_head:MyHead, file {digest[:12]}" in (folder / "own/train.log").read_text()
    results = json.loads((folder / "own/results.json").read_text())
    assert results["overrides"] == {HEAD: f"own_head:MyHead, file {digest[:12]}"}
    assert json.loads((folder / "own/overrides.json").read_text())[0]["digest"] == digest
    assert yaml.safe_load((folder / "own/settings.yaml").read_text())["overrides"] == {
        HEAD: "own_head:MyHead"
    }
    for done in (differences, of_files):
        assert done.exit_code == 0, done.exception
        assert f"overrides {HEAD}" in done.output
        assert "own_head:MyHead" in done.output
    assert "overrides" not in yaml.safe_load((folder / "built_in/settings.yaml").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "check", "graph"])
def test_settings_of_an_overridden_training_say_what_to_add(folder: Path, command: str) -> None:
    (folder / "copy.yaml").write_bytes((folder / "own/settings.yaml").read_bytes())

    refused = runner.invoke(app, [command, "-c", "copy.yaml"])

    assert f"copy.yaml: {HEAD} was overridden with own_head:MyHead" in str(refused.exception)
    assert f"--override {HEAD}=own_head:MyHead" in str(refused.exception)


@pytest.mark.slow
def test_settings_of_an_overridden_training_are_taken_with_the_override(folder: Path) -> None:
    given = runner.invoke(app, ["check", "-c", "own/settings.yaml", "--override", f"{HEAD}=own_head:MyHead"])
    printed = runner.invoke(app, ["config", "-c", "own/settings.yaml"])

    assert given.exit_code == 0, given.exception
    assert "MyHead" in given.output
    assert printed.exit_code == 0
    assert f"note: own/settings.yaml: {HEAD} was overridden" in printed.output


@pytest.mark.slow
def test_overridden_training_that_is_resumed_keeps_its_record(folder: Path) -> None:
    from own_head import MyHead

    result = resume_training("own", {"trainer": {"max_epochs": 2}}, overrides={HEAD: MyHead})()

    assert list(result.overrides) == [HEAD]
    assert yaml.safe_load((folder / "own/settings.yaml").read_text())["overrides"] == {
        HEAD: "own_head:MyHead"
    }


@pytest.mark.slow
def test_data_named_from_the_current_folder_are_recorded_for_any_folder(folder: Path) -> None:
    recorded = yaml.safe_load((folder / "built_in/settings.yaml").read_text())

    assert recorded["multi_feature"]["data"]["path"] == str(folder / "shapes.csv")
