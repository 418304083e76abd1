"""``evaluate``: scores of a trained model on a part of its data, or on another file."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.strict_json import to_json
from nested_lightning.commands.options import (
    DebugOption,
    OverrideOption,
    OwnModelOption,
    SetOption,
    SkipBadOption,
    parse_assignments,
)
from nested_lightning.commands.overrides import load_overrides, split_overrides
from nested_lightning.commands.printing.console import console, format_metric, print_table, status_console
from nested_lightning.settings.reading.merging import merge


class Part(StrEnum):
    """A part of the data."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, e.g. RUN/checkpoints/best.ckpt.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Another labelled file, of which every row is scored.")
    ] = None,
    part: Annotated[
        Part | None,
        typer.Option(
            "--part", help="Part of the training's own data; else test, or val where there is none."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, mps, auto.")] = None,
    model: OwnModelOption = None,
    set_: SetOption = None,
    override: OverrideOption = None,
    skip_bad: SkipBadOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    debug: DebugOption = False,
) -> None:
    """Score a trained model, as a whole and part by part."""
    del debug, model  # known since it was read
    requests, assignments = split_overrides(override, set_)
    with status_console.status("Loading the model"):
        from nested_lightning.containers.starting.bootstrapping import from_checkpoint, provider_of

        whole_file: dict[str, Any] = {}
        if data:
            whole_file = {"data": {"path": str(data), "split": {"kind": "whole"}}}
        if skip_bad:
            whole_file = merge(whole_file, {"data": {"skip_bad": True}})
        application = from_checkpoint(
            checkpoint,
            changes=parse_assignments(assignments),
            family_changes=whole_file,
            overrides=load_overrides(requests),
            device=device,
            environ=dict(os.environ),
        )
        evaluator = provider_of(application, "evaluator")()
        wanted = part.value if part and not data else getattr(evaluator, "default_part", Part.TEST.value)
    with status_console.status("Scoring"):
        report = evaluator(wanted)
    if as_json:
        typer.echo(to_json(report.to_dict()))
        return
    where = data.name if data else f"{wanted} part"
    count = f" ({report.num_samples} samples)" if report.num_samples else ""
    columns = [report.scores, *([report.baseline] if report.baseline else [])]
    print_table(
        f"Scores on {where}{count}",
        ["score", "value", "baseline"][: 1 + len(columns)],
        [(name, *(format_metric(name, one.get(name)) for one in columns)) for name in report.scores],
    )
    for parts, breakdown in report.breakdowns.items():
        columns = list(next(iter(breakdown.values()), {}))
        print_table(
            f"By {parts}",
            [parts, *columns],
            [
                (name, *(format_metric(column, value) for column, value in values.items()))
                for name, values in breakdown.items()
            ],
        )
    console.print()
