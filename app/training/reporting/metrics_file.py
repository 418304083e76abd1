"""The metrics of a training as a CSV file with one row for each step that logged any."""

import csv
import io
import math
import os
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers import Logger
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.foreign_files import foreign_file, regular_file

_STEP, _EPOCH = "step", "epoch"
Row = dict[str, float | str]


class NumbersAlone:
    """Stands for ``self.logger.experiment``: logs numbers by name, and warns that all else is dropped."""

    def __init__(self, log: Callable[[Mapping[str, Any], int | None], None]) -> None:
        self._log = log

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log those of the values that are numbers."""
        self._log({name: value for name, value in metrics.items() if _is_number(value)}, step)

    log = log_metrics

    def add_scalar(self, tag: str, scalar_value: Any, global_step: int | None = None, *_: Any) -> None:
        """Log one number, as TensorBoard's writer does."""
        self.log_metrics({tag: scalar_value}, global_step)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        warnings.warn(
            f"metrics.csv holds numbers alone, so that self.logger.experiment.{name} writes nothing; set"
            " trainer.use_tensorboard=true",
            stacklevel=2,
        )
        return _nothing


def _nothing(*_: Any, **__: Any) -> None:
    """Stand for a call that writes something that isn't kept."""


class MetricsFile(Logger):
    """Writes what is logged to a CSV file: column ``step``, then the metrics as they appear.

    Steps and epochs are those that are done or begun, as the progress display and the log count them: from 1.
    Lightning numbers them from 0.

    What is logged at one step, in training and validation, stands in one row. A training that goes on
    continues the file: rows of steps that it takes once more are dropped, and so is a row that a kill cut
    off.

    Args:
        path: The file; its folder need not exist.
        pause_s: Seconds after a write in which the rows of another ``save`` wait for one that comes later.
    """

    def __init__(self, *, path: Path, pause_s: float = 1.0) -> None:
        super().__init__()
        self.path = path
        self._pause_s = pause_s
        self._written_at_s = -math.inf
        self._columns: list[str] = []
        self._last_step = 0
        self._next_step: int | None = None
        self._unsaved: dict[int, Row] = {}

    @property
    @override
    def name(self) -> str:
        """The folder, beside the file, of what a module's own callbacks save."""
        return "own"

    @property
    @override
    def version(self) -> str:
        """Nothing: a run folder holds one."""
        return ""

    @property
    @override
    def save_dir(self) -> str:
        return os.fspath(self.path.parent)

    log_dir = save_dir

    @property
    def experiment(self) -> NumbersAlone:
        """The logger's ``experiment`` for a module: numbers go to the file, everything else is dropped."""
        return NumbersAlone(self.log_metrics)

    def continue_from(self, step: int) -> None:
        """Drop what the file has of this step, from 0, and later ones at the first write."""
        self._next_step = step + 1

    @override
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Write nothing: the run folder holds the settings."""

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Keep the metrics of a step for the next save; without one, it is the next."""
        count = max([self._last_step, *self._unsaved]) + 1 if step is None else step + 1
        row = self._unsaved.setdefault(count, {_STEP: count})
        row.update({name: _number(value) + (name == _EPOCH) for name, value in metrics.items()})

    @override
    @rank_zero_only
    def save(self) -> None:
        """Write what is not yet in the file, unless something was written a moment ago."""
        if time.monotonic() - self._written_at_s >= self._pause_s:
            self.write()

    @rank_zero_only
    def write(self) -> None:
        """Write what is not yet in the file."""
        if not self._unsaved:
            return
        self._written_at_s = time.monotonic()
        rows, self._unsaved = [self._unsaved[step] for step in sorted(self._unsaved)], {}
        first, last = int(rows[0][_STEP]), int(rows[-1][_STEP])
        if first <= self._last_step or not set(_keys(rows)) <= set(self._columns):
            self._rewrite(rows)
        else:
            with self.path.open("ab") as file:
                file.write(self._text(rows))
        self._last_step = max(last, self._last_step)

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        self.write()

    def _rewrite(self, rows: Sequence[Row]) -> None:
        """Write the file anew with these rows; at first without the steps that are taken once more."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        next_step = int(rows[0][_STEP]) + 1 if self._next_step is None else self._next_step
        by_step: dict[int, Row] = {}
        kept = [row for row in self._read() if self._columns or int(row[_STEP]) < next_step]
        for row in (*kept, *rows):
            by_step.setdefault(int(row[_STEP]), {}).update(row)
        self._columns = list(dict.fromkeys([_STEP, *_keys(by_step.values())]))
        header: Row = {name: name for name in self._columns}
        ordered = (by_step[step] for step in sorted(by_step))
        write_atomically(self.path, self._text([header, *ordered]))

    def _read(self) -> list[Row]:
        if not self.path.exists():
            return []
        with foreign_file(regular_file(self.path)):
            text = self.path.read_text(encoding="utf-8")
            whole_lines = text[: text.rfind("\n") + 1]
            rows = csv.DictReader(io.StringIO(whole_lines, newline=""))
            read: list[Row] = [{**row, _STEP: int(row[_STEP])} for row in rows]
            return _counted_from_1(read)

    def _text(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        csv.DictWriter(text, self._columns, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()


def _counted_from_1(rows: list[Row]) -> list[Row]:
    """Return rows with steps and epochs from 1, also those of a release that counted from 0."""
    if not any(row.get(_EPOCH) == "0" for row in rows):
        return rows
    counts = (_STEP, _EPOCH)
    return [
        {name: int(value) + 1 if name in counts and value != "" else value for name, value in row.items()}
        for row in rows
    ]


def _keys(rows: Iterable[Row]) -> list[str]:
    return [name for row in rows for name in row]


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) and value.numel() == 1 else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, Tensor) and value.numel() == 1)
