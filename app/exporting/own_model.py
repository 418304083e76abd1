"""What of a composite of one's own is exported: one graph of its ``predict_step`` or its ``forward``."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from nested_lightning.app.assembly.wiring.data_facts import OwnDataSpec, batch_of, structure_of
from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import Exportable, ExportError, Exports, some_rows
from nested_lightning.app.tensors import tensors_in
from nested_lightning.app.training.loops import has_step

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
        batches: A batch to verify it with; none: its structure isn't known.
        name: The family's section.
        called: What is exported; None: ``predict_step`` where the model has one, else ``forward``.

    Raises:
        UserError: There is no such step, or no batch.
    """
    del data_spec  # the batch tells as much
    called = called or ("predict_step" if has_step("predict", model) else "forward")
    if called == "predict_step" and not has_step("predict", model):
        raise UserError(f"{name} has no predict_step to export: add one, or export its forward")
    if not batches:
        raise UserError(f"{name}: the structure of a batch isn't known, so there is nothing to export with")
    batch = batches[0] if called == "predict_step" else _arguments_of(model.forward, batches[0])
    structure = structure_of(batch)
    tensors = tensors_in(batch)
    module = _OnBatch(model, structure, called)
    return Exports(
        graphs=[
            Exportable(
                name="model",
                module=module,
                inputs=_names(batch, "batch"),
                outputs=_names(_answer(module, tensors, name), "output"),
                cases=some_rows(tuple(tensors)),
                root=name,
            )
        ]
    )


class _OnBatch(nn.Module):
    """Puts tensors together to a batch."""

    def __init__(self, model: LightningModule, structure: Any, called: Called) -> None:
        super().__init__()
        self.model = model
        self._structure, self._called = structure, called

    def forward(self, *tensors: Tensor) -> Any:
        """Return what the model answers."""
        batch = batch_of(self._structure, iter(tensors))
        if self._called == "predict_step":
            return self.model.predict_step(batch, 0)
        return self.model(**batch)


def _arguments_of(forward: Any, batch: Any) -> dict[str, Any]:
    """Return what of a batch ``forward`` takes, by its parameters: items by name, else in order."""
    parameters = inspect.signature(forward).parameters.values()
    names = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    needed = [one.name for one in parameters if one.default is one.empty and one.name in names]
    if isinstance(batch, Mapping):
        return {name: batch[name] for name in names if name in batch}
    items = [batch] if isinstance(batch, Tensor) else [*batch]
    return dict(zip(needed, items, strict=False))


def _names(batch: Any, name: str) -> list[str]:
    """Return a name for each tensor: those of items, and numbers of list's, joined by ``_``."""
    if isinstance(batch, Tensor):
        return [name]
    items = batch.items() if isinstance(batch, Mapping) else enumerate(batch)
    outer = "" if isinstance(batch, Mapping) and name in ("batch", "output") else f"{name}_"
    return [inner for key, one in items for inner in _names(one, f"{outer}{key}")]


def _answer(module: _OnBatch, tensors: Sequence[Tensor], name: str) -> Any:
    """Return what the model answers to the example.

    Raises:
        ExportError: It fails, or gives something else than tensors.
    """
    with torch.no_grad():
        answer = module(*tensors)
    if not tensors_in(answer):
        raise ExportError(f"{name}: it gives no tensor, but a {type(answer).__name__}, so it has no graph")
    return answer
