"""A real table: its columns, what is to be predicted of them, and by what score."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Task = Literal["binary", "classes", "number"]
Truth = npt.NDArray[np.float64] | npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RealTable:
    """A table as its package ships it: text as categories, all else as numbers, missing cells as they are.

    Attributes:
        name: What it is called in results.
        task: Of two classes, several, or numbers.
        features: The columns to predict from.
        targets: The column to predict, or several of numbers.
    """

    name: str
    task: Task
    features: pd.DataFrame
    targets: pd.DataFrame

    @classmethod
    def of(cls, name: str, task: Task, frame: pd.DataFrame, *, label: str | list[str]) -> Self:
        """Return the table of a frame that holds features and labels.

        Args:
            name: Of the table.
            task: What its labels are.
            frame: All columns. Text becomes categories.
            label: Name of the column, or names of the columns, to predict.
        """
        labels = [label] if isinstance(label, str) else label
        features = frame.drop(columns=labels).reset_index(drop=True)
        text = features.select_dtypes(["object", "string"]).columns
        features = features.astype(dict.fromkeys(text, "category"))
        return cls(name=name, task=task, features=features, targets=frame[labels].reset_index(drop=True))

    @property
    def classes(self) -> list[str]:
        """The classes as text, in order."""
        return sorted(self.targets.iloc[:, 0].astype(str).unique())

    @property
    def truth(self) -> Truth:
        """What is true: the class's place in `classes` [N], or the numbers [N, T]."""
        if self.task == "number":
            return self.targets.to_numpy(dtype=np.float64)
        return pd.Categorical(self.targets.iloc[:, 0].astype(str), self.classes).codes.astype(np.int64)

    @property
    def categorical(self) -> list[str]:
        """Names of the features that are categories."""
        return list(self.features.select_dtypes("category").columns)
