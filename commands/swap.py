"""``swap``: another submodule in a trained model."""

from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.commands.options import (
    CheckpointArgument,
    OverrideOption,
    OwnModelOption,
    SetOption,
    parse_assignments,
)
from nested_lightning.commands.overrides import load_overrides, split_overrides
from nested_lightning.commands.printing.console import (
    print_facts,
    print_line,
    print_table,
    short_path,
    starting,
    status_console,
)
from nested_lightning.commands.run_training import given_again, print_command


def swap(
    checkpoint: CheckpointArgument,
    submodule: Annotated[str, typer.Option("--submodule", help="Its path, e.g. multi_feature.head.")],
    kind: Annotated[
        str,
        typer.Option("--with", help="What takes its place: a registered kind, see `models`, or MODULE:NAME."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Checkpoint to write; else CHECKPOINT-swapped.ckpt.")
    ] = None,
    model: OwnModelOption = None,
    set_: SetOption = None,
    override: OverrideOption = None,
) -> None:
    """Make a checkpoint with one submodule replaced and newly initialised, and all others as they were."""
    own, rest = split_overrides([f"{submodule}={kind}"] if ":" in kind else [], set_)
    requests, assignments = split_overrides(override, rest)
    target = output or checkpoint.with_name(f"{checkpoint.stem}-swapped.ckpt")
    with starting("Swapping"):
        from nested_lightning.containers.starting.swapping import swap_submodule

        report = swap_submodule(
            checkpoint,
            submodule,
            own[0].load() if own else kind,
            target,
            changes=parse_assignments(assignments),
            overrides=load_overrides(requests),
        )
    before, after = report.num_weights
    print_facts(
        short_path(target),
        {
            submodule: f"{before:,} weights before, {after:,} now, newly initialised",
            "others": f"{report.num_kept} tensors as they were",
            "training": "its state is left out",
        },
    )
    print_table(
        "Settings",
        ["setting", "before", "after"],
        [(name, str(one), str(other)) for name, (one, other) in report.settings.items()],
    )
    print_line("Train on with:", on=status_console)
    overrides = [each for each in report.overrides if not each.path.startswith("trainer.")]
    print_command("train", "--from", short_path(target), *given_again(model or [], overrides))
