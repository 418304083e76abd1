"""In which column each node of a graph stands, and by which each edge leads: never through a node."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph


class Lane(NamedTuple):
    """A way through a layer for all edges of one source and kind that end further to the right."""

    source: str
    layer: int
    is_flow: bool


Stop = str | Lane
"""What an edge comes by: a node, by its name, or a lane."""


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


def find_routes(graph: ModelGraph, layers: Mapping[str, int]) -> dict[Edge, tuple[Stop, ...]]:
    """Return the stops of each edge, from its source to its target.

    One that leads to the left, as the last of a circle does, has these two alone.
    """
    routes: dict[Edge, tuple[Stop, ...]] = {}
    for edge in graph.edges:
        between = range(layers[edge.source] + 1, layers[edge.target])
        lanes = (Lane(edge.source, layer, bool(edge.label)) for layer in between)
        routes[edge] = (edge.source, *lanes, edge.target)
    return routes


def list_columns(
    graph: ModelGraph, layers: Mapping[str, int], routes: Mapping[Edge, Sequence[Stop]]
) -> list[list[Stop]]:
    """Return the stops of each layer: its nodes in the graph's order, then its lanes."""
    columns: list[dict[Stop, None]] = [{} for _ in range(max(layers.values()) + 1)]
    for node in graph.nodes:
        columns[layers[node.name]][node.name] = None
    for stop in (stop for route in routes.values() for stop in route):
        if isinstance(stop, Lane):
            columns[stop.layer][stop] = None
    return [[*column] for column in columns]
