"""``predict``: hands over to the family that a checkpoint belongs to."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.commands.options import ArgumentOption, OverrideOption
from nested_lightning.commands.overrides import load_overrides, split_arguments
from nested_lightning.commands.printing.console import status_console

CONTEXT = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
"""Everything behind the checkpoint is for the family's own command."""


def predict(
    ctx: typer.Context,
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, e.g. RUN/checkpoints/best.ckpt.")],
    device: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, mps, auto.")] = None,
    override: OverrideOption = None,
    set_: ArgumentOption = None,
) -> None:
    """Predict with a trained model; `predict CHECKPOINT --help` lists what its family takes."""
    behind = [*ctx.args]
    requests = split_arguments(
        [*(override or []), *_take(behind, "--override")], [*(set_ or []), *_take(behind, "--set", "-s")]
    )
    with status_console.status("Loading the model"):
        from nested_lightning.containers.starting.bootstrapping import family_container, from_checkpoint

        application = from_checkpoint(checkpoint, overrides=load_overrides(requests), device=device)
    module, _, name = application.settings().family.predict_command.rpartition(".")
    family_app = typer.Typer(add_completion=False)
    family_app.command(name=f"predict {checkpoint}")(getattr(import_module(module), name))
    family_app(
        behind,
        prog_name=f"{ctx.command_path} {checkpoint}",
        obj=family_container(application),
        standalone_mode=False,
    )


def _take(arguments: list[str], *names: str) -> list[str]:
    """Remove an option wherever it stands among the arguments, and return its values."""
    values = []
    for i in reversed(range(len(arguments))):
        name, equals, value = arguments[i].partition("=")
        if name in names and equals:
            values.append(value)
            del arguments[i]
        elif arguments[i] in names and i + 1 < len(arguments):
            values.append(arguments[i + 1])
            del arguments[i : i + 2]
    return values[::-1]
