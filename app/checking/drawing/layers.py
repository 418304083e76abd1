"""In which layer, from left to right, each node of a model's graph stands."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from nested_lightning.app.checking.drawing.model_graph import ModelGraph


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
    for name in places:  # a node without inputs is placed beside its first target
        following = [layers[target] for target, sources in before.items() if name in sources]
        if following and not before[name]:
            layers[name] = min(following) - 1
    return layers


def _in_order(before: Mapping[str, set[str]], places: Mapping[str, int]) -> list[str]:
    """Return all names, each after those before it; takes edges out of circles, back to the first node."""
    while True:
        try:
            return list(TopologicalSorter(before).static_order())
        except CycleError as error:
            source, target = min(pairwise(error.args[1]), key=lambda edge: places[edge[1]])
            before[target].discard(source)
