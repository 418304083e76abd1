"""A training that is killed, wherever it is just then, goes on to the same end."""

import csv
import json
import os
from pathlib import Path

import pytest
import torch

from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.command_line import ForkedPrograms

pytestmark = pytest.mark.slow

NUM_KILLS = int(os.environ.get("TEST_NUM_KILLS", "3"))
"""5 in ``.ci/run``; the more there are, the more moments are met."""

SEED = os.environ.get("TEST_KILL_SEED", "1")
"""Decides when the kills come."""

SETTINGS = """
model: multi-feature
seed: 7
trainer:
  max_epochs: 8
  accelerator: cpu
  num_threads: 1
  use_progress_bar: false
  checkpoint_every_n_steps: 1
  early_stopping_patience: 12
multi_feature:
  data: {path: shapes.csv, label: shape, batch_size: 8}
  feature_extractor: {hidden_features: 8, out_features: 4, dropout: 0.2}
  modality_dropout: 0.2
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by fork")
def test_killed_training_ends_as_if_never_interrupted(
    forked_programs: ForkedPrograms, small_csv: Path, tmp_path: Path
) -> None:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    command = ("-m", "tests.cli.killed_training", str(NUM_KILLS), SEED)
    done = forked_programs.run_python(command, cwd=tmp_path, env=os.environ)
    assert done.returncode == 0, done.stderr

    kills = json.loads((tmp_path / "kills.json").read_text())
    assert sum(map(len, kills.values())) == NUM_KILLS
    undisturbed = RunFolder(tmp_path / "undisturbed")
    for name in kills:
        assert_same_training(RunFolder(tmp_path / name), undisturbed)


def assert_same_training(found: RunFolder, wanted: RunFolder) -> None:
    for name in ("best_checkpoint", "last_checkpoint"):
        one, other = (torch.load(getattr(folder, name), weights_only=True) for folder in (found, wanted))
        assert one["global_step"] == other["global_step"]
        for key in ("state_dict", "optimizer_states", "lr_schedulers"):
            torch.testing.assert_close(one[key], other[key], rtol=0, atol=0)
        assert one["callbacks"].keys() == other["callbacks"].keys()
    assert found.metrics_file.read_text() == wanted.metrics_file.read_text()
    steps = [row["step"] for row in csv.DictReader(found.metrics_file.open())]
    assert len(steps) == len(set(steps)) >= 8
    results = [json.loads(folder.results_file.read_text()) for folder in (found, wanted)]
    assert results[0]["test"] == results[1]["test"]
    assert results[0]["num_steps"] == results[1]["num_steps"]
