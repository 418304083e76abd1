"""From the file of an exported model to what answers by it, without torch."""

from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import open_exported
from nested_lightning.app.serving.service import Model
from nested_lightning.settings.families import find_family
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError


def answers_of(path: Path) -> tuple[Family, Any]:
    """Return the family of an exported model, and what gives answers as its container's ``answers`` does.

    Raises:
        UserError: It can't be opened or run, or is of a family that answers by checkpoints alone.
    """
    family, predictor = _opened(path)
    return family, predictor.answer


def exported_model(path: Path) -> Model:
    """Return what answers over HTTP for an exported model, see `answers_of`."""
    family, predictor = _opened(path)
    return Model(
        desk=predictor.desk(family.predictor.options),
        family=family.name,
        summary=family.predictor.summary,
        digest=predictor.model.digest,
    )


def _opened(path: Path) -> tuple[Family, Any]:
    """Return the family of an exported model, and its `ExportedPredictor`."""
    model = open_exported(path)
    name = model.manifest.family
    try:
        family = find_family(name)
    except SettingsError:
        raise UserError(
            f"{model.path}: {name} isn't registered here: use its checkpoint if it is a family in one file,"
            " or install the package that has it"
        ) from None
    if family.exported is None:
        raise UserError(f"{model.path}: what {name} answers is known to its checkpoints alone")
    return family, resolve_name(family.exported)(model=model)
