"""One nested model by plain Lightning, LightningCLI, Hydra with hydra-zen, Fiddle and this project.

Run it from the project's folder with ``python -m benchmarks.ways``, after
``pip install -c constraints.txt -e '.[benchmarks]'``. Every answer comes from processes that it starts:
trainings, also with a misspelt setting or killed, a step with a double, checkpoints opened elsewhere.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.ways import questions, table
from benchmarks.ways.way import ALL, PLAIN, Way


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each until its first step.")] = 7,
    markdown: Annotated[Path | None, typer.Option(help="Write the table here too, as Markdown.")] = None,
) -> None:
    """Print a table of the five ways, and what each says to a misspelt name."""
    seconds = _time_in_turn(repeats)
    found = [_ask(way, seconds) for way in ALL]
    Console(width=200).print(table.as_table(found))
    Console(soft_wrap=True).print(table.messages(found), markup=False, highlight=False)
    if markdown is not None:
        markdown.write_text(table.as_markdown(found))


def _time_in_turn(repeats: int) -> dict[str, list[float]]:
    """Return seconds until the first step by folder; a first round isn't counted, as it compiles bytecode."""
    seconds: dict[str, list[float]] = {way.folder: [] for way in ALL}
    for number in range(repeats + 1):
        for way in ALL:
            found_s = questions.time_first_step(way)
            if number:
                seconds[way.folder].append(found_s)
    return seconds


def _ask(way: Way, seconds: dict[str, list[float]]) -> table.Answers:
    Console(stderr=True).print(f"asking {way.name}")
    pairs = zip(seconds[way.folder], seconds[PLAIN.folder], strict=True)
    return table.Answers(
        way=way,
        seconds=seconds[way.folder],
        ratios=[own / plain for own, plain in pairs],
        misspelt=questions.misspell(way),
        double=questions.put_in_double(way),
        opened=questions.open_later(way),
        resumed=questions.resume(way),
    )


if __name__ == "__main__":
    typer.run(main)
