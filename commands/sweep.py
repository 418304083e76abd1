"""``sweep``: search over settings, and over submodules themselves, by many trainings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.errors import UserError, unwritten_report
from nested_lightning.app.extras import require_report, require_sweep
from nested_lightning.commands.completing.completion import complete_search
from nested_lightning.commands.options import refuse_idle_address
from nested_lightning.commands.parameters import optional_parameters, with_given
from nested_lightning.commands.printing.console import (
    print_line,
    print_note,
    quiet_lightning,
    short_path,
    starting,
    status_console,
)
from nested_lightning.commands.printing.sweep_report import (
    SweepProgress,
    print_plan,
    print_sweep,
)
from nested_lightning.commands.run_training import given_again, print_command, refuse_faults
from nested_lightning.commands.sources import Sources, resolve_noted
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.reading.errors import SettingsError, checked
from nested_lightning.settings.reading.layers import Layer, lacking_overrides
from nested_lightning.settings.sweep import SWEEP, ObjectiveSettings, SweepSettings, take_sweep_sections

SearchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--search",
        metavar="SETTING=VALUES",
        help="What a setting may be: a,b,c, * for all, int:16..256:log, float:0..0.5, bool; repeatable.",
        autocompletion=complete_search,
    ),
]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option(
        "--objective",
        metavar="NAME:max|min",
        help="A value that validation logs, or parameters; else trainer.monitor; repeatable.",
    ),
]
ResumeOption = Annotated[
    Path | None, typer.Option("--resume", metavar="FOLDER", help="Go on with the sweep in a folder.")
]
FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Folder of a new sweep; else sweeps/MODEL-TIME.")
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what is searched, and about how long it takes; nothing is kept."),
]


@with_given(optional_parameters(SweepSettings, but_for=("search", "objectives")))
def sweep(
    sources: Sources,
    *,
    search: SearchOption = None,
    objective: ObjectiveOption = None,
    folder: FolderOption = None,
    resume: ResumeOption = None,
    dry_run: DryRunOption = False,
    **given: Any,
) -> None:
    """Search over settings and submodules by trials, each an ordinary training; needs the extra `sweep`."""
    if sources.requests:
        raise UserError("--override: a sweep draws registered kinds; register yours, and search SLOT.kind")
    if resume is not None:
        sources = _as_it_was(sources, resume, folder)
    with starting("Starting"):
        require_sweep()
        settings, how = _resolve(sources.layers(), search or [], {**given, "objectives": objective or None})
        refuse_idle_address(how.ray_address if resume is None else given["ray_address"], how.engine)
        quiet_lightning()
        space, how = _checked(settings, how, is_new=resume is None)
    if dry_run:
        from nested_lightning.containers.sweeping.outlook import seconds_of_an_epoch

        with status_console.status("Training the defaults for an epoch"):
            epoch_s = seconds_of_an_epoch(space.settings)
        print_plan(space, how, epoch_s=epoch_s)
        return
    _run(space, how, resume or folder or _new_folder(settings), is_resumed=resume is not None)


def _as_it_was(sources: Sources, resumed: Path, folder: Path | None) -> Sources:
    """Return sources with the settings of the sweep in a folder below all others."""
    if folder:
        raise SettingsError(["--resume says which folder: leave --folder out"])
    file = resumed / "sweep.yaml"
    if not file.is_file():
        raise UserError(f"--resume {resumed}: holds no sweep.yaml, so there is no sweep to go on with")
    return replace(sources, config=[file, *(sources.config or [])])


def _resolve(
    layers: Sequence[Layer], search: Sequence[str], given: Mapping[str, Any]
) -> tuple[ApplicationSettings, SweepSettings]:
    """Return the settings of a training without a search, and those of the sweep; options win over files."""
    values = take_sweep_sections(layers)
    if lacking := lacking_overrides(layers, ()):
        raise SettingsError(lacking)
    settings = resolve_noted(layers)
    values |= {name: value for name, value in given.items() if value is not None}
    values["search"] = {**values.get("search", {}), **dict(map(_split_search, search))}
    sweep = checked(SweepSettings, values, below=(SWEEP,))
    monitor = ObjectiveSettings(name=settings.trainer.monitor, direction=settings.trainer.monitor_mode)
    return settings, sweep if sweep.objectives else sweep.model_copy(update={"objectives": [monitor]})


def _split_search(text: str) -> tuple[str, str]:
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise SettingsError([f"--search {text}: write SETTING=VALUES, e.g. trainer.max_epochs=int:5..50"])
    return path.strip(), values


def _checked(
    settings: ApplicationSettings, sweep: SweepSettings, *, is_new: bool
) -> tuple[Any, SweepSettings]:
    """Return the space, with those kinds of ``*`` that fit; nothing is trained yet."""
    from nested_lightning.containers.starting.bootstrapping import bootstrap
    from nested_lightning.containers.sweeping.outlook import unfit_kinds
    from nested_lightning.containers.sweeping.sweep import refuse_unfit
    from nested_lightning.settings.searching.space import make_space

    space = make_space(settings, sweep.search)
    refuse_unfit(space, sweep)
    for line in space.notes if is_new else ():  # what is searched can't be changed any more
        print_note(line)
    refuse_faults(bootstrap(space.settings))
    unfit = unfit_kinds(space)
    named = [f"--search {path}: {why}" for (path, _), why in unfit.items() if sweep.search[path] != "*"]
    if named:
        raise SettingsError(named)
    search = dict(sweep.search)
    for path in dict.fromkeys(path for path, _ in unfit):
        left_out = {kind: why for (one, kind), why in unfit.items() if one == path}
        print_note(f"--search {path}=*: without {', '.join(left_out)}: {next(iter(left_out.values()))}")
        choices = next(one.choices for one in space.parameters if one.path == path)
        search[path] = [kind for kind in choices if kind not in left_out]
    return make_space(settings, search), sweep.model_copy(update={"search": search})


def _new_folder(settings: ApplicationSettings) -> Path:
    return Path("sweeps", f"{settings.model}-{datetime.now().astimezone():%Y%m%d-%H%M%S}")


def _run(space: Any, sweep: SweepSettings, folder: Path, *, is_resumed: bool) -> None:
    from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
    from nested_lightning.containers.sweeping.sweep import run_sweep

    again = ("sweep", "--resume", short_path(folder), *given_again([space.settings.model], ()))
    try:
        with SweepProgress(sweep, [one.path for one in space.parameters]) as progress:
            result = run_sweep(
                space=space,
                sweep=sweep,
                folder=folder,
                resume=is_resumed,
                reported=progress.report,
            )
    except TrainingInterruptedError as stop:
        print_line((str(stop), "bold"), ". Go on with:", on=status_console)
        print_command(*again)
        raise typer.Exit(stop.exit_status) from None
    if space.settings.trainer.use_report and sweep.storage is None:
        _write_report(folder)
    print_sweep(result, sweep)
    num_ended = sum(one.state != "running" for one in result.trials)
    if result.stopped and num_ended < sweep.trials:
        print_command(*again)
    if result.stopped:
        raise typer.Exit(1)


def _write_report(folder: Path) -> None:
    """Write the report of a sweep, which costs none of what it came to if it fails."""
    try:
        from nested_lightning.containers.reporting.comparing import report_runs

        with status_console.status("Drawing"):
            require_report()
            report_runs([folder], folder / "report.html")
    except Exception as error:
        print_note(unwritten_report(error))
