"""One nested model by plain Lightning, LightningCLI, Hydra with hydra-zen, Fiddle and this project.

Run it from the project's folder with ``python -m benchmarks.ways``, after
``pip install -c constraints.txt -e '.[benchmarks]'``. Every answer comes from processes that it starts:
trainings, also with a misspelt setting or killed, a step with a double, checkpoints opened elsewhere.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from benchmarks.ways import questions, table
from benchmarks.ways.way import ALL, PLAIN, Way

T = TypeVar("T")


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Runs that are timed, of each.")] = 7,
    markdown: Annotated[Path | None, typer.Option(help="Write the table here too, as Markdown.")] = None,
) -> None:
    """Print a table of the five ways, and what each says to a misspelt name."""
    to_step = _in_turn(questions.time_first_step, repeats)
    to_error = _in_turn(questions.misspell, repeats)
    found = [_ask(way, to_step, to_error) for way in ALL]
    Console(width=200).print(table.as_table(found))
    Console(soft_wrap=True).print(table.messages(found), markup=False, highlight=False)
    if markdown is not None:
        markdown.write_text(table.as_markdown(found))


def _in_turn(question: Callable[[Way], T], repeats: int) -> dict[str, list[T]]:
    """Return what was found in each round, by folder; a first one isn't counted, as it compiles bytecode."""
    _, *rounds = ([question(way) for way in ALL] for _ in range(repeats + 1))
    return {way.folder: list(found) for way, found in zip(ALL, zip(*rounds, strict=True), strict=True)}


def _ask(
    way: Way, to_step: dict[str, list[float]], to_error: dict[str, list[questions.Misspelt]]
) -> table.Answers:
    Console(stderr=True).print(f"asking {way.name}")
    pairs = zip(to_step[way.folder], to_step[PLAIN.folder], strict=True)
    return table.Answers(
        way=way,
        seconds=to_step[way.folder],
        ratios=[own / plain for own, plain in pairs],
        misspelt=to_error[way.folder],
        double=questions.put_in_double(way),
        opened=questions.open_later(way),
        resumed=questions.resume(way),
    )


if __name__ == "__main__":
    typer.run(main)
