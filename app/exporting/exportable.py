"""What becomes one graph: a module that takes and gives tensors, their names, and rows to verify it with."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from nested_lightning.app.checking.error_places import find_place
from nested_lightning.app.exported.manifest import Graph, Loop, Port
from nested_lightning.app.tensors import items_of, tensors_in

NUM_ROWS = (17, 3, 2, 1)
"""Rows of the batches that a graph is verified with; it is captured with the first of them."""

Inputs = tuple[Tensor, ...]
Graphed: TypeAlias = Callable[..., list[Tensor]]
Graphs: TypeAlias = Mapping[str, Graphed]
"""What takes and gives the tensors of a graph; and all graphs of a model by their names."""


class ExportError(Exception):
    """A model, or a part of it, can't be exported, or what was exported isn't the same."""


@contextmanager
def failing_as(what: str, *, has_place: bool = False) -> Iterator[None]:
    """Make an `ExportError` of what goes wrong within the block, with a line of sources if it has one."""
    try:
        with torch.no_grad():
            yield
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        place = f" ({find_place(error, {}).line})" if has_place else ""
        raise ExportError(f"{what}: {type(error).__name__}: {reason}{place}") from error


@dataclass(frozen=True, kw_only=True)
class Exportable:
    """One graph to be.

    Attributes:
        name: What it computes.
        module: Takes its inputs in order, gives a tensor, or nested ones, see `tensors_in`.
        inputs, outputs: Names of what it takes and gives.
        cases: Inputs to verify it with, by what they are; sizes that differ between them are dynamic, the
            others are fixed.
        root: Path of the composite or the submodule, for messages.
        call: How the module, or a copy of it, is given the inputs.
        answer: What the model itself answers; None: what the module does.
    """

    name: str
    module: nn.Module
    inputs: Sequence[str]
    outputs: Sequence[str]
    cases: Mapping[str, Inputs]
    root: str = ""
    call: Callable[..., Any] = operator.call
    answer: Callable[..., Any] | None = None

    @property
    def example(self) -> Inputs:
        """The largest of the cases: sizes of 0 and 1 would be taken for fixed ones."""
        return max(self.cases.values(), key=lambda inputs: sum(one.numel() for one in inputs))

    @property
    def dynamic_dims(self) -> list[set[int]]:
        """Which dimensions of each input differ from case to case."""
        return [_differing(of_input) for of_input in zip(*self.cases.values(), strict=True)]

    @property
    def spelling(self) -> tuple[list[str], list[str]]:
        """Names of inputs and outputs in the graph, where no two are the same."""
        taken: list[str] = []
        for name in (*self.inputs, *self.outputs):
            while name in taken:
                name += "_"
            taken.append(name)
        return taken[: len(self.inputs)], taken[len(self.inputs) :]

    @cached_property
    def answers(self) -> dict[str, list[Tensor]]:
        """What the model itself answers in each case.

        Raises:
            ExportError: It fails.
        """
        return {case: self.says(case) for case in self.cases}

    def says(self, case: str) -> list[Tensor]:
        """Return what the model itself answers in a case.

        Raises:
            ExportError: It fails.
        """
        with failing_as(f"{self.name}: the model fails with {case}", has_place=True):
            answer = self.answer or partial(self.call, self.module)
            return tensors_in(answer(*self.cases[case]))


@dataclass(frozen=True, kw_only=True)
class Exports:
    """What of a composite is exported.

    Attributes:
        graphs: Its graphs.
        predictor: Plain values that decoding needs besides, see `Manifest`.
        loop: How the graphs are repeated; None: each runs once.
        fault: Why the whole can't be exported, but only submodules; empty: it can.
    """

    graphs: Sequence[Exportable]
    predictor: Mapping[str, Any] = field(default_factory=dict)
    loop: Loop | None = None
    fault: str = ""


def some_rows(inputs: Inputs) -> dict[str, Inputs]:
    """Return some rows of each input, see `NUM_ROWS`; where there are fewer, they are repeated.

    What has another number of rows than the first one that has any, or none, stays as it is.
    """
    num_rows = next((len(one) for one in inputs if one.dim()), 0)
    rows = {f"{size} rows": torch.arange(size) % max(1, num_rows) for size in NUM_ROWS}
    return {
        name: tuple(one[chosen] if one.dim() and len(one) == num_rows else one for one in inputs)
        for name, chosen in rows.items()
    }


def names_of(value: Any, name: str = "") -> list[str]:
    """Return a name for each tensor in a value: those of items, and numbers in lists, joined by ``_``.

    Args:
        value: A tensor or nested ones, see `tensors_in`.
        name: Its own; that of a mapping or dataclass which is called ``batch`` or ``output`` is left out.
    """
    if isinstance(value, Tensor):
        return [name]
    outer = f"{name}_" if name not in ("", "batch", "output") else ""
    return [
        inner
        for key, one in items_of(value)
        for inner in names_of(one, f"{name}_{key}" if isinstance(key, int) else f"{outer}{key}")
    ]


def graph_of(exportable: Exportable) -> Graph:
    """Return what a manifest says of a graph; its file isn't known yet."""
    inputs, outputs = exportable.spelling
    given = [*exportable.cases.values()]
    return Graph(
        name=exportable.name,
        file="",
        inputs=tuple(map(_port, inputs, exportable.inputs, zip(*given, strict=True))),
        outputs=tuple(
            map(_port, outputs, exportable.outputs, zip(*exportable.answers.values(), strict=True))
        ),
    )


def _port(name: str, meaning: str, tensors: Sequence[Tensor]) -> Port:
    dynamic, first = _differing(tensors), tensors[0]
    return Port(
        name=name,
        dtype=str(first.dtype).removeprefix("torch."),
        dims=tuple(None if i in dynamic else size for i, size in enumerate(first.shape)),
        of="" if meaning == name else meaning,
    )


def _differing(tensors: Sequence[Tensor]) -> set[int]:
    """Return the dimensions whose size isn't the same for all."""
    shapes = (one.shape for one in tensors)
    return {i for i, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1}
