"""Places the nodes of a graph in layers from left to right (Sugiyama, Tagawa and Toda 1981)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph

_SWEEPS = 8
_GAP = 18.0


@dataclass(frozen=True)
class Box:
    """Where a node lies, in pixels: its left upper corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Its height's middle."""
        return self.y + self.height / 2


def find_layers(graph: ModelGraph) -> dict[str, int]:
    """Return the layer of each node: right of all that lead to it, and no further left than it must.

    Edges that would close a circle are left out of account.
    """
    forward = _without_circles(graph)
    layers = {node.name: 0 for node in graph.nodes}
    for _ in graph.nodes:
        moved = False
        for edge in forward:
            if layers[edge.target] <= layers[edge.source]:
                layers[edge.target], moved = layers[edge.source] + 1, True
        if not moved:
            break
    for node in graph.nodes:  # what nothing leads to stands next to what it leads to
        following = [layers[edge.target] for edge in forward if edge.source == node.name]
        if following and not any(edge.target == node.name for edge in forward):
            layers[node.name] = min(following) - 1
    return layers


def place(graph: ModelGraph, sizes: Mapping[str, tuple[float, float]], *, gap: float) -> dict[str, Box]:
    """Return the box of each node.

    Args:
        graph: Nodes and edges.
        sizes: Width and height of each node by name, in pixels.
        gap: Space between two layers, in pixels.
    """
    layers = find_layers(graph)
    columns = _ordered_columns(graph, layers)
    heights = [sum(sizes[name][1] + _GAP for name in column) for column in columns]
    boxes: dict[str, Box] = {}
    left = _GAP
    for column, height in zip(columns, heights, strict=True):
        width = max(sizes[name][0] for name in column)
        top = _GAP + (max(heights) - height) / 2
        for name in column:
            boxes[name] = Box(left + (width - sizes[name][0]) / 2, top, *sizes[name])
            top += sizes[name][1] + _GAP
        left += width + gap
    return boxes


def _ordered_columns(graph: ModelGraph, layers: Mapping[str, int]) -> list[list[str]]:
    """Return the names in each layer from top to bottom, each near the middle of its neighbours."""
    columns: dict[int, list[str]] = defaultdict(list)
    for node in graph.nodes:
        columns[layers[node.name]].append(node.name)
    ordered = [columns[layer] for layer in sorted(columns)]
    neighbours: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    for _ in range(_SWEEPS):
        ranks = {name: i / len(column) for column in ordered for i, name in enumerate(column)}
        for column in ordered:
            column.sort(key=lambda name: _mean([ranks[other] for other in neighbours[name]], ranks[name]))
    return ordered


def _without_circles(graph: ModelGraph) -> list[Edge]:
    after: dict[str, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        after[edge.source].append(edge)
    kept: list[Edge] = []
    done: set[str] = set()

    def visit(name: str, above: frozenset[str]) -> None:
        if name in done:
            return
        for edge in after[name]:
            if edge.target not in above:
                kept.append(edge)
                visit(edge.target, above | {edge.target})
        done.add(name)

    for node in graph.nodes:
        visit(node.name, frozenset({node.name}))
    return kept


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
