"""A family that is named by its file, as ``my_file.py:captioner``."""

import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pytorch_lightning import LightningDataModule, LightningModule

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.own.lightning_packages import is_of_other_package
from nested_lightning.app.training.loops import has_own
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.owning.family import family
from nested_lightning.settings.family import Family

_BETWEEN_WORDS = r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?<![a-z]2)(?=[A-Z][a-z])"
"""Where one word of a class's name ends; Pix2Pix is one word."""


def family_in_file(named: str) -> Family:
    """Return the family that a file of Python has under a name, ``FILE.py:NAME``; the file is run.

    Raises:
        UserError: There is no such file or name, the file fails, or what it names is no family.
    """
    path, _, name = named.rpartition(":")
    module = _run(Path(path))
    if not hasattr(module, name):
        known = [
            one
            for one, it in vars(module).items()
            if isinstance(getattr(it, "family", None), Family) or _is_own(module, it, LightningModule)
        ]
        there = f"families and modules in it: {', '.join(known) or 'none'}"
        raise UserError(f"{path} has no '{name}'{did_you_mean(name, known)} ({there})")
    found = getattr(module, name)
    try:
        own = family_of(_unwired(module, found) if _is_lightning(found, LightningModule) else found)
    except UserError as error:
        raise UserError(f"{named}: {error}") from None
    return replace(own, origin=(family_in_file, f"{Path(path).resolve()}:{name}"))


def _unwired(module: Any, model: type[LightningModule]) -> Any:
    """Return a family of a module with nothing injected; its data are the file's datamodule, or its own.

    A datamodule that the file imports counts where it defines none.
    """
    known = [one for one in vars(module).values() if _is_lightning(one, LightningDataModule)]
    own = [one for one in known if _is_own(module, one, LightningDataModule)]
    data = own or [one for one in known if one.__name__ != LightningDataModule.__name__]
    has_loaders = has_own(model, "train_dataloader")
    if len(data) != 1 and (data or not has_loaders):
        names = ", ".join(one.__name__ for one in data) or "none"
        raise UserError(
            f"{module.__file__}: {model.__name__} needs one LightningDataModule in its file, and there is"
            f" {names}; write a wiring function that takes the one that is meant"
        )
    words = re.sub(_BETWEEN_WORDS, "-", model.__name__)
    return family(words.lower(), model=model, data=data[0] if data else None)


def _is_lightning(found: Any, base: type[Any]) -> bool:
    """Return whether this is a class of that base, of either Lightning package; one is refused later."""
    if not isinstance(found, type):
        return False
    names = {one.__name__ for one in found.__mro__}
    return issubclass(found, base) or (base.__name__ in names and is_of_other_package(found))


def _is_own(module: Any, found: Any, base: type[Any]) -> bool:
    """Return whether this is a class of that base that the file defines itself."""
    return _is_lightning(found, base) and found.__module__ == module.__name__


def _run(path: Path) -> Any:
    """Import a file under its own name, so that what is pickled in workers is found again."""
    if path.suffix != ".py" or not path.is_file():
        raise UserError(f"{path}: no such file of Python; name a family in a file as my_file.py:my_family")
    file = path.resolve()
    if (known := imported_from(file)) is not None:
        return known
    unlike = f"{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
    name = unlike if file.stem in sys.modules else file.stem
    try:
        with folder_first(file.parent):
            return _import(file, name)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:
        raise UserError(f"{path} can't be imported: {type(error).__name__}: {error}") from error


def _import(file: Path, name: str) -> ModuleType:
    spec: Any = spec_from_file_location(name, file)
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception:
        del sys.modules[name]
        raise
    return module


def imported_from(file: Path) -> ModuleType | None:
    """Return the module that a file, given by its whole path, was imported as; None: it wasn't."""
    modules = ((name, module) for name, module in [*sys.modules.items()] if name != "__main__")
    return next((module for _, module in modules if getattr(module, "__file__", None) == str(file)), None)


@contextmanager
def folder_first(folder: Path) -> Iterator[None]:
    """Find modules in a folder first; later imports find them last."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
