"""Descriptions of families, kept for help without torch: in the user's cache, or by a package."""

import hashlib
import inspect
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nested_lightning.settings.describing.plain_models import model_from_plain, model_to_plain
from nested_lightning.settings.describing.walking import choices_below
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.predictor import PredictorInterface

_FORMAT = "5"
_PACKAGES = ("nested-lightning", "torch", "pytorch-lightning", "lightning", "pydantic")


def read_kept(named: str) -> Family | None:
    """Return the kept description of ``FILE.py:NAME`` or ``MODULE:NAME``, if sources and versions match.

    What a package ships counts if its sources are those that are here, whatever the versions.
    """
    for place, versions in ((place_in_package(named), {"format": _FORMAT}), (_place_of(named), _versions())):
        with suppress(Exception):  # whatever is wrong with it, it can be derived anew
            kept = json.loads(place.read_text(encoding="utf-8")) if place else {}
            is_current = versions.items() <= kept["versions"].items()
            if is_current and all(_digest_of(one) == digest for one, digest in kept["sources"].items()):
                return _from_plain(kept["family"])
    return None


def keep(named: str, family: Family, place: Path | None = None) -> None:
    """Keep the description of a family, see `read_kept`; failing to write to the user's cache isn't reported.

    Raises:
        OSError: This file can't be written.
    """
    with suppress(*(() if place else (OSError, TypeError, ValueError))):
        by_module = not named.rpartition(":")[0].endswith(".py")
        sources = {one: _digest_of(one) for one in sorted(_sources_of(family, by_module=by_module))}
        versions = {"format": _FORMAT} if place else _versions()
        kept = {"versions": versions, "sources": sources, "family": _to_plain(family)}
        text = json.dumps(kept, indent=1)
        place = place or _place_of(named)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        Path(file.name).replace(place)


def place_in_package(named: str) -> Path | None:
    """Return where a package ships the description: beside its module; None: there is no such module."""
    module, _, name = named.rpartition(":")
    file = None if module.endswith(".py") else _file_of(module)
    return file and file.with_suffix(f".{name}.json")


def _sources_of(family: Family, *, by_module: bool) -> Iterator[str]:
    """Yield what defines the wiring function, data, model, all kinds, and the bases of these.

    These are modules if ``by_module``, which may be elsewhere in another environment; else, or where a file
    can't be imported, files.
    """
    defined = [*family.defined_by, *(choice.target for choice in choices_below(family.settings))]
    classes = [base for one in defined for base in getattr(one, "__mro__", (inspect.unwrap(one),))]
    for name in {getattr(one, "__module__", "") for one in classes}:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and file.endswith(".py"):
            yield name if by_module and _file_of(name) == Path(file) else file


def _digest_of(source: str) -> str:
    """Return the digest of a file, or of the file of a module."""
    file = Path(source) if source.endswith(".py") else _file_of(source)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file else ""


def _file_of(module: str) -> Path | None:
    """Return the file of a module that could be imported, without importing it."""
    top, *below = module.split(".")
    with suppress(ImportError, ValueError):
        spec = find_spec(top)
        if spec and not below:
            return Path(spec.origin) if spec.origin else None
        for folder in (spec and spec.submodule_search_locations) or ():
            path = Path(folder, *below)
            found = [one for one in (path / "__init__.py", path.with_suffix(".py")) if one.is_file()]
            if found:
                return found[0]
    return None


@cache
def _versions() -> Mapping[str, str]:
    """Return the versions of what a description depends on."""
    found = {"format": _FORMAT, "python": sys.version}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _place_of(named: str) -> Path:
    file, _, name = named.rpartition(":")
    whole = Path(file).resolve() if file.endswith(".py") else file
    key = hashlib.sha256(f"{whole}:{name}".encode()).hexdigest()[:32]
    above = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(above) / "nested-lightning" / "families" / f"{key}.json"


def _to_plain(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "summary": family.summary,
        "defaults": dict(family.defaults),
        "presets": {
            name: {"summary": one.summary, "values": dict(one.values)} for name, one in family.presets.items()
        },
        "settings": model_to_plain(family.settings),
    }


def _from_plain(plain: dict[str, Any]) -> Family:
    return Family(
        name=plain["name"],
        summary=plain["summary"],
        settings=model_from_plain(plain["settings"]),
        container=None,
        predictor=PredictorInterface(summary="For help alone.", inputs=None),
        defaults=plain["defaults"],
        presets={name: Preset(**one) for name, one in plain["presets"].items()},
    )
