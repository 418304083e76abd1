"""Descriptions of families that are given by file, kept in the user's cache for help without torch."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nested_lightning.settings.describing.plain_models import model_from_plain, model_to_plain
from nested_lightning.settings.family import Family
from nested_lightning.settings.predictor import PredictorInterface

_FORMAT = 1
_PACKAGES = ("nested-lightning", "torch", "pytorch-lightning", "lightning", "pydantic")


def read_kept(named: str) -> Family | None:
    """Return the description of a family if it is kept, and of the sources and versions that are here.

    Args:
        named: ``FILE.py:NAME``.
    """
    with suppress(Exception):  # whatever is wrong with it, it can be derived anew
        kept = json.loads(_place_of(named).read_text(encoding="utf-8"))
        if kept["versions"] == versions() and all(
            digest_of(Path(file)) == digest for file, digest in kept["sources"].items()
        ):
            return _from_plain(kept["family"])
    return None


def keep(named: str, family: Family, sources: Iterable[Path]) -> None:
    """Keep the description of a family; where that can't be, nothing is said.

    Args:
        named: ``FILE.py:NAME``.
        family: The family.
        sources: Files that it depends on.
    """
    place = _place_of(named)
    with suppress(OSError, TypeError, ValueError):
        kept = {
            "versions": versions(),
            "sources": {str(file): digest_of(file) for file in sources},
            "family": _to_plain(family),
        }
        text = json.dumps(kept)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        Path(file.name).replace(place)


def digest_of(file: Path) -> str:
    """Return the digest of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def versions() -> dict[str, str]:
    """Return the versions of what a description depends on."""
    found = {"format": str(_FORMAT), "python": sys.version}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _place_of(named: str) -> Path:
    file, _, name = named.rpartition(":")
    key = hashlib.sha256(f"{Path(file).resolve()}:{name}".encode()).hexdigest()[:32]
    above = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(above) / "nested-lightning" / "families" / f"{key}.json"


def _to_plain(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "summary": family.summary,
        "defaults": dict(family.defaults),
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
    )
