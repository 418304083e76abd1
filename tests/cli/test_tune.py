"""``tune``: a rate and a batch size by Lightning's own finders, with nothing left behind."""

from pathlib import Path

from tests.command_line import Program
from tests.conftest import write_small_csv

SMALL = ("--set", "multi_feature.data.path=shapes.csv", "--set", "multi_feature.data.label=shape")


def test_tune_lr_says_what_to_set_and_draws_the_curve(program: Program, tmp_path: Path) -> None:
    write_small_csv(tmp_path / "shapes.csv")

    ended = program("tune", "lr", "--model", "multi-feature", *SMALL, "--steps", "40")

    assert ended.returncode == 0, ended.stderr
    assert "--set multi_feature.optimizer.lr=" in ended.stdout
    assert "10 times lr" in ended.stdout
    assert (tmp_path / "lr.svg").read_text().startswith("<svg")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lr.svg", "shapes.csv"]
