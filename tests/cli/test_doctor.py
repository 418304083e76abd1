"""``doctor`` in a process of its own: what is broken makes its exit status."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nested_lightning.commands.program import app
from tests.command_line import Program
from tests.fake_package import add_fake_package


@pytest.mark.slow
def test_where_nothing_is_broken_the_exit_status_is_0() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])

    found = json.loads(result.stdout)
    assert result.exit_code == 0, [one for part in found.values() for one in part if one["problem"]]
    assert {one["subject"] for one in found["Families"]} >= {"multi-feature", "variant"}


@pytest.mark.slow
def test_what_is_broken_is_named_with_the_reason_and_ends_nothing_but_its_own_import(
    fresh_program: Program, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    package = site / "broken_plugin-3.1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 3.1\n")
    (package / "entry_points.txt").write_text("[nested_lightning.families]\nbroken = no_such_module:FAMILY\n")
    code = 'raise RuntimeError("operator torchvision::nms does not exist")'
    add_fake_package(site, "torchvision", "0.9.0", requires=["torch==1.8.0"], code=code)
    (tmp_path / "[b]").write_text("")  # as rich's markup

    done = fresh_program("doctor", "--run-dir", "[b]/runs", environ={"PYTHONPATH": str(site)})

    assert done.returncode == 1, done.stderr
    assert "no_such_module:FAMILY of broken-plugin==3.1  ModuleNotFoundError" in done.stdout
    assert f"torchvision  0.9.0  needs torch==1.8.0, and torch {version('torch')} is installed" in done.stdout
    assert "can't be loaded: RuntimeError: operator torchvision::nms does not exist" in done.stdout
    assert "[b]/runs  can't be written to: Not a directory" in done.stdout
    assert "✓ python" in done.stdout  # what was looked at goes on being printed
    assert done.stderr == ""
