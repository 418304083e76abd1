"""Commands take the same options, and a run folder where they take a checkpoint."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from nested_lightning import bootstrap
from nested_lightning.commands.program import app
from tests.conftest import make_small_settings, write_small_csv

runner = CliRunner()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of one epoch, in ``run``."""
    folder = tmp_path_factory.mktemp("trained")
    settings = make_small_settings(write_small_csv(folder / "shapes.csv"), folder / "run")
    settings["trainer"]["max_epochs"] = 1
    bootstrap(settings).multi_feature.training_run()()
    return folder / "run"


def invoke(*arguments: str) -> str:
    done = runner.invoke(app, list(arguments))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


@pytest.mark.parametrize("command", ["train", "check", "graph", "config", "tune lr", "tune batch-size"])
def test_every_command_that_reads_settings_has_the_same_options(command: str) -> None:
    printed = invoke(*command.split(), "--help")

    of_family = ("--data", "--label", "--batch-size", "--skip-bad")
    for option in ("--model", "--preset", "--config", "--set", "--epochs", "--seed", "--device", *of_family):
        assert option in printed


@pytest.mark.parametrize("command", ["check", "graph", "config"])
def test_data_label_epochs_and_preset_are_given_as_in_a_training(command: str, small_csv: Path) -> None:
    own = ["--data", str(small_csv), "--label", "shape", "--epochs", "3", "--preset", "plain", "--seed", "4"]

    printed = invoke(command, "-m", "multi-feature", *own)

    if command == "config":
        settings = yaml.safe_load(printed)
        assert settings["trainer"]["max_epochs"] == 3
        assert settings["seed"] == 4
        assert settings["multi_feature"]["data"]["path"] == str(small_csv)
        assert settings["multi_feature"]["data"]["label"] == "shape"
        assert settings["multi_feature"]["head"]["kind"] == "linear"
    else:
        assert "feature_extractors.kar" in printed
        assert "LinearHead" in printed


def test_a_file_without_the_name_of_a_family_in_it_is_refused() -> None:
    done = runner.invoke(app, ["config", "-m", "corners.py"])

    assert str(done.exception) == "--model corners.py: name the family in it too, as in corners.py:NAME"


@pytest.mark.parametrize("command", ["check", "graph", "config"])
def test_option_that_a_family_has_no_setting_for_is_refused(command: str) -> None:
    done = runner.invoke(app, [command, "-m", "image-to-text", "--label", "shape"])

    assert "--label: image-to-text has no setting image_to_text.data.label" in str(done.exception)


@pytest.mark.slow
def test_a_run_folder_stands_for_its_best_checkpoint(run_folder: Path, tmp_path: Path) -> None:
    folder, best = str(run_folder), str(run_folder / "checkpoints" / "best.ckpt")
    csv = str(run_folder.parent / "shapes.csv")

    assert invoke("evaluate", folder, "--json") == invoke("evaluate", best, "--json")
    assert invoke("inspect", folder, "--json") == invoke("inspect", best, "--json")
    assert invoke("predict", folder, csv) == invoke("predict", best, csv)
    assert invoke("config", "--checkpoint", folder) == invoke("config", "--checkpoint", best)
    invoke("export", folder, "-o", str(tmp_path / "model.safetensors"))
    swapped = str(tmp_path / "swapped.ckpt")
    invoke("swap", folder, "--submodule", "multi_feature.head", "--with", "linear", "-o", swapped)
    assert json.loads(invoke("inspect", swapped, "--json"))["family"] == "multi-feature"


def test_version_is_printed_without_a_command() -> None:
    assert invoke("--version").startswith("nested-lightning")


def test_list_written_with_commas_is_refused_with_how_to_write_it() -> None:
    done = runner.invoke(
        app, ["config", "-m", "multi-feature", "-s", "multi_feature.data.excluded=Name,Year"]
    )

    assert "a list is needed, written as [Name,Year]" in str(done.exception)
    assert "- Year" in invoke(
        "config", "-m", "multi-feature", "-s", "multi_feature.data.excluded=[Name,Year]"
    )


def test_models_marks_defaults_in_words_and_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    printed = invoke("models", "-m", "multi-feature")

    assert "multi_feature.head                        linear, normalized, members (default)\n" in printed
    assert "plain, normalized, residual, periodic (default), linear\n" in printed


@pytest.mark.parametrize(
    "command",
    ["train -m multi-feature", "resume RUN", "sweep -m multi-feature --search trainer.max_epochs=1"],
)
def test_an_address_of_a_cluster_that_nothing_trains_on_is_refused(command: str) -> None:
    done = runner.invoke(app, [*command.split(), "--ray-address", "somewhere:1"])

    assert "--ray-address is for" in str(done.exception)


@pytest.mark.parametrize("command", ["compare", "report"])
def test_an_argument_of_no_override_is_refused_where_trainings_are_compared(command: str) -> None:
    done = runner.invoke(app, [command, "runs/a", "--set", "trainer.max_epochs=1"])

    assert "--set trainer.max_epochs=1: belongs to no --override" in str(done.exception)


def test_config_takes_the_overrides_of_a_training_as_they_are() -> None:
    own = ["--override", "multi_feature.head=my_module:MyHead", "--set", "multi_feature.head.depth=2"]

    settings = yaml.safe_load(invoke("config", "-m", "multi-feature", *own))

    assert "depth" not in settings["multi_feature"]["head"]  # an argument of what takes its place


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tune lr --min 1 --max 0.1", "--min 1 has to be above 0, and below --max 0.1"),
        ("tune lr --min -1", "--min -1 has to be above 0"),
        ("tune lr --steps 0", "greater than or equal to 1"),
        ("evaluate best.ckpt --data mine.csv --part val", "--part is a part of the training's own data"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_read(arguments: str, message: str) -> None:
    done = runner.invoke(app, arguments.split(), standalone_mode=False)

    assert message in str(done.exception)
