"""A graph with awkward names, in each language that it is drawn in."""

import re
import xml.etree.ElementTree as ElementTree

from nested_lightning.app.checking.drawing.graphviz import draw_graphviz
from nested_lightning.app.checking.drawing.mermaid import draw_mermaid
from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node
from nested_lightning.app.checking.drawing.svg import draw_svg, find_layers, place

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
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in root.iter(f"{space}text")]
    assert {"data", AWKWARD, "extractor", "head", "[2, 3]", "[2, 4]", "overridden"} <= set(texts)
    assert len(root.findall(f"{space}path")) == len(GRAPH.edges)


def test_what_leads_to_a_node_stands_left_of_it_and_nothing_overlaps() -> None:
    assert find_layers(GRAPH) == {"data": 0, AWKWARD: 1, "extractor": 0, "head": 2}
    boxes = place(GRAPH, {node.name: (50.0, 20.0) for node in GRAPH.nodes}, gap=30.0)
    assert boxes["data"].x == boxes["extractor"].x
    assert abs(boxes["data"].y - boxes["extractor"].y) > 20
    assert boxes[AWKWARD].x >= boxes["data"].x + 80


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
