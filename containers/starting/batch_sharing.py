"""Training batches shared by another number of processes than before."""

from collections.abc import Iterator, Mapping
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.path_patterns import path_matches
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.reading.merging import flatten, merge, nest_at


def is_batch_size(name: str, settings: Mapping[str, Any], family: Family) -> bool:
    """Return whether a dotted name is that of such a size, whether it is set or not."""
    return name in [".".join(names) for names, _ in _size_settings(settings, family)]


def share_batches(settings: Mapping[str, Any], family: Family, *, before: int, now: int) -> dict[str, Any]:
    """Return the settings with which ``now`` processes share the batches that ``before`` processes shared.

    Raises:
        UserError: A batch can't be divided among that many, or no setting says how large one is.
    """
    shared = dict(settings)
    sizes = {names: size for names, size in _size_settings(settings, family) if size is not None}
    if not sizes:
        raise UserError(
            f"{before} processes trained together, and no setting of {family.section} says how large a batch"
            f" is ({', '.join(family.batch_sizes)}), by which {now} would share it: go on with {before}"
        )
    for names, size in sizes.items():
        together = size * before
        if together % now:
            raise UserError(
                f"{'.'.join(names)}: a batch of {together} samples, which {before} processes shared, can't be"
                f" shared by {now}: go on with a number of processes that divides {together}"
            )
        shared = merge(shared, nest_at(names, together // now))
    return shared


def _size_settings(settings: Mapping[str, Any], family: Family) -> Iterator[tuple[Names, Any]]:
    for names, value in flatten(settings.get(family.section, {}), (family.section,)).items():
        if any(path_matches(pattern.split("."), names[1:]) for pattern in family.batch_sizes):
            yield names, value
