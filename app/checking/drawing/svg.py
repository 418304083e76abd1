"""A model's graph as an SVG picture, in columns from left to right: no other program is needed."""

from xml.sax.saxutils import escape

from nested_lightning.app.checking.drawing.edge_lines import END, SIDE, draw_edges
from nested_lightning.app.checking.drawing.layout import Box, lay_out
from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node

_CHARACTER, _LINE, _PADDING = 7.4, 17.0, 9.0
"""Pixels of a character of 12 pixels' height, from line to line, and around the text of a node."""
_BEND = 80.0
"""Pixels between columns, where edges bend."""
_FILLS = {"data": "#e8f1e4", "submodule": "#e3ecf8", "provider": "#f4f2ec"}
_FONT = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12"'


def draw_svg(graph: ModelGraph) -> str:
    """Return the text of an SVG file."""
    entering: dict[str, list[Edge]] = {node.name: [] for node in graph.nodes}
    for edge in graph.edges:
        entering[edge.target].append(edge)
    layout = lay_out(
        graph,
        {node.name: _size(node, entering[node.name]) for node in graph.nodes},
        label_widths={name: _label_width(edges) for name, edges in entering.items()},
        gap=_BEND,
    )
    lines, height = draw_edges(entering, layout)
    width = layout.width
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" {_FONT}>',
        f"<title>{escape(graph.title)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        *lines,
        *(_node(node, layout.boxes[node.name]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _size(node: Node, entering: list[Edge]) -> tuple[float, float]:
    """Return width and height: all lines of text find room, and the ends of all edges."""
    longest = max(map(len, node.lines))
    num_ends = sum(bool(edge.label) for edge in entering) + any(not edge.label for edge in entering)
    height = max(len(node.lines) * _LINE + 2 * _PADDING, (num_ends + 1) * END)
    return longest * _CHARACTER + 2 * _PADDING, height


def _label_width(entering: list[Edge]) -> float:
    return max((len(edge.label) for edge in entering), default=0) * _CHARACTER + SIDE


def _node(node: Node, box: Box) -> str:
    stroke = 'stroke="#c62828" stroke-width="3"' if node.is_overridden else 'stroke="#555"'
    radius = min(26.0, box.height / 2) if node.kind == "provider" else 4
    shape = (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        f' rx="{radius:.1f}" fill="{_FILLS[node.kind]}" {stroke}/>'
    )
    top = box.middle - len(node.lines) * _LINE / 2
    texts = [
        f'<text x="{box.x + box.width / 2:.1f}" y="{top + (i + 0.75) * _LINE:.1f}"'
        f' text-anchor="middle"{_weight(i)}>{escape(line)}</text>'
        for i, line in enumerate(node.lines)
    ]
    return "\n".join([shape, *texts])


def _weight(line: int) -> str:
    return ' font-weight="bold"' if line == 0 else ' fill="#444"'
