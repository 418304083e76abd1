"""The result of a check: faults, and each submodule's class, input, output and cost."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from nested_lightning.app.checking.findings import Fault, Unchecked
from nested_lightning.app.checking.submodule_watch import SubmoduleCall
from nested_lightning.app.errors import counted
from nested_lightning.app.training.adapters import adapted_layers

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SubmoduleRow:
    """One submodule; what belongs to a submodule within it is counted there alone.

    Attributes:
        path: Path below the composite; empty: what is the composite's own.
        provider: Name of the provider that built it, below the family's container.
        class_name: Name of its class.
        inputs: Shapes of the tensors that go in; None: the steps don't call it.
        outputs: Shapes of the tensors that come out; None likewise.
        num_parameters: Numbers in its parameters.
        num_frozen: How many of them don't learn.
        parameter_bytes: Memory of its parameters.
        gradient_bytes: Memory of their gradients.
        optimizer_bytes: Memory of what the optimiser remembers of them; None: not known.
        learning_rates: Of the optimiser's groups that its parameters are in, the smallest first.
        is_overridden: Whether something was put in its provider's place.
        same_as: Path of the submodule that is the same instance; empty: it stands at this path alone.
        unfrozen_at: From when on it learns, if it is frozen till then; else empty.
        note: What else there is to say of it.
    """

    path: str
    provider: str
    class_name: str
    inputs: tuple[Shape, ...] | None
    outputs: tuple[Shape, ...] | None
    num_parameters: int
    num_frozen: int
    parameter_bytes: int
    gradient_bytes: int
    optimizer_bytes: int | None
    learning_rates: tuple[float, ...]
    is_overridden: bool = False
    same_as: str = ""
    unfrozen_at: str = ""
    note: str = ""


def list_submodules(
    model: nn.Module,
    submodules: Mapping[str, nn.Module],
    *,
    owners: Mapping[str, str],
    calls: Mapping[str, SubmoduleCall],
    optimizers: Sequence[Optimizer],
    makers: Mapping[str, str],
    overridden: Collection[str],
    unfreezing: Mapping[nn.Module, int],
) -> list[SubmoduleRow]:
    """Return a row for each submodule by path, and one for what else a composite has.

    A parameter of each size may be changed. Owners are the paths of the innermost submodules, by the names of
    their parameters; ``unfreezing`` has the epoch in which modules learn that are frozen to begin with.
    """
    parameters: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        parameters.setdefault(owners[name], []).append(parameter)
    epochs = {inner: epoch for module, epoch in unfreezing.items() for inner in module.modules()}
    rates, remembered = _learning_rates(optimizers), remembered_bytes(optimizers)

    def row(path: str, module: nn.Module) -> SubmoduleRow:
        own, call, epoch = parameters.get(path, []), calls.get(path), epochs.get(module)
        trainable = [parameter for parameter in own if parameter.requires_grad]
        num_adapted = len(adapted_layers(module)) if path else 0
        is_known = all(id(parameter) in remembered for parameter in trainable)
        return SubmoduleRow(
            path=path,
            provider=makers.get(path, path),
            class_name=type(module).__name__,
            inputs=call.inputs if call else None,
            outputs=call.outputs if call else None,
            num_parameters=_count(own),
            num_frozen=_count(own) - _count(trainable),
            parameter_bytes=_bytes(own),
            gradient_bytes=_bytes(trainable),
            optimizer_bytes=sum(remembered[id(one)] for one in trainable) if is_known else None,
            learning_rates=tuple(sorted({rates[id(one)] for one in trainable if id(one) in rates})),
            is_overridden=path in overridden,
            unfrozen_at="" if epoch is None else f"until epoch {epoch}",
            note=f"adapters at {counted(num_adapted, 'layer')}" if num_adapted else "",
        )

    rows = [row(path, module) for path, module in submodules.items()]
    return [*rows, row("", model)] if parameters.get("") else rows


def repeat_row(row: SubmoduleRow, path: str) -> SubmoduleRow:
    """Return the row of the same instance at another path, where nothing is counted again."""
    return replace(
        row,
        path=path,
        same_as=row.path,
        num_parameters=0,
        num_frozen=0,
        parameter_bytes=0,
        gradient_bytes=0,
        optimizer_bytes=0,
        learning_rates=(),
    )


def count_stored(model: nn.Module) -> int:
    """Return the numbers in the state of a composite; a tensor with several names counts once."""
    return _count({id(tensor): tensor for tensor in model.state_dict(keep_vars=True).values()}.values())


def noted_rows(rows: Iterable[SubmoduleRow], model: nn.Module) -> tuple[SubmoduleRow, ...]:
    """Return rows with the composite's notes on its submodules, which it may compute with real numbers."""
    notes: Mapping[str, str] = getattr(model, "submodule_notes", {})
    return tuple(replace(row, note=notes.get(row.same_as or row.path, row.note)) for row in rows)


def _learning_rates(optimizers: Iterable[Optimizer]) -> dict[int, float]:
    """Return the rate of each parameter by its id, as it was given: schedules change it from the start."""
    return {
        id(parameter): float(group.get("initial_lr", group["lr"]))
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


def _count(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def remembered_bytes(optimizers: Iterable[Optimizer]) -> dict[int, int]:
    """Return the memory of what optimisers keep besides each parameter, by the parameter's id.

    One parameter of each size in each group takes a step, which may change it. Nothing is known of an
    optimiser that can't take one, such as L-BFGS.
    """
    found: dict[int, int] = {}
    for optimizer in optimizers:
        alike = _of_one_size(optimizer)
        has_stepped = _step([first for first, *_ in alike], optimizer)
        for parameters in alike if has_stepped else ():
            kept = optimizer.state.get(parameters[0], {}).values()
            size = sum(value.nbytes for value in kept if isinstance(value, Tensor))
            found.update((id(parameter), size) for parameter in parameters)
    return found


def _of_one_size(optimizer: Optimizer) -> list[list[Tensor]]:
    """Return the parameters in lists, each of one group, shape and type."""
    alike: dict[Hashable, list[Tensor]] = {}
    for number, group in enumerate(optimizer.param_groups):
        for parameter in group["params"]:
            key = number, parameter.shape, parameter.dtype, parameter.device
            alike.setdefault(key, []).append(parameter)
    return [*alike.values()]


def _step(parameters: Iterable[Tensor], optimizer: Optimizer) -> bool:
    optimizer.zero_grad(set_to_none=True)
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    with suppress(Exception):
        optimizer.step()
        return True
    return False


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Everything that was found and seen.

    Attributes:
        faults: What is wrong; none: the model can be trained.
        unchecked: What couldn't be looked at on ``meta``.
        model_class: Name of the composite's class; empty where it couldn't be built.
        rows: The submodules; empty where the composite couldn't be built.
        notes: What is no fault, and good to know.
        edges: Shape of what goes from one submodule into another, by both paths; from None: from the batch.
        returns: Shape of what a submodule returns of one within it, by both paths, the inner one first.
        num_stored: Numbers that a checkpoint holds of the composite, buffers included.
    """

    faults: tuple[Fault, ...]
    unchecked: tuple[Unchecked, ...] = ()
    model_class: str = ""
    rows: tuple[SubmoduleRow, ...] = ()
    notes: tuple[str, ...] = ()
    edges: dict[tuple[str | None, str], Shape] = field(default_factory=dict)
    returns: dict[tuple[str, str], Shape] = field(default_factory=dict)
    num_stored: int = 0

    @property
    def makers(self) -> set[str] | None:
        """Names of the providers that built submodules; None: the composite couldn't be built."""
        return {row.provider for row in self.rows} if self.rows else None
