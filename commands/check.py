"""``check``: everything that is wrong with a model, before anything runs."""

from typing import Annotated

import typer

from nested_lightning.commands.overrides import load_overrides
from nested_lightning.commands.printing.check_report import print_findings, print_submodules
from nested_lightning.commands.printing.console import print_line, starting
from nested_lightning.commands.printing.data_summary import find_summary, print_data
from nested_lightning.commands.sources import Sources


def check(
    sources: Sources,
    real_batch: Annotated[
        bool, typer.Option("--real-batch", help="Compute real samples on the CPU instead.")
    ] = False,
) -> None:
    """Build the model without memory, send a batch through its steps, and list all faults and submodules."""
    settings = sources.resolve()
    with starting("Checking"):
        from nested_lightning.containers.checking.model_check import check_application
        from nested_lightning.containers.starting.bootstrapping import bootstrap

        application = bootstrap(settings, overrides=load_overrides(sources.requests))
        report = check_application(application, has_real_batch=real_batch)
        summary = find_summary(application)
    print_data(summary)
    if report.rows:
        print_submodules(report)
    print_findings(report)
    if report.faults:
        raise typer.Exit(2)
    print_line(("no fault was found", "green"))
