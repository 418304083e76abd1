"""Data that were moved after a training began: they are known by their content, in every family."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from nested_lightning import UserError, family_container, from_checkpoint, resume_training
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.reading.merging import merge, nest
from tests.containers.shared_trainings import interrupt, new_run
from tests.containers.starting.test_resuming import settings

__all__ = ["settings"]

pytestmark = pytest.mark.slow


def _by_settings(run: Path, name: str, place: Path) -> TrainingRun:
    file = run / "settings.yaml"
    file.write_text(yaml.safe_dump(merge(yaml.safe_load(file.read_text()), nest(name, str(place)))))
    return resume_training(run)


def _by_variable(run: Path, name: str, place: Path) -> TrainingRun:
    variable = "NESTED_LIGHTNING__" + name.upper().replace(".", "__")
    return resume_training(run, environ={**os.environ, variable: str(place)})


WAYS: dict[str, Callable[[Path, str, Path], TrainingRun]] = {
    "option": lambda run, _, place: resume_training(run, data=place),
    "changes": lambda run, name, place: resume_training(run, nest(name, str(place))),
    "settings": _by_settings,
    "variable": _by_variable,
}


def _parts(settings: dict[str, Any]) -> tuple[str, Path]:
    section = settings["model"].replace("-", "_")
    return f"{section}.data.path", Path(settings[section]["data"]["path"])


def test_a_training_goes_on_and_is_evaluated_where_it_is_told_that_its_data_are_now(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, before = _parts(settings)
    monkeypatch.chdir(before.parent)
    relative = merge(settings, nest(name, before.name))
    interrupt(new_run(relative, tmp_path / "run"), 2, signal.SIGTERM)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "run", tmp_path / "unmoved")
    wanted = resume_training(tmp_path / "unmoved")()
    now = before.rename(tmp_path / "elsewhere" / before.name)

    ways = [*WAYS] if settings["model"] == "multi-feature" else ["option", "settings"]
    for way in ways:
        shutil.copytree(tmp_path / "run", tmp_path / way)
        place = Path(now.name) if way == "option" else now  # a relative one is looked for from here
        assert WAYS[way](tmp_path / way, name, place)().num_steps == wanted.num_steps
        states = [torch.load(tmp_path / each / "checkpoints/last.ckpt") for each in (way, "unmoved")]
        torch.testing.assert_close(states[0]["state_dict"], states[1]["state_dict"], rtol=0, atol=0)

    best = RunFolder(tmp_path / "unmoved").best_checkpoint
    variable = {"NESTED_LIGHTNING__" + name.upper().replace(".", "__"): str(now)}
    reports = [
        family_container(application).evaluator()("val").to_dict()
        for application in (
            from_checkpoint(best, changes=nest(name, str(now))),
            from_checkpoint(best, environ=variable),
            from_checkpoint(tmp_path / "settings/checkpoints/best.ckpt"),
        )
    ]
    assert reports[0] == reports[1]
    assert reports[0].keys() == reports[2].keys()
    with pytest.raises(UserError, match=before.name):
        family_container(from_checkpoint(best)).evaluator()("val")


def _change_a_little(path: Path) -> None:
    if path.is_file():  # a table
        text = path.read_text()
        path.write_text(text.replace("0.", "1.", 1))
    elif (path / "captions.csv").exists():
        file = path / "captions.csv"
        file.write_text(file.read_text().replace("a red disc", "a red box", 1))
    elif (path / "letters.jsonl").exists():
        lines = (path / "letters.jsonl").read_text().splitlines(keepends=True)
        (path / "letters.jsonl").write_text("".join([lines[1], lines[0], *lines[2:]]))
    else:  # folders of pictures
        pictures = sorted(path.rglob("*.png"))
        pictures[0].write_bytes(pictures[-1].read_bytes())


def test_other_data_are_refused_wherever_they_lie(settings: dict[str, Any], tmp_path: Path) -> None:
    _, before = _parts(settings)
    interrupt(new_run(settings, tmp_path / "run"), 2, signal.SIGTERM)
    _change_a_little(before)

    with pytest.raises(UserError, match="the data have changed"):
        resume_training(tmp_path / "run")
    now = before.rename(tmp_path / f"moved{before.suffix}")
    with pytest.raises(UserError, match="the data have changed"):
        resume_training(tmp_path / "run", data=now)
