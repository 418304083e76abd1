"""The options from which every command makes its settings."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.commands.options import (
    ArgumentOption,
    BatchSizeOption,
    ConfigOption,
    DeviceOption,
    HelpModelOption,
    ModelOption,
    OverrideOption,
    OwnModelOption,
    PresetOption,
    SeedOption,
    SetAllOption,
    SetOption,
    SkipBadOption,
    device_options,
    nest_given,
)
from nested_lightning.commands.overrides import (
    OverrideRequest,
    load_overrides,
    split_arguments,
    split_overrides,
)
from nested_lightning.commands.printing.console import print_note
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer, lacking_overrides
from nested_lightning.settings.reading.loading import collect_layers, resolve_layers
from nested_lightning.settings.reading.merging import parse_assignment
from nested_lightning.settings.reading.short_options import option_layer

DataOption = Annotated[Path | None, typer.Option("--data", help="Your own file; else the data that ships.")]
LabelOption = Annotated[str | None, typer.Option("--label", help="Label column of your own file.")]
EpochsOption = Annotated[int | None, typer.Option("--epochs", help="Passes over the training part.")]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The settings and overrides that a command line gives; None: it gives none."""

    model: ModelOption = None
    preset: PresetOption = None
    config: ConfigOption = None
    set_: SetOption = None
    set_all: SetAllOption = None
    override: OverrideOption = None
    data: DataOption = None
    label: LabelOption = None
    epochs: EpochsOption = None
    batch_size: BatchSizeOption = None
    seed: SeedOption = None
    device: DeviceOption = None
    skip_bad: SkipBadOption = False

    @cached_property
    def requests(self) -> list[OverrideRequest]:
        """Each ``--override`` with its ``--set``; nothing is imported.

        Raises:
            UserError: One isn't written as it should be.
        """
        return split_overrides(self.override, self.set_)[0]

    def layers(
        self,
        *,
        options: Mapping[str, Any] | None = None,
        below: Sequence[Layer] = (),
    ) -> list[Layer]:
        """Return layers, the lowest first: defaults, presets, files, variables, ``--set``, short options.

        Args:
            options: Values of further short options by dotted name; None: not given.
            below: Layers between defaults and presets.
        """
        short = {"trainer.max_epochs": self.epochs, "seed": self.seed, **device_options(self.device)}
        of_family = {
            "data.path": str(self.data) if self.data else None,
            "data.label": self.label,
            "data.batch_size": self.batch_size,
            "data.skip_bad": self.skip_bad or None,
        }
        own = option_layer(nest_given({**short, **(options or {})}))
        _, assignments = split_overrides(self.override, self.set_)
        return collect_layers(
            model=self.model,
            presets=self.preset or [],
            config=self.config or [],
            environ=os.environ,
            assignments=[*map(_everywhere, self.set_all or []), *assignments, own],
            family_values=nest_given(of_family),
            below=below,
        )

    def resolve(self, **further: Any) -> ApplicationSettings:
        """Merge the `layers`, report matched patterns and replaced choices, and return the result.

        Raises:
            SettingsError: The settings are wrong, or those of a training with overrides that aren't given.
        """
        layers = self.layers(**further)
        if lacking := lacking_overrides(layers, [request.path for request in self.requests]):
            raise SettingsError(lacking)
        return resolve_noted(layers)


@dataclass(frozen=True, kw_only=True)
class HelpSources(Sources):
    """The same with a family as it is written; the command decides whether all of it is imported."""

    model: HelpModelOption = None


@dataclass(frozen=True, kw_only=True)
class OwnCode:
    """What is the user's own in a trained model: families, known since they were read, and parts."""

    model: OwnModelOption = None
    override: OverrideOption = None
    set_: ArgumentOption = None

    @property
    def requests(self) -> list[OverrideRequest]:
        """What each ``--override`` asks for.

        Raises:
            UserError: One isn't written as it should be, or a ``--set`` belongs to none.
        """
        return split_arguments(self.override, self.set_)

    @cached_property
    def overrides(self) -> dict[str, Any]:
        """What takes the places of providers, by path; it is imported here.

        Raises:
            UserError: See `requests`; or an override can't be imported.
        """
        return load_overrides(self.requests)


def _everywhere(text: str) -> Layer:
    """Return the layer of one ``--set-all``."""
    return Layer({"**": parse_assignment(text, option="--set-all")}, origin=f"--set-all {text}")


def resolve_noted(layers: Sequence[Layer]) -> ApplicationSettings:
    """Merge layers, report what patterns matched and which choices were replaced, and return the result."""
    notes: list[str] = []
    settings = resolve_layers(layers, notes)
    for line in notes:
        print_note(line)
    return settings
