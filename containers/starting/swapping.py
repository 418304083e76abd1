"""Another submodule in the place of one that a checkpoint holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, RecordedOverride, read_recipe
from nested_lightning.app.checkpoints.submodule_names import find_submodules
from nested_lightning.app.errors import UserError
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.overrides.provider_paths import OverridePathError, find_provider
from nested_lightning.containers.providing.slot_paths import find_choice
from nested_lightning.containers.starting.bootstrapping import family_container, from_checkpoint, from_recipe
from nested_lightning.settings.reading.merging import difference, merge, nest


@dataclass(frozen=True, kw_only=True)
class SwapReport:
    """What a swap changed.

    Attributes:
        settings: Value before and after of each setting that differs, by dotted name; None: not there.
        num_weights: Numbers in the submodule's tensors before and after.
        num_kept: Tensors outside it, which are as they were.
        overrides: What stands in providers' places now.
    """

    settings: dict[str, tuple[Any, Any]]
    num_weights: tuple[int, int]
    num_kept: int
    overrides: tuple[RecordedOverride, ...] = ()


@checked_arguments
def swap_submodule(
    path: str | Path,
    submodule: str,
    kind: Any,
    output: str | Path,
    *,
    changes: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> SwapReport:
    """Write a checkpoint in which one submodule is another one, newly initialised by its path and the seed.

    All other weights are as they were; the state of the training is left out.

    Args:
        path: A checkpoint or an exported file.
        submodule: Path of the submodule, e.g. ``multi_feature.head``.
        kind: Registered kind that takes its place, with that kind's own defaults; or a class of yours, or
            whatever else an override may be.
        output: The checkpoint to write; nothing may be there.
        changes: Nested values put over the settings, e.g. a width of the new submodule.
        overrides: See `from_checkpoint`. An override of the submodule itself ends here.

    Raises:
        UserError: The file can't be read; there is no such submodule, or nothing to choose there; no such
            kind is registered; another submodule would have to change too; or ``output`` is there.
        SettingsError: The changes are wrong.
    """
    path, output = Path(path), Path(output)
    if output.exists():
        raise UserError(f"{output} is there already; name another file, or remove it")
    content = read_model_file(path)
    recipe = read_recipe(content, source=path)
    before = from_checkpoint(path, overrides=overrides)
    old = family_container(before).model()
    below = next(iter(find_submodules(old, before.settings().family.section, submodule, door="")))
    _refuse_uninjected(before, submodule, type(old).__name__)
    is_kind = isinstance(kind, str)
    chosen = nest(find_choice(submodule, kind)[0], {"kind": kind}) if is_kind else {}
    own = {} if is_kind else {submodule: kind}
    others = tuple(each for each in recipe.overrides if each.path != submodule)
    after = from_recipe(
        replace(recipe, overrides=others),
        changes=merge(chosen, changes or {}),
        overrides={name: one for name, one in (overrides or {}).items() if name != submodule} | own,
        source=path,
    )
    new = family_container(after).model()
    kept = _kept(content["state_dict"], new.state_dict(), _prefixes(old, below), submodule)
    new.load_state_dict(kept, strict=False)
    swapped = {"state_dict": dict(new.state_dict()), CHECKPOINT_KEY: new.recipe.json}
    AtomicCheckpointIO().save_checkpoint(swapped, output)
    return SwapReport(
        settings=difference(before.settings().to_plain(), after.settings().to_plain()),
        num_weights=(_count(old, below), _count(new, below)),
        num_kept=len(kept),
        overrides=new.recipe.overrides,
    )


def _refuse_uninjected(application: ApplicationContainer, path: str, model: str) -> None:
    """Refuse what a composite makes itself, which no provider builds."""
    try:
        is_part = find_provider(application, path) is not family_container(application).model
    except OverridePathError:
        is_part = False
    if not is_part:
        raise UserError(
            f"{path} can't be swapped, as {model} makes it itself: write a wiring function that gives it"
            " (`nested-lightning new family NAME` writes an example)"
        )


def _prefixes(model: nn.Module, below: str) -> tuple[str, ...]:
    """Return how the names of a submodule's tensors begin, one for each attribute that holds it."""
    swapped = model.get_submodule(below)
    named = model.named_modules(remove_duplicate=False)
    return tuple(f"{name}." for name, module in named if module is swapped)


def _kept(
    old: Mapping[str, Tensor], new: Mapping[str, Tensor], prefix: tuple[str, ...], path: str
) -> dict[str, Tensor]:
    """Return the weights outside the swapped submodule, which must all fit."""
    outside = {name: value for name, value in new.items() if not name.startswith(prefix)}
    names = {name for name in old if not name.startswith(prefix)}
    unlike = sorted(names ^ outside.keys())
    unlike += [name for name, value in outside.items() if name in names and old[name].shape != value.shape]
    if unlike:
        raise UserError(
            f"{path} can't be swapped alone: {unlike[0]} would have to change too; give the new submodule the"
            " width of the old one by --set"
        )
    return {name: old[name] for name in outside}


def _count(model: nn.Module, below: str) -> int:
    tensors = model.get_submodule(below).state_dict(keep_vars=True).values()
    return sum({id(one): one.numel() for one in tensors}.values())  # tied ones once
