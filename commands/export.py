"""``export``: a model, or one of its submodules, in another format."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from nested_lightning.commands.options import CheckpointArgument
from nested_lightning.commands.printing.console import print_line, short_path, starting, status_console
from nested_lightning.commands.sources import OwnCode

ExportFormat: TypeAlias = Literal["safetensors", "onnx", "torch-export"]

_ENDINGS: dict[str, ExportFormat] = {".onnx": "onnx", ".pt2": "torch-export"}


def export(
    checkpoint: CheckpointArgument,
    *,
    output: Annotated[Path | None, typer.Argument(help="File to write, e.g. model.onnx.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The same as an option; of several graphs it is a folder."),
    ] = None,
    submodule: Annotated[
        str | None,
        typer.Option("--submodule", help="Path of the only one to write, e.g. multi_feature.head."),
    ] = None,
    format_: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format",
            help="Weights and recipe alone (safetensors), or what computes (onnx, torch-export); else by the"
            " ending of --output.",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            min=0,
            help="Largest difference from the model's answers; else 1e-4, and 1e-2 of bf16 trainings.",
        ),
    ] = None,
    call: Annotated[
        Literal["forward", "predict_step"] | None,
        typer.Option("--call", help="What of a one-file model is exported; else predict_step if it has one."),
    ] = None,
    quantize: Annotated[
        Literal["int8"] | None,
        typer.Option("--quantize", help="Weights in 8 bits, by dynamic quantisation; judged by scores."),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="16-bit floats within the graphs; judged by the test score.")
    ] = False,
    max_score_loss: Annotated[
        float | None,
        typer.Option(
            "--max-score-loss",
            min=0,
            help="How much worse --quantize or --half may make a test score; else 0.01.",
        ),
    ] = None,
    merge_lora: Annotated[
        bool,
        typer.Option("--merge-lora", help="Add what adapters have learned to the weights of their layers."),
    ] = False,
    own: OwnCode,
) -> None:
    """Write a checkpoint's weights and recipe; or graphs that run elsewhere, verified against the model.

    `evaluate` and `predict` take the former as well; `predict` and `serve` take ONNX files. The weights
    of a single submodule have the names that they have within it.
    """
    named = [one for one in (output, file) if one is not None]
    if len(named) != 1:
        raise typer.BadParameter("name the file to write, once, e.g. -o model.safetensors")
    (output,) = named
    format_ = format_ or _ENDINGS.get(output.suffix.lower(), "safetensors")
    if output.exists():
        raise typer.BadParameter(f"{output} is there already; name another file, or remove it")
    if quantize or half:
        refused = {
            "--quantize and --half exclude each other": quantize and half,
            "--quantize and --half are for onnx": format_ != "onnx",
            "--quantize and --half are judged by the model's score": submodule or call or merge_lora,
        }
        for reason in (reason for reason, is_so in refused.items() if is_so):
            raise typer.BadParameter(f"{reason}; leave one of the options out")
        limits = {"tolerance": tolerance, "max_score_loss": max_score_loss}
        _export_lossy(_opened(checkpoint, own), output, quantize or "half", limits)
        return
    if max_score_loss is not None:
        raise typer.BadParameter("--max-score-loss is for --quantize and --half")
    if format_ != "safetensors":
        if merge_lora:
            raise typer.BadParameter("--merge-lora is for safetensors; graphs hold adapters as they are")
        options = {"submodule": submodule, "tolerance": tolerance, "called": call}
        _export_graphs(_opened(checkpoint, own), output, format_, options)
        return
    if (own.override or own.set_) and not merge_lora:
        raise typer.BadParameter("--override is for --merge-lora and graphs, which build the model")
    if tolerance is not None or call is not None:
        raise typer.BadParameter("--tolerance and --call are for onnx and torch-export, which compute")
    if output.suffix != ".safetensors":
        raise typer.BadParameter(
            f"{output} must end in .safetensors, .onnx or .pt2, since files are recognised by their ending;"
            " or choose a --format of graphs, which are a folder where there are several"
        )
    with status_console.status("Exporting"):
        from nested_lightning.app.checkpoints.model_file import export_safetensors

        content = None
        if merge_lora:
            from nested_lightning.containers.starting.merging import merge_adapters

            content = merge_adapters(checkpoint, overrides=own.overrides)
        export_safetensors(checkpoint, output, submodule=submodule, content=content)
    if merge_lora:
        print_line("what adapters learned is added to the weights of their layers", on=status_console)
    what = "weights and recipe" if submodule is None else f"weights of {submodule}"
    print_line(f"{what} written to {short_path(output)}", on=status_console)


def _export_graphs(application: Any, output: Path, format_: Any, options: dict[str, Any]) -> None:
    from nested_lightning.containers.starting.exporting import export_graphs

    with status_console.status("Exporting"):
        report = export_graphs(application, output, format_=format_, **options)
    print_line(f"largest difference from the model: {report.largest_difference}", on=status_console)
    print_line(f"{options['submodule'] or 'model'} written to {short_path(output)}", on=status_console)


def _export_lossy(application: Any, output: Path, how: Any, options: dict[str, Any]) -> None:
    from nested_lightning.containers.starting.lossy_exporting import export_lossy

    with status_console.status("Exporting and scoring"):
        report = export_lossy(application, output, how, **options)
    before, after, whole = report.before, report.after, report.whole
    print_line(f"largest difference of the exact graphs: {whole.largest_difference}", on=status_console)
    for name, score in before.scores.items():
        print_line(f"test {name}: {after.scores[name]:.4f} instead of {score:.4f}", on=status_console)
    print_line(f"size: {after.num_bytes:,} bytes instead of {before.num_bytes:,}", on=status_console)
    print_line(f"time: {after.seconds:.3g} s instead of {before.seconds:.3g} s", on=status_console)
    print_line(f"model written to {short_path(output)}", on=status_console)


def _opened(checkpoint: Path, own: OwnCode) -> Any:
    with starting("Loading the model"):
        from nested_lightning.containers.starting.bootstrapping import from_checkpoint

        return from_checkpoint(checkpoint, overrides=own.overrides, device="cpu", environ=dict(os.environ))
