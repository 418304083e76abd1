"""Ten real tables: this project and eight others, with their defaults.

Run it from the project's folder, after ``pip install -c constraints.txt -e '.[benchmarks]'``, with
``python -m benchmarks.tables fetch`` once, then ``run`` and ``report``.
"""

from itertools import product
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.tables import islp, models, ranking, running, sources
from benchmarks.tables import report as printing

app = typer.Typer(no_args_is_help=True, add_completion=False)
Out = Annotated[Path, typer.Option(help="File of results, a line each. What it holds isn't run again.")]


@app.command()
def fetch() -> None:
    """Download the wheel whose tables are read without installing it."""
    typer.echo(islp.fetch())


@app.command()
def run(
    out: Out = Path("tables.jsonl"),
    tables: Annotated[str, typer.Option(help="Names with commas, `all` or `choosing`.")] = "all",
    models_: Annotated[str, typer.Option("--models", help="Names with commas, `all` or `rivals`.")] = "all",
    seeds: Annotated[str, typer.Option(help="With commas.")] = "0,1,2",
    folds: Annotated[str, typer.Option(help="With commas, from 0.")] = "0,1,2,3,4",
    jobs: Annotated[int, typer.Option(min=1, help="Processes, of one thread each.")] = 1,
    inner: Annotated[bool, typer.Option("--inner", help="Judge by training rows.")] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="PATH=VALUE, of ours alone.")] = None,
) -> None:
    """Train and score."""
    trials = [
        running.Trial(table=table, model=model, seed=int(seed), fold=int(fold), is_inner=inner)
        for table, model, seed, fold in product(
            _names(tables, all=tuple(sources.SOURCES), choosing=sources.CHOOSING),
            _names(models_, all=(models.OURS, *models.RIVALS), rivals=tuple(models.RIVALS)),
            seeds.split(","),
            folds.split(","),
        )
    ]
    more = dict(one.split("=", 1) for one in settings or [])
    done = running.run_all(trials, out=out, jobs=jobs, more=more)
    for trial in track(done, total=len(trials), console=Console(stderr=True)):
        Console(stderr=True).print(f"{trial.table} {trial.model} seed {trial.seed} fold {trial.fold}")


@app.command()
def report(
    files: Annotated[list[Path], typer.Argument(help="Files of results, of one run or of several.")],
    inner: Annotated[bool, typer.Option("--inner", help="Those of `run --inner`.")] = False,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables here too, as Markdown.")] = None,
) -> None:
    """Print mean ranks, how far this project is behind HistGradientBoosting, and all figures."""
    lines = [line for file in files for line in running.read(file) if line["is_inner"] == inner]
    found = ranking.means(lines)
    tables = {title: part(found) for title, part in printing.PARTS.items()}
    for title, cells in tables.items():
        Console(width=200).print(printing.as_table(title, cells))
    if markdown is not None:
        blocks = [f"### {title}\n\n{printing.as_markdown(cells)}" for title, cells in tables.items()]
        markdown.write_text("\n".join(blocks))


def _names(text: str, **known: tuple[str, ...]) -> tuple[str, ...]:
    return known.get(text) or tuple(text.split(","))


if __name__ == "__main__":
    app()
