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
from tests.command_line import PROJECT, Program
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


def _models(path: str, cache: Path) -> str:
    """Run ``models`` and return what it prints, and after that whether torch was imported."""
    code = (
        "import sys; from nested_lightning.commands.program import app;"
        " app(['models'], standalone_mode=False); print('torch' in sys.modules)"
    )
    done = _run(code, path, cache)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_packages_function_is_imported_once_for_help_and_again_where_it_is_put_to_use(
    installed: str, forked_code: Program, tmp_path: Path
) -> None:
    first, second = (_models(installed, tmp_path / "cache") for _ in range(2))
    done = _run_without_torch("curve-pair", installed, tmp_path / "cache")

    assert "curve-pair" in first
    assert first.replace("True", "False") == second
    assert done.returncode == 0, done.stderr

    code = (
        "import sys; sys.path.insert(0, 'site');"
        " import nested_lightning as nl; from nested_lightning.settings.families import describe_family;"
        " assert describe_family('curve-pair').container is None;"
        " app = nl.bootstrap({'model': 'curve-pair', 'curve_pair': {'latent_dim': 3}});"
        " print(app.curve_pair.model().vaes['sine'].encoder.out_features)"
    )
    used = forked_code(code, environ={"XDG_CACHE_HOME": str(tmp_path / "cache")})

    assert used.stdout.split()[-1:] == ["3"], used.stderr


KEEP = """
import sys
sys.path.insert(0, "site")
from nested_lightning.commands.program import app
app(["models", *sys.argv[1:]], standalone_mode=False)
"""


@pytest.mark.slow
def test_a_package_ships_what_help_needs_and_a_stale_one_counts_for_nothing(
    installed: str, forked_code: Program, tmp_path: Path
) -> None:
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    written = forked_code(KEEP, "--model", "curve-pair", "--keep", environ=own)
    done = _run_without_torch("curve-pair", installed, tmp_path / "empty")
    with (tmp_path / "site" / "curve_package.py").open("a") as file:
        file.write("# changed\n")
    derived = forked_code(KEEP, environ={"XDG_CACHE_HOME": str(tmp_path / "other")})

    assert "curve_package.curve_pair.json" in written.stdout.replace("\n", ""), written.stderr
    assert done.returncode == 0, done.stderr
    assert not [*(tmp_path / "empty").rglob("*.json")]
    assert derived.returncode == 0, derived.stderr
    assert _entry(tmp_path / "other").exists()
