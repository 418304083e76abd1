"""``config``: provenance, comparison and schema from the command line."""

import json
import re
from pathlib import Path

import pytest

from tests.command_line import Program
from tests.quick_first import quick_first


def test_explain_shows_where_values_come_from_and_what_they_replaced(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text("model: multi-feature\nseed: 1\n")

    printed = program("config", "--config", "my.yaml", "--set", "seed=2", "--explain").stdout

    (line,) = [line for line in printed.splitlines() if "│ seed " in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "seed",
        "2",
        "--set",
        "1 (my.yaml:2:1)",
    ]


def test_diff_shows_what_differs_between_two_files(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("model: multi-feature\nseed: 1\n")
    (tmp_path / "b.yaml").write_text("model: multi-feature\nseed: 2\n")

    printed = program("config", "--diff", "a.yaml", "b.yaml").stdout

    rows = [line for line in printed.splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in rows[0].strip("│").split("│")] == ["seed", "1", "2"]
    assert len(rows) == 1


@pytest.mark.slow
def test_diff_says_where_nothing_differs(program: Program, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("model: multi-feature\n")

    done = program("config", "--diff", "a.yaml", "b.yaml")

    assert (done.returncode, done.stdout) == (0, "")
    assert "the settings of a.yaml and b.yaml are the same" in done.stderr


@pytest.mark.slow
def test_files_of_a_family_that_is_not_known_are_compared_as_they_are_written(
    program: Program, tmp_path: Path
) -> None:
    for name, width in (("a.yaml", 3), ("b.yaml", 4)):
        (tmp_path / name).write_text(f"model: corners\ncorners: {{net: {{hidden: {width}}}}}\n")

    done = program("config", "--diff", "a.yaml", "b.yaml")

    assert [_cells(line) for line in done.stdout.splitlines() if _cells(line)] == [
        ["corners.net.hidden", "3", "4"]
    ]
    assert "a.yaml is compared as it is written, since no family 'corners' is known here" in done.stderr


@pytest.mark.slow
def test_names_are_not_broken_in_a_narrow_terminal(program: Program) -> None:
    name = "multi_feature.feature_extractors.kar.hidden_features"
    environ = {"COLUMNS": "80", "FORCE_COLOR": "1", "NO_COLOR": "1"}

    printed = program(
        "config", "--model", "multi-feature", "--set", f"{name}=8", "--explain", environ=environ
    ).stdout

    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()]
    assert lines[lines.index(name) + 1] == "value 8  from --set"
    assert max(map(len, lines)) <= 80


@pytest.mark.slow
def test_a_checkpoint_is_explained_and_compared_like_a_file(program: Program, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("model: multi-feature\ntrainer: {max_epochs: 1}\n")
    for name, seed in (("one", 1), ("two", 2)):
        trained = program("train", "-c", "my.yaml", "--set", f"run_dir={name}", "--set", f"seed={seed}")
        assert trained.returncode == 0, trained.stderr
    last = "checkpoints/last.ckpt"

    explained = program("config", "--checkpoint", f"one/{last}", "--set", "seed=3", "--explain").stdout
    compared = program("config", "--diff", f"one/{last}", f"two/{last}").stdout

    rows = {cells[0]: cells[1:] for line in explained.splitlines() if (cells := _cells(line))}
    assert rows["seed"] == ["3", "--set", f"1 (checkpoint one/{last})"]
    assert rows["trainer.max_epochs"][1] == f"checkpoint one/{last}"
    assert rows["data_spec.target.names"][1] == "data"
    assert len(rows["data_spec.fingerprint"][0]) == 60
    differing = [_cells(line) for line in compared.splitlines() if _cells(line)]
    assert differing == [["seed", "1", "2"], ["run_dir", "one", "two"]]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")] if line.startswith("│") else []


def test_the_schema_describes_every_family_and_choice(program: Program) -> None:
    schema = json.loads(program("config", "--schema").stdout)

    assert schema["properties"]["multi_feature"]
    assert schema["$defs"]["PlainFeatureExtractorSettings"]["properties"]["hidden_features"]["description"]


@pytest.mark.parametrize("option", quick_first([[], ["--explain"]]))
def test_a_replaced_choice_is_said(program: Program, option: list[str]) -> None:
    done = program(
        *("config", *option, "-m", "multi-feature", "--set", "multi_feature.head.dropout=0.5"),
        *("--set", "multi_feature.head.kind=linear"),
    )

    assert done.returncode == 0
    assert "linear replaces members, so dropout=0.5 is dropped" in done.stderr


def test_explain_names_the_pattern_that_set_a_value(program: Program) -> None:
    done = program(
        "config", "-m", "multi-feature", "--set", "multi_feature.head.kind=normalized",
        "--set", "multi_feature.head.*=0.1", "--set-all",
        "PeriodicFeatureExtractor.dropout=0.2", "--explain",
    )  # fmt: skip

    rows = [_cells(line) for line in done.stdout.splitlines()]
    assert ["multi_feature.head.dropout", "0.1", "--set multi_feature.head.*=0.1", ""] in rows
    extractor = "multi_feature.feature_extractor.dropout"
    assert [extractor, "0.2", "--set-all PeriodicFeatureExtractor.dropout=0.2", ""] in rows
    assert "note: multi_feature.head.* = 0.1: 1 setting (multi_feature.head.dropout)" in done.stderr


@pytest.mark.slow
def test_describe_shows_the_settings_of_the_kind_that_is_chosen(program: Program) -> None:
    kind = "multi_feature.feature_extractor.kind=residual"

    done = program(
        "config", "-m", "multi-feature", "--set", kind, "--describe", "multi_feature.feature_extractor"
    )

    rows = [_cells(line) for line in done.stdout.splitlines() if _cells(line)]
    assert [row[0].rpartition(".")[2] for row in rows] == [
        "kind", "out_features", "hidden_features", "num_blocks", "dropout",
    ]  # fmt: skip
    assert rows[-1][1:] == ["0.1", "0.1", "number ≥ 0 < 1", "Share of hidden values set to zero in training."]


@pytest.mark.slow
def test_describe_of_a_misspelt_path_names_the_nearest(program: Program) -> None:
    done = program("config", "-m", "multi-feature", "--describe", "multi_feature.hed")

    assert done.returncode == 2
    assert (
        "--describe multi_feature.hed: there is no such setting; did you mean 'multi_feature.head'?"
        in done.stderr
    )
