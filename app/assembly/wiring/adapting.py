"""Adapters in a composite, injected where it is put together: for training, checkpoints and checks alike."""

from collections.abc import Mapping

from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import adapted_layers, inject_adapters
from nested_lightning.app.training.submodule_paths import find_submodules


def adapt(composite: nn.Module, assembler: Assembler, places: Mapping[str, str]) -> None:
    """Inject the adapters that an assembler was given into submodules of what it put together.

    Args:
        composite: Has all its parts, with initial weights.
        assembler: Seeds adapters by the paths of their layers.
        places: Where the composite holds the parts of its wiring, by their names.

    Raises:
        CompositionError: A path names no submodule, one of two lies within the other, or peft refuses.
    """
    adapted: dict[str, nn.Module] = {}
    for pattern in reversed([*assembler.adapters]):  # of two that match, the later one counts
        try:
            found = find_submodules(composite, assembler.path, pattern, known=places)
            for name, module in found.items():
                if name not in adapted and ("*" not in pattern or any(True for _ in module.parameters())):
                    _refuse_within(module, adapted, assembler.locate(name))
                    lora, path = assembler.adapters[pattern], assembler.locate(name)
                    inject_adapters(module, lora, path=path, seeding=assembler.seeding)
                    adapted[name] = module
        except UserError as error:
            path = pattern if "*" not in pattern else ""
            assembler.report(CompositionError(str(error), path=path, cause=error))
    layers = [layer for module in adapted.values() for _, layer in adapted_layers(module)]
    assembler.replace({id(layer.get_base_layer()): layer for layer in layers})


def _refuse_within(module: nn.Module, adapted: Mapping[str, nn.Module], path: str) -> None:
    own = set(module.modules())
    for name, other in adapted.items():
        if module is not other and own & {*other.modules()}:
            raise UserError(
                f"submodules.{path}.lora: {name} has modules in common with it; give lora to one of them"
            )
