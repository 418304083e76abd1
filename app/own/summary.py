"""A summary of a user's own data, in a few lines."""

from typing import Any

from nested_lightning.app.data.data_summary import DataSummary
from nested_lightning.app.own.data_facts import OwnDataSpec, tensors_of
from nested_lightning.app.own.setting_up import datasets_of


def own_summary(datamodule: Any, data_spec: OwnDataSpec) -> DataSummary | None:
    """Return the rows of each data set of a datamodule, if there is one, and the first batch's shapes."""
    if datamodule is None:
        return None
    rows = {name.lstrip("_"): _num_rows(data) for name, data in datasets_of(datamodule).items()}
    read = {name: value for name, value in data_spec.values.items() if isinstance(value, int | float | str)}
    tensors = tensors_of(data_spec.batch or {})
    facts = {
        "data": type(datamodule).__qualname__,
        "rows": {name: number for name, number in rows.items() if number},
        "first batch": ", ".join(f"{name} {one.dtype} {one.shape}".lstrip() for name, one in tensors),
        "read by the wiring": read,
    }
    return DataSummary(facts={name: fact for name, fact in facts.items() if fact})


def _num_rows(data: Any) -> int:
    try:
        return len(data)
    except Exception:  # a user's data set need not have a length
        return 0
