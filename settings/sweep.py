"""How a sweep searches: how many trials, by which sampler, what they are judged by."""

import re
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from nested_lightning.settings.base import Settings
from nested_lightning.settings.monitoring import mode_of
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer

SWEEP = "sweep"
"""The name at the top of a settings file under which it says how to sweep."""


class ObjectiveSettings(Settings):
    """What trials are judged by; as text ``NAME:max`` or ``NAME:min``."""

    name: str = Field(description="A value that validation logs, e.g. val_macro_f1; or parameters.")
    direction: Literal["min", "max"] = Field(description="Whether less or more of it is better.")

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        name, _, direction = value.rpartition(":")
        if direction in ("min", "max"):
            return {"name": name, "direction": direction}
        known = "min" if value == "parameters" else mode_of(value)
        if known is None:
            text = (
                f"--objective {value}: the name doesn't say what is better; write {value}:max or {value}:min"
            )
            raise SettingsError([text])
        return {"name": value, "direction": known}

    def __str__(self) -> str:
        return f"{self.name}:{self.direction}"


class SweepSettings(Settings):
    """How a sweep searches."""

    trials: int = Field(40, ge=1, description="Trials of the whole sweep, those of earlier parts among them.")
    jobs: int = Field(1, ge=1, description="Trials at a time, each in a process with its share of the cores.")
    sampler: Literal["tpe", "random", "grid", "cma-es"] = Field(
        "tpe", description="Who draws what a trial tries; grid: all that there is, in any order."
    )
    pruner: Literal["median", "hyperband", "none"] = Field(
        "median", description="Who ends a trial early that is worse than others were at its epoch."
    )
    objectives: list[ObjectiveSettings] = Field(
        [], description="What trials are judged by; none: trainer.monitor. Of several, a front is kept."
    )
    folds: int | None = Field(
        None, ge=2, description="Train each trial that many times, and judge it by the mean over inner folds."
    )
    keep: int = Field(3, ge=1, description="Best trials whose checkpoints are kept.")
    max_failures: int | None = Field(
        None,
        ge=0,
        description="More failed trials than that stop the sweep, to be resumed; null: any number.",
    )
    storage: str | None = Field(
        None,
        description="PostgreSQL address by which machines share a sweep; null: a file in its folder.",
    )
    engine: Literal["lightning", "ray"] = Field(
        "lightning", description="Who starts workers; ray: they are tasks of a Ray cluster."
    )
    ray_address: str | None = Field(
        None, description="A running Ray cluster; null: the engine ray has workers on this machine."
    )
    search: dict[str, Any] = Field({}, description="What each searched setting may be, by dotted name.")

    @field_validator("storage")
    @classmethod
    def _be_an_address_without_password(cls, address: str | None) -> str | None:
        if address and not re.match(r"postgres(ql)?(\+psycopg)?://", address):
            raise SettingsError(["--storage: write a PostgreSQL address, e.g. postgresql://user@host/sweeps"])
        if address and re.search(r"//[^/@]*:[^/@]*@|[?&]password=", address):
            text = (
                "--storage: sweep.yaml keeps the address, so a password can't be in it:"
                " set the variable PGPASSWORD, or write it to ~/.pgpass"
            )
            raise SettingsError([text])
        return address

    @field_validator("objectives")
    @classmethod
    def _have_names_of_their_own(cls, objectives: list[ObjectiveSettings]) -> list[ObjectiveSettings]:
        if len({one.name for one in objectives}) < len(objectives):
            raise SettingsError(["--objective: a value is named twice"])
        return objectives

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.sampler == "cma-es" and len(self.objectives) > 1:
            raise SettingsError(
                ["--sampler cma-es takes a single objective: tpe, random and grid take several"]
            )
        return self


def take_sweep_sections(layers: Sequence[Layer]) -> dict[str, Any]:
    """Take what files say of the sweep out of their layers, and return it, the later over the earlier.

    Raises:
        SettingsError: It isn't a mapping, or its search isn't.
    """
    taken: dict[str, Any] = {}
    for layer in layers:
        section = layer.values.pop(SWEEP, {})
        if not isinstance(section, dict):
            raise SettingsError([f"{layer.origin_of((SWEEP,))}: sweep has settings of its own, e.g. trials"])
        search = section.get("search") or {}
        if not isinstance(search, dict):
            place = layer.origin_of((SWEEP, "search"))
            raise SettingsError(
                [f"{place}: sweep.search has a line for each setting, e.g. trainer.max_epochs: int:5..50"]
            )
        search = {**taken.get("search", {}), **search}
        taken |= section | ({"search": search} if search else {})
    return taken
