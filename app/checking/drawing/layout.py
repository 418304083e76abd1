"""Places the nodes of a graph in layers from left to right."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from nested_lightning.app.checking.drawing.model_graph import ModelGraph

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
    places = {node.name: place for place, node in enumerate(graph.nodes)}
    before: dict[str, set[str]] = {name: set() for name in places}
    for edge in graph.edges:
        before[edge.target].add(edge.source)
    layers: dict[str, int] = {}
    for name in _in_order(before, places):
        layers[name] = max((layers[source] + 1 for source in before[name]), default=0)
    for name in places:  # what nothing leads to stands next to what it leads to
        following = [layers[target] for target, sources in before.items() if name in sources]
        if following and not before[name]:
            layers[name] = min(following) - 1
    return layers


def place(graph: ModelGraph, sizes: Mapping[str, tuple[float, float]], *, gap: float) -> dict[str, Box]:
    """Return the box of each node; those of a layer are below each other, in the graph's order.

    Args:
        graph: Nodes and edges.
        sizes: Width and height of each node by name, in pixels.
        gap: Space between two layers, in pixels.
    """
    columns: dict[int, list[str]] = defaultdict(list)
    for name, layer in find_layers(graph).items():
        columns[layer].append(name)
    heights = {layer: sum(sizes[name][1] + _GAP for name in columns[layer]) for layer in columns}
    boxes: dict[str, Box] = {}
    left = _GAP
    for layer in sorted(columns):
        width = max(sizes[name][0] for name in columns[layer])
        top = _GAP + (max(heights.values()) - heights[layer]) / 2
        for name in sorted(columns[layer], key=[node.name for node in graph.nodes].index):
            boxes[name] = Box(left + (width - sizes[name][0]) / 2, top, *sizes[name])
            top += sizes[name][1] + _GAP
        left += width + gap
    return boxes


def _in_order(before: Mapping[str, set[str]], places: Mapping[str, int]) -> list[str]:
    """Return all names, each after those before it; takes edges out of circles, back to the first node."""
    while True:
        try:
            return list(TopologicalSorter(before).static_order())
        except CycleError as error:
            source, target = min(pairwise(error.args[1]), key=lambda edge: places[edge[1]])
            before[target].discard(source)
