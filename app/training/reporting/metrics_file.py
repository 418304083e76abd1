"""The metrics of a training as a CSV file with one row for each step that logged any."""

import csv
import io
import math
import os
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers import Logger
from typing_extensions import override

from nested_lightning.app.checkpoints.checkpoint_io import replace_atomically
from nested_lightning.app.foreign_files import foreign_file, regular_file

_STEP = "step"
Row = dict[str, float | str]


class MetricsFile(Logger):
    """Writes what is logged to a CSV file: column ``step``, then the metrics as they appear.

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
        self._last_row: Row = {}
        self._last_row_at = 0
        self._unsaved: list[Row] = []

    @property
    @override
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    @override
    def version(self) -> str:
        """Nothing: a run folder holds one."""
        return ""

    @property
    @override
    def save_dir(self) -> str:
        """The folder of the file."""
        return os.fspath(self.path.parent)

    @override
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Write nothing: the run folder holds the settings."""

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Keep the metrics of a step for the next save."""
        newest = self._unsaved[-1] if self._unsaved else self._last_row
        if step is None:
            step = int(newest.get(_STEP, -1)) + 1
        if not self._unsaved or newest[_STEP] != step:
            self._unsaved.append({_STEP: step})
        self._unsaved[-1].update(metrics)

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
        if not self._columns:
            self._open(before_step=int(self._unsaved[0][_STEP]))
        rows, self._unsaved = self._unsaved, []
        if rows[0][_STEP] == self._last_row.get(_STEP):
            rows[0] = {**self._last_row, **rows[0]}
        if new_columns := [name for name in dict.fromkeys(_keys(rows)) if name not in self._columns]:
            self._add_columns(new_columns)
        self._append(rows)

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write what is not yet in the file."""
        self.write()

    def _open(self, *, before_step: int) -> None:
        """Take up the file as it was before a step, that step's own row included."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._columns = [_STEP]
        rows = [row for row in self._read() if int(row[_STEP]) <= before_step]
        self._columns = list(dict.fromkeys([_STEP, *_keys(rows)]))
        self._rewrite(rows)

    def _add_columns(self, names: Sequence[str]) -> None:
        rows = self._read()
        self._columns += names
        self._rewrite(rows)

    def _read(self) -> list[Row]:
        if not self.path.exists():
            return []
        with foreign_file(regular_file(self.path)):
            text = self.path.read_text(encoding="utf-8")
            whole_lines = text[: text.rfind("\n") + 1]
            rows = csv.DictReader(io.StringIO(whole_lines, newline=""))
            return [{**row, _STEP: int(row[_STEP])} for row in rows]

    def _rewrite(self, rows: Sequence[Row]) -> None:
        with replace_atomically(self.path) as file:
            file.write(self._text([dict(zip(self._columns, self._columns, strict=True)), *rows[:-1]]))
            self._last_row_at = file.tell()
            file.write(self._text(rows[-1:]))
        self._last_row = rows[-1] if rows else {}

    def _append(self, rows: Sequence[Row]) -> None:
        with self.path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            if rows[0][_STEP] == self._last_row.get(_STEP):
                file.seek(self._last_row_at)
            file.write(self._text(rows[:-1]))
            self._last_row_at = file.tell()
            file.write(self._text(rows[-1:]))
            file.truncate()
        self._last_row = rows[-1]

    def _text(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        csv.DictWriter(text, self._columns, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()


def _keys(rows: Sequence[Row]) -> list[str]:
    return [name for row in rows for name in row]
