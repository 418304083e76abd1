"""``export`` of graphs from the command line."""

import shutil
from pathlib import Path

import pytest

from tests.command_line import Program
from tests.frozen.set_ups import TRAINED


@pytest.mark.slow
def test_graphs_are_written_or_refused_with_a_status(program: Program, tmp_path: Path) -> None:
    shutil.copytree(TRAINED / "multi-feature", tmp_path, dirs_exist_ok=True)
    checkpoint = "run/checkpoints/best.ckpt"

    refused = program("export", checkpoint, "-o", "m.onnx", "--tolerance", "1e-12")
    assert refused.returncode == 1
    assert "differs from the model by more than 1e-12" in refused.stderr
    assert not (tmp_path / "m.onnx").exists()

    written = program("export", checkpoint, "-o", "m.onnx")
    assert written.returncode == 0, written.stderr
    assert "largest difference from the model" in written.stderr
    answers = [program("predict", model, "data/shapes.csv").stdout for model in ("m.onnx", checkpoint)]
    classes = [[line.partition(",")[0] for line in text.splitlines()] for text in answers]
    assert classes[0] == classes[1]
    assert len(classes[0]) > 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-o", "m.onnx", "--merge-lora"), "--merge-lora is for safetensors"),
        (("-o", "m.safetensors", "--tolerance", "1"), "--tolerance and --call are for onnx"),
        (("-o", "m.txt"), "must end in .safetensors"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    program: Program, arguments: tuple[str, ...], reason: str
) -> None:
    refused = program("export", "best.ckpt", *arguments)
    assert refused.returncode == 2
    assert reason in refused.stderr


def test_what_an_exported_model_has_no_use_for_is_refused_before_it_is_opened(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "m.onnx").touch()
    override = program("predict", "m.onnx", "--override", "head=json:dumps", "x.csv")
    assert "--override head: m.onnx is exported" in override.stderr
    idle = program("predict", "m.onnx", "--set", "head.width=1", "x.csv")
    assert "--set head.width=1: belongs to no --override" in idle.stderr
    assert (override.returncode, idle.returncode) == (2, 2)
