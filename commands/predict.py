"""``predict``: classes and probabilities of a file without labels."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DebugOption
from commands.printing import short_path, status_console


def predict(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, e.g. RUN/checkpoints/best.ckpt.")],
    file: Annotated[Path, typer.Argument(help="A file like the training one; labels aren't needed.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV file to write; else standard output.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1, mps.")] = "cpu",
    debug: DebugOption = False,
) -> None:
    """Predict a file with a trained model and write CSV."""
    del debug
    with status_console.status("Loading the model"):
        from containers import family_container, from_checkpoint

        family = family_container(from_checkpoint(checkpoint, device=device))
    predictions = family.predictor().predict_file(file)
    if output is None:
        typer.echo(predictions.to_csv(), nl=False)
    else:
        output.write_bytes(predictions.to_csv())
        status_console.print(f"{len(predictions)} predictions written to {short_path(output)}")
