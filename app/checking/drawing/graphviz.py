"""A model's graph in Graphviz' language (https://graphviz.org/doc/info/lang.html)."""

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node

_SHAPES = {"data": "cylinder", "submodule": "box", "provider": "ellipse"}


def draw_graphviz(graph: ModelGraph) -> str:
    """Return the text of a directed graph from left to right."""
    lines = [f"digraph {_quoted(graph.title)} {{", "    rankdir=LR;", '    node [fontname="sans-serif"];']
    lines += [f"    {_node(node)};" for node in graph.nodes]
    lines += [f"    {_edge(edge)};" for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: Node) -> str:
    label = "\\n".join(map(_escaped, node.lines))
    marked = ', color="#c62828", penwidth=3' if node.is_overridden else ""
    return f'{_quoted(node.name)} [label="{label}", shape={_SHAPES[node.kind]}{marked}]'


def _edge(edge: Edge) -> str:
    style = f"label={_quoted(edge.label)}" if edge.label else "style=dashed"
    return f"{_quoted(edge.source)} -> {_quoted(edge.target)} [{style}]"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
