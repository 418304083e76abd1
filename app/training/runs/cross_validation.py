"""One training for each fold of the same data, one after another, and their common result."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.errors import UserError
from nested_lightning.app.html_tables import html_table
from nested_lightning.app.record_files import Record, to_csv
from nested_lightning.app.strict_json import to_json
from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.app.training.runs.fold_scores import FoldSummary, summarise_folds
from nested_lightning.app.training.runs.result import TrainingResult, without_part
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder


@runtime_checkable
class SampleEvaluator(Protocol):
    """An evaluator that has an answer for each sample, sorted by the columns that say which one is meant."""

    sample_columns: ClassVar[Sequence[str]]

    def predictions(self) -> Sequence[Record]:
        """Return label and answer of each sample of the test part; all answers to one sample are together."""


@dataclass(frozen=True)
class CrossValidationResult:
    """The result of a cross-validation.

    Attributes:
        folder: Where everything lies.
        folds: What the training of each fold came to. Their models aren't kept in memory: `from_checkpoint`
            opens the ``best_checkpoint`` of each.
        is_new: Whether anything was left to train.
    """

    folder: Path
    folds: tuple[TrainingResult, ...]
    is_new: bool = True

    @cached_property
    def scores(self) -> dict[str, FoldSummary]:
        """Mean, spread and interval of each test score, by its name without the part, e.g. ``accuracy``."""
        return summarise_folds([without_part(fold.test_metrics) for fold in self.folds])

    @property
    def results_file(self) -> Path:
        """Means and spreads of the test metrics, as JSON; not there after a trial by ``fast_dev_run``."""
        return self.folder / "results.json"

    @property
    def predictions_file(self) -> Path:
        """The answer to each sample of the model that hadn't seen it; exists if the family has answers."""
        return self.folder / "predictions.csv"

    def _repr_html_(self) -> str:
        rows = {
            name: {"mean": one.mean, "std": one.std, "low": one.low, "high": one.high}
            | {f"fold {number}": value for number, value in enumerate(one.values)}
            for name, one in self.scores.items()
        }
        return html_table(str(self.folder), rows)


def _train(_fold: int, run: TrainingRun) -> TrainingResult:
    return run()


class CrossValidation:
    """The trainings of all folds; called, it trains those that are left, and writes the results.

    Args:
        folder: Holds a run folder for each fold.
        trainings: Make the training of each fold, or the rest of it, when its turn comes.
        evaluators: Gives an evaluator for the model of each fold, once all are trained.
    """

    def __init__(
        self,
        *,
        folder: Path,
        trainings: Sequence[Callable[[], TrainingRun]],
        evaluators: Callable[[], Iterable[Any]],
    ) -> None:
        self.folder = folder
        self._trainings = trainings
        self._evaluators = evaluators
        self._is_new = False

    def __len__(self) -> int:
        return len(self._trainings)

    def __call__(self) -> CrossValidationResult:
        """Train what is left, see `train`, write the files and return the result."""
        return self.conclude(self.train())

    def train(self, train: Callable[[int, TrainingRun], TrainingResult] = _train) -> list[TrainingResult]:
        """Train what is left, and return the result of each fold.

        Args:
            train: Called with the number of each fold, from 0, and its training; runs it.

        Raises:
            UserError: As `TrainingRun`.
            TrainingInterruptedError: A signal ended a training; that fold and those after it are left.
        """
        folds = []
        for fold, make in enumerate(self._trainings):
            run = make()
            self._is_new |= not run.has_ended
            folds.append(replace(train(fold, run), make_predictor=None))  # with its model, and that its data
        return folds

    def conclude(self, folds: Sequence[TrainingResult]) -> CrossValidationResult:
        """Write the result of all folds, unless nothing was left to train; return it."""
        result = CrossValidationResult(self.folder, tuple(folds), self._is_new)
        is_kept = all(fold.best_checkpoint.exists() for fold in folds)
        if is_kept and (self._is_new or not result.results_file.exists()):
            self._write_predictions(result.predictions_file)
            summary = summarise_folds([fold.test_metrics for fold in folds])
            plain = {name: asdict(one) for name, one in summary.items()}
            write_atomically(result.results_file, to_json(plain).encode() + b"\n")
        return result

    def _write_predictions(self, file: Path) -> None:
        records: list[dict[str, Any]] = []
        columns: Sequence[str] = ()
        for fold, evaluator in enumerate(self._evaluators()):
            if not isinstance(evaluator, SampleEvaluator):
                return
            columns = evaluator.sample_columns
            records += ({"fold": fold, **one} for one in evaluator.predictions())
        write_atomically(file, to_csv(sorted(records, key=itemgetter(*columns))))


def open_folder_of_folds(path: Path | None, *, name: str) -> Path:
    """Return where folds go: ``path``, or a new ``runs/<name>-folds-<date>-<time>`` in the current folder.

    Raises:
        UserError: There are folds in it already, or it can't be made.
    """
    if path is None:
        return RunFolder.create_unique(Path("runs"), f"{name}-folds").path
    if folds_in(path):
        raise UserError(f"{path} already holds folds: go on with them by resume, or name another folder")
    return path
