"""Which parameters a training step reaches, and which no optimiser has."""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn
from torch.autograd.graph import Node, get_gradient_edge
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import counted

_NUM_SHOWN = 3


@contextmanager
def reached_parameters(model: nn.Module) -> Iterator[set[int]]:
    """Yield a set that the id of each parameter is added to once a gradient arrives at it."""
    reached: set[int] = set()
    hooks = [
        parameter.register_post_accumulate_grad_hook(lambda one: reached.add(id(one)))
        for parameter in model.parameters()
        if parameter.requires_grad
    ]
    try:
        yield reached
    finally:
        for hook in hooks:
            hook.remove()


def depends_on_all(loss: Tensor, model: nn.Module) -> bool:
    """Return whether the graph of a loss leads to each trainable parameter; nothing is computed."""
    ahead = {get_gradient_edge(loss).node}
    seen: set[Node] = set()
    while ahead:
        node = ahead.pop()
        seen.add(node)
        ahead |= {inner for inner, _ in node.next_functions if inner is not None and inner not in seen}
    return all(get_gradient_edge(parameter).node in seen for _, parameter in _trainable(model))


def list_owners(model: nn.Module, submodules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return the innermost submodule of each parameter, ``""`` where it is the composite's own, by name.

    The composite may hold submodules under other names than their paths.
    """
    paths = {id(module): path for path, module in reversed([*submodules.items()])}
    owners: dict[str, str] = {}
    for name, module in model.named_modules():
        owners[name] = paths.get(id(module), owners.get(name.rpartition(".")[0], ""))
    return {name: owners[name.rpartition(".")[0]] for name, _ in model.named_parameters()}


def without_gradient(
    model: nn.Module, reached: Container[int], owners: Mapping[str, str], *, root: str
) -> Iterator[Fault]:
    """Yield a fault for each submodule with trainable parameters that no gradient arrives at.

    What is ``reached`` is known from `reached_parameters`, owners from `list_owners`.
    """
    hint = "use what they compute in the loss, or freeze them (submodules.{}.freeze: true)"
    yield from _lacking(model, reached, owners, root=root, what="without a gradient", hint=hint)


def without_optimizer(
    model: nn.Module, optimizers: Iterable[Optimizer], owners: Mapping[str, str], *, root: str
) -> Iterator[Fault]:
    """Yield a fault for each submodule with trainable parameters that no optimiser has."""
    owned = {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
    hint = "give them to an optimiser in configure_optimizers, or set requires_grad to False"
    yield from _lacking(model, owned, owners, root=root, what="without an optimiser", hint=hint)


def _lacking(
    model: nn.Module, ids: Container[int], owners: Mapping[str, str], *, root: str, what: str, hint: str
) -> Iterator[Fault]:
    """Yield a fault for each submodule with trainable parameters whose ids aren't among these."""
    by_owner: dict[str, list[str]] = {}
    for name, parameter in _trainable(model):
        if id(parameter) not in ids:
            by_owner.setdefault(owners[name], []).append(name)
    for path, names in by_owner.items():
        whole = f"{root}.{path}".rstrip(".")
        shown = [name.removeprefix(f"{path}.") for name in names[:_NUM_SHOWN]]
        shown += ["…"] if len(names) > _NUM_SHOWN else []
        counts = f"{counted(len(names), 'parameter')} {what}: {', '.join(shown)}"
        yield Fault(path=whole, what=counts, hint=hint.format(whole))


def _trainable(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    means = tuple(f"{name}." for name, one in model.named_modules() if isinstance(one, AveragedModel))
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not name.startswith(means):
            yield name, parameter
