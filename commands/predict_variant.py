"""``predict`` with a checkpoint of variant: coloured Python sources, digits, labels of a user's sequences."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.options import DebugOption
from nested_lightning.commands.printing.coloured_steps import colour_text
from nested_lightning.commands.printing.console import console, short_path, status_console


def predict_variant(
    ctx: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Characters: a text file, e.g. Python source. Vectors: pictures of digits, or a folder of "
            "them in the order of their names. Any: a JSONL or Parquet file of sequences.",
            show_default=False,
        ),
    ],
    variant: Annotated[
        str | None,
        typer.Option("--variant", help="What the files hold, e.g. text; needed if not the only one."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file to write; else standard output.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of colours or labels.")] = False,
    debug: DebugOption = False,
) -> None:
    """Label each step of texts, pictures or other sequences with the decoder of their variant."""
    del debug
    from nested_lightning.app.variant.predict_files import predict_files

    predicted = predict_files(ctx.obj.predictor(), variant, files)
    if as_json or output:
        text = json.dumps([one.to_dict() for one in predicted], indent=2, ensure_ascii=False)
        _write(text, output)
        return
    for one in predicted:
        if isinstance(one.inputs, str) and one.has_step_labels and console.color_system is None:
            typer.echo(one.inputs, nl=False)  # as it is, tabs and form feeds too
        elif isinstance(one.inputs, str) and one.has_step_labels:
            console.print(
                colour_text(one.inputs, one.prediction.spans(), one.prediction.class_names),
                end="",
                soft_wrap=True,
            )
        else:
            _print_labels(one)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        status_console.print(f"predictions written to {short_path(output)}")


def _print_labels(one: Any) -> None:
    labels = zip(one.prediction.classes, one.prediction.confidences, strict=True)
    shown = " ".join(label if confidence >= 0.5 else f"{label}?" for label, confidence in labels)
    console.print(f"{one.name}: {shown}", highlight=False, markup=False, soft_wrap=True)
