"""Families that are given as FILE.py:NAME on the command line."""

import os

from nested_lightning.commands.completing.bash import is_completing
from nested_lightning.settings.families import know
from nested_lightning.settings.family import Family


def know_family(model: str | None) -> str | None:
    """Return the name of a family; one that is given as FILE.py:NAME is known from now on."""
    if model is None or ":" not in model:
        return model
    return know_for_help(model) if is_completing(os.environ) else _know(_load(model))


def know_for_help(model: str | None) -> str | None:
    """Do the same for help alone: what was derived before needs no torch."""
    if model is None or ":" not in model:
        return model
    from nested_lightning.settings.describing.kept_families import keep, read_kept

    family = read_kept(model)
    if family is None:
        from nested_lightning.containers.owning.source_files import sources_of

        family = _load(model)
        keep(model, family, sources_of(family))
    return _know(family)


def know_families(models: list[str] | None) -> list[str]:
    """Return the names of families; those that are given as FILE.py:NAME are known from now on."""
    return [name for name in map(know_family, models or []) if name]


def _load(model: str) -> Family:
    from nested_lightning.containers.owning.source_files import family_in_file

    return family_in_file(model)


def _know(family: Family) -> str:
    know(family)
    return family.name
