"""``inspect``, ``export`` and ``swap`` from the command line."""

import json
from pathlib import Path

import pytest

from tests.command_line import Program


@pytest.mark.slow
def test_inspect_export_and_swap_a_checkpoint(program: Program, small_csv: Path, tmp_path: Path) -> None:
    own = ("--data", str(small_csv), "--label", "shape", "--epochs", "2", "--device", "cpu")
    program("train", "--model", "multi-feature", *own, "--run-dir", "run")
    best = "run/checkpoints/best.ckpt"

    shown = program("inspect", best)
    assert shown.returncode == 0, shown.stderr
    for text in ("multi-feature", "multi_feature.feature_extractors.kar", "class_names", "torch", "val_loss"):
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
