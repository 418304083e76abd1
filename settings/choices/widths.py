"""A preset that changes the widths of whatever kinds are chosen."""

from collections.abc import Mapping
from typing import Any

from nested_lightning.settings.family import Preset

WIDTHS = frozenset(
    {
        "channels",
        "conv_channels",
        "embedding_dim",
        "embedding_features",
        "hidden_channels",
        "hidden_features",
        "out_features",
        "stem_channels",
    }
)
"""Names of settings that say how wide something inside a submodule is."""


def half_as_wide(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return half of each width, at least 1, by its dotted name; settings of data are left alone."""
    return {
        name: _halved(value)
        for name, value in settings.items()
        if name.rpartition(".")[2] in WIDTHS and ".data." not in name and isinstance(value, int | list)
    }


def _halved(width: int | list[int]) -> int | list[int]:
    return [max(1, one // 2) for one in width] if isinstance(width, list) else max(1, width // 2)


HALF_WIDTH = Preset(summary="Submodules half as wide, whichever are chosen.", change=half_as_wide)
