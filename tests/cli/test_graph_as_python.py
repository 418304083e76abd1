"""``graph -o model.py``: what builds the model of a family in a file, without a container."""

import ast
from pathlib import Path

import pytest

from tests.command_line import Program


@pytest.mark.slow
def test_the_model_of_a_new_family_is_written_and_runs_beside_its_file(
    program: Program, forked_code: Program, tmp_path: Path
) -> None:
    program("new", "family", "ring-points")
    own = ("graph", "--model", "ring_points.py:ring_points")

    assert "written to model.py" in program(*own, "-o", "model.py").stderr
    printed = program(*own, "--format", "python").stdout

    assert printed == (tmp_path / "model.py").read_text()
    assert any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in ast.parse(printed).body)
    built = forked_code("import sys; sys.path.insert(0, ''); import model; model.build()")
    assert built.returncode == 0, built.stderr


def test_what_can_not_be_written_is_one_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "my_heads.py").write_text(
        "from torch import nn\n\n\ndef make():\n"
        "    class Head(nn.Linear):\n        pass\n\n    return Head\n\n\nLocal = make()\n"
    )
    done = program(
        "graph", "-m", "multi-feature", "--override", "multi_feature.head=my_heads:Local", "-f", "python"
    )

    assert done.returncode == 2
    assert "error: multi_feature.head: " in done.stderr
    assert "can't be imported by its name" in done.stderr
    assert "Traceback" not in done.stderr
