"""The groups of features that a composite is given, brought into its own order.

Shapes: B rows of a batch, G groups, F_g features of a group.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nested_lightning.app.errors import UserError

Features = Mapping[str, Tensor | None] | Sequence[Tensor | None]
"""One tensor for each group, by name or in the groups' order; None: the group is missing in every row."""


def tensors_by_group(features: Features, names: Sequence[str]) -> dict[str, Tensor | None]:
    """Return the tensors of the groups in the order of their names.

    Raises:
        UserError: A group is unknown or not given, or there are more or fewer than names.
    """
    if not isinstance(features, Mapping):
        if len(features) != len(names):
            raise UserError(
                f"{len(features)} groups were given, but there are {len(names)} feature extractors: "
                + ", ".join(names)
            )
        return dict(zip(names, features, strict=True))
    if tuple(features) == tuple(names):
        return dict(features)
    unknown = [name for name in features if name not in names]
    missing = [name for name in names if name not in features]
    if unknown or missing:
        raise UserError(
            f"groups {', '.join(names)} are needed; unknown: {', '.join(unknown) or 'none'}; "
            f"not given: {', '.join(missing) or 'none'} (give None for a group that is missing)"
        )
    return {name: features[name] for name in names}


def mask_missing(tensors: Mapping[str, Tensor | None], presence: Tensor | None, *, like: Tensor) -> Tensor:
    """Return the presence mask, [B, G], with the groups that are None left out.

    Args:
        tensors: By group, in order.
        presence: [B, G], bool; None: every group that isn't None is there.
        like: A tensor of B rows on the same device.
    """
    given = torch.tensor([tensor is not None for tensor in tensors.values()], device=like.device)
    whole = given.expand(len(like), -1)
    return whole if presence is None else presence & whole
