"""One module at several places, such as an extractor that two groups share: it is one thing to be checked."""

from collections.abc import Mapping

from torch import nn


def distinct_modules(modules: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Return each module once, by its first path."""
    first = first_paths(modules)
    return {path: module for path, module in modules.items() if first[path] == path}


def first_paths(modules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return for each path the first one at which the same module stands."""
    first: dict[int, str] = {}
    return {path: first.setdefault(id(module), path) for path, module in modules.items()}
