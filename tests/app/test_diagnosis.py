"""What is looked at on a machine, and what is said of what is broken."""

from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from nested_lightning.app import diagnosis
from nested_lightning.app.diagnosis import (
    Finding,
    _find_package,
    find_devices,
    find_import_problems,
    find_imports,
    find_run_folder,
    find_versions,
)
from tests.fake_package import add_fake_package

NO_NMS = 'raise RuntimeError("operator torchvision::nms does not exist")'


def test_the_packages_that_are_needed_are_there_in_a_version_that_fits() -> None:
    found = {finding.subject: finding for finding in find_versions()}

    assert {"python", "nested-lightning", "torch", "pytorch-lightning"} <= found.keys()
    assert [finding for finding in found.values() if finding.problem] == []
    assert found["torch"].value == version("torch")


def test_a_package_that_is_too_old_or_missing_is_a_problem() -> None:
    old = _find_package(Requirement("typer>=99"))
    missing = _find_package(Requirement("no-such-package-at-all>=1"))

    assert old.problem == "needed: typer>=99; run pip install 'typer>=99'"
    assert missing.problem == "is not installed; needed: no-such-package-at-all>=1"


@pytest.mark.parametrize("code", ["", NO_NMS])
def test_a_torchvision_of_another_torch_is_named_with_both_versions_and_what_to_install(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    add_fake_package(tmp_path, "torch", "2.13.0+cpu")
    add_fake_package(tmp_path, "torchvision", "0.27.1", requires=["numpy", "torch==2.12.1"], code=code)

    finding = _imports()["torchvision"]

    failure = " (its import fails: RuntimeError: operator torchvision::nms does not exist)" if code else ""
    assert finding.value == "0.27.1"
    assert finding.problem == (
        f"needs torch==2.12.1, and torch 2.13.0+cpu is installed{failure}; "
        "run pip install --upgrade torchvision 'torch==2.13.0'"
    )


def test_a_torchvision_of_another_build_than_torch_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    add_fake_package(tmp_path, "torch", "2.13.0+cpu")
    add_fake_package(tmp_path, "torchvision", "0.28.0", requires=["torch==2.13.0"], code=NO_NMS)

    found = _imports()

    assert found["torch"].problem is None
    assert found["torchvision"].problem == (
        "can't be imported beside torch 2.13.0+cpu: RuntimeError: operator torchvision::nms does not exist; "
        "install both from the same index, or run pip uninstall torchvision"
    )


def test_a_torch_and_a_torchvision_that_belong_together_are_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    add_fake_package(tmp_path, "torch", "2.14.1+cu130")
    add_fake_package(tmp_path, "torchvision", "0.29.1", requires=["torch>=2.14.0"])

    found = _imports()

    assert found["torch"] == Finding(subject="torch", value="2.14.1+cu130")
    assert found["torchvision"] == Finding(subject="torchvision", value="0.29.1")


def test_a_library_that_is_not_installed_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "LIBRARIES", ("no_such_library_at_all",))

    assert [*find_imports()] == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise ImportError('one\\n\\ntwo')", "ImportError: one two"),
        ("import os\nos.kill(os.getpid(), 9)", "the process was ended by SIGKILL"),
        ("import os\nos._exit(3)", "exit status 3"),
        ("import time\ntime.sleep(60)", "takes longer than 2 s"),
    ],
)
def test_an_import_that_fails_is_reported_in_one_line_however_it_ends(
    code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(diagnosis, "IMPORT_TIMEOUT_S", 2 if "sleep" in code else 60)
    add_fake_package(tmp_path, "broken_library", "1.0", code=code)

    assert find_import_problems(["broken_library"]) == [reason]


def test_the_processor_can_be_used() -> None:
    first, *_ = find_devices()

    assert (first.subject, first.problem) == ("cpu", None)


def test_a_folder_that_can_be_written_to_is_left_as_it_was(tmp_path: Path) -> None:
    finding = find_run_folder(tmp_path / "runs" / "mine")

    assert finding.problem is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    finding = find_run_folder(tmp_path / "file" / "runs")

    assert finding.problem is not None
    assert finding.problem.startswith("can't be written to: Not a directory")


def _imports() -> dict[str, Finding]:
    return {finding.subject: finding for finding in find_imports()}
