"""What is installed, and what is found where: in a wheel, in a checkout, and beside a host's own files."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import nested_lightning as nl
from tests.environments import PROJECT, REPOSITORY, Environments

LINKED = ["app", "commands", "containers", "settings"]
INSTALL = "-m pip install -c constraints.txt -e ."
PUBLIC = nl.__all__
WITHOUT_TORCH = ["UserError", "Family", "Preset", "SettingsError", "families", "find_family", "load_settings"]


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees no variables but these."""
    environ = {"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1", **environ}
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a fresh checkout has, without the traces that an installation leaves in it."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in [*LINKED, "nested_lightning"]:
        shutil.copytree(PROJECT / name, folder / name, symlinks=True, ignore=ignored)
    for name in ("main.py", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python without any library."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    return tmp_path / "bare" / "bin" / "python"


@pytest.fixture
def wheel(environments: Environments) -> Iterator[ZipFile]:
    """The wheel."""
    [path] = (environments.without_plugin.parents[2] / "wheels").glob("nested_lightning-0*.whl")
    with ZipFile(path) as file:
        yield file


def _files_to_install() -> set[Path]:
    """Return the files of all packages by their places in `nested_lightning`."""
    own = {path: path.relative_to(PROJECT) for path in (PROJECT / "nested_lightning").rglob("*")}
    linked = {
        path: Path("nested_lightning") / path.relative_to(PROJECT)
        for name in LINKED
        for path in (PROJECT / name).rglob("*")
    }
    places = {place for path, place in (own | linked).items() if path.is_file()}
    return {place for place in places if "__pycache__" not in place.parts}


def test_the_list_of_packages_is_that_of_the_folders() -> None:
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]

    folders = {place.parent for place in _files_to_install()}
    assert listed == sorted(listed)
    assert listed == sorted(".".join(folder.parts) for folder in folders)


@pytest.mark.slow
def test_a_wheel_has_one_package_and_all_its_files(wheel: ZipFile) -> None:
    metadata, names = f"nested_lightning-{_version()}.dist-info", wheel.namelist()

    assert {name.partition("/")[0] for name in names} == {"nested_lightning", metadata}
    assert {Path(name) for name in names if not name.startswith(metadata)} == _files_to_install()


@pytest.mark.slow
def test_links_on_a_package_index_lead_to_the_repository(wheel: ZipFile) -> None:
    page = wheel.read(f"nested_lightning-{_version()}.dist-info/METADATA").decode()

    marks, targets = zip(*re.findall(r"(!?)\[[^]]*\]\(([^)]+)\)", page), strict=True)
    within = [target.removeprefix(REPOSITORY) for target in targets if target.startswith(REPOSITORY)]
    assert all(target.startswith("https://") for target in targets)
    assert marks.count("!") == sum(target.startswith("/raw/") for target in within) > 0
    paths = [re.sub(r"^/(raw|blob)/main/|#.*", "", one) for one in within]
    assert len(paths) > 30
    assert [path for path in paths if not (PROJECT / path).is_file()] == []


def _version() -> str:
    version: str = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    return version


@pytest.mark.slow
@pytest.mark.parametrize("is_text", [False, True], ids=["gone", "files of text"])
def test_a_checkout_whose_links_got_lost_runs_the_same(checkout: Path, is_text: bool) -> None:
    for name in LINKED:
        link = checkout / "nested_lightning" / name
        target = str(link.readlink())
        link.unlink()
        if is_text:
            link.write_text(target)
    imports = "; ".join(
        f"import nested_lightning.{name} as {name}; print({name}.__file__)" for name in LINKED
    )

    imported = run(sys.executable, "-c", imports, cwd=checkout)
    listed = run(sys.executable, checkout / "main.py", "models", cwd=checkout.parent)

    assert imported.stdout.split() == [str(checkout / name / "__init__.py") for name in LINKED]
    assert listed.stdout == run(sys.executable, PROJECT / "main.py", "models", cwd=checkout.parent).stdout
    assert (listed.returncode, listed.stderr) == (0, "")


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("is_in_checkout", [True, False])
def test_a_short_name_is_refused_with_the_name_to_write(
    tmp_path: Path, name: str, is_in_checkout: bool
) -> None:
    # what an editable installation from before maps the names to is what lies in the checkout
    places: dict[str, Any] = {"cwd": PROJECT} if is_in_checkout else {"cwd": tmp_path, "PYTHONPATH": PROJECT}

    done = run(sys.executable, "-c", f"from {name} import anything", **places)

    assert done.returncode == 1
    assert f"ImportError: write nested_lightning.{name} instead of {name}; where" in done.stderr
    assert "install again with pip install -c constraints.txt -e ." in done.stderr


def test_our_packages_have_one_name_each() -> None:
    imports = "; ".join(f"import nested_lightning.{name}" for name in LINKED)

    done = run(
        sys.executable, "-c", f"import sys; {imports}; print(*{LINKED} & sys.modules.keys())", cwd=PROJECT
    )

    assert (done.stdout, done.stderr) == ("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("is_script", [True, False])
def test_the_program_runs_beside_a_hosts_files_of_the_same_names(
    environments: Environments, tmp_path: Path, is_script: bool
) -> None:
    (tmp_path / "main.py").write_text('print("mine")')
    for name in LINKED:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('print("mine")')
    python = environments.without_plugin
    program = [python.parent / "nested-lightning"] if is_script else [python, "-m", "nested_lightning"]

    done = run(*program, "models", cwd=tmp_path, PYTHONPATH=".")

    assert (done.returncode, done.stderr) == (0, "")
    assert "multi-feature" in done.stdout
    assert "mine" not in done.stdout


def test_main_says_what_to_run_where_libraries_are_missing(bare_python: Path, tmp_path: Path) -> None:
    done = run(bare_python, PROJECT / "main.py", "models", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr == f"error: typer isn't installed; run: {bare_python} {INSTALL}\n"


def test_the_script_of_an_older_installation_says_what_to_run(bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").symlink_to(PROJECT / "main.py")  # that script imports main, wherever it lies

    done = run(bare_python, "-c", "from main import run; run()", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr == f"error: nested_lightning isn't installed; run: {bare_python} {INSTALL}\n"


@pytest.mark.slow
def test_entry_points_of_an_older_installation_are_an_error(checkout: Path, tmp_path: Path) -> None:
    metadata = tmp_path / "installed" / "nested_lightning-0.0.9.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: nested-lightning\nVersion: 0.0.9\n")
    (metadata / "entry_points.txt").write_text(
        "[nested_lightning.families]\nvae-gan = settings.vae_gan:FAMILY\nvariant = settings.variant:FAMILY\n"
    )

    done = run(sys.executable, checkout / "main.py", "models", cwd=tmp_path, PYTHONPATH=str(metadata.parent))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: nested-lightning was installed before its modules moved to nested_lightning;"
        f" install it again: {sys.executable} {INSTALL}\n"
    )


def test_the_face_has_these_names_and_no_others() -> None:
    assert [name for name in dir(nl) if not name.startswith("_")] == PUBLIC
    assert {name: getattr(nl, name).__name__ for name in PUBLIC} == {name: name for name in PUBLIC}


def test_a_name_that_the_face_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'nested_lightning' has no attribute 'bootstrp'"):
        _ = import_module("nested_lightning").bootstrp


def test_the_face_shows_type_checkers_what_it_gives() -> None:
    tree = ast.parse((PROJECT / "nested_lightning" / "__init__.py").read_text())
    [shown] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in shown.body if isinstance(node, ast.ImportFrom)]

    found = {alias.name: node.module for node in imports for alias in node.names}
    assert sorted(found) == sorted(PUBLIC)
    for name, module in found.items():
        assert getattr(nl, name) is getattr(import_module(str(module)), name)


@pytest.mark.parametrize("names", [[], WITHOUT_TORCH], ids=["none used", "settings used"])
def test_the_face_imports_no_torch(names: list[str]) -> None:
    code = (
        "import sys; import nested_lightning as nl; dir(nl);"
        f"[getattr(nl, name) for name in {names}]; print('torch' in sys.modules)"
    )

    done = run(sys.executable, "-c", code, cwd=PROJECT)

    assert (done.stdout, done.stderr) == ("False\n", "")
