"""From the settings of a choice to what was chosen."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from lightning_fabric.utilities.exceptions import MisconfigurationException

from nested_lightning.app.assembly.calls import signature_of
from nested_lightning.app.assembly.wiring.arguments import choosing
from nested_lightning.app.assembly.wiring.making import make_here
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.training.adapters import Lora
from nested_lightning.app.training.submodule_policy import SubmodulePolicy
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.submodules import LoraSettings, SubmodulePolicySettings

_REFUSALS = (ValueError, TypeError, AssertionError, RuntimeError, ImportError, MisconfigurationException)
"""By which a constructor of Lightning's or torch's refuses its arguments."""


@cache
def import_target(path: Any) -> Any:
    """Return what an import path names, e.g. ``nested_lightning.app.submodules.heads.LinearHead``.

    What is no import path is the target itself.
    """
    if not isinstance(path, str):
        return path
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def build_chosen(choice: ChoiceSettings, *args: Any, **kwargs: Any) -> Any:
    """Call the target of a choice with the choice's settings, and with what the caller adds, e.g. widths."""
    return build_target(choice.target, choice.arguments(), *args, **kwargs)


def build_target(target: Any, settings: Mapping[str, Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a target, or what its import path names, with settings, but for those that the caller gives."""
    target = import_target(target)
    if args and (signature := signature_of(target)):
        filled = [*signature.parameters][: len(args)]
        settings = {name: value for name, value in settings.items() if name not in filled}
    return make_here(target, *args, **{**settings, **kwargs})


def build_at(path: str, choice: ChoiceSettings, *args: Any, **kwargs: Any) -> Any:
    """Build what was chosen; a fault of its values names the path of the choice.

    Raises:
        UserError: Its class refuses what it is given.
    """
    with errors_naming(path):
        try:
            return build_chosen(choice, *args, **kwargs)
        except UserError:
            raise
        except _REFUSALS as error:
            raise UserError(f"{path}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or f"its values don't go together ({type(error).__name__})"


@choosing
def build_named(
    default: Callable[..., Any], choices: Mapping[str, ChoiceSettings], name: str, *args: Any, **kwargs: Any
) -> Any:
    """Build the item ``name``: by its own choice where it has one, else by the default for all items."""
    if name in choices:
        return build_chosen(choices[name], *args, **kwargs)
    return default(*args, **kwargs)


def build_part(
    default: Callable[..., Any], items: Mapping[str, Any], part: str, name: str, *args: Any, **kwargs: Any
) -> Any:
    """Build one part, e.g. ``encoder``, of the item ``name``: by its own choice, else by the default."""
    if name in items:
        return build_chosen(getattr(items[name], part), *args, **kwargs)
    return default(*args, **kwargs)


def build_optional(choice: ChoiceSettings | None, *args: Any, **kwargs: Any) -> Any:
    """Build what was chosen, or return None where nothing was."""
    return None if choice is None else build_chosen(choice, *args, **kwargs)


def build_each(choices: Mapping[str, ChoiceSettings]) -> dict[str, Any]:
    """Build every item by its own choice, by name."""
    return {name: build_chosen(choice) for name, choice in choices.items()}


def build_callback(choices: Mapping[str, ChoiceSettings], folder: Path, name: str) -> Any:
    """Build a callback by its choice; what it writes to a relative path lies in the run folder."""
    choice: Any = choices[name]
    placed = {"dirpath": folder / (choice.dirpath or "own/checkpoints")} if hasattr(choice, "dirpath") else {}
    return build_at(f"trainer.callbacks.{name}", choice, **placed)


def build_logger(
    choices: Mapping[str, ChoiceSettings], folder: Path, runs: Mapping[str, str], name: str
) -> Any:
    """Build a logger by its choice, which goes on in its known run, if there is one."""
    path = f"trainer.loggers.{name}"
    return build_at(path, choices[name], item=name, folder=folder, run=runs.get(name))


def build_policies(policies: Mapping[str, SubmodulePolicySettings]) -> dict[str, SubmodulePolicy]:
    """Return the policy of each path."""
    return {
        path: SubmodulePolicy(**dict(_policy_arguments(path, policy))) for path, policy in policies.items()
    }


def build_adapters(policies: Mapping[str, SubmodulePolicySettings]) -> dict[str, Lora]:
    """Return what the adapters are like of each path that has some."""
    return {path: _lora(policy.lora) for path, policy in policies.items() if policy.lora is not None}


def _policy_arguments(path: str, policy: SubmodulePolicySettings) -> Iterator[tuple[str, Any]]:
    for name, value in policy:
        if isinstance(value, ChoiceSettings):
            yield name, partial(build_at, f"submodules.{path}.{name}", value)
        else:
            yield name, _lora(value) if isinstance(value, LoraSettings) else value


def _lora(settings: LoraSettings) -> Lora:
    return Lora(**dict(settings))
