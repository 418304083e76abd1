"""A summary of a user's own data, in a few lines."""

from collections.abc import Iterator
from typing import Any

from nested_lightning.app.assembly.wiring.data_facts import OwnDataSpec
from nested_lightning.app.assembly.wiring.setting_up import datasets_of
from nested_lightning.app.data.data_summary import DataSummary


def own_summary(datamodule: Any, data_spec: OwnDataSpec) -> DataSummary | None:
    """Return the rows of each data set of a datamodule, if there is one, and the first batch's shapes."""
    if datamodule is None:
        return None
    rows = {name.lstrip("_"): _num_rows(data) for name, data in datasets_of(datamodule).items()}
    read = {name: value for name, value in data_spec.values.items() if isinstance(value, int | float | str)}
    facts = {
        "data": type(datamodule).__qualname__,
        "rows": {name: number for name, number in rows.items() if number},
        "first batch": ", ".join(_shapes(data_spec.batch or {})),
        "read by the wiring": read,
    }
    return DataSummary(facts={name: fact for name, fact in facts.items() if fact})


def _num_rows(data: Any) -> int:
    try:
        return len(data)
    except Exception:  # a user's data set need not have a length
        return 0


def _shapes(structure: Any, name: str = "") -> Iterator[str]:
    """Yield the type and shape of each tensor of a batch, e.g. ``float32 [16, 3]``."""
    if "tensor" in structure:
        yield f"{name} {structure['tensor']['dtype']} {structure['tensor']['shape']}".lstrip()
    for key, inner in structure.get("items", {}).items():
        yield from _shapes(inner, key)
    for inner in structure.get("list", ()):
        yield from _shapes(inner, name)
