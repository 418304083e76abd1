"""Adapters in a composite, injected where it is put together: for training, checkpoints and checks alike."""

from collections.abc import Mapping

from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.checkpoints.submodule_names import find_submodules
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import adapted_layers, inject_adapters


def adapt(composite: nn.Module, assembler: Assembler, places: Mapping[str, str]) -> None:
    """Inject the adapters that an assembler was given into submodules of what it put together.

    ``places`` says where the composite holds the parts of its wiring, by their names.

    Raises:
        CompositionError: A path names no submodule, two have modules in common, or peft refuses. Where faults
            are collected, the last one is raised all the same: what is learned otherwise can't be checked.
    """
    faults: list[CompositionError] = []
    adapted: dict[nn.Module, str] = {}
    for pattern in reversed([*assembler.adapters]):  # if two match, the later one counts
        try:
            _adapt_at(pattern, composite, assembler, places, adapted)
        except UserError as error:
            faults.append(CompositionError(str(error), path="" if "*" in pattern else pattern))
    for fault in faults[:-1]:
        assembler.report(fault)
    if faults:
        raise faults[-1]
    layers = [layer for module in adapted for _, layer in adapted_layers(module)]
    assembler.replace({id(layer.get_base_layer()): layer for layer in layers})


def _adapt_at(
    pattern: str,
    composite: nn.Module,
    assembler: Assembler,
    places: Mapping[str, str],
    adapted: dict[nn.Module, str],
) -> None:
    for name, module in find_submodules(composite, assembler.path, pattern, known=places).items():
        is_empty = "*" in pattern and not any(True for _ in module.parameters())
        if module not in adapted and not is_empty:
            path = assembler.locate(name)
            _refuse_within(module, adapted, path)
            inject_adapters(module, assembler.adapters[pattern], path=path, seeding=assembler.seeding)
            adapted[module] = path


def _refuse_within(module: nn.Module, adapted: Mapping[nn.Module, str], path: str) -> None:
    own = set(module.modules())
    for other, path_of_other in adapted.items():
        if own & {*other.modules()}:
            raise UserError(
                f"submodules.{path}.lora: {path_of_other} has modules in common with it; leave one out"
            )
