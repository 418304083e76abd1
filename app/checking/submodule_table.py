"""What each submodule of a checked composite is, takes, gives and costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.optim import Optimizer

from app.checking.submodule_watch import SubmoduleCall

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
    unfrozen_at: str = ""
    note: str = ""


def list_submodules(
    model: nn.Module,
    submodules: Mapping[str, nn.Module],
    owners: Mapping[str, str],
    calls: Mapping[str, SubmoduleCall],
    optimizers: Sequence[Optimizer],
) -> list[SubmoduleRow]:
    """Return a row for each submodule, and one for what else the composite has.

    Args:
        model: The composite.
        submodules: By path below it.
        owners: Path of the innermost submodule of each parameter, by the parameter's name.
        calls: What goes in and out, by path.
        optimizers: All of them; each has taken a step, so that it has its memory.
    """
    rates = _learning_rates(optimizers)
    remembered = _state_bytes(optimizers)
    notes: Mapping[str, str] = getattr(model, "submodule_notes", {})
    parameters: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        parameters.setdefault(owners[name], []).append(parameter)
    rows = []
    for path, module in [*submodules.items(), ("", model)]:
        own = parameters.get(path, [])
        if not path and not own:
            continue
        call = calls.get(path)
        trainable = [parameter for parameter in own if parameter.requires_grad]
        is_known = all(id(parameter) in remembered for parameter in trainable)
        rows.append(
            SubmoduleRow(
                path=path,
                provider=path,
                class_name=type(module).__name__,
                inputs=call.inputs if call else None,
                outputs=call.outputs if call else None,
                num_parameters=_count(own),
                num_frozen=_count(own) - _count(trainable),
                parameter_bytes=_bytes(own),
                gradient_bytes=_bytes(trainable),
                optimizer_bytes=sum(remembered[id(one)] for one in trainable) if is_known else None,
                learning_rates=tuple(sorted({rates[id(one)] for one in trainable if id(one) in rates})),
                note=notes.get(path, ""),
            )
        )
    return rows


def _learning_rates(optimizers: Iterable[Optimizer]) -> dict[int, float]:
    """Return the rate of each parameter by its id, as it was given: schedules change it from the start."""
    return {
        id(parameter): float(group.get("initial_lr", group["lr"]))
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


def _state_bytes(optimizers: Iterable[Optimizer]) -> dict[int, int]:
    return {
        id(parameter): _bytes(value for value in state.values() if isinstance(value, Tensor))
        for optimizer in optimizers
        for parameter, state in optimizer.state.items()
    }


def _count(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
