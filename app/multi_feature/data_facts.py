"""Facts about a table that was read, and what was guessed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nested_lightning.app.data.data_summary import counts_of
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.column_groups import Grouping
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.guessing import Guess
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.tables.table_sources import ShippedTable, TableSource


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What is known of a table that was read.

    Attributes:
        source: Where it comes from.
        spec: What a model is built from.
        objectives: What each column to predict suggested, where nobody said what it is.
        sizes: Sizes of the pictures in their files, by column.
    """

    source: TableSource
    spec: MultiFeatureDataSpec
    objectives: Mapping[str, Guess]
    sizes: Mapping[str, PictureSizes]

    def facts(self, parts: Collection[FeatureBatch], *, num_left_out: int) -> Mapping[str, Any]:
        """Return the facts, as `DataSummary` takes them."""
        spec, targets = self.spec, self.spec.targets
        pictures = {one.name: one.layout.shape for one in spec.pictures}
        in_files = {name: str(one) for name, one in self.sizes.items()}
        return {
            "rows": {"used": sum(map(len, parts)), "left out": num_left_out},
            "groups": {group.name: group.num_columns for group in spec.groups},
            **({"pictures": pictures} if pictures else {}),
            **({"in files": in_files} if in_files else {}),
            "objective": {name: self._reason(name, one.kind) for name, one in targets.items()},
            **{
                "classes" if len(targets) == 1 else f"classes of {name}": counts_of(
                    one.names, (spec.truths(part.target)[name] for part in parts)
                )
                for name, one in targets.items()
                if isinstance(one, ClassTarget)
            },
        }

    def guesses(self, grouping: Grouping) -> Sequence[str]:
        """Return the guesses, each with the setting that overrules it."""
        guess = getattr(grouping, "guess", None)
        others = {one.name: one.column_names for one in self.spec.groups if one.columns}
        lost = [
            f"column '{one.column}': {loss}"
            for one in self.spec.pictures
            if (sizes := self.sizes.get(one.column))
            for loss in sizes.losses(one.size, setting="multi_feature.data.picture_size")
        ]
        objectives = [
            f"the objective of '{column}' is {self._reason(column, kind)}; multi_feature.objective.kind"
            " says otherwise"
            for column, kind in self._uncertain()
        ]
        return [*filter(None, [others and guess and guess(others)]), *lost, *objectives]

    def _reason(self, column: str, kind: str) -> str:
        guess = self.objectives.get(column)
        return f"{kind}, since {guess.reason}" if guess else kind

    def _uncertain(self) -> Iterator[tuple[str, str]]:
        """Yield the columns of a user's that may be meant otherwise, with the kind of their objective."""
        if not isinstance(self.source, ShippedTable):
            yield from ((name, guess.kind) for name, guess in self.objectives.items() if not guess.is_sure)
