"""What the program answers before anything is trained: help, lists, settings, mistakes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.command_line import PROJECT, Program
from tests.quick_first import quick_first


@pytest.mark.parametrize(
    "arguments", quick_first([["train", "--help"], ["--help"], ["models"], ["config", "-m", "multi-feature"]])
)
def test_help_models_and_config_import_no_torch(arguments: list[str]) -> None:
    code = (
        "import sys, main\n"
        f"sys.argv = ['main.py', *{arguments!r}]\n"
        "try:\n    main.run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('torch' in sys.modules or 'pytorch_lightning' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "False"


def test_models_lists_families_choices_and_presets(program: Program) -> None:
    printed = program("models").stdout

    assert "multi-feature" in printed
    assert "plain, normalized, residual, periodic (default), linear" in printed
    assert "concatenation (default), gated_sum, attention" in printed
    assert "--preset seed" in printed


@pytest.mark.slow
def test_config_prints_settings_that_it_takes_back(program: Program, tmp_path: Path) -> None:
    changes = [
        "--preset",
        "seed",
        "--set",
        "multi_feature.feature_extractors.kar.kind=residual",
        "--set",
        "seed=4",
    ]
    printed = program("config", "-m", "multi-feature", *changes).stdout
    (tmp_path / "settings.yaml").write_text(printed)

    again = program("config", "--config", "settings.yaml").stdout

    assert again == printed
    assert yaml.safe_load(printed)["seed"] == 4


@pytest.mark.slow
def test_variables_are_below_options_and_above_the_file(program: Program, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("model: multi-feature\nseed: 1\ntrainer: {max_epochs: 1}\n")
    environ = {"NESTED_LIGHTNING__SEED": "2", "NESTED_LIGHTNING__TRAINER__MAX_EPOCHS": "2"}

    done = program("config", "--config", "settings.yaml", "--set", "seed=3", environ=environ)

    settings = yaml.safe_load(done.stdout)
    assert (settings["seed"], settings["trainer"]["max_epochs"]) == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    quick_first(
        [
            (["train", "--model", "multi-featur"], "did you mean 'multi-feature'"),
            (["train"], "model: a value is needed"),
            (["train", "-m", "multi-feature", "--set", "trainer.max_epoch=3"], "did you mean 'max_epochs'"),
            (["train", "-m", "multi-feature", "--epochs", "0"], "trainer.max_epochs = 0"),
            (["train", "-m", "multi-feature", "--data", "nowhere.csv"], "nowhere.csv: no such file"),
            (["train", "-m", "multi-feature", "--folds", "1"], "num_folds = 1"),
            (["train", "-m", "multi-feature", "--device", "gpux", "--epochs", "1"], "accelerator = 'gpux'"),
            (["train", "-m", "multi-feature", "--device", "tpu"], "can't be used on this machine"),
            (["train", "-m", "multi-feature", "--device", "cuda:x"], "--device cuda:x: write cpu"),
            (["train", "-m", "multi-feature", "--set", "trainer.devices=-5"], "greater than or equal to -1"),
            (["evaluate", "nowhere.ckpt"], "nowhere.ckpt: no such file"),
            (["predict", "nowhere.ckpt", "file.csv"], "nowhere.ckpt: no such file"),
        ],
        num_quick=3,
    ),
)
def test_a_users_mistake_is_one_message_without_traceback_and_status_2(
    program: Program, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = program(*arguments)

    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not [*tmp_path.glob("runs/*/checkpoints"), *tmp_path.glob("runs/*/settings.yaml")]


def test_debug_shows_the_traceback(program: Program) -> None:
    done = program("evaluate", "nowhere.ckpt", "--debug")

    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "nowhere.ckpt: no such file" in done.stderr
