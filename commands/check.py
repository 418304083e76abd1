"""``check``: everything that is wrong with a model, before anything runs."""

from typing import Annotated

import typer

from commands.check_printing import print_findings, print_submodules
from commands.options import (
    ConfigOption,
    DebugOption,
    ModelOption,
    OverrideOption,
    PresetOption,
    SetOption,
    resolve_settings,
)
from commands.overrides import load_overrides, split_overrides
from commands.printing import console, status_console


def check(
    model: ModelOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    override: OverrideOption = None,
    real_batch: Annotated[
        bool, typer.Option("--real-batch", help="Compute two real samples on the CPU instead.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Build the model without memory, send a batch through its steps, and list all faults and submodules."""
    del debug
    requests, assignments = split_overrides(override, set_)
    settings = resolve_settings(model=model, preset=preset, config=config, set_=assignments)
    with status_console.status("Checking"):
        from containers import bootstrap
        from containers.checking import check_application

        application = bootstrap(settings, overrides=load_overrides(requests))
        report = check_application(application, has_real_batch=real_batch)
    if report.rows:
        print_submodules(report)
    print_findings(report)
    if report.faults:
        raise typer.Exit(2)
    console.print("[green]no fault was found[/]", highlight=False)
