"""``predict`` with a checkpoint of curve-fit: one value for each row."""

from pathlib import Path
from typing import Annotated

import typer


def predict_curve(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="A table with the inputs.")]
) -> None:
    """Print the curve's value for each row."""
    for value in ctx.obj.predictor().predict_file(file):
        typer.echo(f"{value:.6f}")
