"""What `check` finds of a model, and what `graph` draws of it."""

import json
from dataclasses import asdict
from typing import Any

from nested_lightning import family_container
from nested_lightning.app.checking.submodule_table import CheckReport
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.model_graph import build_graph
from nested_lightning.containers.checking.resolved_providers import resolve_model
from tests.frozen.set_ups import SetUp


def record_set_up(set_up: SetUp, *, is_drawn: bool) -> dict[str, Any]:
    """Return what is found of a set-up by ``check``, and by ``graph`` where it is drawn, from one check."""
    application = set_up.application()
    report = check_application(application)
    found = {"check": _record_check(report)}
    return {**found, "graph": _record_graph(set_up.family, application, report)} if is_drawn else found


def _record_check(report: CheckReport) -> dict[str, Any]:
    """Return faults and rows, the rows by their paths."""
    return {
        "model_class": report.model_class,
        "faults": _numbered(report.faults),
        "unchecked": _numbered(report.unchecked),
        "rows": {row.path or "(own)": _plain(row) for row in report.rows},
    }


def _record_graph(title: str, application: Any, report: CheckReport) -> dict[str, Any]:
    """Return nodes by their names, and edges by what they join, whose order is left open."""
    graph = build_graph(
        report, resolve_model(family_container(application), makers=report.makers), title=title
    )
    edges = sorted((f"{edge.source} -> {edge.target}", edge.label) for edge in graph.edges)
    return {
        "title": graph.title,
        "nodes": {node.name: _plain(node) for node in graph.nodes},
        "edges": {way: [label for other, label in edges if other == way] for way, _ in edges},
    }


def _numbered(findings: Any) -> dict[str, str]:
    return {str(number): str(finding) for number, finding in enumerate(findings, start=1)}


def _plain(value: Any) -> Any:
    """Return a dataclass as JSON gives it back, a tuple as a list."""
    return json.loads(json.dumps(asdict(value)))
