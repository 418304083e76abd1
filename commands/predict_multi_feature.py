"""``predict`` with a checkpoint of multi-feature: classes and probabilities of a file."""

from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.commands.options import DebugOption
from nested_lightning.commands.printing.console import short_path, status_console


def predict_multi_feature(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file like the training one; labels aren't needed.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV file to write; else standard output.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Classify the rows of a CSV or Parquet file and write CSV: class and probabilities."""
    del debug
    predictions = ctx.obj.predictor().predict_file(file)
    if output is None:
        typer.echo(predictions.to_csv(), nl=False)
    else:
        output.write_bytes(predictions.to_csv())
        status_console.print(f"{len(predictions)} predictions written to {short_path(output)}")
