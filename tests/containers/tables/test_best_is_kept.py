"""What is kept is the best by the one metric that is monitored, and trainings at once share nothing."""

import csv
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import from_checkpoint
from nested_lightning.settings.reading.merging import merge
from tests.command_line import Program
from tests.containers.tables.everything import settings_for, table_for, trained
from tests.quick_first import quick_first

pytestmark = pytest.mark.filterwarnings("ignore:taken for categories", "ignore:in the test part, no row")

MONITORED = {
    "binary": ("val_roc_auc", "max"),
    "number": ("val_r2", "max"),
    "counts": ("val_poisson_deviance", "min"),
    "labels": ("val_micro_f1", "max"),
}


@pytest.mark.parametrize("kind", quick_first(MONITORED))
def test_the_best_checkpoint_is_that_of_the_best_row_of_the_monitored_metric(
    kind: str, tmp_path: Path
) -> None:
    metric, mode = MONITORED[kind]
    wild = {
        "trainer": {"max_epochs": 12, "monitor": metric, "monitor_mode": mode, "early_stopping_patience": 3},
        "multi_feature": {"optimizer": {"lr": 0.05}},
    }
    columns = table_for(kind)
    random.Random(0).shuffle(columns["y"])  # so that the scores go up and down

    result = trained(merge(settings_for(kind, tmp_path / "run"), wild), data=columns)

    values = _values(result.run_folder.metrics_file, metric)
    best = (max if mode == "max" else min)(values)
    assert values[-1] != best, "the end is worse"
    kept = torch.load(result.best_checkpoint, weights_only=True)
    assert kept["epoch"] == values.index(best)
    assert len(values) == min(12, values.index(best) + 1 + 3)
    report = from_checkpoint(result.best_checkpoint, data=columns).multi_feature.evaluator()("val")
    assert report.scores[metric.removeprefix("val_")] == pytest.approx(best, rel=1e-6)


def _values(metrics: Path, metric: str) -> list[float]:
    with metrics.open(newline="") as file:
        return [float(row[metric]) for row in csv.DictReader(file) if row[metric]]


@pytest.mark.slow
def test_trainings_that_start_at_once_in_one_folder_share_no_file(program: Program, tmp_path: Path) -> None:
    lines = [f"{row % 7},{row * 5 % 11},{row % 2}" for row in range(80)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,y", *lines]))
    common = ("train", "--model", "multi-feature", "--data", "rows.csv", "--label", "y")
    short = ("--set", "trainer.max_epochs=2", "--set", "trainer.accelerator=cpu")

    def train(seed: int) -> Any:
        return program(*common, *short, "--set", f"seed={seed}")

    with ThreadPoolExecutor() as pool:
        ends = list(pool.map(train, (1, 2, 1)))

    assert [end.returncode for end in ends] == [0, 0, 0], ends
    folders = sorted(path.parent for path in tmp_path.glob("runs/**/settings.yaml"))
    assert len(folders) == 3
    weights = [_weights(folder) for folder in folders]
    equal = [[_are_equal(one, other) for other in weights] for one in weights]
    assert sorted(map(sum, equal)) == [1, 2, 2], "those of one seed are equal, the other is not"


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)[
        "state_dict"
    ]
    return loaded


def _are_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)
