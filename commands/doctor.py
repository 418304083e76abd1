"""``doctor``: whether everything that a training needs is there, and what is broken."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated

import typer

from nested_lightning.commands.printing.console import print_line, status_console
from nested_lightning.settings.families import families
from nested_lightning.settings.plugging.packages import plugins

if TYPE_CHECKING:
    from nested_lightning.app.diagnosis import Finding


def doctor(
    run_dir: Annotated[
        Path, typer.Option("--run-dir", help="Folder that runs are to be written to.", show_default=True)
    ] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show versions, imports, devices, folders, families and plug-ins; exit with 1 if something is broken."""
    with status_console.status("Looking"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of plug-ins, which are reported below
        parts = _look(run_dir)
    if as_json:
        plain = {part: [asdict(finding) for finding in findings] for part, findings in parts.items()}
        typer.echo(json.dumps(plain, indent=2))
    else:
        for part, findings in parts.items():
            _print(part, findings)
    if any(finding.problem for findings in parts.values() for finding in findings):
        raise typer.Exit(1)
    if not as_json:
        print_line(("everything is fine", "green"))


def _look(run_dir: Path) -> dict[str, list["Finding"]]:
    from nested_lightning.app.diagnosis import find_devices, find_imports, find_run_folder, find_versions

    imports = [*find_imports()]
    broken = {finding.subject for finding in imports if finding.problem}
    return {
        "Versions": [*find_versions()],
        "Imports": imports,
        "Devices": [] if "torch" in broken else [*find_devices()],
        "Folders": [find_run_folder(run_dir)],
        "Families": [*_find_families(in_children=bool(broken))],
        "Plug-ins": [*_find_plugins()],
    }


def _find_families(*, in_children: bool) -> Iterator["Finding"]:
    """Yield each family; its container is imported, and all that they need.

    Args:
        in_children: Whether a child process imports each, since what they need may crash this one.
    """
    from nested_lightning.app.diagnosis import Finding, find_import_problems

    known = [*families().values()]  # a wiring function has no container to import: see its plug-in
    targets = [":".join(one.container.rsplit(".", 1)) for one in known if isinstance(one.container, str)]
    problems = find_import_problems(targets) if in_children else [_import_problem(one) for one in targets]
    reasons = dict(zip(targets, problems, strict=True))
    for family in known:
        reason = reasons.get(":".join(str(family.container).rsplit(".", 1)))
        problem = None if reason is None else f"can't be loaded: {reason}"
        yield Finding(subject=family.name, value=family.summary, problem=problem)


def _import_problem(target: str) -> str | None:
    try:
        resolve_name(target)
    except Exception as error:  # whatever a module does when it is imported
        return f"{type(error).__name__}: {error}"
    return None


def _find_plugins() -> Iterator["Finding"]:
    from nested_lightning.app.diagnosis import Finding

    for plugin in plugins():
        value = f"{plugin.point.value} of {plugin.requirement}"
        yield Finding(subject=plugin.point.name, value=value, problem=plugin.error)


def _print(title: str, findings: list["Finding"]) -> None:
    print_line((title, "bold"))
    width = max((len(finding.subject) for finding in findings), default=0)
    for finding in findings:
        mark = ("✗", "bold red") if finding.problem else ("✓", "green")
        about = f" {finding.subject.ljust(width)}  {finding.value}"
        print_line("  ", mark, about, (f"  {finding.problem}" if finding.problem else "", "red"))
