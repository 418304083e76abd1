"""The graph of a checked model, to be drawn."""

from collections.abc import Iterator

from nested_lightning.app.checking.drawing.model_graph import Edge, ModelGraph, Node, format_shape
from nested_lightning.app.checking.submodule_table import CheckReport
from nested_lightning.containers.checking.resolved_providers import ResolvedProvider

_MODEL, _DATA = "model", "datamodule"


def build_graph(report: CheckReport, tree: ResolvedProvider, *, title: str) -> ModelGraph:
    """Return submodules with what flows between them, and the providers behind them.

    A provider that is called like the submodule that it builds is one with it.
    """
    submodules = {row.path: row for row in report.rows if row.path and not row.same_as}
    drawn = {row.path for row in report.rows if row.path}  # one instance at two places is drawn once
    behind = [one for one in tree if one.target and not one.is_repeated and one.name not in drawn]
    nodes = [_provider_node(one, report) for one in behind] + [
        Node(
            name=path,
            title=" = ".join([path, *(other.path for other in report.rows if other.same_as == path)]),
            detail=row.class_name,
            is_overridden=row.is_overridden,
        )
        for path, row in submodules.items()
    ]
    edges = [*_flow(report), *_built(report, behind), *_needed(report, tree, behind)]
    return ModelGraph(title=title, nodes=tuple(nodes), edges=tuple(dict.fromkeys(edges)))


def _provider_node(provider: ResolvedProvider, report: CheckReport) -> Node:
    is_part = provider.name in (_MODEL, _DATA)
    return Node(
        name=provider.name,
        title=provider.name,
        detail=report.model_class if provider.name == _MODEL else provider.target,
        kind="data" if provider.name == _DATA else "submodule" if is_part else "provider",
        is_overridden=provider.is_overridden,
    )


def _flow(report: CheckReport) -> Iterator[Edge]:
    """Yield what goes from one into another or into what holds it, and from the last ones into the loss."""
    givers = {giver for giver, _ in report.edges}
    for (giver, taker), shape in report.edges.items():
        if not (giver or "").startswith(f"{taker}."):
            yield Edge(source=giver or _DATA, target=taker, label=format_shape(shape))
    for (inner, outer), shape in report.returns.items():
        yield Edge(source=inner, target=outer, label=format_shape(shape))
    for row in report.rows:
        goes_on = row.path in givers or row.same_as or _is_part(row.path, report)
        if row.path and row.outputs and not goes_on:
            yield Edge(source=row.path, target=_MODEL, label=format_shape(row.outputs[0]))


def _is_part(path: str, report: CheckReport) -> bool:
    return any(row.path and path.startswith(f"{row.path}.") for row in report.rows)


def _built(report: CheckReport, behind: list[ResolvedProvider]) -> Iterator[Edge]:
    names = {one.name for one in behind}
    for row in report.rows:
        if row.provider in names and row.path and not row.same_as:
            yield Edge(source=row.provider, target=row.path)


def _needed(report: CheckReport, tree: ResolvedProvider, behind: list[ResolvedProvider]) -> Iterator[Edge]:
    """Yield an edge from each provider that builds no submodule to the nearest one above that is drawn."""
    names = {one.name for one in behind}
    builders = {row.provider for row in report.rows}

    def visit(provider: ResolvedProvider, above: str) -> Iterator[Edge]:
        for child in provider.children:
            is_drawn = child.name in names
            if is_drawn and child.name not in (_DATA, *builders):
                yield Edge(source=child.name, target=above)
            yield from visit(child, child.name if is_drawn else above)

    yield from visit(tree, _MODEL)
