"""``report``: the results of trainings as one HTML file."""

import os
from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.commands.options import DeviceOption
from nested_lightning.commands.printing.console import print_line, short_path, status_console
from nested_lightning.commands.sources import OwnCode


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run folders, the first of which others are tested against; folds; sweeps."),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file.")] = Path("report.html"),
    device: DeviceOption = None,
    own: OwnCode,
) -> None:
    """Write curves, scores, mistakes, parts and settings of trainings as one HTML file."""
    from nested_lightning.app.extras import require_report

    require_report()
    output.parent.mkdir(parents=True, exist_ok=True)  # what can't be written is known before the work
    with status_console.status("Scoring and drawing"):
        from nested_lightning.containers.reporting.comparing import report_runs

        report_runs(runs, output, overrides=own.overrides, device=device, environ=dict(os.environ))
    print_line(("Report: ", "bold"), short_path(output))
