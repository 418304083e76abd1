"""``export``: a model, or one of its submodules, in another format."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.options import (
    ArgumentOption,
    CheckpointArgument,
    DebugOption,
    OverrideOption,
    OwnModelOption,
)
from nested_lightning.commands.overrides import load_overrides, split_arguments
from nested_lightning.commands.printing.console import print_line, short_path, status_console


class ExportFormat(StrEnum):
    """A format that a model can be written in."""

    SAFETENSORS = "safetensors"


def export(
    checkpoint: CheckpointArgument,
    output: Annotated[Path | None, typer.Argument(help="File to write, e.g. model.safetensors.")] = None,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="The same as an option.")] = None,
    submodule: Annotated[
        str | None,
        typer.Option("--submodule", help="Path of the only one to write, e.g. multi_feature.head."),
    ] = None,
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="Weights and recipe alone, without the training's state.")
    ] = ExportFormat.SAFETENSORS,
    merge_lora: Annotated[
        bool,
        typer.Option("--merge-lora", help="Add what adapters have learned to the weights of their layers."),
    ] = False,
    model: OwnModelOption = None,
    override: OverrideOption = None,
    set_: ArgumentOption = None,
    debug: DebugOption = False,
) -> None:
    """Write the weights and the recipe of a checkpoint; `evaluate` and `predict` take the file as well.

    Weights of one submodule have the names that they have within it.
    """
    del model, debug, format_
    if (override or set_) and not merge_lora:
        raise typer.BadParameter("--override is for --merge-lora, which builds the model")
    named = [one for one in (output, file) if one is not None]
    if len(named) != 1:
        raise typer.BadParameter("name the file to write, once, e.g. -o model.safetensors")
    (output,) = named
    if output.suffix != ".safetensors":
        raise typer.BadParameter(f"{output} must end in .safetensors, by which it is known again")
    if output.exists():
        raise typer.BadParameter(f"{output} is there already; name another file, or remove it")
    with status_console.status("Exporting"):
        from nested_lightning.app.checkpoints.exporting import export_safetensors

        content = _merged(checkpoint, override, set_) if merge_lora else None
        export_safetensors(checkpoint, output, submodule=submodule, content=content)
    what = "weights and recipe" if submodule is None else f"weights of {submodule}"
    print_line(f"{what} written to {short_path(output)}", on=status_console)


def _merged(checkpoint: Path, override: list[str] | None, set_: list[str] | None) -> dict[str, Any]:
    from nested_lightning.containers.starting.merging import merge_adapters

    return merge_adapters(checkpoint, overrides=load_overrides(split_arguments(override, set_)))
