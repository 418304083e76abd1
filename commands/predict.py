"""``predict``: answers of a trained model, with the options that its family describes."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nested_lightning.app.errors import UserError
from nested_lightning.commands.options import CheckpointArgument, DeviceOption, is_exported
from nested_lightning.commands.own_families import know_families
from nested_lightning.commands.parameters import (
    field_parameters,
    keyword_parameter,
    sign,
    with_options,
)
from nested_lightning.commands.printing.answers import print_answers, write_answers
from nested_lightning.commands.printing.console import starting
from nested_lightning.commands.sources import OwnCode
from nested_lightning.settings.predictor import PredictorInterface
from nested_lightning.settings.reading.errors import checked

CONTEXT = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
"""Everything after the checkpoint belongs to its family."""

_STANDARD_OUTPUT = Path("-")


def predict(
    ctx: typer.Context,
    checkpoint: CheckpointArgument,
    *,
    device: DeviceOption = None,
    own: OwnCode,
) -> None:
    """Predict with a trained model; `predict CHECKPOINT --help` lists what its family takes."""
    after = [*ctx.args]
    know_families(_take(after, "--model", "-m"))
    own = OwnCode(
        override=[*(own.override or []), *_take(after, "--override")],
        set_=[*(own.set_ or []), *_take(after, "--set", "-s")],
    )
    with starting("Loading the model"):
        open_ = _open_exported if is_exported(checkpoint) else _open_checkpoint
        opened = open_(checkpoint, device, own)
    family_app = typer.Typer(add_completion=False)
    family_app.command(name=f"predict {checkpoint}")(make_command(*opened))
    family_app(after, prog_name=f"{ctx.command_path} {checkpoint}", standalone_mode=False)


def _open_checkpoint(path: Path, device: str | None, own: OwnCode) -> tuple[PredictorInterface, Any]:
    from nested_lightning.containers.starting.bootstrapping import from_checkpoint, provider_of

    application = from_checkpoint(path, overrides=own.overrides, device=device)
    return application.settings().family.predictor, provider_of(application, "answers")


def _open_exported(path: Path, device: str | None, own: OwnCode) -> tuple[PredictorInterface, Any]:
    from nested_lightning.containers.exported import answers_of

    if device not in (None, "cpu", "auto"):
        raise UserError(f"--device {device}: {path} is run by onnxruntime on the CPU; leave it out")
    if requests := own.requests:
        raise UserError(f"--override {requests[0].path}: {path} is exported, so no part can be replaced")
    family, answers = answers_of(path)
    return family.predictor, answers


def make_command(interface: PredictorInterface, answers: Any) -> Any:
    """Return a function whose signature has the files and the options of a predictor, for typer."""

    def command(**given: Any) -> None:
        output = given.pop("output")
        format_ = _choose_format(interface, output, given.pop("format_", None), given.pop("as_json", False))
        files = (given.pop(interface.inputs.name) if interface.inputs else None) or []
        options = dict(checked(interface.options, given))
        made = answers(files=files if isinstance(files, list) else [files], **options)
        target = output or (Path(made.file_name) if made.file_name else None)
        if target is None or target == _STANDARD_OUTPUT:
            print_answers(made, format_)
        else:
            write_answers(made, format_, target)

    command.__doc__ = interface.summary
    sign(command, [*_parameters(interface)])
    return with_options(command)


def _parameters(interface: PredictorInterface) -> Iterator[inspect.Parameter]:
    if interface.inputs is not None:
        inputs = interface.inputs
        files: Any = list[Path] if inputs.are_many else Path
        argument = typer.Argument(help=inputs.description, show_default=False)
        wanted: Any = files if inputs.are_needed else files | None
        default = inspect.Parameter.empty if inputs.are_needed else None
        yield keyword_parameter(inputs.name, Annotated[wanted, argument], default)
    yield from field_parameters(interface.options)
    what = f"File to write, or -; its ending decides: {_endings(interface)}."
    where = typer.Option("--output", "-o", help=what)
    yield keyword_parameter("output", Annotated[Path | None, where], None)
    if len(interface.formats) > 1:
        names: Any = Literal[tuple(interface.formats)]
        chosen = typer.Option("--format", help="Format; else by the ending of --output.")
        yield keyword_parameter("format_", Annotated[names | None, chosen], None)
    if "json" in interface.formats:
        yield keyword_parameter(
            "as_json", Annotated[bool, typer.Option("--json", help="--format json.")], False
        )


def _endings(interface: PredictorInterface) -> str:
    return ", ".join(ending for endings in interface.formats.values() for ending in endings)


def _choose_format(
    interface: PredictorInterface, output: Path | None, format_: str | None, as_json: bool
) -> str:
    if format_ is not None or as_json:
        return format_ or "json"
    if output is None or not output.suffix:
        return interface.default_format
    found = interface.find_format(output.suffix)
    if found is None:
        raise UserError(
            f"--output {output}: '{output.suffix}' names no format; take one of {_endings(interface)}"
            f"{', or name the format with --format' if len(interface.formats) > 1 else ''}"
        )
    return found


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
