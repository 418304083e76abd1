"""What is looked at on a machine, and what is said of what is broken."""

from pathlib import Path

from packaging.requirements import Requirement

from nested_lightning.app.diagnosis import _find_package, find_devices, find_run_folder, find_versions


def test_the_packages_that_are_needed_are_there_in_a_version_that_fits() -> None:
    found = {finding.subject: finding for finding in find_versions()}

    assert {"python", "nested-lightning", "torch", "pytorch-lightning"} <= found.keys()
    assert [finding for finding in found.values() if finding.problem] == []
    assert found["torch"].value.startswith("2.13.0")


def test_a_package_that_is_too_old_or_missing_is_a_problem() -> None:
    old = _find_package(Requirement("typer>=99"))
    missing = _find_package(Requirement("no-such-package-at-all>=1"))

    assert old.problem == "needed: typer>=99; run pip install 'typer>=99'"
    assert missing.problem == "is not installed; needed: no-such-package-at-all>=1"


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
