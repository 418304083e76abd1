"""``graph``: a model's providers and submodules, as a tree, as a picture, or as the Python that builds it."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nested_lightning.commands.overrides import load_overrides
from nested_lightning.commands.printing.check_report import print_findings
from nested_lightning.commands.printing.console import starting, write_file
from nested_lightning.commands.printing.graph_tree import print_tree
from nested_lightning.commands.sources import Sources

GraphFormat = Literal["tree", "mermaid", "graphviz", "svg", "python"]

_ENDINGS: dict[str, GraphFormat] = {
    ".svg": "svg",
    ".mmd": "mermaid",
    ".dot": "graphviz",
    ".gv": "graphviz",
    ".py": "python",
}


def graph(
    sources: Sources,
    format_: Annotated[
        GraphFormat | None,
        typer.Option(
            "--format", "-f", help="A tree in the terminal, a picture's text, or Python; else by the ending."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write to; else it is printed.")
    ] = None,
) -> None:
    """Show what a model is built of, and what flows through it; nothing is computed."""
    chosen = _choose(format_, output)
    settings = sources.resolve()
    with starting("Building"):
        from nested_lightning.containers.checking.model_check import check_application
        from nested_lightning.containers.checking.model_graph import build_graph
        from nested_lightning.containers.checking.resolved_providers import resolve_model
        from nested_lightning.containers.starting.bootstrapping import bootstrap, family_container

        application = bootstrap(settings, overrides=load_overrides(sources.requests))
        report = check_application(application)
        tree = resolve_model(family_container(application), makers=report.makers)
    print_findings(report)
    if not report.rows:
        raise typer.Exit(2)
    if chosen == "tree":
        print_tree(report, tree, title=settings.model)
        return
    text = (
        _python(application)
        if chosen == "python"
        else _draw(chosen, build_graph(report, tree, title=settings.model))
    )
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_file(output, text.encode(), what="graph")


def _choose(format_: GraphFormat | None, output: Path | None) -> GraphFormat:
    """Return the format that was asked for, else that of the file's ending, else a tree."""
    chosen = format_ or (_ENDINGS.get(output.suffix.lower()) if output else "tree")
    if chosen is None or (output and chosen == "tree"):
        raise typer.BadParameter(f"{output} must end in {', '.join(_ENDINGS)}, or --format name a picture")
    return chosen


def _python(application: Any) -> str:
    from nested_lightning.containers.checking.python_model import model_as_python

    with starting("Building"):
        return model_as_python(application)


def _draw(format_: GraphFormat, drawn: Any) -> str:
    from nested_lightning.app.checking.drawing.graphviz import draw_graphviz
    from nested_lightning.app.checking.drawing.mermaid import draw_mermaid
    from nested_lightning.app.checking.drawing.svg import draw_svg

    return {"mermaid": draw_mermaid, "graphviz": draw_graphviz, "svg": draw_svg}[format_](drawn)
