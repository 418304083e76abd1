"""Reports of run folders: of one, or of several beside one another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nested_lightning.app.report.contents import make_sections
from nested_lightning.containers.reporting.comparing import open_folders
from nested_lightning.containers.reporting.run_report import write_report


def report_runs(paths: Sequence[Path], output: Path, **options: Any) -> None:
    """Write a report of one folder or several.

    Args:
        paths: Folders of trainings, cross-validations and sweeps; what is damaged in one is said in the
            report.
        output: The file.
        **options: Of `from_checkpoint`.

    Raises:
        UserError: There is no such folder, or no training began in it.
    """
    found = open_folders(paths, **options)
    first = make_sections(found.sections())
    sections = {name: run.sections() for name, run in found.runs.items()}
    title = ", ".join(dict.fromkeys([*found.studies, *(name.partition("/fold-")[0] for name in found.runs)]))
    write_report(output, sections, title=f"Report: {title}", first=first)
