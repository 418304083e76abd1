"""`sweep` as a command: what it refuses, what it leaves, and that what it leaves is of use."""

import csv
from pathlib import Path

import pytest
import yaml

pytest.importorskip("optuna", reason="the extra sweep isn't installed")

from nested_lightning.app.sweeping.results import SweepResult, TrialRecord
from nested_lightning.commands.printing.sweep_report import print_sweep
from nested_lightning.settings.sweep import SweepSettings
from tests.command_line import ForkedPrograms, Program, program_in
from tests.conftest import write_small_csv

RATE = "multi_feature.optimizer.lr"
KIND = "multi_feature.feature_extractor.kind"
SMALL = (
    *("--model", "multi-feature", "--data", "small.csv", "--label", "shape", "--epochs", "2"),
    *("--set", "trainer.accelerator=cpu", "--set", "multi_feature.feature_extractor.hidden_features=8"),
)
SEARCH = ("--search", f"{RATE}=float:1e-4..1e-1:log", "--search", f"{KIND}=plain,residual")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, forked_programs: ForkedPrograms) -> Path:
    """A folder with a sweep of three trials in ``swept``."""
    folder = tmp_path_factory.mktemp("sweep")
    write_small_csv(folder / "small.csv")
    program = program_in(folder, forked_programs.run)
    objectives = ("--objective", "val_macro_f1:max", "--objective", "parameters:min")
    done = program("sweep", *SMALL, *SEARCH, *objectives, "--trials", "3", "--folder", "swept")
    assert done.returncode == 0, done.stderr
    assert "Pareto front" in done.stdout
    scores = done.stdout.partition("the only one that was tested")[2]
    assert "baseline" in scores
    assert "baseline_" not in scores
    return folder


def trials_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_sweep_leaves_a_table_and_settings_that_train_and_tell_where_they_are_from(
    swept: Path, forked_programs: ForkedPrograms
) -> None:
    program = program_in(swept, forked_programs.run)
    trials = trials_in(swept / "swept")
    (winner,) = (one for one in trials if one["winner"] == "True")

    told = program("config", "--config", "swept/best.yaml", "--explain").stdout.splitlines()
    shown = program("config", "--config", "swept/best.yaml").stdout
    difference = program("config", "--diff", "swept/trials/0001", "swept/trials/0002").stdout

    assert [one["state"] for one in trials] == ["complete"] * 3
    assert all(one[RATE] for one in trials)
    provenance = f"sweep trial {winner['trial']} "
    assert {line.split()[1] for line in told if provenance in line} == {RATE, KIND}
    assert yaml.safe_load(shown)["multi_feature"]["optimizer"]["lr"] == float(winner[RATE])
    assert RATE in difference


@pytest.mark.slow
def test_what_has_ended_is_not_tried_again_and_another_question_is_refused(
    swept: Path, forked_programs: ForkedPrograms
) -> None:
    program = program_in(swept, forked_programs.run)
    before = (swept / "swept" / "trials.csv").read_bytes()
    rows = (swept / "small.csv").read_text().splitlines(keepends=True)
    (swept / "fewer.csv").write_text("".join(rows[:-5]))

    fewer = program("sweep", "--resume", "swept", "--data", "fewer.csv")
    again = program("sweep", "--resume", "swept")
    other = program("sweep", "--resume", "swept", "--search", f"{KIND}=plain,normalized")
    new = program("sweep", *SMALL, *SEARCH, "--folder", "swept")

    assert (fewer.returncode, "'data'" in fewer.stderr) == (2, True), fewer.stderr
    assert (
        "fewer"
        not in (swept / "swept" / "best.yaml").read_text() + (swept / "swept" / "sweep.yaml").read_text()
    )
    assert (again.returncode, "Nothing left to do" in again.stdout) == (0, True)
    assert (other.returncode, "'search'" in other.stderr) == (2, True), other.stderr
    assert (new.returncode, "--resume" in new.stderr) == (2, True), new.stderr
    assert (swept / "swept" / "trials.csv").read_bytes() == before


def test_mistakes_are_told_before_the_first_trial(tmp_path: Path, program: Program) -> None:
    write_small_csv(tmp_path / "small.csv")
    cases = {
        "nothing is searched": (),
        "did you mean 'residual'": ("--search", f"{KIND}=plain,resdual", "--search", f"{RATE}=float:-1..1"),
        "PGPASSWORD": (*SEARCH, "--storage", "postgresql://me:hidden@host/name"),
        "write SETTING=VALUES": ("--search", RATE),
        "registered kinds": (*SEARCH, "--override", "multi_feature.head=torch.nn:Identity"),
        "a grid needs single values": (*SEARCH, "--sampler", "grid", "--folder", "grid"),
        "write oddity:max": (*SEARCH, "--objective", "oddity"),
        "holds no sweep.yaml": ("--resume", "nowhere"),
        "postgres": (*SEARCH, "--storage", "mysql://host/name"),
    }
    for words, arguments in cases.items():
        done = program("sweep", *SMALL, *arguments, "--trials", "1")

        assert (done.returncode, words in done.stderr) == (2, True), (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "hidden" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small.csv"]


def test_a_dry_run_shows_the_space_and_keeps_nothing(tmp_path: Path, program: Program) -> None:
    write_small_csv(tmp_path / "small.csv")
    search = {
        RATE: {"low": 1e-4, "high": 1e-2},
        KIND: ["plain", "normalized"],
        "multi_feature.head.dropout": [0, 0.2],  # the default is another
        "multi_feature.optimizer.kind": ["adam", "sgd"],
        "multi_feature.optimizer.momentum": [0, 0.9],
    }
    section = {"trials": 7, "search": search}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump({"sweep": section}))

    done = program("sweep", *SMALL, "--config", "sweep.yaml", "--trials", "9", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert all(
        word in done.stdout for word in (RATE, "plain, normalized", "9, by tpe", "val_loss:min", "at most")
    )
    few = program("sweep", *SMALL, "--search", f"{KIND}=plain,normalized", "--dry-run")
    assert "2, by tpe" in few.stdout, few.stderr
    cells = [line.split("│") for line in done.stdout.splitlines() if line.startswith("│")]
    first = {one[1].strip().rpartition(".")[2]: one[-2].strip() for one in cells}
    assert first == {"kind": "adam", "lr": "0.001", "dropout": "drawn", "momentum": "-"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.csv", "sweep.yaml"]


@pytest.mark.slow
def test_what_a_searched_kind_loses_is_said_when_it_can_be_changed(tmp_path: Path, program: Program) -> None:
    write_small_csv(tmp_path / "small.csv")
    search = ("--search", f"{KIND}=plain,residual")
    (tmp_path / "begun").mkdir()

    new = program("sweep", *SMALL, *search, "--dry-run")
    (tmp_path / "begun" / "sweep.yaml").write_text("{}")
    again = program("sweep", *SMALL, *search, "--resume", "begun", "--dry-run")

    assert new.returncode == again.returncode == 0, new.stderr + again.stderr
    assert "hidden_features = 8 is set for periodic alone" in new.stderr
    assert "is set for" not in again.stderr


def test_a_search_of_fewer_points_than_trials_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    tried = TrialRecord(number=0, state="complete", settings={})

    print_sweep(
        SweepResult(folder=Path("swept"), objectives=(), trials=(tried,)),
        SweepSettings(trials=5),
    )

    assert "all that there is was tried: 1 trial of 5" in capsys.readouterr().err
