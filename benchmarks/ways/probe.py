"""What is found out inside a process of a way; the last line that it prints is JSON."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import typer
from torch import Tensor

from benchmarks.ways.double import Double
from benchmarks.ways.lines import added_lines
from benchmarks.ways.parts import WIDTHS, Classifier, DigitsData

app = typer.Typer()


@app.command()
def double(folder: str) -> None:
    """Put a double in the place of the encoder `kar`, and train a step with it."""
    using = _using(folder)
    real, doubled = (_seeded(build) for build in (using.build, lambda: using.build_with_double(16)))
    trainer = pl.Trainer(fast_dev_run=1, accelerator="cpu", logger=False, enable_progress_bar=False)
    trainer.fit(doubled, datamodule=DigitsData())
    found = doubled.encoders["kar"]
    _tell(
        num_lines=len(added_lines(using.build, using.build_with_double)),
        is_called=isinstance(found, Double) and found.num_calls > 0,
        are_siblings_equal=_are_equal(
            _siblings(real), _siblings(_seeded(lambda: using.build_with_double(16)))
        ),
        takes_other_width=_takes(lambda: using.build_with_double(24)),
    )


@app.command(name="open")
def open_(folder: str, path: Path, function: str = "open_checkpoint") -> None:
    """Open a checkpoint, and let the model read a batch."""
    using = _using(folder)
    try:
        model = getattr(using, function)(path)
    except Exception as error:
        _tell(is_open=False, error=f"{type(error).__name__}: {error}".splitlines()[0])
        return
    saved = torch.load(path, weights_only=True)["state_dict"]
    _tell(is_open=_are_equal(model.state_dict(), saved) and _gives_scores(model), error="")


def _using(folder: str) -> Any:
    return import_module(f"benchmarks.ways.{folder}.using")


def _seeded(build: Any) -> Classifier:
    pl.seed_everything(0)
    return build()


def _siblings(model: Classifier) -> dict[str, Tensor]:
    return {name: value for name, value in model.state_dict().items() if not name.startswith("encoders.kar.")}


def _are_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def _takes(build: Any) -> bool:
    try:
        return _gives_scores(build())
    except (RuntimeError, ValueError):
        return False


def _gives_scores(model: Classifier) -> bool:
    scores: Tensor = model.eval()({group: torch.randn(2, width) for group, width in WIDTHS.items()})
    return bool(scores.isfinite().all())


def _tell(**facts: Any) -> None:
    typer.echo(json.dumps(facts))


if __name__ == "__main__":
    app()
