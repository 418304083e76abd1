"""``predict``: hands over to the family that a checkpoint belongs to."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from commands.printing import status_console

CONTEXT = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
"""Everything behind the checkpoint is for the family's own command."""


def predict(
    ctx: typer.Context,
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, e.g. RUN/checkpoints/best.ckpt.")],
    device: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, mps, auto.")] = None,
) -> None:
    """Predict with a trained model; `predict CHECKPOINT --help` lists what its family takes."""
    with status_console.status("Loading the model"):
        from containers import family_container, from_checkpoint

        application = from_checkpoint(checkpoint, device=device)
    module, _, name = application.settings().family.predict_command.rpartition(".")
    family_app = typer.Typer(add_completion=False)
    family_app.command(name=f"predict {checkpoint}")(getattr(import_module(module), name))
    family_app(
        ctx.args,
        prog_name=f"{ctx.command_path} {checkpoint}",
        obj=family_container(application),
        standalone_mode=False,
    )
