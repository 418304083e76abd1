"""Epochs, steps, weights and durations are the same wherever they are read."""

import csv
import io
import json
import re
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from nested_lightning import bootstrap, resume_training
from nested_lightning.commands.program import app

runner = CliRunner()


@pytest.fixture
def shown(small_settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the progress display prints of three epochs in the folder ``run``."""
    monkeypatch.chdir(tmp_path)
    small_settings["trainer"] |= {"use_progress_bar": True, "best_checkpoint": "newest"}
    with redirect_stderr(io.StringIO()) as printed:
        bootstrap(small_settings).multi_feature.training_run()()
    return printed.getvalue()


def invoke(*arguments: str) -> str:
    done = runner.invoke(app, list(arguments))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_epochs_and_steps_agree_between_screen_log_metrics_and_inspect(shown: str, tmp_path: Path) -> None:
    (epoch, step), *_ = re.findall(r"epoch (\d+)/3  100%  step (\d+)", shown)
    row = list(csv.DictReader((tmp_path / "run/metrics.csv").open()))[-1]
    logged = re.findall(r"epoch (\d+)  step (\d+)", (tmp_path / "run/train.log").read_text())[-1]

    assert (row["epoch"], row["step"]) == logged == (epoch, step)
    assert str(json.loads((tmp_path / "run/results.json").read_text())["num_steps"]) == step
    for name in ("best", "last"):
        found = json.loads(invoke("inspect", f"run/checkpoints/{name}.ckpt", "--json"))
        assert (str(found["epoch"]), str(found["num_steps"])) == (epoch, step)


def test_weights_of_check_and_inspect_are_told_with_their_buffers(shown: str) -> None:
    inspected = json.loads(invoke("inspect", "run", "--json"))["num_weights"]

    told = re.search(
        r"([\d,]+) parameters and ([\d,]+) numbers in buffers: a checkpoint holds ([\d,]+)",
        invoke("check", "-c", "run/settings.yaml"),
    )

    assert told
    parameters, buffers, stored = (int(number.replace(",", "")) for number in told.groups())
    assert parameters + buffers == stored == inspected


def test_duration_after_resuming_is_that_of_the_whole_training(shown: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run/checkpoints/last.ckpt"
    content = torch.load(checkpoint, weights_only=True)
    content["duration_s"] += 1000.0  # as if the epochs before had taken so long
    torch.save(content, checkpoint)

    result = resume_training("run", {"trainer": {"max_epochs": 4}})()

    assert 1000.0 < result.duration_s < 2000.0
    assert torch.load(checkpoint, weights_only=True)["duration_s"] > 1000.0


def test_resumed_training_that_has_ended_says_that_nothing_is_left(shown: str, tmp_path: Path) -> None:
    before = json.loads((tmp_path / "run/results.json").read_text())

    printed = invoke("resume", "run")

    assert f"Nothing left to do: trained 9 steps in {before['duration_s']:.1f} s" in printed
    assert json.loads((tmp_path / "run/results.json").read_text()) == before
