"""Where a text decoder looks while it writes.

Shapes: B pictures, T tokens, P places of a grid of h×w.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, PAD

WordMap = tuple[str, Tensor]
"""A token, and the weights of the places of the picture, [h, w], which sum to 1."""


@torch.inference_mode()
def attention_maps(model: ImageToText, pictures: Tensor) -> Sequence[Sequence[WordMap]] | None:
    """Return where the decoder looks for each token of each picture's caption, the mean of its layers.

    Args:
        model: Its decoder attends by modules that have a method ``attention_weights`` with the arguments of
            ``forward``, which returns [B, T, P].
        pictures: [B, 3, S, S], uint8.

    Returns:
        None: The decoder attends to no places.
    """
    pictures = pictures.to(model.device)
    tokens = model.generate(pictures).tokens
    begun = torch.cat([tokens.new_full((len(tokens), 1), BEGIN), tokens[:, :-1]], dim=1)
    grids: list[Tensor] = []
    seen: dict[str, list[Tensor]] = {}
    with ExitStack() as stack:
        stack.enter_context(
            model.image_encoder.register_forward_hook(lambda _module, _inputs, output: grids.append(output))
        )
        for name, module in model.text_decoder.named_modules():
            if hasattr(module, "attention_weights") and not name.endswith("self_attention"):
                weigh = _weighing(seen.setdefault(name, []))
                stack.enter_context(module.register_forward_pre_hook(weigh))
        model(pictures, begun)
    height, width = grids[0].shape[2:] if grids and grids[0].ndim == 4 else (0, 0)
    found = [torch.cat(weights, dim=1) for weights in seen.values() if weights]
    if not found or any(one.shape[2] != height * width for one in found):
        return None
    maps = torch.stack(found).mean(dim=0).unflatten(2, (height, width)).cpu()
    words = model.vocabulary.tokens
    return [
        [(words[one], where) for one, where in zip(row, places, strict=True) if one not in (END, PAD)]
        for row, places in zip(tokens.tolist(), maps, strict=True)
    ]


def _weighing(weights: list[Tensor]) -> Callable[[Any, Any], None]:
    """Return a hook that notes what a module of attention weighs its inputs by."""
    return lambda module, inputs: weights.append(module.attention_weights(*inputs))
