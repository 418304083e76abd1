"""Checkpoints of any way: compared bit for bit, and with harm put in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.ways.parts import MlpEncoder

_KNOWN = f"{MlpEncoder.__module__}.{MlpEncoder.__qualname__}"
_FOREIGN = "benchmarks.ways.witness.Witness"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How the weights and the optimiser of one training differ from those of another.

    Attributes:
        steps: Steps of either.
        num_tensors: Tensors of the first.
        num_different: Of them, those that differ in a bit, or that the other lacks.
        largest: The largest difference of two values.
    """

    steps: tuple[int, int]
    num_tensors: int
    num_different: int
    largest: float

    @property
    def is_none(self) -> bool:
        """Whether both are the same, bit for bit."""
        return self.steps[0] == self.steps[1] and not self.num_different


def newest(folder: Path) -> Path:
    """Return the checkpoint that a run in this folder wrote last."""
    return max(folder.glob("checkpoints/last*.ckpt"), key=lambda path: path.stat().st_mtime_ns)


def compare(first: Path, second: Path) -> Difference:
    """Compare weights and state of the optimiser."""
    checkpoints = [torch.load(path, weights_only=True) for path in (first, second)]
    mine, other = (dict(_tensors(_trained(checkpoint))) for checkpoint in checkpoints)
    different = [name for name in mine if name not in other or not torch.equal(mine[name], other[name])]
    gaps = [float((mine[name] - other[name]).abs().max()) for name in different if name in other]
    return Difference(
        steps=(checkpoints[0]["global_step"], checkpoints[1]["global_step"]),
        num_tensors=len(mine),
        num_different=len(different),
        largest=max(gaps, default=0.0),
    )


def _trained(checkpoint: dict[str, Any]) -> dict[str, Any]:
    return {key: checkpoint[key] for key in ("state_dict", "optimizer_states")}


def _tensors(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _tensors(item, f"{path}.{key}")


class _Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def poison(path: Path, target: Path, mark: Path) -> None:
    """Write a checkpoint that leaves a mark where it is unpickled.

    Args:
        path: An honest one.
        target: Where to write.
        mark: File that it makes.
    """
    torch.save({**torch.load(path, weights_only=True), "note": _Hostile(mark)}, target)


def name_foreign_class(path: Path, target: Path) -> bool:
    """Write a checkpoint with another class in each encoder's place; return whether it names any."""
    honest = torch.load(path, weights_only=True)
    changed = _renamed(honest)
    torch.save(changed, target)
    return repr(_plain(changed)) != repr(_plain(honest))


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return value.replace(_KNOWN, _FOREIGN) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if not isinstance(item, Tensor)}
    return value
