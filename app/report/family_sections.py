"""What a family adds to the report of a model: sections of its own, and its samples one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from nested_lightning.app.data.splits import PartName
from nested_lightning.app.report.contents import SectionMaker
from nested_lightning.app.report.scores import Resampling


@dataclass(frozen=True, kw_only=True)
class SampleErrors:
    """How wrong a model is of each sample, to be compared with another model.

    Attributes:
        samples: What identifies each sample: its place and what is true of it.
        errors: 0 where it is right; the larger the worse.
        of: What the errors are.
    """

    samples: Sequence[Any]
    errors: Sequence[float]
    of: str


@runtime_checkable
class FamilySections(Protocol):
    """What the provider ``report_sections`` of a family makes.

    It can be replaced by a class of the user's; a family of one file has `OwnSections` by default.

    Args:
        model: The trained composite.
        datamodule: The data; None: the module has loaders of its own.
        predictor: Answers by the composite; None: of a one-file family.
    """

    def __init__(self, *, model: Any, datamodule: Any, predictor: Any) -> None: ...

    def sections(self, part: PartName) -> Mapping[str, SectionMaker]:
        """Return what makes each section, by its title, for a part of the data."""
        del part
        return {}

    def resampling(self, part: PartName) -> Resampling | None:
        """Return what scores some samples of a part; None: they can't be scored alone."""
        del part
        return None

    def sample_errors(self, part: PartName) -> SampleErrors | None:
        """Return the errors of the samples of a part; None: there are none of single samples."""
        del part
        return None


@dataclass(kw_only=True)
class OwnSections(FamilySections):
    """No further sections: the default of a family of one file."""

    model: Any
    datamodule: Any
    predictor: Any = None
