"""The descriptor of a family: what is known of it before torch or its container is imported."""

from collections.abc import Callable, Mapping, Sequence
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
        container: The family's container, or its import path; None: it is described for help alone.
        predictor: What its predictor takes and gives.
        defaults: Settings of the whole application that differ for this family, e.g. of the trainer.
        presets: Named sets of settings of the whole application.
        has_unused_parameters: Whether a step leaves some parameters without a gradient; DDP must know.
        defined_by: The wiring function and the classes of data and model, of a family of one's own.
        origin: What finds it in another process, called with what follows; None: it is found by its name.
        exported: Import path of the class that answers by its exported models; None: none does.
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
    defined_by: Sequence[Any] = ()
    origin: tuple[Callable[..., "Family"], Any] | None = None
    batch_sizes: Sequence[str] = ("data.batch_size",)
    exported: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by where it is found, since it holds classes that can't be imported by name."""
        find, named = self.origin or (_find_registered, self.name)
        return find, (named,)

    @property
    def section(self) -> str:
        """The name in settings, containers and paths, e.g. ``multi_feature``."""
        return self.name.replace("-", "_")


def _find_registered(name: str) -> Family:
    from nested_lightning.settings.families import find_family  # it imports this module

    found: Any = find_family(name)
    return found


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named set of settings, or a function over settings, or both.

    Attributes:
        summary: One line for the list of models.
        values: Settings of the whole application, nested or by dotted names, patterns of such among them.
        change: Gives more of them, by dotted names, of all that are in effect when kinds are chosen, by
            dotted names too: ``lambda settings: {"trainer.max_epochs": 2 * settings["trainer.max_epochs"]}``.
    """

    summary: str
    values: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
