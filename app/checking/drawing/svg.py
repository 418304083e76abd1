"""A model's graph as an SVG picture, in layers from left to right: no other program is needed."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from xml.sax.saxutils import escape

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node

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


_CHARACTER, _LINE, _PADDING = 7.4, 17.0, 9.0
"""Pixels of a character of 12 pixels' height, from line to line, and around the text of a node."""
_LAYER_GAP = 110.0
_FILLS = {"data": "#e8f1e4", "submodule": "#e3ecf8", "provider": "#f4f2ec"}
_FONT = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12"'
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>'
)


def draw_svg(graph: ModelGraph) -> str:
    """Return the text of an SVG file."""
    boxes = place(graph, {node.name: _size(node) for node in graph.nodes}, gap=_LAYER_GAP)
    width = max(box.x + box.width for box in boxes.values()) + 2 * _PADDING
    height = max(box.y + box.height for box in boxes.values()) + 2 * _PADDING
    num_out = Counter(edge.source for edge in graph.edges if edge.label)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" {_FONT}>',
        f"<title>{escape(graph.title)}</title>",
        _ARROW,
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        *(_arrow(edge, boxes) for edge in graph.edges),
        *(_label(edge, boxes, is_fan=num_out[edge.source] > 1) for edge in graph.edges if edge.label),
        *(_node(node, boxes[node.name]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _size(node: Node) -> tuple[float, float]:
    longest = max(map(len, node.lines))
    return longest * _CHARACTER + 2 * _PADDING, len(node.lines) * _LINE + 2 * _PADDING


def _node(node: Node, box: Box) -> str:
    stroke = 'stroke="#c62828" stroke-width="3"' if node.is_overridden else 'stroke="#555"'
    radius = box.height / 2 if node.kind == "provider" else 4
    shape = (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        f' rx="{radius:.1f}" fill="{_FILLS[node.kind]}" {stroke}/>'
    )
    texts = [
        f'<text x="{box.x + box.width / 2:.1f}" y="{box.y + _PADDING + (i + 0.75) * _LINE:.1f}"'
        f' text-anchor="middle"{_weight(i)}>{escape(line)}</text>'
        for i, line in enumerate(node.lines)
    ]
    return "\n".join([shape, *texts])


def _weight(line: int) -> str:
    return ' font-weight="bold"' if line == 0 else ' fill="#444"'


def _arrow(edge: Edge, boxes: dict[str, Box]) -> str:
    source, target = boxes[edge.source], boxes[edge.target]
    start, end = source.x + source.width, target.x
    bend = max(40.0, abs(end - start) / 2)
    style = 'stroke="#555"' if edge.label else 'stroke="#999" stroke-dasharray="4 4"'
    return (
        f'<path d="M{start:.1f} {source.middle:.1f}C{start + bend:.1f} {source.middle:.1f}'
        f' {end - bend:.1f} {target.middle:.1f} {end:.1f} {target.middle:.1f}" fill="none" {style}'
        ' marker-end="url(#arrow)"/>'
    )


def _label(edge: Edge, boxes: dict[str, Box], *, is_fan: bool) -> str:
    """Write the shape where the arrow is alone: at its end where its source has several."""
    source, target = boxes[edge.source], boxes[edge.target]
    if is_fan:
        place = f'x="{target.x - 10:.1f}" y="{target.middle - 5:.1f}" text-anchor="end"'
    else:
        place = f'x="{source.x + source.width + 6:.1f}" y="{source.middle - 5:.1f}"'
    halo = 'stroke="#fff" stroke-width="4" paint-order="stroke"'
    return f'<text {place} fill="#333" {halo}>{escape(edge.label)}</text>'
