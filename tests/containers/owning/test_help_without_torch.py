"""What help needs of a family that is given by file is derived once, kept, and read without torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nested_lightning.commands.models import models
from nested_lightning.commands.own_families import know_for_help
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.settings.describing.kept_families import keep, read_kept
from nested_lightning.settings.families import knowing
from nested_lightning.settings.family import Family
from tests.command_line import PROJECT
from tests.fake_package import add_fake_package

OWN = PROJECT / "tests" / "containers" / "owning"


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Copy a family into a folder, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "kept_vaes.py").write_text((OWN / "vaes.py").read_text())
    return f"{tmp_path / 'kept_vaes.py'}:curve_pair"


def _keep(named: str) -> Family:
    family = family_in_file(named)
    keep(named, family)
    return family


def _entry(folder: Path) -> Path:
    (found,) = folder.rglob("*.json")
    return found


def test_what_is_kept_has_the_schema_of_the_family(named: str) -> None:
    family, kept = _keep(named), read_kept(named)

    assert kept is not None
    assert (kept.name, kept.summary) == (family.name, family.summary)
    assert kept.settings.model_json_schema() == family.settings.model_json_schema()


def test_models_says_what_the_wiring_gives_each_kind(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with knowing():
        models(model=named)

    shown = capsys.readouterr().out
    assert "vae is given length=data.length, latent_dim=latent_dim" in shown
    assert "curve_pair.vaes.NAME.activation           relu (default), tanh" in shown


def test_a_changed_source_is_derived_anew(named: str, tmp_path: Path) -> None:
    _keep(named)
    with (tmp_path / "kept_vaes.py").open("a") as file:
        file.write("# changed\n")

    assert read_kept(named) is None


@pytest.mark.parametrize("damage", ["", "{", "{}", '{"versions": 1}', "[1]", "\x00"])
def test_a_damaged_entry_counts_as_none(named: str, tmp_path: Path, damage: str) -> None:
    _keep(named)
    _entry(tmp_path).write_text(damage)

    assert read_kept(named) is None


def test_an_entry_that_lacks_a_part_counts_as_none(named: str, tmp_path: Path) -> None:
    _keep(named)
    whole = json.loads(_entry(tmp_path).read_text())
    del whole["family"]["settings"]["fields"]["vae"]["description"]
    _entry(tmp_path).write_text(json.dumps(whole))

    assert read_kept(named) is None


def test_a_cache_that_can_not_be_written_changes_nothing(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with knowing():
        assert know_for_help(named) == "curve-pair"
    assert read_kept(named) is None


def _run_without_torch(named: str, path: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run help of all kinds in a process, which ends with an error if that imports torch."""
    program = f"""
import io, os, sys
from contextlib import redirect_stdout
from nested_lightning.commands.program import app
from nested_lightning.settings.families import knowing
def run(*words):
    with knowing(), redirect_stdout(io.StringIO()) as output:
        app([*words, "--model", {named!r}], standalone_mode=False)
    return output.getvalue()
assert '"CurvePairSettings"' in run("config", "--schema")
assert "vaes" in run("config", "--reference")
assert "vae is given length=data.length" in run("models")
os.environ["_MAIN_COMPLETE"] = "complete_zsh"
os.environ["_TYPER_COMPLETE_ARGS"] = "main train --model {named} --set curve_pair.vae.activation.kind=t"
try:
    with redirect_stdout(io.StringIO()) as output:
        app(prog_name="main")
except SystemExit:
    pass
assert "curve_pair.vae.activation.kind=tanh" in output.getvalue(), output.getvalue()
assert "torch" not in sys.modules
"""
    return _run(program, path, cache)


def _run(code: str, path: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_models_schema_and_completion_of_it_need_no_torch(named: str, tmp_path: Path) -> None:
    _keep(named)

    done = _run_without_torch(named, str(PROJECT), tmp_path / "cache")

    assert done.returncode == 0, done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """Install a package that offers a wiring function, and return the path on which Python finds both."""
    site = tmp_path / "site"
    site.mkdir()
    points = "[nested_lightning.families]\ncurve-pair = curve_package:curve_pair\n"
    add_fake_package(site, "curve_package", "1.0", code=(OWN / "vaes.py").read_text(), entry_points=points)
    return os.pathsep.join([str(site), str(PROJECT)])


def _models(path: str, cache: Path, *arguments: str) -> str:
    """Run ``models`` and return what it prints, and after that whether torch was imported."""
    code = (
        "import sys; from nested_lightning.commands.program import app;"
        f" app(['models', *{arguments!r}], standalone_mode=False); print('torch' in sys.modules)"
    )
    done = _run(code, path, cache)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_packages_function_is_imported_once_for_help(installed: str, tmp_path: Path) -> None:
    first, second = (_models(installed, tmp_path / "cache") for _ in range(2))
    done = _run_without_torch("curve-pair", installed, tmp_path / "cache")

    assert "curve-pair" in first
    assert first.replace("True", "False") == second
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_package_ships_what_help_needs_and_a_stale_one_counts_for_nothing(
    installed: str, tmp_path: Path
) -> None:
    written = _models(installed, tmp_path / "cache", "--model", "curve-pair", "--keep")
    done = _run_without_torch("curve-pair", installed, tmp_path / "empty")
    with (tmp_path / "site" / "curve_package.py").open("a") as file:
        file.write("# changed\n")

    assert "curve_package.curve_pair.json" in written.replace("\n", "")
    assert done.returncode == 0, done.stderr
    assert _models(installed, tmp_path / "other").endswith("True\n")


@pytest.mark.slow
def test_a_family_that_is_described_is_imported_where_it_is_put_to_use(
    installed: str, tmp_path: Path
) -> None:
    _models(installed, tmp_path / "cache")
    code = (
        "import nested_lightning as nl; from nested_lightning.settings.families import describe_family;"
        " assert describe_family('curve-pair').container is None;"
        " app = nl.bootstrap({'model': 'curve-pair', 'curve_pair': {'latent_dim': 3}});"
        " print(app.curve_pair.model().vaes['sine'].encoder.out_features)"
    )
    done = _run(code, installed, tmp_path / "cache")

    assert done.stdout.split()[-1:] == ["3"], done.stderr
