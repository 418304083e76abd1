"""Which adapter stands in front of a variant's decoder."""

from collections.abc import Callable, Mapping
from typing import Any

from nested_lightning.app.variant.spec import VariantDataSpec
from nested_lightning.containers.providing.choices import build_named
from nested_lightning.settings.base import ChoiceSettings


def build_adapter(
    token_adapter: Callable[..., Any],
    vector_adapter: Callable[..., Any],
    choices: Mapping[str, ChoiceSettings],
    data_spec: VariantDataSpec,
    name: str,
    **kwargs: Any,
) -> Any:
    """Build the adapter of the variant ``name``: its own choice, else the default for what it consists of.

    The defaults are ``token_adapter`` for characters and tokens, and ``vector_adapter``; ``kwargs`` are
    passed on, and to a pretrained encoder what its tokenizer puts around a text.
    """
    each = data_spec.find(name)
    around = {"before": each.pieces.before, "after": each.pieces.after} if each.pieces else {}
    default = vector_adapter if each.kind == "vectors" else token_adapter
    return build_named(default, choices, name, **around, **kwargs)
