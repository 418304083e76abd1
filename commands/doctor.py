"""``doctor``: whether everything that a training needs is there, and what is broken."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nested_lightning.commands.options import DebugOption
from nested_lightning.commands.printing.console import console, print_finding, status_console
from nested_lightning.settings.families import families
from nested_lightning.settings.plugging.plugins import plugins

if TYPE_CHECKING:
    from nested_lightning.app.diagnosis import Finding


def doctor(
    run_dir: Annotated[
        Path, typer.Option("--run-dir", help="Folder that runs are to be written to.", show_default=True)
    ] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
    debug: DebugOption = False,
) -> None:
    """Show versions, devices, the run folder, families and plug-ins; exit with 1 if something is broken."""
    del debug
    with status_console.status("Looking"), warnings.catch_warnings():
        from nested_lightning.app.diagnosis import find_devices, find_run_folder, find_versions

        warnings.simplefilter("ignore")  # of plug-ins, which are told below
        parts = {
            "Versions": [*find_versions()],
            "Devices": [*find_devices()],
            "Folders": [find_run_folder(run_dir)],
            "Families": [*_find_families()],
            "Plug-ins": [*_find_plugins()],
        }
    if as_json:
        plain = {part: [asdict(finding) for finding in findings] for part, findings in parts.items()}
        typer.echo(json.dumps(plain, indent=2))
    else:
        for part, findings in parts.items():
            _print(part, findings)
    if any(finding.problem for findings in parts.values() for finding in findings):
        raise typer.Exit(1)
    if not as_json:
        console.print("[green]everything is fine[/]", highlight=False)


def _find_families() -> Iterator["Finding"]:
    """Yield each family; its container is imported, and all that they need."""
    from nested_lightning.app.diagnosis import Finding
    from nested_lightning.containers.providing.choices import import_target

    for family in families().values():
        problem = None
        try:
            import_target(family.container)
        except Exception as error:  # whatever a module does when it is imported
            problem = f"can't be loaded: {type(error).__name__}: {error}"
        yield Finding(subject=family.name, value=family.summary, problem=problem)


def _find_plugins() -> Iterator["Finding"]:
    from nested_lightning.app.diagnosis import Finding

    for plugin in plugins():
        value = f"{plugin.point.value} of {plugin.requirement}"
        yield Finding(subject=plugin.point.name, value=value, problem=plugin.error)


def _print(title: str, findings: list["Finding"]) -> None:
    console.print(f"[bold]{title}[/]", highlight=False)
    width = max((len(finding.subject) for finding in findings), default=0)
    for finding in findings:
        print_finding(finding.subject.ljust(width), finding.value, finding.problem)
