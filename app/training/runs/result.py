"""What a training came to."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.html_tables import html_table
from nested_lightning.app.strict_json import to_json
from nested_lightning.app.training.runs.run_folder import RunFolder

T = TypeVar("T")

_BASELINE = "baseline_"
_FACTS = ("data", "overrides", "init_from", "init_parts")
"""What a results file has besides numbers, where there is any."""


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Attributes:
        run_folder: Where everything lies.
        best_checkpoint: The checkpoint that was evaluated.
        num_steps: Optimiser steps of the whole training.
        duration_s: Seconds from the start of training to the end of evaluation, those before a resumption
            included.
        validation_metrics: Metrics of the checkpoint on the validation part; empty where there is none.
        test_metrics: Metrics of the checkpoint on the test part; empty where there is none.
        overrides: What was put into the places of providers, by path; see `RecordedOverride`.
        init_from: The file that the first weights came from, and its SHA-256; empty: there was none.
        init_parts: What single submodules took of other files as first weights, by path: file, digest, path
            there, how many tensors, and the names of those that were missing, unexpected or of other shape.
        make_predictor: Makes `predictor`; None: the model isn't in this process.
        data: What was understood of the data, see `DataSummary`; empty: nothing is known.
    """

    run_folder: RunFolder
    best_checkpoint: Path
    num_steps: int
    duration_s: float
    validation_metrics: dict[str, float] = field(default_factory=dict)
    test_metrics: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    init_from: dict[str, str] = field(default_factory=dict)
    init_parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    make_predictor: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def predictor(self) -> Any:
        """The family's predictor with the model of `best_checkpoint`, whatever is trained later.

        Raises:
            UserError: There is no checkpoint; the training was in other processes; or the module has no
                ``predict_step``.
        """
        if self.make_predictor is None and not self.best_checkpoint.exists():
            raise UserError("there is no checkpoint to predict by: of a trial, fast_dev_run, nothing is kept")
        if self.make_predictor is None:
            raise UserError(
                f"the model isn't in this process: open it with from_checkpoint('{self.best_checkpoint}')"
            )
        return self.make_predictor()

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Validation and test of each score by its name without the part, ``acc`` for ``test/acc``.

        With ``baseline``, where ``baseline_acc`` was logged of the test part.
        """
        validation, test = without_part(self.validation_metrics), without_part(self.test_metrics)
        test, baseline = apart_from_baseline(test)
        parts = {"validation": validation, "test": test, "baseline": baseline}
        return {
            name: {part: values[name] for part, values in parts.items() if name in values}
            for name in test or validation
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, with the checkpoint's path relative to the run folder."""
        return {
            "best_checkpoint": self.best_checkpoint.relative_to(self.run_folder.path).as_posix(),
            "num_steps": self.num_steps,
            "duration_s": round(self.duration_s, 3),
            "validation": self.validation_metrics,
            "test": self.test_metrics,
            **{name: one for name in _FACTS if (one := getattr(self, name))},
        }

    def write(self) -> None:
        """Write the result to the run folder's results file, as JSON; what isn't finite as ``null``."""
        write_atomically(self.run_folder.results_file, to_json(self.to_dict()).encode() + b"\n")

    def _repr_html_(self) -> str:
        return html_table(str(self.best_checkpoint), self.scores)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the model out: a result may be sent to another process."""
        return {name: one for name, one in vars(self).items() if "predictor" not in name}

    @classmethod
    def read(cls, folder: RunFolder) -> "TrainingResult":
        """Return what `write` wrote; of the paths in it none is followed.

        Raises:
            UserError: The file isn't there, or is damaged.
        """
        with foreign_file(regular_file(folder.results_file)):
            plain = json.loads(folder.results_file.read_text(encoding="utf-8"))
            facts: dict[str, Any] = {name: dict(plain.get(name, {})) for name in _FACTS}
            return cls(
                run_folder=folder,
                best_checkpoint=folder.checkpoint_of_results,
                num_steps=int(plain["num_steps"]),
                duration_s=float(plain["duration_s"]),
                validation_metrics=_scores(plain["validation"]),
                test_metrics=_scores(plain["test"]),
                **facts,
            )


def without_part(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return metrics by their names without the part of the data, ``acc`` for ``test/acc``."""
    return {re.sub(r"^(test|val)[_/]", "", name): value for name, value in metrics.items()}


def _scores(plain: Mapping[str, float | None]) -> dict[str, float]:
    """Return scores as they were before they were written: what wasn't finite is no number."""
    return {str(name): math.nan if value is None else float(value) for name, value in plain.items()}


def apart_from_baseline(scores: Mapping[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """Return scores without those of a constant answer, ``baseline_NAME``, and these by the same names."""
    baseline = {
        name.removeprefix(_BASELINE): one for name, one in scores.items() if name.startswith(_BASELINE)
    }
    return {name: one for name, one in scores.items() if not name.startswith(_BASELINE)}, baseline
