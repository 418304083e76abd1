"""What of a composite of one's own is exported: one graph of its ``predict_step`` or its ``forward``."""

import inspect
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from pytorch_lightning import LightningModule
from torch import Tensor, nn

from nested_lightning.app.assembly.wiring.data_facts import OwnDataSpec
from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import (
    Exportable,
    ExportError,
    Exports,
    failing_as,
    names_of,
    some_rows,
)
from nested_lightning.app.tensors import filled, items_of, tensors_in
from nested_lightning.app.training.loops import call_step, has_step

Called: TypeAlias = Literal["forward", "predict_step"]


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
        batches: A batch to verify it with; none: its structure isn't known. ``forward`` is given the model's
            ``example_input_array`` in its place, where there is one, as in Lightning's ``to_onnx``.
        name: The family's section.
        called: What is exported; None: ``predict_step`` where the model has one, else ``forward``.

    Raises:
        UserError: There is no such step, or no batch, or it takes something else than a batch has.
        ExportError: It fails, or gives no tensor.
    """
    del data_spec  # the batch tells as much
    called = called or ("predict_step" if has_step("predict", model) else "forward")
    if called == "predict_step" and not has_step("predict", model):
        raise UserError(f"{name} has no predict_step to export: add one, or export its forward")
    if called == "forward" and model.example_input_array is not None:
        batches = [model.example_input_array]
    if not batches:
        raise UserError(f"{name}: the structure of a batch isn't known, so there is nothing to export with")
    batch = batches[0] if called == "predict_step" else _arguments_of(model.forward, batches[0], name)
    tensors = tensors_in(batch)
    if not tensors:
        raise UserError(f"{name}: {called} is given no tensor of a batch, so it has no graph")
    module = _OnBatch(model, batch, called)
    return Exports(
        graphs=[
            Exportable(
                name="model",
                module=module,
                inputs=names_of(batch, "batch"),
                outputs=names_of(_answer(module, tensors, name), "output"),
                cases=some_rows(tuple(tensors)),
                root=name,
            )
        ]
    )


class _OnBatch(nn.Module):
    """Gives a model a batch with other tensors; what else is in the batch stays as it is."""

    def __init__(self, model: LightningModule, batch: Any, called: Called) -> None:
        super().__init__()
        self.model = model
        self.called, self._batch = called, batch

    def forward(self, *tensors: Tensor) -> Any:
        """Return what the model answers."""
        batch = filled(self._batch, iter(tensors))
        if self.called == "predict_step":
            return call_step(self.model.predict_step, batch)
        return self.model(**batch)


def _arguments_of(forward: Any, batch: Any, name: str) -> dict[str, Any]:
    """Return what of a batch ``forward`` takes, by its parameters: items by name, else in order.

    Raises:
        UserError: It takes what the batch hasn't.
    """
    parameters = inspect.signature(forward).parameters.values()
    names = [one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    needed = [one.name for one in parameters if one.default is one.empty and one.name in names]
    items = dict(items_of(batch)) or {0: batch}
    if 0 in items:
        return dict(zip(needed, items.values(), strict=False))
    if lacking := [one for one in needed if one not in items]:
        raise UserError(
            f"{name}: forward takes {', '.join(lacking)}, and a batch has {', '.join(map(str, items))}: call"
            " its parameters so, or export predict_step"
        )
    return {key: one for key, one in items.items() if key in names}


def _answer(module: _OnBatch, tensors: Sequence[Tensor], name: str) -> Any:
    """Return what the model answers to the example.

    Raises:
        ExportError: It fails, or gives something else than tensors.
    """
    with failing_as(f"{name}: {module.called} fails with a batch", has_place=True):
        answer = module(*tensors)
    if not tensors_in(answer):
        raise ExportError(f"{name}: it gives no tensor, but a {type(answer).__name__}, so it has no graph")
    return answer
