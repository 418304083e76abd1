"""What a check of a composite comes to."""

from dataclasses import dataclass, field

from nested_lightning.app.checking.findings import Fault, Unchecked
from nested_lightning.app.checking.submodule_table import Shape, SubmoduleRow


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Everything that was found and seen.

    Attributes:
        faults: What is wrong; none: the model can be trained.
        unchecked: What couldn't be looked at on ``meta``.
        model_class: Name of the composite's class; empty where it couldn't be built.
        rows: The submodules; empty where the composite couldn't be built.
        notes: What is no fault, and good to know.
        edges: Shape of what goes from one submodule into another, by both paths; from None: from the batch.
    """

    faults: tuple[Fault, ...]
    unchecked: tuple[Unchecked, ...] = ()
    model_class: str = ""
    rows: tuple[SubmoduleRow, ...] = ()
    notes: tuple[str, ...] = ()
    edges: dict[tuple[str | None, str], Shape] = field(default_factory=dict)
