"""This project's `multi-feature` on a real table, with nothing but defaults."""

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

import nested_lightning as nl
from benchmarks.tables.folds import Parts, Rows
from benchmarks.tables.real_table import RealTable
from benchmarks.tables.scores import Answers

PART = "benchmark_part"


def train(table: RealTable, parts: Parts, seed: int, more: Mapping[str, Any]) -> Callable[[Rows], Answers]:
    """Train on the rows of a fold, and return what answers for others.

    Args:
        table: Given as a data frame with a column that says which part a row belongs to.
        parts: Of a fold.
        seed: Of the training.
        more: Settings put over what says the task, by dotted path: none for a result that is published.
    """
    labels = [label for label in table.targets if table.targets[label].iloc[parts.train].nunique() > 1]
    with tempfile.TemporaryDirectory() as folder:
        said = {**_task(table, labels), "seed": seed, "run_dir": folder, **_QUIET, **more}
        application: Any = nl.bootstrap(said, data=_frame(table, labels, parts))
        application.train()
        predictor = application.multi_feature.predictor()
    same = table.targets.iloc[parts.train[0]].to_dict()
    return lambda rows: _answers(table, predictor.predict(table.features.iloc[rows]).to_pandas(), same)


_QUIET = {"trainer.accelerator": "cpu", "trainer.use_progress_bar": False, "trainer.num_threads": 1}


def _task(table: RealTable, labels: list[str]) -> dict[str, Any]:
    """Return what only the reader of a table knows: what to predict of it, and which rows train."""
    data = "multi_feature.data"
    said: dict[str, Any] = {"model": "multi-feature", f"{data}.split": {"kind": "column", "column": PART}}
    if table.features.isna().to_numpy().any():
        said[f"{data}.missing"] = "mean"
    if len(labels) == 1:
        return {**said, f"{data}.label": labels[0]}
    return {**said, "multi_feature.objectives": {label: {"kind": table.task} for label in labels}}


def _frame(table: RealTable, labels: list[str], parts: Parts) -> pd.DataFrame:
    frame = pd.concat([table.features, table.targets[labels]], axis=1)
    frame[PART] = ""
    for part, rows in vars(parts).items():
        frame.loc[rows, PART] = part
    return frame[frame[PART] != ""]


def _answers(table: RealTable, answered: pd.DataFrame, same: Mapping[str, Any]) -> Answers:
    """Return answers; of several columns, one that is the same in all rows that train is answered so."""
    if table.task == "number":
        named = answered.rename(columns={"prediction": f"{table.targets.columns[0]}_prediction"})
        values = [named.get(f"{label}_prediction", same[label]) for label in table.targets]
        return Answers(values=np.column_stack([np.broadcast_to(one, len(answered)) for one in values]))
    classes = table.classes
    return Answers(
        values=pd.Categorical(answered["prediction"].astype(str), classes).codes.astype(np.int64),
        probabilities=answered[[f"probability_{one}" for one in classes]].to_numpy(dtype=np.float64),
    )
