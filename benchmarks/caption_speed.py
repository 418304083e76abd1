"""Captions a second: this project in batches, and greedy decoding of one picture after the other.

Run it from the project's folder with ``python -m benchmarks.caption_speed``. A model of the default parts is
trained for a few epochs, enough for it to end its captions, or read from a checkpoint. Then the test pictures
are captioned in turn by each program, several times, by the same weights in the same number format.
"""

import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, cast

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from nested_lightning import bootstrap, family_container, from_checkpoint, load_settings
from nested_lightning.app.assembly.protocols import TextDecoder
from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END

Program = Callable[[Tensor], list[list[int]]]


def caption_one_by_one(model: ImageToText, pictures: Tensor) -> list[list[int]]:
    """Return the tokens of each picture's caption, decoded greedily as one commonly writes it."""
    captions = []
    for picture in pictures.split(1):
        state = cast(TextDecoder, model.text_decoder).start(model.look(picture))
        tokens = [BEGIN]
        while tokens[-1] != END and len(tokens) <= model.max_length:
            logits, state = model.text_decoder(torch.tensor([tokens[-1:]]), state)
            tokens.append(int(logits[0, -1].argmax()))
        captions.append(tokens[1:])
    return captions


def caption_in_batches(
    model: ImageToText, pictures: Tensor, *, generation: Generation, batch_size: int
) -> list[list[int]]:
    """Return the tokens of each picture's caption as this project generates them."""
    captions: list[list[int]] = []
    for batch in pictures.split(batch_size):
        rows = model.generate(batch, generation).tokens.tolist()
        captions += [row[: row.index(END) + 1] if END in row else row for row in rows]
    return captions


def main(
    checkpoint: Annotated[Path | None, typer.Argument(help="A trained image-to-text.")] = None,
    batch_size: int = 64,
    num_epochs: int = 5,
    repeats: int = 5,
) -> None:
    """Print pictures a second, and how many times those of one-by-one decoding they are."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    model, pictures = _prepare(checkpoint, num_epochs)
    programs: dict[str, Program] = {
        "one by one, greedy": lambda pictures: caption_one_by_one(model, pictures),
        f"batches of {batch_size}, greedy": lambda pictures: caption_in_batches(
            model, pictures, generation=GreedySearch(), batch_size=batch_size
        ),
        f"batches of {batch_size}, 5 beams": lambda pictures: caption_in_batches(
            model, pictures, generation=BeamSearch(num_beams=5), batch_size=batch_size
        ),
    }
    speeds: dict[str, list[float]] = {name: [] for name in programs}
    with torch.inference_mode():
        one_by_one, batched, _ = (program(pictures) for program in programs.values())
        for _ in range(repeats):
            for name, program in programs.items():
                speeds[name].append(len(pictures) / _time(program, pictures))
    num_equal = sum(one == other for one, other in zip(one_by_one, batched, strict=True))
    table = Table("program", "pictures a second", "min", "max", "times one by one", "min", "max")
    for name, values in speeds.items():
        ratios = [value / base for value, base in zip(values, next(iter(speeds.values())), strict=True)]
        table.add_row(name, *_summarize(values, 0), *_summarize(ratios, 1))
    Console().print(table)
    Console().print(
        f"{num_equal} of {len(pictures)} captions are the same one by one and in batches (greedy)"
    )


def _prepare(checkpoint: Path | None, num_epochs: int) -> tuple[ImageToText, Tensor]:
    """Return a model and test pictures."""
    with tempfile.TemporaryDirectory() as folder:
        if checkpoint is None:
            trainer = {"max_epochs": num_epochs, "accelerator": "cpu", "use_progress_bar": False}
            settings = load_settings(
                model="image-to-text", assignments=[{"run_dir": folder, "trainer": trainer}]
            )
            checkpoint = family_container(bootstrap(settings)).training_run()().best_checkpoint
        container = family_container(from_checkpoint(checkpoint))
        pictures: Tensor = container.datamodule().part("test").pictures
        model: ImageToText = container.predictor().model
    torch.set_num_threads(1)
    return model, pictures


def _time(program: Program, pictures: Tensor) -> float:
    start = time.perf_counter()
    program(pictures)
    return time.perf_counter() - start


def _summarize(values: Sequence[float], digits: int) -> list[str]:
    return [f"{summary(values):.{digits}f}" for summary in (statistics.median, min, max)]


if __name__ == "__main__":
    typer.run(main)
