"""A model as a graph of submodules, of what goes from one into another, and of the providers behind them."""

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["data", "submodule", "provider"]


@dataclass(frozen=True, kw_only=True)
class Node:
    """Something in a model's graph.

    Attributes:
        name: Its unique name, by which edges speak of it.
        title: What it is called.
        detail: Its class, or what was chosen.
        kind: Data, a submodule, or a provider that builds others.
        is_overridden: Whether something was put in its provider's place.
    """

    name: str
    title: str
    detail: str = ""
    kind: NodeKind = "submodule"
    is_overridden: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """What is written in it, line by line."""
        marked = ("overridden",) if self.is_overridden else ()
        return tuple(filter(None, (self.title, self.detail))) + marked


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An arrow between two nodes, with the shape of what flows.

    The label is empty where the source only builds the target, or is part of it.
    """

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelGraph:
    """A model as a graph."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def format_shape(shape: tuple[int, ...]) -> str:
    """Return a shape such as ``[2, 64]``."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"
