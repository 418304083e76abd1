"""What of a composite of one's own is exported: one graph of its ``predict_step`` or its ``forward``."""

import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Literal, TypeAlias

from pytorch_lightning import LightningModule
from torch import Tensor

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import (
    Exportable,
    Exports,
    failing_as,
    names_of,
    some_rows,
)
from nested_lightning.app.own.composer import first_batches
from nested_lightning.app.own.data_facts import OwnDataSpec
from nested_lightning.app.tensors import filled, items_of, tensors_in
from nested_lightning.app.training.loops import call_step, has_own, has_step

Called: TypeAlias = Literal["forward", "predict_step"]

NUM_BATCHES = 4
"""Batches that a graph is verified with: what has other sizes in one of them, such as a text, is dynamic."""

_OR_FORWARD = ", or export its forward by --call forward"


def exports_of(
    *,
    model: LightningModule,
    data_spec: OwnDataSpec,
    batches: Sequence[Any],
    name: str,
    called: Called | None = None,
) -> Exports:
    """Return the one graph, whose inputs are the tensors of a batch.

    Args:
        model: In evaluation mode, on the CPU.
        data_spec: Knows the structure of a batch.
        batches: Some to verify it with; none: those of the model's own loader. ``forward`` is given the
            model's ``example_input_array`` instead where that is of other widths.
        name: The family's section.
        called: What is exported; None: ``predict_step`` where the model has one, else ``forward``.

    Raises:
        UserError: There is no such step, or no batch, or it takes something else than a batch has, or
            gives no tensor.
        ExportError: It fails.
    """
    del data_spec  # the batches tell as much
    called = called or ("predict_step" if has_step("predict", model) else "forward")
    if called == "predict_step" and not has_step("predict", model):
        raise UserError(f"{name} has no predict_step to export: add one{_OR_FORWARD}")
    batches = batches or _own_batches(model)
    if called == "forward" and model.example_input_array is not None:
        batches = _fitting(batches, model.example_input_array)
    if not batches:
        raise UserError(f"{name}: the structure of a batch isn't known, so there is nothing to export with")
    if called == "forward":
        batches = [_arguments_of(model.forward, batch, name) for batch in batches]
    first, inputs = tensors_in(batches[0]), names_of(batches[0], "batch")
    if not first:
        raise UserError(
            f"{name}: {called} is given no tensor of a batch, so it has no graph: let batches be tensors, or"
            " tuples, mappings or dataclasses of them"
        )
    cases = some_rows(tuple(first))
    for number, batch in enumerate(batches[1:], start=2):
        tensors = tuple(tensors_in(batch))
        if names_of(batch, "batch") == inputs and [*map(Tensor.dim, tensors)] == [*map(Tensor.dim, first)]:
            cases[f"batch {number}"] = tensors
    call = _on_batch(batches[0], called)
    with failing_as(f"{name}: {called} fails with a batch", has_place=True):
        answer = call(model, *first)
    if not tensors_in(answer):
        given = f"{called} gives no tensor, but a {type(answer).__name__}, so it has no graph"
        instead = "" if called == "forward" else _OR_FORWARD
        raise UserError(f"{name}: {given}: let it return tensors{instead}")
    return Exports(
        graphs=[
            Exportable(
                name="model",
                module=model,
                inputs=inputs,
                outputs=names_of(answer, "output"),
                cases=cases,
                root=name,
                call=call,
            )
        ]
    )


def _own_batches(model: LightningModule) -> list[Any]:
    """Return batches of a model with loaders of its own; none where it has no such."""
    if not has_own(model, "train_dataloader"):
        return []
    ready = deepcopy(model)  # its hooks may change it
    ready.prepare_data()
    ready.setup("fit")
    return first_batches(ready, NUM_BATCHES)


def _on_batch(batch: Any, called: Called) -> Callable[..., Any]:
    """Return what gives a model a batch with other tensors; what else is in the batch stays as it is."""

    def call(model: LightningModule, *tensors: Tensor) -> Any:
        given = filled(batch, iter(tensors))
        return call_step(model.predict_step, given) if called == "predict_step" else model(**given)

    return call


def _fitting(batches: Sequence[Any], example: Any) -> Sequence[Any]:
    """Return batches that begin with what has the widths of an example, or else the example alone."""
    widths = [*map(_width, tensors_in(example))]
    fitting = [one for one in batches if [*map(_width, tensors_in(one))][: len(widths)] == widths]
    return fitting or [example]


def _width(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape[1:])


def _arguments_of(forward: Any, batch: Any, name: str) -> dict[str, Any]:
    """Return what of a batch ``forward`` takes, by its parameters: items by name, else in order.

    A single one that is called ``batch``, or as no item of a batch with names is, takes the whole.

    Raises:
        UserError: It takes what the batch hasn't.
    """
    parameters = inspect.signature(forward).parameters.values()
    names = [one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    needed = [one.name for one in parameters if one.default is one.empty and one.name in names]
    items = dict(items_of(batch)) or {0: batch}
    lacking = [one for one in needed if one not in items]
    if len(needed) == 1 and lacking and (0 not in items or needed == ["batch"]):
        return {needed[0]: batch}
    if 0 in items:
        return dict(zip(needed, items.values(), strict=False))
    if lacking:
        raise UserError(
            f"{name}: forward takes {', '.join(lacking)}, and a batch has {', '.join(map(str, items))}: call"
            " its parameters so, or export predict_step"
        )
    return {key: one for key, one in items.items() if key in names}
