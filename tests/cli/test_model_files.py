"""``inspect``, ``export`` and ``swap`` from the command line."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.command_line import Program


@pytest.mark.slow
def test_inspect_export_and_swap_a_checkpoint(program: Program, small_csv: Path, tmp_path: Path) -> None:
    own = ("--data", str(small_csv), "--label", "shape", "--epochs", "2", "--device", "cpu")
    program("train", "--model", "multi-feature", *own, "--run-dir", "run")
    best = "run/checkpoints/best.ckpt"

    shown = program("inspect", best)
    assert shown.returncode == 0, shown.stderr
    for text in ("multi-feature", "multi_feature.feature_extractors.kar", "target", "torch", "val_loss"):
        assert text in shown.stdout

    exported = program("export", best, "--format", "safetensors", "model.safetensors")
    assert exported.returncode == 0, exported.stderr
    again = json.loads(program("inspect", "model.safetensors", "--json").stdout)
    assert again["family"] == "multi-feature"
    refused = program("export", best, "model.safetensors")
    assert refused.returncode == 2
    assert "is there already" in refused.stderr

    swapped = program("swap", best, "--submodule", "multi_feature.head", "--with", "linear")
    assert swapped.returncode == 0, swapped.stderr
    assert "multi_feature.head.kind" in swapped.stdout
    assert program("evaluate", "run/checkpoints/best-swapped.ckpt", "--json").returncode == 0


OWN_HEAD = """
from torch import nn


class MyHead(nn.Sequential):
    def __init__(self, *, in_features: int, out_features: int, depth: int = 1) -> None:
        hidden = [nn.Linear(in_features, in_features) for _ in range(depth)]
        super().__init__(*hidden, nn.Linear(in_features, out_features))
        self.in_features, self.out_features = in_features, out_features
"""


@pytest.mark.slow
@pytest.mark.parametrize("other", ["linear", "my_file:MyHead"])
def test_the_command_that_swap_prints_trains_on(
    program: Program, small_csv: Path, tmp_path: Path, other: str
) -> None:
    (tmp_path / "my_file.py").write_text(OWN_HEAD)
    own = ("--data", small_csv.name, "--label", "shape", "--epochs", "1", "--device", "cpu")
    program("train", "--model", "multi-feature", *own, "--run-dir", "run")
    arguments = ("--set", "multi_feature.head.depth=2") if ":" in other else ()

    swapped = program("swap", "run", "--submodule", "multi_feature.head", "--with", other, *arguments)

    printed = shlex.split(swapped.stderr.splitlines()[-1])
    assert printed[1:5] == ["main.py", "train", "--from", "run/checkpoints/best-swapped.ckpt"]
    done = program(*printed[2:], "--run-dir", "on")
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "on/train.log").read_text()
    count = re.search(r"first weights: (\d+) of (\d+) tensors from .*best-swapped.ckpt", log)
    assert count
    assert count[1] == count[2]
    assert ("depth=2" in log) == (":" in other)


@pytest.mark.slow
def test_train_from_takes_other_data_and_lists_the_rest(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    own = ("--data", small_csv.name, "--label", "shape", "--epochs", "1", "--device", "cpu")
    program("train", "--model", "multi-feature", *own, "--seed", "5", "--run-dir", "one")
    (tmp_path / "more.csv").write_text(small_csv.read_text().replace("star", "heart"))

    done = program("train", "--from", "one", "--data", "more.csv", "--run-dir", "two")

    assert done.returncode == 0, done.stderr
    assert "2 of 3 classes are there, not heart" in done.stderr
    assert "first weights" in done.stdout
    settings = yaml.safe_load((tmp_path / "two/settings.yaml").read_text())
    assert (settings["seed"], settings["trainer"]["max_epochs"]) == (5, 1)
    assert settings["init_from"] == str(tmp_path / "one/checkpoints/best.ckpt")
    refused = program("train", "--from", "more.csv", "--run-dir", "three")
    assert refused.returncode == 2
    assert "more.csv" in refused.stderr
