"""Which components of a composite with several optimisers step in which training batches."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Turns:
    """How many batches lie between the steps of one kind of component.

    Attributes:
        every_n_batches: At least 1, by the first name of the components' paths, e.g. ``vaes`` for ``vaes.3``;
            a kind that is left out steps in each batch.
    """

    every_n_batches: dict[str, int] = field(default_factory=dict)

    def has(self, kind: str, num_batches_before: int) -> bool:
        """Return whether a kind steps in the batch after that many others."""
        return num_batches_before % self._interval(kind) == 0

    def num_steps(self, path: str, num_batches: int) -> int:
        """Return how many steps the component at ``path`` takes in that many batches."""
        return -(-num_batches // self._interval(path.partition(".")[0]))

    def _interval(self, kind: str) -> int:
        return self.every_n_batches.get(kind, 1)
