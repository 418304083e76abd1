"""``serve``: the models of checkpoints over HTTP."""

import inspect
import re
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.errors import UserError
from nested_lightning.app.extras import require_serving
from nested_lightning.commands.field_options import check_given, field_parameters, keyword_parameter
from nested_lightning.commands.options import (
    ArgumentOption,
    DebugOption,
    DeviceOption,
    OverrideOption,
    OwnModelOption,
)
from nested_lightning.commands.overrides import load_overrides, split_arguments
from nested_lightning.commands.printing.console import starting
from nested_lightning.settings.serving import ServingSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

CheckpointsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]CHECKPOINT...",
        help="Checkpoints, or run folders: their best; each under a name, else that of its family.",
    ),
]


def serve(**given: Any) -> None:
    """Answer requests for trained models over HTTP; needs the extra `serve`."""
    settings = check_given(ServingSettings, given)
    files = dict(map(_split_name, given["checkpoints"]))
    if len(files) < len(given["checkpoints"]):
        raise UserError("several checkpoints have the same name; write NAME=CHECKPOINT, each with its own")
    requests = split_arguments(given["override"], given["set_"])
    with starting("Loading"):
        require_serving()
        from nested_lightning.containers.serving.program import Program

        warnings.simplefilter("ignore")  # they quote what clients send
        program = Program(settings, files, overrides=load_overrides(requests), device=given["device"])
    raise typer.Exit(program(say=typer.echo))


def _split_name(text: str) -> tuple[str, Path]:
    """Return the name of a checkpoint, empty where none is given, and its path."""
    name, equals, path = text.partition("=")
    if not equals:
        return "", Path(text)
    if not _NAME.fullmatch(name):
        raise UserError(f"{text}: a name has letters, digits, points, hyphens and underscores, at most 64")
    return name, Path(path)


_PARAMETERS = [
    keyword_parameter("checkpoints", CheckpointsArgument, inspect.Parameter.empty),
    *field_parameters(ServingSettings),
    keyword_parameter("device", DeviceOption, None),
    keyword_parameter("model", OwnModelOption, None),
    keyword_parameter("override", OverrideOption, None),
    keyword_parameter("set_", ArgumentOption, None),
    keyword_parameter("debug", DebugOption, False),
]
serve.__signature__ = inspect.Signature(_PARAMETERS)  # type: ignore[attr-defined]
serve.__annotations__ = {each.name: each.annotation for each in _PARAMETERS}
