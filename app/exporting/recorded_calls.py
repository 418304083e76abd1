"""A submodule by itself, as it is called while the whole model answers."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable, ExportError, Inputs, names_of
from nested_lightning.app.tensors import filled, tensors_in


class NoGraphError(ExportError):
    """A submodule isn't called, or not with tensors."""


def by_itself(wholes: Sequence[Exportable], module: nn.Module, *, name: str) -> Exportable:
    """Return a submodule with what it is given in the cases of the graphs that it is a part of.

    Raises:
        NoGraphError: No graph calls it, or it takes or gives no tensor.
    """
    calls: dict[str, dict[str, Any]] = {}
    given: Any = []
    signature = inspect.signature(module.forward)

    def note(_: nn.Module, args: Any, kwargs: Any) -> None:
        given.append(signature.bind(*args, **kwargs).arguments)  # in the order of parameters

    with module.register_forward_pre_hook(note, with_kwargs=True):
        for whole in wholes:
            for case in whole.cases:
                given.clear()
                whole.says(case)
                calls |= {f"{case} of {whole.name}": given[0]} if given else {}
    if not calls:
        raise NoGraphError(f"{name}: nothing calls it when the model answers, so it has no graph")
    first = next(iter(calls.values()))
    names = names_of(first)
    cases: dict[str, Inputs] = {
        case: tuple(tensors) for case, call in calls.items() if len(tensors := tensors_in(call)) == len(names)
    }

    def call(part: nn.Module, *tensors: Tensor) -> Any:
        """Call it with tensors in the places where it was given some, and else with what it was given."""
        bound = inspect.BoundArguments(signature, filled(first, iter(tensors)))
        return part(*bound.args, **bound.kwargs)

    alone = Exportable(name=name, module=module, inputs=names, outputs=(), cases=cases, root=name, call=call)
    num_outputs = len(alone.says(next(iter(cases))))
    if not names or not num_outputs:
        raise NoGraphError(f"{name}: it takes or gives no tensor, so it has no graph")
    outputs = ["output"] if num_outputs == 1 else [f"output_{i}" for i in range(num_outputs)]
    return replace(alone, outputs=outputs)
