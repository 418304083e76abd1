"""Options that several commands share, and the settings that they make."""

from collections.abc import Mapping
from functools import partial, reduce
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.commands.completing.completion import (
    complete_device,
    complete_model,
    complete_preset,
    complete_set,
)
from nested_lightning.commands.own_families import know_families, know_family
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.merging import merge, nested, parse_assignment

_model_option = partial(
    typer.Option,
    "--model",
    "-m",
    help="Family to train, see `models`; or your own, as FILE.py:NAME.",
    autocompletion=complete_model,
)
ModelOption = Annotated[str | None, _model_option(callback=know_family)]
HelpModelOption = Annotated[str | None, _model_option()]
OwnModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="FILE.py:NAME",
        help="Your own family, if the checkpoint is of one; repeatable.",
        callback=know_families,
    ),
]
PresetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        help="Named set or change of settings, see `models`; repeatable.",
        autocompletion=complete_preset,
    ),
]
ConfigOption = Annotated[
    list[Path] | None,
    typer.Option("--config", "-c", help="YAML file of settings; repeatable, the later wins."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        help="One setting, e.g. multi_feature.head.dropout=0.2, or all that a pattern meets, "
        "e.g. 'multi_feature.**.dropout=0.2'; repeatable.",
        autocompletion=complete_set,
    ),
]
SetAllOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set-all",
        metavar="TYPE.NAME=VALUE",
        help="A setting of all that is of a type, e.g. NormalizedHead.dropout=0.2; or NAME=VALUE anywhere.",
    ),
]
OverrideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        metavar="PATH=MODULE:NAME",
        help="Put a class of yours (or FILE.py:NAME, or a registered KIND) in a provider's place; its"
        " arguments by --set PATH.ARGUMENT=VALUE; repeatable.",
    ),
]
ArgumentOption = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", help="An argument of an --override, as PATH.ARGUMENT=VALUE; repeatable."),
]
BatchSizeOption = Annotated[int | None, typer.Option("--batch-size", help="Samples of a batch.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="Seed of weights, order and dropout, and of what a sweep draws.")
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out samples that can't be used, and count them.")
]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps.", autocompletion=complete_device)
]
EngineOption = Annotated[
    Literal["lightning", "ray"],
    typer.Option("--engine", help="Who starts several processes; ray: workers of a Ray cluster."),
]
RayAddressOption = Annotated[
    str | None, typer.Option("--ray-address", help="A running Ray cluster; else workers on this machine.")
]


def best_of_run(path: Path | None) -> Path | None:
    """Return a checkpoint's file; for a run folder, the checkpoint that its results belong to.

    The folder of a cross-validation or of an exported model stays what it is.
    """
    if path is None or not path.is_dir() or is_exported(path) or folds_in(path):
        return path
    from nested_lightning.app.training.runs.run_folder import model_file_in

    return model_file_in(path)


def is_exported(path: Path) -> bool:
    """Return whether this is an exported model, see `app.exported.runtime`."""
    from nested_lightning.app.exported.runtime import is_exported

    return is_exported(path)


CheckpointArgument = Annotated[
    Path,
    typer.Argument(
        help="A checkpoint, e.g. RUN/checkpoints/best.ckpt, or a run folder: its best.", callback=best_of_run
    ),
]


def parse_assignments(texts: list[str] | None) -> dict[str, Any]:
    """Return the nested values of several ``--set``, the later over the earlier."""
    return reduce(merge, map(parse_assignment, texts or []), {})


def nest_given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that aren't None, nested by their dotted names."""
    return nested({path: value for path, value in values.items() if value is not None})


def device_options(device: str | None) -> dict[str, Any]:
    """Return the settings of the trainer that ``--device`` stands for.

    Raises:
        SettingsError: It isn't one of those that can be chosen.
    """
    if device is None:
        return {}
    accelerator, colon, index = device.partition(":")
    if not colon:
        return {"trainer.accelerator": accelerator}
    if not index.isdigit() or accelerator == "cpu":
        raise SettingsError([f"--device {device}: write cpu, cuda, mps, or one device as cuda:1"])
    return {"trainer.accelerator": accelerator, "trainer.devices": [int(index)]}


def refuse_idle_address(address: str | None, engine: str) -> None:
    """Refuse the address of a cluster that nothing trains on.

    Raises:
        SettingsError: Nothing does.
    """
    if address is not None and engine != "ray":
        raise SettingsError(["--ray-address is for --engine ray: add that, or leave it out"])
