"""A graph with awkward names, in each language that it is drawn in."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from operator import mul

import pytest

from nested_lightning.app.checking.drawing.graphviz import draw_graphviz
from nested_lightning.app.checking.drawing.layout import lay_out
from nested_lightning.app.checking.drawing.mermaid import draw_mermaid
from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node
from nested_lightning.app.checking.drawing.routes import find_layers
from nested_lightning.app.checking.drawing.svg import draw_svg

SVG = "{http://www.w3.org/2000/svg}"
AWKWARD = 'a "b" <c> & #1; \\n|`'
GRAPH = ModelGraph(
    title=AWKWARD,
    nodes=(
        Node(name="data", title="data", kind="data"),
        Node(name=AWKWARD, title=AWKWARD, detail="Linear", is_overridden=True),
        Node(name="extractor", title="extractor", kind="provider"),
        Node(name="head", title="head", detail="Head"),
    ),
    edges=(
        Edge(source="data", target=AWKWARD, label="[2, 3]"),
        Edge(source=AWKWARD, target="head", label="[2, 4]"),
        Edge(source="extractor", target=AWKWARD),
        Edge(source="head", target="data"),  # a circle
    ),
)


def test_mermaid_has_each_node_once_and_escapes_what_it_would_read() -> None:
    lines = draw_mermaid(GRAPH).splitlines()
    assert lines[0] == "flowchart LR"
    assert [line.split("[")[0].strip() for line in lines[1:5]] == ["n0", "n1", "n2(", "n3"]
    (text,) = re.findall(r'n1\["(.*)"\]', lines[2])
    assert not set(text.replace("<br/>", "")) & set('"<>&`\\')
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text).startswith(AWKWARD)
    assert '    n0 -->|"[2, 3]"| n1' in lines
    assert "    n2 -.-> n1" in lines
    assert lines[-1] == "    class n1 overridden"


def test_graphviz_quotes_names_so_that_they_can_be_read_back() -> None:
    text = draw_graphviz(GRAPH)
    quoted = r'"((?:[^"\\]|\\.)*)"'
    edges = re.findall(rf"^    {quoted} -> {quoted} \[(.*)\];$", text, re.MULTILINE)
    names = [(_unescaped(source), _unescaped(target)) for source, target, _ in edges]
    assert names == [(edge.source, edge.target) for edge in GRAPH.edges]
    assert edges[0][2] == 'label="[2, 3]"'
    assert text.count("shape=") == len(GRAPH.nodes)
    assert re.sub(quoted, "", text).count('"') == 0


def test_svg_is_well_formed_and_shows_every_node_label_and_mark() -> None:
    root = ElementTree.fromstring(draw_svg(GRAPH))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"data", AWKWARD, "extractor", "head", "[2, 3]", "[2, 4]", "overridden"} <= set(texts)
    assert len(root.findall(f"{SVG}path[@fill='none']")) == len(GRAPH.edges)


def test_what_leads_to_a_node_stands_left_of_it_and_nothing_overlaps() -> None:
    assert find_layers(GRAPH) == {"data": 0, AWKWARD: 1, "extractor": 0, "head": 2}
    boxes = lay_out(GRAPH, {node.name: (50.0, 20.0) for node in GRAPH.nodes}, label_widths={}, gap=30.0).boxes
    assert boxes["data"].x == boxes["extractor"].x
    assert abs(boxes["data"].y - boxes["extractor"].y) > 20
    assert boxes[AWKWARD].x >= boxes["data"].x + 80


@dataclass(frozen=True)
class Rectangle:
    """Part of a picture."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Rectangle") -> bool:
        """Return whether the two have more than an edge in common."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 0.5 and min(self.bottom, other.bottom) - max(self.top, other.top) > 0.5

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point lies within it."""
        return self.left + 0.5 < x < self.right - 0.5 and self.top < y < self.bottom


@pytest.mark.parametrize("num_vaes", [1, 2, 10])
def test_svg_of_many_parts_has_labels_apart_and_edges_that_end_at_boxes(num_vaes: int) -> None:
    root = ElementTree.fromstring(draw_svg(_several_vaes(num_vaes)))
    boxes = [_rectangle(element) for element in [*root.iter(f"{SVG}rect")][1:]]
    labels = [_label(element) for element in root.iter(f"{SVG}text") if element.get("text-anchor") == "end"]
    lines = [_points(element.get("d", "")) for element in root.iter(f"{SVG}path") if element.get("stroke")]
    heads = [
        _points(element.get("d", "")) for element in root.iter(f"{SVG}path") if not element.get("stroke")
    ]

    assert len(labels) == 6 * num_vaes + 2
    assert not any(one.meets(other) for one, other in combinations([*labels, *boxes], 2))
    assert not any(part.holds(*point) for points in lines for point in points for part in [*labels, *boxes])
    tips = [max(points) for points in heads]
    assert all(any(_touches(tip, box) for box in boxes) for tip in tips)


def _several_vaes(number: int) -> ModelGraph:
    """Return a graph with long edges, several edges into one node, and providers."""
    edges = [Edge(source="discriminator", target="model", label="[2]")]
    edges += [Edge(source="data", target="discriminator", label="[2, 1, 8, 8]")]
    for name in map(str, range(number)):
        chain = ("data", f"{name}.encoder", f"{name}.sampler", f"{name}.decoder", name, "discriminator")
        edges += [Edge(source=one, target=other, label="[2, 256]") for one, other in pairwise(chain)]
        edges += [Edge(source="data", target=f"{name}.decoder", label="[2, 512]")]
        edges += [Edge(source="decoder", target=f"{name}.decoder"), Edge(source="optimizer", target="model")]
    names = dict.fromkeys(name for edge in edges for name in (edge.source, edge.target))
    nodes = [Node(name=name, title=name, detail="Sequential") for name in names]
    return ModelGraph(title="drawn", nodes=tuple(nodes), edges=tuple(dict.fromkeys(edges)))


def _rectangle(element: ElementTree.Element) -> Rectangle:
    x, y, width, height = (float(element.get(name, "")) for name in ("x", "y", "width", "height"))
    return Rectangle(x, y, x + width, y + height)


def _label(element: ElementTree.Element) -> Rectangle:
    x, y = float(element.get("x", "")), float(element.get("y", ""))
    return Rectangle(x - 7.2 * len(element.text or ""), y - 9, x, y)


def _points(path: str) -> list[tuple[float, float]]:
    """Return points along a path of M, H, v, L and C, several on each curve."""
    points: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([MHvLC])([^MHvLCz]*)", path):
        numbers = [float(number) for number in rest.split()]
        if command == "C":
            points += _curve(points[-1], numbers)
        elif command == "H":
            points.append((numbers[0], points[-1][1]))
        elif command == "v":
            points.append((points[-1][0], points[-1][1] + numbers[0]))
        else:
            points.append((numbers[0], numbers[1]))
    return points


def _curve(start: tuple[float, float], numbers: list[float]) -> Iterator[tuple[float, float]]:
    for share in (i / 10 for i in range(1, 11)):
        weights = (
            (1 - share) ** 3,
            3 * share * (1 - share) ** 2,
            3 * share**2 * (1 - share),
            share**3,
        )
        xs, ys = (start[0], *numbers[::2]), (start[1], *numbers[1::2])
        yield sum(map(mul, weights, xs)), sum(map(mul, weights, ys))


def _touches(tip: tuple[float, float], box: Rectangle) -> bool:
    return abs(tip[0] - box.left) < 0.2 and box.top < tip[1] < box.bottom


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
