"""How ``graph`` prints a tree."""

from typing import Any

from rich.text import Text
from rich.tree import Tree

from nested_lightning.app.checking.drawing.model_graph import format_shape
from nested_lightning.commands.printing.check_report import format_shapes
from nested_lightning.commands.printing.console import Part, print_wide

_MAX_SOURCES = 3
_OVERRIDDEN: Part = ("  overridden", "red")


def print_tree(report: Any, provider: Any, *, title: str) -> None:
    """Print a `ResolvedProvider` with the submodules that it built; what is shared is expanded once."""
    rows = {row.path: row for row in report.rows if row.path}
    tree = Tree(Text.assemble((title, "bold"), f"  {report.model_class}"))
    placed: set[str] = set()
    _add(tree, provider, rows, report.edges, placed)
    for path in rows:
        if path not in placed:
            tree.add(_submodule(rows[path], report.edges))
    print_wide(tree)


def _add(tree: Tree, provider: Any, rows: dict[str, Any], edges: Any, placed: set[str]) -> None:
    for child in provider.children:
        is_one = child.name in rows and child.name not in placed
        branch = tree.add(_submodule(rows[child.name], edges) if is_one else _provider(child))
        if is_one:
            placed.add(child.name)
        _add(branch, child, rows, edges, placed)
        for path, row in rows.items():
            if path not in placed and path.startswith(f"{child.name}.") and not child.is_repeated:
                branch.add(_submodule(row, edges))
                placed.add(path)


def _provider(provider: Any) -> Text:
    return Text.assemble(
        f"{provider.name}  ",
        (provider.target, "dim"),
        _OVERRIDDEN if provider.is_overridden else "",
        ("  see above", "dim") if provider.is_repeated else "",
    )


def _submodule(row: Any, edges: Any) -> Text:
    gives = format_shapes(row.outputs).replace("\n", ", ") if row.outputs else "the steps don't call it"
    return Text.assemble(
        (row.path, "green"),
        f"  {row.class_name}  ",
        _sources(row, edges),
        " → ",
        (gives, "cyan"),
        "" if row.provider == row.path else (f"  by {row.provider}", "dim"),
        _OVERRIDDEN if row.is_overridden else "",
        (f"  the same as {row.same_as}", "dim") if row.same_as else "",
    )


def _sources(row: Any, edges: Any) -> Text:
    """Return what goes in, and from where; of many sources only the first and last are named."""
    taken = [(giver or "data", shape) for (giver, taker), shape in edges.items() if taker == row.path]
    named = [Text.assemble(f"{giver} ", (format_shape(shape), "cyan")) for giver, shape in taken]
    if len(named) > _MAX_SOURCES:
        named = [named[0], Text(f"… ({len(named)})"), named[-1]]
    return Text(" + ").join(named or [Text("…")])
