"""Trainings whose names are as odd as a user's, and reports of them."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import bootstrap
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.containers import application
from nested_lightning.containers.reporting.comparing import report_runs
from tests.containers.reporting.report_page import ReportPage
from tests.reports import write_report

CLASSES = ("<img src=x onerror=document.title=1>", "größe 犬 🙂", "$x^2$ {{ 7*7 }}")
COLUMNS = ("a</script><script>document.title=2</script>", "b&\"c'", "x_{1}$")


def write_odd_table(path: Path) -> Path:
    """Write 90 rows of three columns and a class, whose names hold what HTML, Jinja and TeX read otherwise.

    In each column a value is missing.
    """
    draw = random.Random(0)
    lines = [",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (*COLUMNS, "kind"))]
    for row in range(90):
        numbers = [f"{draw.gauss(3 * (row % 3 == place), 1):.4f}" for place in range(3)]
        if row < len(COLUMNS):
            numbers[row] = ""
        lines.append(",".join([*numbers, f'"{CLASSES[row % 3]}"']))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def odd_settings(folder: Path, **trainer: Any) -> dict[str, Any]:
    """Return settings of a training on that table in ``folder / "run"``."""
    return {
        "model": "multi-feature",
        "run_dir": str(folder / "run"),
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False, **trainer},
        "multi_feature": {
            "data": {
                "batch_size": 16,
                "path": str(write_odd_table(folder / "odd.csv")),
                "label": "kind",
                "missing": "mean",
            },
            "feature_extractor": {"hidden_features": 8, "out_features": 4},
        },
    }


def train(settings: Any) -> TrainingResult:
    """Train and return the result."""
    container: Any = bootstrap(settings)
    result: TrainingResult = container.train()
    return result


@pytest.fixture(scope="session")
def odd_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of such a training; no test changes it."""
    folder = tmp_path_factory.mktemp("odd")
    train(odd_settings(folder))
    return folder / "run"


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., ReportPage]:
    """Makes the report of run folders, and gives what it says."""

    def make(*runs: Path) -> ReportPage:
        report_runs(runs, tmp_path / "report.html")
        return ReportPage(tmp_path / "report.html")

    return make


@pytest.fixture(scope="session")
def odd_report(odd_run: Path, tmp_path_factory: pytest.TempPathFactory) -> ReportPage:
    """The report of that training."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    report_runs([odd_run], file)
    return ReportPage(file)


@pytest.fixture
def with_reports() -> Iterator[None]:
    """Trainings end with a report, as they do for users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "_write_report", write_report)
        yield
