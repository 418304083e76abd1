"""A training that is killed, wherever it is just then, goes on to the same end."""

import csv
import json
import os
from pathlib import Path

import pytest

from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.command_line import ForkedPrograms
from tests.containers.shared_trainings import assert_same_training

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
    for name in kills:
        assert_same_training(tmp_path / name, tmp_path / "undisturbed")
        steps = [row["step"] for row in csv.DictReader(RunFolder(tmp_path / name).metrics_file.open())]
        assert len(steps) == len(set(steps)) >= 8
