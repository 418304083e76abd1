"""``tune``: search for a learning rate or a batch size before a training, by Lightning's own finders."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.overrides import load_overrides
from nested_lightning.commands.parameters import with_options
from nested_lightning.commands.printing.console import (
    print_facts,
    quiet_lightning,
    short_path,
    starting,
    write_file,
)
from nested_lightning.commands.sources import Sources
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.reading.merging import flatten

tune = typer.Typer(no_args_is_help=True, help="Search for a learning rate or a batch size.")


@tune.callback()
def _begin() -> None:
    """Hide the bar of Lightning's finder where it would print a line for each step."""
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")


@tune.command()
@with_options
def lr(
    sources: Sources,
    min_lr: Annotated[float, typer.Option("--min", help="First learning rate.")] = 1e-6,
    max_lr: Annotated[float, typer.Option("--max", help="Last learning rate.")] = 1.0,
    num_steps: Annotated[int, typer.Option("--steps", min=1, help="Steps from one to the other.")] = 100,
    plot: Annotated[Path, typer.Option("--plot", help="Where the curve is drawn, as SVG.")] = Path("lr.svg"),
) -> None:
    """Find the learning rate at which the loss falls most steeply; nothing is kept but the plot."""
    if not 0 < min_lr < max_lr:
        raise typer.BadParameter(f"--min {min_lr:g} has to be above 0, and below --max {max_lr:g}")
    settings, application, found = _prepare(sources)
    from nested_lightning.app.training.tuning.finders import find_learning_rate
    from nested_lightning.app.training.tuning.rate_plot import draw_rates

    search = find_learning_rate(
        application.trainer.tuning_trainer, **found, min_lr=min_lr, max_lr=max_lr, num_steps=num_steps
    )
    write_file(plot, draw_rates(search).encode(), what="the loss at each rate")
    peak = getattr(getattr(_section(settings), "schedule", None), "peak_factor", 1.0)
    facts = {"steepest fall of the loss": f"{search.suggestion:.3g}", "plot": short_path(plot)}
    if peak != 1.0:
        facts["highest rate of the schedule"] = f"{peak:g} times lr"
    _print("Learning rate", facts, settings, ("lr", "learning_rate"), f"{search.suggestion / peak:.3g}")


@tune.command()
@with_options
def batch_size(sources: Sources) -> None:
    """Find the largest batch that fits into memory, at most all samples; nothing is kept."""
    settings, application, found = _prepare(sources)
    from nested_lightning.app.training.tuning.finders import find_batch_size

    size = find_batch_size(application.trainer.tuning_trainer, **found)
    _print("Batch size", {"largest that fits": str(size)}, settings, ("batch_size",), str(size))


def _prepare(sources: Sources) -> tuple[ApplicationSettings, Any, dict[str, Any]]:
    """Return the settings, the container, and what every search is made with."""
    settings = sources.resolve()
    with starting("Starting"):
        from nested_lightning.containers.starting.bootstrapping import bootstrap, provider_of

        quiet_lightning()
        application = bootstrap(settings, overrides=load_overrides(sources.requests))
        parts = {name: provider_of(application, name)() for name in ("model", "datamodule")}
    return settings, application, {**parts, "seed": settings.seed}


def _section(settings: ApplicationSettings) -> Any:
    return getattr(settings, settings.family.section)


def _print(
    title: str, facts: dict[str, str], settings: ApplicationSettings, names: tuple[str, ...], value: str
) -> None:
    places = [*_places(settings, names)]
    use = (
        " or ".join(f"--set {place}={value}" for place in places) or "it is no setting: write it in the code"
    )
    print_facts(title, {**facts, "to use it": use})


def _places(settings: ApplicationSettings, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the family's dotted settings with one of these names, on the highest level that has any."""
    section = settings.family.section
    found = [path for path in flatten(_section(settings).model_dump(mode="json")) if path[-1] in names]
    least = min(map(len, found), default=0)
    yield from (".".join((section, *path)) for path in found if len(path) == least)
