"""From a wiring function and what it is given to a composite that holds all its parts."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pytorch_lightning import LightningModule
from torch import nn

from nested_lightning.app.assembly.assembler import Assembler, naming
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.widths import StandIn
from nested_lightning.app.assembly.wiring.adapting import adapt
from nested_lightning.app.assembly.wiring.wiring import Wiring


class ItemMakers(dict[str, Callable[..., Any]]):
    """What builds each of several parts: any name has something, and only those in settings are listed."""

    def __init__(self, maker: Callable[..., Any], names: Iterable[str] = ()) -> None:
        super().__init__({name: partial(maker, name) for name in names})
        self._maker = maker

    def __missing__(self, name: str) -> Callable[..., Any]:
        """Return what builds a part that isn't listed."""
        return partial(self._maker, name)


def find_places(model: nn.Module, parts: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return where a composite holds its parts, by their names; parts that it doesn't hold are left out."""
    held = {id(module): name for name, module in reversed([*model.named_modules()]) if name}
    return {name: held[id(part)] for name, part in parts.items() if id(part) in held}


def wire(function: Callable[..., Any], /, *, assembler: Assembler, **given: Any) -> Any:
    """Return the composite that a wiring function builds from its arguments.

    Raises:
        CompositionError: A part can't be built, doesn't fit, isn't held by the composite, or has no adapters.
    """
    composite = Wiring(assembler)(function, **given)
    _configure(composite, assembler)
    _refuse_lost(composite, assembler)
    if assembler.adapters and not isinstance(composite, StandIn):
        adapt(composite, assembler, find_places(composite, assembler.built))
    return composite


def _configure(composite: nn.Module, assembler: Assembler) -> None:
    """Let a composite build what it leaves to Lightning's ``configure_model``, which may be called again."""
    plain = LightningModule.configure_model
    if isinstance(composite, LightningModule) and type(composite).configure_model is not plain:
        path = f"{assembler.locate('')}.configure_model"
        with assembler.seeding(path), naming(path):
            composite.configure_model()


def _refuse_lost(composite: nn.Module, assembler: Assembler) -> None:
    """Refuse a part with weights that the composite doesn't hold, and so no checkpoint and no optimiser."""
    held = {id(child) for module in (composite, *composite.children()) for child in module.children()}
    apart = {
        name: part
        for name, part in assembler.built.items()
        if id(part) not in held and not assembler.is_handed_on(part)
    }
    held = set(map(id, composite.modules())) if apart else held
    for name, part in apart.items():
        if id(part) not in held and any(True for _ in part.parameters()):
            path = assembler.locate(name)
            message = (
                f"{path} ({type(part).__name__}) is built, and {type(composite).__name__} doesn't hold it:"
                " assign it to an attribute, several of them as an nn.ModuleList or nn.ModuleDict"
            )
            assembler.report(CompositionError(message, path=path))
