"""A submodule by itself, as it is called while the whole model answers."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable, ExportError, Inputs, names_of
from nested_lightning.app.tensors import filled, tensors_in


class NoGraphError(ExportError):
    """A submodule isn't called, or not with tensors."""


class _Call(nn.Module):
    """Calls a module with tensors in the places where it was given some, and else with what it was given."""

    def __init__(self, module: nn.Module, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.module = module
        self._arguments, self._signature = arguments, inspect.signature(module.forward)

    def forward(self, *tensors: Tensor) -> Any:
        """Return what the module gives."""
        bound = inspect.BoundArguments(self._signature, filled(self._arguments, iter(tensors)))
        return self.module(*bound.args, **bound.kwargs)


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

    hook = module.register_forward_pre_hook(note, with_kwargs=True)
    try:
        for whole in wholes:
            for case in whole.cases:
                given.clear()
                whole.says(case)
                calls |= {f"{case} of {whole.name}": given[0]} if given else {}
    finally:
        hook.remove()
    if not calls:
        raise NoGraphError(f"{name}: nothing calls it when the model answers, so it has no graph")
    first = next(iter(calls.values()))
    names = names_of(first)
    cases: dict[str, Inputs] = {
        case: tuple(tensors) for case, call in calls.items() if len(tensors := tensors_in(call)) == len(names)
    }
    called = _Call(module, first)
    alone = Exportable(name=name, module=called, inputs=names, outputs=(), cases=cases)
    num_outputs = len(alone.says(next(iter(cases))))
    if not names or not num_outputs:
        raise NoGraphError(f"{name}: it takes or gives no tensor, so it has no graph")
    outputs = ["output"] if num_outputs == 1 else [f"output_{i}" for i in range(num_outputs)]
    return Exportable(name=name, module=called, inputs=names, outputs=outputs, cases=cases, root=name)
