"""``serve``: the models of checkpoints over HTTP."""

import re
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.errors import UserError
from nested_lightning.app.extras import require_serving
from nested_lightning.commands.options import DeviceOption
from nested_lightning.commands.parameters import field_parameters, with_given
from nested_lightning.commands.printing.console import starting
from nested_lightning.commands.sources import OwnCode
from nested_lightning.settings.reading.errors import checked
from nested_lightning.settings.serving import ServingSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

CheckpointsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]CHECKPOINT...",
        help="Checkpoints, or run folders: their best; each under a name, else that of its family.",
    ),
]


@with_given(field_parameters(ServingSettings))
def serve(
    checkpoints: CheckpointsArgument, *, device: DeviceOption = None, own: OwnCode, **given: Any
) -> None:
    """Answer requests for trained models over HTTP; needs the extra `serve`."""
    settings = checked(ServingSettings, given)
    files = dict(map(_split_name, checkpoints))
    if len(files) < len(checkpoints):
        raise UserError("several checkpoints have the same name; write NAME=CHECKPOINT, each with its own")
    with starting("Loading"):
        require_serving()
        from nested_lightning.containers.serving.program import Program

        warnings.simplefilter("ignore")  # they quote what clients send
        program = Program(settings, files, overrides=own.overrides, device=device)
    raise typer.Exit(program(say=typer.echo))


def _split_name(text: str) -> tuple[str, Path]:
    """Return the name of a checkpoint, empty where none is given, and its path."""
    name, equals, path = text.partition("=")
    if not equals:
        return "", Path(text)
    if not _NAME.fullmatch(name):
        raise UserError(f"{text}: a name has letters, digits, points, hyphens and underscores, at most 64")
    return name, Path(path)
