"""``check``, ``graph``, and what ``train`` does first."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml

from tests.command_line import Program

FAULTY = {"combiner": {"kind": "gated_sum"}, "feature_extractors": {"kar": {"out_features": 3}}}


def _settings(small_csv: Path, tmp_path: Path, **more: object) -> str:
    data = {"path": str(small_csv), "label": "shape"}
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump({"model": "multi-feature", "multi_feature": {"data": data, **more}}))
    return str(path)


@pytest.mark.slow
def test_check_prints_a_table_of_a_model_without_faults(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    done = program("check", "--config", _settings(small_csv, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "by feature_extractor" in done.stdout
    assert "[2, 3]" in done.stdout
    assert "no fault was found" in done.stdout


def test_names_and_shapes_are_not_broken_in_a_narrow_terminal(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    environ = {"COLUMNS": "80", "FORCE_COLOR": "1", "NO_COLOR": "1"}
    lines = program("check", "--config", _settings(small_csv, tmp_path), environ=environ).stdout.splitlines()

    start = next(i for i, line in enumerate(lines) if "feature_extractors.kar by feature_extractor" in line)
    assert "class PeriodicFeatureExtractor  input [2, 3]  output [2, 32]" in lines[start + 1]


def test_train_refuses_a_faulty_model_before_there_is_a_run_folder(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    done = program("train", "--config", _settings(small_csv, tmp_path, **FAULTY))
    assert done.returncode == 2
    assert "error: multi_feature.combiner: it can't be built" in done.stderr
    assert "set multi_feature.feature_extractors.kar.out_features" in done.stderr.replace(
        "multi_feature.feature_extractor.out_features, ", ""
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_graph_draws_a_tree_and_a_picture(program: Program, small_csv: Path, tmp_path: Path) -> None:
    settings = _settings(small_csv, tmp_path)
    tree = program("graph", "--config", settings).stdout
    assert "data [2, 3] → [2, 32]" in tree
    assert "datamodule  MultiFeatureDataModule  see above" in tree
    replaced = ("--override", "multi_feature.head=nested_lightning.app.submodules.heads:LinearHead")
    done = program("graph", "--config", settings, *replaced, "--output", "model.svg")
    assert done.returncode == 0, done.stderr
    picture = ElementTree.parse(tmp_path / "model.svg").getroot()
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("overridden") == 1
    assert "LinearHead" in texts
    refused = program("graph", "--config", settings, "--output", "model.txt")
    assert refused.returncode == 2
    assert "must end in .svg" in " ".join(refused.stderr.split())
