"""A description of what a family's predictor takes and gives, from which `predict` makes its options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from nested_lightning.settings.base import Settings
from nested_lightning.settings.reading.errors import SettingsError

RECORD_FORMATS: Mapping[str, Sequence[str]] = {
    "csv": (".csv",),
    "tsv": (".tsv",),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "npz": (".npz",),
}
"""How answers are written that are a record for each sample; the first one is the default."""


def refuse_idle_options(options: Settings, **leaders: str) -> None:
    """Check that no option is set whose leader, the option that would use it, isn't set.

    Raises:
        SettingsError: One is set to no effect.
    """
    for name, leader in leaders.items():
        is_set = getattr(options, name) != type(options).model_fields[name].default
        if is_set and getattr(options, leader) is None:
            raise SettingsError([f"{name} has no effect without {leader}"])


class KeepOptions(Settings):
    """Which columns of the input are kept beside the answers."""

    keep: str | None = Field(
        None, description="Columns of the input that stand before the answers: id,name, or * for all."
    )


@dataclass(frozen=True, kw_only=True)
class InputFiles:
    """The files that a predictor reads.

    Attributes:
        name: What they are called, e.g. ``pictures``.
        description: What they may be.
        are_many: Whether several may be given, rather than one.
        are_needed: Whether there is nothing to predict without any.
    """

    name: str
    description: str
    are_many: bool = False
    are_needed: bool = True


@dataclass(frozen=True, kw_only=True)
class PredictorInterface:
    """What a family's predictor takes and gives.

    The family's container has a provider ``answers``. It is called with ``files`` (a list of paths) and with
    the options by name, and gives answers that can be written in each of the formats.

    Attributes:
        summary: What it does, in a line.
        inputs: Which files it reads; None: none, but for those that options name.
        options: What can be chosen at each call; the base `Settings` has no option.
        formats: How answers can be written, each with the endings of its files; the first one is the default.
    """

    summary: str
    inputs: InputFiles | None
    options: type[Settings] = Settings
    formats: Mapping[str, Sequence[str]] = field(default_factory=lambda: RECORD_FORMATS)

    @property
    def default_format(self) -> str:
        """The format of answers when no file's ending decides it."""
        return next(iter(self.formats))

    def find_format(self, ending: str) -> str | None:
        """Return the format of files with this ending, in any case; None: there is none."""
        found = [name for name, endings in self.formats.items() if ending.lower() in endings]
        return found[0] if found else None
