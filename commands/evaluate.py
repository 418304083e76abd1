"""``evaluate``: scores of a trained model on a part of its data, or on another file."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nested_lightning.app.strict_json import to_json
from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.commands.options import (
    CheckpointArgument,
    DeviceOption,
    OverrideOption,
    OwnModelOption,
    SetOption,
    SkipBadOption,
    parse_assignments,
)
from nested_lightning.commands.overrides import load_overrides, split_overrides
from nested_lightning.commands.printing.console import status_console, write_file
from nested_lightning.commands.printing.data_summary import find_summary, print_data
from nested_lightning.commands.printing.evaluation import WRITERS, print_report
from nested_lightning.settings.reading.merging import merge


def evaluate(
    checkpoint: CheckpointArgument,
    data: Annotated[
        Path | None, typer.Option("--data", help="Another labelled file, of which every row is scored.")
    ] = None,
    part: Annotated[
        Literal["train", "val", "test"] | None,
        typer.Option(
            "--part", help="Part of the training's own data; else test, or val where there is none."
        ),
    ] = None,
    device: DeviceOption = None,
    model: OwnModelOption = None,
    set_: SetOption = None,
    override: OverrideOption = None,
    skip_bad: SkipBadOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the scores: .json, .csv or .md.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Score a trained model, or those of a cross-validation, as a whole and part by part."""
    del model  # took effect when it was parsed
    requests, assignments = split_overrides(override, set_)
    if data and part:
        raise typer.BadParameter("--part is a part of the training's own data: leave it out, or --data")
    if output is not None and output.suffix not in WRITERS:
        raise typer.BadParameter(f"{output} must end in {', '.join(WRITERS)}, which says how it is written")
    with status_console.status("Loading the model") as status:
        from nested_lightning.containers.starting.bootstrapping import from_checkpoint, provider_of

        whole_file: dict[str, Any] = {}
        if data:
            whole_file = {"data": {"path": str(data), "split": {"kind": "whole"}}}
        if skip_bad:
            whole_file = merge(whole_file, {"data": {"skip_bad": True}})
        options: dict[str, Any] = {
            "changes": parse_assignments(assignments),
            "family_changes": whole_file,
            "overrides": load_overrides(requests),
            "device": device,
            "environ": dict(os.environ),
        }
        wanted: Any = part
        summary = None
        if folds_in(checkpoint):
            from nested_lightning.containers.starting.folds import evaluate_folds

            wanted = wanted or "test"
            report = evaluate_folds(checkpoint, wanted, **options)
        else:
            application = from_checkpoint(checkpoint, **options)
            evaluator = provider_of(application, "evaluator")()
            wanted = wanted or getattr(evaluator, "default_part", "test")
            status.update("Scoring")
            report = evaluator(wanted)
            summary = find_summary(application)
    where = data.name if data else f"{wanted} part"
    if output is not None:
        write_file(output, WRITERS[output.suffix](report, where).encode(), what="scores")
    if as_json:
        typer.echo(to_json(report.to_dict()))
        return
    print_data(summary)
    print_report(report, where)
