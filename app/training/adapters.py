"""Low-rank adapters beside frozen layers (LoRA, https://arxiv.org/abs/2106.09685), which peft injects.

A layer's own tensors keep their names in ``state_dict``, so that files with and without adapters fit each
other; those of adapters, ``….lora_A.adapter.weight`` and the like, are there besides.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
from torch.nn.parameter import is_lazy

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.extras import require

_ADAPTER = "adapter"
_BASE = "base_layer"


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Which layers of a submodule get adapters, and what these are like.

    Attributes:
        rank: Width between the two matrices of an adapter.
        alpha: An adapter's output is multiplied by ``alpha / rank``.
        dropout: Probability that a feature is left out before an adapter, from 0 to below 1.
        targets: Names of layers, or ends of them after a dot, e.g. ``query``.
        save: Whether checkpoints hold the frozen weights too, or adapters alone.
    """

    rank: int
    alpha: float
    dropout: float
    targets: Sequence[str]
    save: Literal["whole", "adapters"] = "whole"


def inject_adapters(
    module: nn.Module, lora: Lora, *, path: str, seeding: Callable[[str], AbstractContextManager[None]]
) -> None:
    """Put adapters around layers of a submodule, in place, and freeze everything else of it.

    Adapters begin by adding zero. Those that were put there before are taken away. The submodule may be on
    ``meta``; ``seeding`` gives a context in which what is drawn follows from a path.

    Raises:
        UserError: peft isn't installed; a target names no layer, or one that can't be adapted.
    """
    require(f"submodules.{path}.lora", "pretrained", "peft")
    import peft

    take_adapters_away(module)
    layers = _find_layers(module, lora, path)
    config = peft.LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=[*layers]
    )
    try:
        peft.inject_adapter_in_model(config, module, adapter_name=_ADAPTER)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise UserError(f"submodules.{path}.lora.targets: {_refusal(layers, module, error)}") from error
    del module.peft_config  # a second injection would be stacked on it
    for name, layer in adapted_layers(module):
        with seeding(f"{path}.{name}"):
            layer.reset_lora_parameters(_ADAPTER, True)
        layer.register_state_dict_post_hook(_hide_base)
        layer.register_load_state_dict_pre_hook(_find_base)
    for one in module.modules():
        if isinstance(one, nn.TransformerEncoderLayer):
            one.activation_relu_or_gelu = 0  # its fast path reads the weights of frozen layers, past adapters


def adapted_layers(module: nn.Module) -> list[tuple[str, Any]]:
    """Return the layers around which adapters are, by the names that these layers had without."""
    return [
        (name.replace(f"{_BASE}.", ""), one)
        for name, one in module.named_modules()
        if _ADAPTER in _scaling(one)
    ]


def _scaling(layer: nn.Module) -> dict[str, float]:
    """Return the factor of each adapter at a layer, as peft keeps it; it needn't be imported to know."""
    scaling = getattr(layer, "scaling", None)
    return scaling if isinstance(scaling, dict) else {}


def is_of_adapter(name: str) -> bool:
    """Return whether a parameter or tensor of this dotted name is one of an adapter."""
    return any(part.startswith("lora_") for part in name.split("."))


def freeze_base(module: nn.Module) -> None:
    """Let no parameter of an adapted submodule learn but those of its adapters."""
    for name, parameter in module.named_parameters():
        if not is_of_adapter(name):
            parameter.requires_grad_(False)


def keep_statistics(module: nn.Module) -> None:
    """Keep the running statistics of normalisation in a submodule as they are."""
    for one in module.modules():
        if isinstance(getattr(one, "running_mean", None), Tensor):
            one.eval()


def take_adapters_away(module: nn.Module, *, is_merged: bool = False) -> None:
    """Put each layer back without its adapter, whose learning is added to it if ``is_merged``."""
    for name, layer in adapted_layers(module):
        if is_merged:
            layer.merge()
        parent, _, last = name.rpartition(".")
        setattr(module.get_submodule(parent), last, layer.get_base_layer())


def described_adapters(module: nn.Module) -> str:
    """Return in words which layers of a submodule have adapters, and how much of it learns."""
    layers = [name for name, _ in adapted_layers(module)]
    learning = sum(one.numel() for name, one in module.named_parameters() if is_of_adapter(name))
    frozen = sum(one.numel() for name, one in module.named_parameters() if not is_of_adapter(name))
    return (
        f"adapters at {counted(len(layers), 'layer')} ({name_list(layers)}): {learning:,} numbers learn"
        f" beside {frozen:,} frozen ones"
    )


def _find_layers(module: nn.Module, lora: Lora, path: str) -> dict[str, nn.Module]:
    """Return the layers that targets name, by name."""
    within = {name: one for name, one in module.named_modules() if name}
    found: dict[str, nn.Module] = {}
    for target in lora.targets:
        named = {name: one for name, one in within.items() if f".{name}".endswith(f".{target}")}
        if not named:
            raise UserError(
                f"submodules.{path}.lora.targets: no layer is called '{target}'; {_near(target, module)}"
            )
        found |= named
    for name, one in found.items():
        if reason := _unfit(one):
            raise UserError(f"submodules.{path}.lora.targets: '{name}' {reason}")
    return found


def _unfit(layer: nn.Module) -> str:
    if isinstance(layer, NonDynamicallyQuantizableLinear):
        return "is read by its MultiheadAttention past any adapter: name other layers"
    if isinstance(layer, nn.MultiheadAttention):  # peft adds and subtracts the adapter's output in each step
        return (
            "is a MultiheadAttention, whose frozen weights peft would change by rounding: name other layers"
        )
    if any(is_lazy(one) for one in layer.parameters()):
        return f"is a {type(layer).__name__}, whose size only a batch tells: give it its size"
    if _scaling(layer):
        return "has adapters of its own already: leave lora out, or those"
    return ""


def _refusal(layers: Mapping[str, nn.Module], module: nn.Module, error: Exception) -> str:
    """Return in words which layer peft refused: it takes them in their order."""
    adapted = {name for name, _ in adapted_layers(module)}
    name, layer = next(
        (each for each in layers.items() if each[0] not in adapted), next(iter(layers.items()))
    )
    kind = type(layer).__name__
    if "is not supported" not in str(error):
        return f"'{name}', a {kind}, can't have an adapter: {' '.join(str(error).split())[:200]}"
    is_block = any(True for _ in layer.children())
    what = (
        f"is a {kind}, which has layers itself" if is_block else f"is a {kind}, which can't have an adapter"
    )
    return f"'{name}' {what}; {_near(name, module, within=f'{name}.' if is_block else '')}"


def _near(target: str, module: nn.Module, *, within: str = "") -> str:
    known = [*dict.fromkeys(_adaptable(module, within))]
    near = difflib.get_close_matches(target, known, n=4, cutoff=0.5) or known[:6]
    return f"near: {', '.join(near)}" if near else "no layer there can have one"


def _adaptable(module: nn.Module, within: str) -> Iterator[str]:
    """Yield short names of layers that can have adapters, of those whose whole names begin so."""
    kinds = (nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    for name, one in module.named_modules():
        is_layer = isinstance(one, kinds) and not isinstance(one, NonDynamicallyQuantizableLinear)
        if name and name.startswith(within) and is_layer:
            last = name.rpartition(".")[2]
            yield name if last.isdecimal() else last


def _hide_base(_layer: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
    """Give the tensors of a layer the names in ``state_dict`` that they had without an adapter."""
    inner = f"{prefix}{_BASE}."
    for name in [name for name in state if name.startswith(inner)]:
        state[prefix + name.removeprefix(inner)] = state.pop(name)


def _find_base(layer: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Find tensors by these names again when they are loaded."""
    for name in [name for name in state if name.startswith(prefix)]:
        below = name.removeprefix(prefix)
        if below.partition(".")[0] not in layer._modules:
            state[f"{prefix}{_BASE}.{below}"] = state.pop(name)
