"""Where nodes and lanes lie in a picture of a graph, in pixels from its left upper corner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph
from nested_lightning.app.checking.drawing.routes import Stop, find_layers, find_routes, list_columns

GAP = 18.0
"""Space around the picture, and between two nodes of a column."""

_LANE_GAP = 8.0
_NUM_SWEEPS = 6


@dataclass(frozen=True)
class Box:
    """Where a node or a lane lies: its left upper corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """Its height's middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A graph with its places.

    Attributes:
        routes: The stops of each edge.
        boxes: Of each node and lane; a lane is as wide as its column and has no height.
        columns: Left and right side of the column of each node and lane, the space for labels included.
    """

    routes: Mapping[Edge, tuple[Stop, ...]]
    boxes: Mapping[Stop, Box]
    columns: Mapping[Stop, tuple[float, float]]

    @property
    def width(self) -> float:
        """Of the whole picture."""
        return max(box.right for box in self.boxes.values()) + GAP

    @property
    def height(self) -> float:
        """Of the whole picture."""
        return max(box.y + box.height for box in self.boxes.values()) + GAP

    def is_backward(self, edge: Edge) -> bool:
        """Return whether an edge leads to its own column or further left, as the last of a circle does."""
        return self.columns[edge.target][0] <= self.columns[edge.source][0]


def lay_out(
    graph: ModelGraph,
    sizes: Mapping[str, tuple[float, float]],
    *,
    label_widths: Mapping[str, float],
    gap: float,
) -> Layout:
    """Return where everything lies; no two nodes touch, and no lane leads through a node.

    Args:
        graph: Nodes and edges.
        sizes: Width and height of each node by name.
        label_widths: Space that is kept free left of a node for the labels of its edges, by its name.
        gap: Space between two columns besides.
    """
    layers = find_layers(graph)
    routes = find_routes(graph, layers)
    columns = list_columns(graph, layers, routes)
    heights = {
        stop: sizes[stop][1] if isinstance(stop, str) else 0.0 for column in columns for stop in column
    }
    middles = _order_and_place(columns, heights, _joined(routes))
    boxes: dict[Stop, Box] = {}
    sides: dict[Stop, tuple[float, float]] = {}
    left = GAP
    for column in columns:
        names = [stop for stop in column if isinstance(stop, str)]
        label = max((label_widths.get(name, 0.0) for name in names), default=0.0)
        width = max((sizes[name][0] for name in names), default=0.0)
        right = left + label + width
        for stop in column:
            own = sizes[stop][0] if isinstance(stop, str) else label + width
            x = right - (width + own) / 2 if isinstance(stop, str) else left
            boxes[stop] = Box(x, middles[stop] - heights[stop] / 2, own, heights[stop])
            sides[stop] = (left, right)
        left = right + gap
    return Layout(routes=routes, boxes=boxes, columns=sides)


def _joined(routes: Mapping[Edge, Sequence[Stop]]) -> dict[Stop, list[Stop]]:
    joined: dict[Stop, list[Stop]] = {}
    for route in routes.values():
        for one, other in pairwise(route):
            joined.setdefault(one, []).append(other)
            joined.setdefault(other, []).append(one)
    return joined


def _order_and_place(
    columns: Sequence[list[Stop]], heights: Mapping[Stop, float], joined: Mapping[Stop, Sequence[Stop]]
) -> dict[Stop, float]:
    """Return the height of each stop's middle: near the mean of those that it is joined to.

    Columns are sorted by these means, and so change their order as long as others move.
    """
    middles = dict.fromkeys(heights, 0.0)
    for sweep in range(_NUM_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {stop: fmean(middles[one] for one in joined.get(stop, [stop])) for stop in column}
            column.sort(key=wanted.__getitem__)
            places = _apart([wanted[stop] for stop in column], _steps(column, heights))
            middles.update(zip(column, places, strict=True))
    top = min(middles[stop] - heights[stop] / 2 for stop in middles)
    return {stop: middle - top + GAP for stop, middle in middles.items()}


def _steps(column: Sequence[Stop], heights: Mapping[Stop, float]) -> list[float]:
    """Return how far each stop's middle lies below that of the one above it, at least; 0 for the first."""
    return [0.0, *((heights[a] + heights[b]) / 2 + _space(a, b) for a, b in pairwise(column))][: len(column)]


def _space(above: Stop, below: Stop) -> float:
    return GAP if isinstance(above, str) or isinstance(below, str) else _LANE_GAP


def _apart(wanted: Sequence[float], steps: Sequence[float]) -> list[float]:
    """Return heights near the wanted ones, in order and ``steps`` apart: midway of pushing down and up."""
    offsets = [*accumulate(steps)]
    free = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
    down, up = accumulate(free, max), reversed([*accumulate(reversed(free), min)])
    return [(low + high) / 2 + offset for low, high, offset in zip(down, up, offsets, strict=True)]
