"""Which modules of a model are run as one: by a fixed rule, never by timing.

Modules are stacked if at least ``min_size`` of them

- have the same class and structure, all of whose weights belong to fully connected layers, batch and layer
  normalisations and periodic embeddings; only the width of the input may differ, and is filled up with
  zeros, to at most twice as much in all;
- publish ``in_features``, learn, have no hooks, and share no weights with anything else in the model;
- aren't addressed by the policy of a single submodule;
- give, stacked, what they give one by one, for random weights and rows, in training and in evaluation; two of
  each width are tried, since nothing else distinguishes them.

The optimiser has to treat each number by itself, as torch's Adam, AdamW and SGD do.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import nn

from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.submodules.periodic import PeriodicEmbedding
from nested_lightning.app.training.parameter_groups import are_apart

_STACKABLE_LAYERS = (nn.Linear, nn.BatchNorm1d, nn.LayerNorm, PeriodicEmbedding)
_MAX_PADDING = 2.0
_NUM_TRIAL_ROWS = 5
_TOLERANCE = 1e-4
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_HOOKS = tuple(name for name in _OF_EVERY_MODULE if name.endswith("_hooks"))

Structure = tuple[object, ...]


def plan_stacks(modules: Mapping[str, nn.Module], *, min_size: int, model: nn.Module) -> list[list[str]]:
    """Return the names of the ``modules`` that can be run as one, for each stack of ``min_size`` or more.

    The ``model`` has all of them, and whatever they may share weights with; it may be on ``meta``.
    """
    uses = Counter(id(tensor) for _, tensor in model.named_parameters(remove_duplicate=False))
    alike: dict[Structure, dict[str, int]] = defaultdict(dict)
    for name, module in modules.items():
        is_shared = any(uses[id(parameter)] > 1 for parameter in module.parameters())
        structure = structure_of(module)
        if structure and not is_shared and not are_apart(module.parameters()):
            alike[structure][name] = int(module.in_features)  # type: ignore[arg-type]
    return [
        names
        for widths in alike.values()
        for names in _share_padding(widths)
        if len(names) >= min_size and _agree({widths[name]: modules[name] for name in names}.values())
    ]


def structure_of(module: nn.Module) -> Structure | None:
    """Return what modules that can be stacked with this one have in common; None: nothing can be."""
    learns = [parameter.requires_grad for parameter in module.parameters()]
    if not isinstance(getattr(module, "in_features", None), int) or not learns or not all(learns):
        return None
    entrances = [module, *_entrances(module)]
    parts = list(module.named_modules(remove_duplicate=False))
    if not all(_is_stackable(part) for _, part in parts):
        return None
    return tuple((path, type(part), *_describe(part, has_input=part in entrances)) for path, part in parts)


def _entrances(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers whose weights grow with the input: an embedding, and the first linear one."""
    for part in module.modules():
        if type(part) in (nn.Linear, PeriodicEmbedding):
            yield part
        if type(part) is nn.Linear:
            return


def _is_stackable(part: nn.Module) -> bool:
    has_tensors = any(True for _ in (*part.parameters(recurse=False), *part.buffers(recurse=False)))
    if (has_tensors and type(part) not in _STACKABLE_LAYERS) or any(getattr(part, name) for name in _HOOKS):
        return False
    if isinstance(part, nn.BatchNorm1d):
        return part.track_running_stats and part.momentum is not None
    return not isinstance(part, nn.LayerNorm) or len(part.normalized_shape) == 1


def _describe(part: nn.Module, *, has_input: bool) -> Structure:
    """Return a module's plain attributes and its tensors' shapes, without the width of the input."""
    attributes = {name: repr(value) for name, value in vars(part).items() if name not in _OF_EVERY_MODULE}
    shapes = {
        name: (tensor.dtype, *tensor.shape)
        for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
    }
    if has_input:
        embeds = isinstance(part, PeriodicEmbedding)
        for name in ("in_features", "out_features") if embeds else ("in_features",):
            attributes.pop(name, None)
        for name in PeriodicEmbedding.names if embeds else ("weight",):
            shapes[name] = shapes.get(name, ())[:-1]
    return *attributes.items(), *shapes.items()


def _share_padding(widths: Mapping[str, int]) -> list[list[str]]:
    """Return names in sets whose inputs, filled up to the widest, are at most twice as wide as without.

    The widest one begins; the next narrower ones join it as long as the limit allows.
    """
    sets: list[list[str]] = []
    widest = total = 0
    for name in sorted(widths, key=lambda name: -widths[name]):
        total += widths[name]
        if not sets or widest * (len(sets[-1]) + 1) > _MAX_PADDING * total:
            sets.append([])
            widest = total = widths[name]
        sets[-1].append(name)
    return [[name for name in widths if name in members] for members in map(set, sets)]


def _agree(modules: Iterable[nn.Module]) -> bool:
    """Return whether two of each, with other weights and without dropout, give the same stacked and alone."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        copies = [_draw_anew(copy.deepcopy(module)) for module in modules for _ in range(2)]
        stack = ModuleStack({str(index): module for index, module in enumerate(copies)})
        try:
            return all(_agree_in_mode(stack, copies, is_training=mode) for mode in (True, False))
        except Exception:  # a user's forward may fail with another shape
            return False


def _agree_in_mode(stack: ModuleStack, copies: Sequence[nn.Module], *, is_training: bool) -> bool:
    dtype = next(stack.parameters()).dtype
    inputs = [torch.randn(_NUM_TRIAL_ROWS, width, dtype=dtype, device="cpu") for width in stack.widths]
    before = list(map(structure_of, copies))
    alone = torch.stack([module.train(is_training)(x) for module, x in zip(copies, inputs, strict=True)])
    stacked = stack(inputs)
    is_close = stacked.shape == alone.shape and torch.allclose(stacked, alone, _TOLERANCE, _TOLERANCE)
    return is_close and before == list(map(structure_of, copies))


def _draw_anew(module: nn.Module) -> nn.Module:
    module.to_empty(device="cpu")
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    for buffer in module.buffers():
        buffer.fill_(1)
    for parameter in module.parameters():
        parameter.normal_(std=0.5)
    return module
