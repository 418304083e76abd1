"""The layers of a submodule from its input to its output, for rates that fall towards the input.

As in BEiT (https://arxiv.org/abs/2106.08254) and timm.
"""

from itertools import pairwise

from torch import nn

from nested_lightning.app.errors import UserError


def list_layers(module: nn.Module, *, path: str) -> list[list[nn.Parameter]]:
    """Return the parameters of each layer, those next to the input first.

    Blocks are the members, of one class, of the longest ``nn.Sequential`` or ``nn.ModuleList`` that isn't
    itself within a block; members without parameters don't count. Before them comes what is registered before
    the first, and all embeddings; after them the rest, which is the last layer.

    Raises:
        UserError: It has fewer than 2 blocks.
    """
    blocks = _find_blocks(module)
    if len(blocks) < 2:
        raise UserError(
            f"submodules.{path}.layer_decay: {type(module).__name__} has no nn.Sequential or nn.ModuleList of"
            " two or more blocks of one class, by which layers are known; leave layer_decay out"
        )
    places = {id(one): place for place, block in enumerate(blocks, 1) for one in block.parameters()}
    embeddings = [one for one in module.modules() if isinstance(one, nn.Embedding)]
    places |= {id(one): places.get(id(one), 0) for each in embeddings for one in each.parameters()}
    layers: list[list[nn.Parameter]] = [[] for _ in range(len(blocks) + 2)]
    outside = 0
    for parameter in module.parameters():
        place = places.get(id(parameter), outside)
        outside = len(blocks) + 1 if place > 0 else outside
        layers[place].append(parameter)
    return layers


def _find_blocks(module: nn.Module) -> list[nn.Module]:
    """Return the blocks of the longest list of such."""
    own = _blocks_of(module)
    if own:
        return own
    return max((_find_blocks(child) for child in module.children()), key=len, default=[])


def _blocks_of(module: nn.Module) -> list[nn.Module]:
    """Return a list's members with parameters, where these are several of one class."""
    if not isinstance(module, nn.Sequential | nn.ModuleList):
        return []
    blocks = [one for one in module if any(True for _ in one.parameters())]
    is_alike = all(type(one) is type(other) for one, other in pairwise(blocks))
    return blocks if is_alike and len(blocks) > 1 else []
