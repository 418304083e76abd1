"""``predict`` with a checkpoint of image-to-text: captions of pictures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.options import DebugOption, SkipBadOption
from nested_lightning.commands.printing.console import short_path, status_console


class Format(StrEnum):
    """How captions are written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def predict_image_to_text(
    ctx: typer.Context,
    pictures: Annotated[list[Path], typer.Argument(help="Picture files, and folders of pictures.")],
    beam: Annotated[int | None, typer.Option("--beam", min=1, help="Beam search with so many beams.")] = None,
    length_penalty: Annotated[
        float, typer.Option("--length-penalty", min=0, help="With --beam: more prefers longer captions.")
    ] = 0.0,
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", min=0.01, max=1, help="Draw from this share of the probability."),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option("--temperature", min=0.01, help="With --top-p: below 1 is nearer to the likeliest."),
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="With --top-p: seed of the draw.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, .csv or .json; else standard output."),
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Format; else by the end of --output, or text.")
    ] = None,
    skip_bad: SkipBadOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a caption for each picture, greedily where neither --beam nor --top-p is given."""
    del debug
    if beam is not None and top_p is not None:
        raise typer.BadParameter("choose --beam or --top-p, not both")
    generation = None
    if beam is not None:
        generation = _build("beam", num_beams=beam, length_penalty=length_penalty)
    elif top_p is not None:
        generation = _build("sampling", top_p=top_p, temperature=temperature, seed=seed)
    captions = ctx.obj.predictor().predict_paths(pictures, generation=generation, skip_bad=skip_bad)
    text = _write(captions, format_ or _format_of(output))
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        status_console.print(f"{len(captions)} captions written to {short_path(output)}")


def _build(kind: str, **values: Any) -> Any:
    from nested_lightning.containers.providing.choices import build_chosen
    from nested_lightning.settings.choices.generation import GENERATIONS

    return build_chosen(GENERATIONS.choices[kind](**values))


def _format_of(output: Path | None) -> Format:
    if output is None:
        return Format.TEXT
    return {".csv": Format.CSV, ".json": Format.JSON}.get(output.suffix.lower(), Format.TEXT)


def _write(captions: list[Any], format_: Format) -> str:
    from nested_lightning.app.image_to_text.predict import captions_to_csv, captions_to_json

    if format_ is Format.CSV:
        return captions_to_csv(captions)
    if format_ is Format.JSON:
        return captions_to_json(captions)
    return "".join(f"{one.picture}: {one.text}\n" for one in captions)
