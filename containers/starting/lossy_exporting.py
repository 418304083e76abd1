"""Exports that are smaller and less exact, judged by the scores of the test part."""

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nested_lightning.app.checkpoints.new_files import new_at
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import Session, open_exported
from nested_lightning.app.exporting.exportable import ExportError, Graphed
from nested_lightning.app.exporting.exporter import ExportReport
from nested_lightning.app.exporting.lossy import Lossy, Measured, shrink
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container, provider_of
from nested_lightning.containers.starting.exporting import export_graphs
from nested_lightning.settings.monitoring import mode_of

MAX_SCORE_LOSS = 0.01
"""How much worse a score may become: in itself, or of what it was where that is above 1."""


@dataclass(frozen=True, kw_only=True)
class LossyReport:
    """The exact export, and what it and the smaller one are worth."""

    whole: ExportReport
    before: Measured
    after: Measured

    @property
    def losses(self) -> dict[str, float]:
        """How much worse each score became of which it is known whether more or less is better."""
        found = {}
        for name, value in self.before.scores.items():
            if (mode := mode_of(name)) is not None:
                worse = (value - self.after.scores[name]) * (1 if mode == "max" else -1)
                found[name] = worse / max(1.0, abs(value))
        return found


def export_lossy(
    application: ApplicationContainer,
    target: Path,
    how: Lossy,
    *,
    tolerance: float | None = None,
    max_score_loss: float | None = None,
) -> LossyReport:
    """Write the model's graphs as `export_graphs` does, then smaller; whole or not at all.

    Args:
        application: See `export_graphs`.
        target: See `export_graphs`.
        how: By dynamic quantisation to 8 bits, or with 16-bit floats.
        tolerance: Of the exact graphs, see `export_graphs`.
        max_score_loss: How much worse a score of the test part may become, see `LossyReport.losses`; None:
            `MAX_SCORE_LOSS`.

    Raises:
        ExportError: They can't be exported, or a score becomes worse.
        UserError: There are no data to score, or a package of the extra ``export`` is missing.
    """
    if "graph_answers" not in family_container(application).providers:
        name = application.settings().model
        raise UserError(f"--quantize and --half are judged by the scores of our families, and {name} is none")
    limit = MAX_SCORE_LOSS if max_score_loss is None else max_score_loss
    with new_at(target) as small:
        whole = small.parent / "whole" / target.name
        report = export_graphs(application, whole, tolerance=tolerance)
        shrink(whole, small, how, report.manifest)
        found = LossyReport(
            whole=report, before=measure(application, whole), after=measure(application, small)
        )
        for name, loss in found.losses.items():
            if not loss <= limit:
                raise ExportError(
                    f"{how} makes {name} of the test part {found.after.scores[name]:.4f} instead of"
                    f" {found.before.scores[name]:.4f}, and --max-score-loss is {limit:g}"
                )
    return found


def measure(application: ApplicationContainer, path: Path) -> Measured:
    """Score the test part by an exported model, as `evaluate` scores it.

    Raises:
        UserError: The data can't be read.
    """
    exported, seconds = open_exported(path, num_threads=1), list[float]()
    model = deepcopy(family_container(application).model()).eval().to("cpu").float()
    graphs = {name: _timed(session, seconds) for name, session in exported.graphs.items()}
    provider_of(application, "graph_answers")(model=model, graphs=graphs)
    evaluator = family_container(application).evaluator()
    evaluator.predictor.model = model
    scores: Mapping[str, float] = evaluator("test").scores
    files = [path] if path.is_file() else [*path.iterdir()]
    return Measured(num_bytes=sum(file.stat().st_size for file in files), seconds=sum(seconds), scores=scores)


def _timed(session: Session, seconds: list[float]) -> Graphed:
    """Return what runs a graph with tensors, and notes the time of the quicker of two runs."""

    def run(*inputs: Tensor) -> list[Tensor]:
        arrays, taken = [one.numpy() for one in inputs], []
        for _ in range(2):
            start = time.perf_counter()
            found = session(*arrays)
            taken.append(time.perf_counter() - start)
        seconds.append(min(taken))
        return [torch.from_numpy(one) for one in found]

    return run
