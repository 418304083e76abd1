"""``compare``: scores and settings of several trainings beside one another."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.strict_json import to_json
from nested_lightning.commands.options import DeviceOption
from nested_lightning.commands.printing.console import print_line, print_records, status_console
from nested_lightning.commands.sources import OwnCode


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run folders, the first of which others are tested against; folds; sweeps."),
    ],
    *,
    device: DeviceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    own: OwnCode,
) -> None:
    """Show scores, paired tests and differing settings of trainings; also of folds and sweeps."""
    with status_console.status("Scoring"):
        from nested_lightning.containers.reporting.comparing import open_folders

        options = {"overrides": own.overrides, "device": device, "environ": dict(os.environ)}
        blocks = open_folders(runs, **options).tables()
    if as_json:
        typer.echo(to_json([{"kind": block.kind, **asdict(block)} for block in blocks]))
        return
    for block in blocks:
        _print(block)


def _print(block: Any) -> None:
    if block.kind == "table":
        print_records(block.title, block.columns, block.shown)
        for note in block.notes:
            print_line(("note: ", "bold"), note)
    else:
        print_line(block.text)
