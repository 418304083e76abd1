"""A model's graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

from collections.abc import Mapping

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node

_SHAPES = {"data": ("[(", ")]"), "submodule": ("[", "]"), "provider": ("([", "])")}
_ESCAPED = str.maketrans({mark: f"#{ord(mark)};" for mark in '#&<>"`\\;'})


def draw_mermaid(graph: ModelGraph) -> str:
    """Return the text of a flowchart from left to right."""
    ids = {node.name: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    lines += [f"    {_node(node, ids[node.name])}" for node in graph.nodes]
    lines += [f"    {_edge(edge, ids)}" for edge in graph.edges]
    lines.append("    classDef overridden stroke:#c62828,stroke-width:3px")
    if marked := [ids[node.name] for node in graph.nodes if node.is_overridden]:
        lines.append(f"    class {','.join(marked)} overridden")
    return "\n".join(lines) + "\n"


def _node(node: Node, name: str) -> str:
    opening, closing = _SHAPES[node.kind]
    text = "<br/>".join(line.translate(_ESCAPED) for line in node.lines)
    return f'{name}{opening}"{text}"{closing}'


def _edge(edge: Edge, ids: Mapping[str, str]) -> str:
    source, target = ids[edge.source], ids[edge.target]
    return (
        f'{source} -->|"{edge.label.translate(_ESCAPED)}"| {target}'
        if edge.label
        else f"{source} -.-> {target}"
    )
