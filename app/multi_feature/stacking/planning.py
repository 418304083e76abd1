"""Which modules of a model are run as one: by a fixed rule, never by timing.

Modules are stacked if at least ``min_size`` of them

- have the same class and structure, all of whose weights belong to fully connected layers, batch
  normalisations and layer normalisations; only the width of the input may differ, and is filled up with
  zeros, to at most twice as much in all;
- publish ``in_features``, learn, have no hooks, and share no weights with anything else in the model;
- aren't addressed by the policy of a single submodule;
- give, stacked, what they give one by one, for random weights and rows, in training and in evaluation.

The optimiser has to treat each number by itself, as torch's Adam, AdamW and SGD do.
"""

import copy
from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.multi_feature.stacking.structure import (
    STACKABLE_LAYERS,
    Part,
    are_alike,
    share_padding,
    structure_of,
)
from nested_lightning.app.training.parameter_groups import are_singled_out

_NUM_TRIAL_ROWS = 5
_TOLERANCE = 1e-4


def plan_stacks(
    modules: Mapping[str, nn.Module],
    *,
    min_size: int,
    model: nn.Module,
) -> list[list[str]]:
    """Return the names of the modules that can be run as one, for each stack.

    Args:
        modules: What may be stacked, by name.
        min_size: Modules that make a stack, at least 2.
        model: Has all of them, and whatever they may share weights with; may be on ``meta``.
    """
    names = _alone(modules, model)
    stacks = [
        stack
        for alike in _group_alike({name: modules[name] for name in names})
        for stack in share_padding({name: int(modules[name].in_features) for name in alike})  # type: ignore[arg-type]
        if len(stack) >= min_size
    ]
    return [stack for stack in stacks if _agrees({name: modules[name] for name in stack})]


def _alone(modules: Mapping[str, nn.Module], model: nn.Module) -> list[str]:
    """Return the modules that have nothing in common with others, and no policy."""
    uses = Counter(id(tensor) for _, tensor in model.named_parameters(remove_duplicate=False))
    return [
        name
        for name, module in modules.items()
        if not are_singled_out(module.parameters())
        and all(uses[id(parameter)] == 1 for parameter in module.parameters())
    ]


def _group_alike(modules: Mapping[str, nn.Module]) -> list[list[str]]:
    groups: list[tuple[list[Part], list[str]]] = []
    for name, module in modules.items():
        structure = structure_of(module)
        if structure is None:
            continue
        for known, names in groups:
            if are_alike(known, structure):
                names.append(name)
                break
        else:
            groups.append((structure, [name]))
    return [names for _, names in groups]


def _agrees(modules: Mapping[str, nn.Module]) -> bool:
    """Return whether the modules, with other weights and without dropout, give the same stacked and alone."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        copies = {name: _draw_anew(copy.deepcopy(module)) for name, module in modules.items()}
        stack = ModuleStack(copies)
        try:
            return all(_agrees_in_mode(stack, copies, is_training=mode) for mode in (True, False))
        except Exception:  # whatever a forward of one's own does with another shape
            return False


def _agrees_in_mode(stack: ModuleStack, copies: Mapping[str, nn.Module], *, is_training: bool) -> bool:
    stack.train(is_training)
    dtype = next(stack.parameters()).dtype
    inputs = [torch.randn(_NUM_TRIAL_ROWS, width, dtype=dtype, device="cpu") for width in stack.widths]
    before = [structure_of(module) for module in copies.values()]
    alone = [module.train(is_training)(x) for module, x in zip(copies.values(), inputs, strict=True)]
    after = [structure_of(module) for module in copies.values()]
    return before == after and _is_close(stack(inputs), alone)


def _is_close(stacked: Tensor, alone: Sequence[Tensor]) -> bool:
    expected = torch.stack(list(alone))
    return stacked.shape == expected.shape and torch.allclose(
        stacked, expected, rtol=_TOLERANCE, atol=_TOLERANCE
    )


def _draw_anew(module: nn.Module) -> nn.Module:
    module.to_empty(device="cpu")
    for part in module.modules():
        if isinstance(part, STACKABLE_LAYERS):
            part.reset_parameters()
        elif isinstance(part, nn.Dropout):
            part.p = 0.0
    for parameter in module.parameters():
        parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return module
