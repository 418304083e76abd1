"""``predict`` with a checkpoint of vae-gan: new pictures, reconstructions, interpolations."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.options import DebugOption
from nested_lightning.commands.printing.console import short_path, status_console
from nested_lightning.settings.reading.errors import SettingsError


def predict_vae_gan(
    ctx: typer.Context,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Make so many new pictures.")] = None,
    reconstruct: Annotated[
        Path | None, typer.Option("--reconstruct", help="Reconstruct a picture, or all in a folder.")
    ] = None,
    interpolate: Annotated[
        tuple[Path, Path] | None, typer.Option("--interpolate", help="Go from one picture to another.")
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option("--domain", help="Domain of the pictures; else all in turn, or as they look."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=2, help="Pictures of an interpolation.")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of new pictures.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Picture file to write.")] = None,
    debug: DebugOption = False,
) -> None:
    """Write a grid of pictures: new ones, reconstructions (below their originals), or an interpolation."""
    del debug
    if sum(wish is not None for wish in (sample, reconstruct, interpolate)) != 1:
        raise SettingsError(["name one of --sample NUMBER, --reconstruct FOLDER, --interpolate A.png B.png"])
    predictor = ctx.obj.predictor()
    if sample is not None:
        made = predictor.sample(sample, domain=domain, seed=seed)
        _write(made.pictures, output or Path("samples.png"), num_columns=math.isqrt(sample - 1) + 1)
    elif reconstruct is not None:
        made = predictor.reconstruct(reconstruct, domain=domain)
        _write_pairs(made, output or Path("reconstructions.png"))
    elif interpolate is not None:
        made = predictor.interpolate(*interpolate, num_pictures=steps, domain=domain)
        _write(made.pictures, output or Path("interpolation.png"), num_columns=steps)


def _write_pairs(made: Any, path: Path) -> None:
    from nested_lightning.app.vae_gan.picture_grid import pair_rows

    num_columns = min(len(made), 16)
    pictures = pair_rows(made.originals, made.pictures, num_columns=num_columns)
    _write(pictures, path, num_columns=num_columns, num_pictures=len(made))


def _write(pictures: Any, path: Path, *, num_columns: int, num_pictures: int | None = None) -> None:
    from nested_lightning.app.vae_gan.picture_grid import write_grid

    write_grid(path, pictures, num_columns=num_columns)
    status_console.print(f"{num_pictures or len(pictures)} pictures written to {short_path(path)}")
