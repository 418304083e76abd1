"""The descriptor of a family: what is known of it before torch or its container is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nested_lightning.settings.base import Settings
from nested_lightning.settings.predictor import PredictorInterface


@dataclass(frozen=True, kw_only=True, eq=False)
class Family:
    """A family of composites, described without importing it.

    Attributes:
        name: The name on the command line, e.g. ``multi-feature``.
        summary: One line for the list of models.
        settings: The model of the family's section.
        container: The family's container, or its import path.
        predictor: What its predictor takes and gives.
        defaults: Settings of the whole application that differ for this family, e.g. of the trainer.
        presets: Named sets of settings of the whole application, each with its settings nested.
        has_unused_parameters: Whether a step leaves some parameters without a gradient; DDP must know.
        batch_sizes: Where the section has sizes of a process's training batch; ``*`` stands for one name.
    """

    name: str
    summary: str
    settings: type[Settings]
    container: Any
    predictor: PredictorInterface
    defaults: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, "Preset"] = field(default_factory=dict)
    has_unused_parameters: bool = False
    batch_sizes: Sequence[str] = ("data.batch_size",)

    @property
    def section(self) -> str:
        """The name in settings, containers and paths, e.g. ``multi_feature``."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named set of settings.

    Attributes:
        summary: One line for the list of models.
        values: Settings of the whole application, nested as in a settings file.
    """

    summary: str
    values: Mapping[str, Any]
