"""``resume``, and what ends a training before its time, as a user meets them."""

import signal
import subprocess
from pathlib import Path

import pytest

from nested_lightning.app.checkpoints.recipe import RecordedOverride
from nested_lightning.commands.run_training import given_again
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.settings.families import knowing
from tests.cli.signalled import SIGNALLED
from tests.command_line import MAIN, PROJECT, Program

pytestmark = pytest.mark.slow

SETTINGS = """
model: multi-feature
trainer:
  {max_epochs: 600, accelerator: cpu, num_threads: 1, use_progress_bar: false, checkpoint_every_n_steps: 20}
multi_feature: {data: {path: shapes.csv, label: shape, batch_size: 8}}
"""
FULL_DISK = """
import resource, runpy, sys

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def folder(small_csv: Path, tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SETTINGS)
    return tmp_path


def test_a_training_is_stopped_by_signals_and_goes_on(
    folder: Path, program: Program, forked_code: Program
) -> None:
    def stopped_by(number: signal.Signals, *arguments: str) -> subprocess.CompletedProcess[str]:
        return forked_code(SIGNALLED, str(int(number)), "run/checkpoints/last.ckpt", str(MAIN), *arguments)

    stopped = stopped_by(signal.SIGTERM, "train", "-c", "small.yaml", "--run-dir", "run")
    assert stopped.returncode == 143, stopped.stderr
    assert "stopped by SIGTERM. Go on with:" in stopped.stderr
    assert "main.py resume run" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    rows = (folder / "run" / "metrics.csv").read_text().count("\n")

    again = stopped_by(signal.SIGINT, "resume", "run")
    assert again.returncode == 130, again.stderr
    assert "stopped by SIGINT" in again.stderr
    assert (folder / "run" / "metrics.csv").read_text().count("\n") > rows

    hung_up = stopped_by(signal.SIGHUP, "resume", "run")
    assert hung_up.returncode == 129, hung_up.stderr
    assert "stopped by SIGHUP" in hung_up.stderr

    settings = folder / "run" / "settings.yaml"
    settings.write_text(settings.read_text().replace("max_epochs: 600", "max_epochs: 1"))
    over = program("resume", "run")
    assert over.returncode == 2
    assert "trainer.max_epochs = 1" in over.stderr


def test_a_full_disk_is_said_in_words(folder: Path, forked_code: Program) -> None:
    done = forked_code(FULL_DISK, str(MAIN), "train", "-c", "small.yaml", "--run-dir", "run")

    assert done.returncode == 2, done.stderr
    assert "can't be written: the disk or the quota is full" in done.stderr
    assert not list((folder / "run" / "checkpoints").iterdir())


def test_the_printed_command_gives_again_what_no_file_holds() -> None:
    file = f"{PROJECT}/tests/containers/owning/image_classifier.py:pictures"
    overrides = [
        RecordedOverride(path="pictures.net", source="import", name="mine:Net", options={"depth": 2}),
        RecordedOverride(path="pictures.optimizer", source="registered", name="adam"),
    ]

    with knowing(family_in_file(file)):
        given = [*given_again(["pictures", "multi-feature"], overrides)]

    assert given == ["--model", file, "--override", "pictures.net=mine:Net", "--set", "pictures.net.depth=2"]
