"""Reports of run folders: of one, or of several beside one another."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.report.contents import Section, make_sections
from nested_lightning.app.report.curves import compare_curves
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.reporting.run_report import ReportedRun, write_report
from nested_lightning.containers.starting.bootstrapping import from_checkpoint


def report_runs(paths: Sequence[Path], output: Path, **options: Any) -> None:
    """Write a report of one run folder or several.

    Args:
        paths: The folders; what is damaged in one is said in the report.
        output: The file.
        **options: Of `from_checkpoint`.

    Raises:
        UserError: There is no such folder, or no training began in it.
    """
    runs = [open_run(path, **options) for path in paths]
    named = dict(zip(distinct_names([run.name for run in runs]), runs, strict=True))
    first: list[Section] = []
    if len(named) > 1:
        folders = {name: run.folder for name, run in named.items()}
        first = make_sections({"Curves side by side": partial(compare_curves, folders)})
    sections = {name: run.sections() for name, run in named.items()}
    write_report(output, sections, model="Report", first=first)


def open_run(path: Path, **options: Any) -> ReportedRun:
    """Return what is reported of a run folder; its model is opened when it is needed.

    Raises:
        UserError: There is no such folder, or no training began in it.
    """
    folder = RunFolder(path)
    if not path.is_dir() or not folder.saved_files:
        raise UserError(f"{path}: no training began there; name a run folder, which train made")
    return ReportedRun(folder=folder, open=partial(from_checkpoint, path, **options))


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names of which none is the same as another: later ones get a number."""
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return found
