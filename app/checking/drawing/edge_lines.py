"""The edges of a graph as lines of SVG.

They bend between columns alone. The last stretch of each is straight, has a height of its own and carries the
label, so that labels lie apart. Arrow heads are triangles, and nothing hides anything: not all programs know
markers and halos.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from xml.sax.saxutils import escape

from nested_lightning.app.checking.drawing.layout import GAP, Layout
from nested_lightning.app.checking.drawing.model_graph import Edge

END = 17.0
"""Pixels from the end of one edge to that of the next, at least."""
_HEAD = 7.0
"""Length of an arrow head."""
SIDE = _HEAD + 8
"""Pixels beside a label."""
_BULGE = 20.0
"""How far an edge that leads back bends out of its column."""


def draw_edges(entering: Mapping[str, Sequence[Edge]], layout: Layout) -> tuple[list[str], float]:
    """Return lines, arrow heads and labels, each once, and the height; edges that lead back run below."""
    lines: dict[str, None] = {}  # ordered, unlike a set
    height = layout.height
    for edge, end in (pair for edges in entering.values() for pair in _ends(edges, layout)):
        if layout.is_backward(edge):
            lines[_stroke(edge, _way_back(edge, layout, end, bottom=height))] = None
            height += GAP
        else:
            lines |= dict.fromkeys(_stroke(edge, path) for path in _way(edge, layout, end))
        lines |= dict.fromkeys(_tip(edge, layout, end))
    return [*lines], height


def _ends(entering: Sequence[Edge], layout: Layout) -> Iterator[tuple[Edge, float]]:
    """Yield the edges into one node, each with the height of its end; those without a label share one."""
    plain = [edge for edge in entering if not edge.label]
    groups = [[edge] for edge in entering if edge.label] + ([plain] if plain else [])
    groups.sort(key=lambda edges: fmean(layout.boxes[layout.routes[edge][-2]].middle for edge in edges))
    for place, edges in enumerate(groups):
        for edge in edges:
            yield edge, layout.boxes[edge.target].middle + (place - (len(groups) - 1) / 2) * END


def _way(edge: Edge, layout: Layout, end: float) -> Iterator[str]:
    """Yield a path for each stretch from one stop to the next; edges that part later share the first ones."""
    for one, other in pairwise(layout.routes[edge]):
        box, start = layout.boxes[one], layout.columns[one][1]
        stop = layout.columns[other][0]
        is_last = other == edge.target
        height = end if is_last else layout.boxes[other].middle
        until = layout.boxes[other].x - _HEAD if is_last else layout.boxes[other].right
        bend = (start + stop) / 2
        yield (
            f"M{box.right:.1f} {box.middle:.1f}H{start:.1f}"
            f"C{bend:.1f} {box.middle:.1f} {bend:.1f} {height:.1f} {stop:.1f} {height:.1f}H{until:.1f}"
        )


def _way_back(edge: Edge, layout: Layout, end: float, *, bottom: float) -> str:
    """Return a path to the right of the source, along the bottom, and to the left of the target."""
    box, start, stop = (
        layout.boxes[edge.source],
        layout.columns[edge.source][1],
        layout.columns[edge.target][0],
    )
    out, back, until = start + _BULGE, stop - _BULGE, layout.boxes[edge.target].x - _HEAD
    return (
        f"M{box.right:.1f} {box.middle:.1f}H{start:.1f}"
        f"C{out:.1f} {box.middle:.1f} {out:.1f} {bottom:.1f} {start:.1f} {bottom:.1f}H{stop:.1f}"
        f"C{back:.1f} {bottom:.1f} {back:.1f} {end:.1f} {stop:.1f} {end:.1f}H{until:.1f}"
    )


def _stroke(edge: Edge, path: str) -> str:
    style = f'stroke="{_colour(edge)}"' + ("" if edge.label else ' stroke-dasharray="4 4"')
    return f'<path d="{path}" fill="none" {style}/>'


def _tip(edge: Edge, layout: Layout, end: float) -> Iterator[str]:
    """Yield the arrow head, and the label before it."""
    x = layout.boxes[edge.target].x
    head = f"M{x - _HEAD:.1f} {end - _HEAD / 2:.1f}v{_HEAD}L{x:.1f} {end:.1f}z"
    yield f'<path d="{head}" fill="{_colour(edge)}"/>'
    if edge.label:
        place = f'x="{x - _HEAD - 3:.1f}" y="{end - 4:.1f}" text-anchor="end"'
        yield f'<text {place} fill="#333">{escape(edge.label)}</text>'


def _colour(edge: Edge) -> str:
    return "#555" if edge.label else "#999"
