"""From the file of an exported model to what answers by it, without torch."""

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import ExportedModel, open_exported
from nested_lightning.app.serving.service import Model
from nested_lightning.settings.families import find_family
from nested_lightning.settings.family import Family


def answers_of(path: Path) -> tuple[Family, Any]:
    """Return the family of an exported model, and what gives answers as its container's ``answers`` does.

    Raises:
        UserError: It can't be opened or run.
        SettingsError: There is no such family.
    """
    model = open_exported(path)
    family = find_family(model.manifest.family)
    return family, partial(_rooms(family, model).answer, model)


def exported_model(path: Path) -> Model:
    """Return what answers over HTTP for an exported model.

    Raises:
        UserError: It can't be opened or run.
        SettingsError: There is no such family.
    """
    model = open_exported(path)
    family = find_family(model.manifest.family)
    return Model(
        desk=_rooms(family, model).desk_of(model, family.predictor.options),
        family=family.name,
        summary=family.predictor.summary,
        digest=model.digest,
    )


def _rooms(family: Family, model: ExportedModel) -> Any:
    if family.exported is None:
        raise UserError(f"{model.path}: what {family.name} answers is known to its checkpoints alone")
    return import_module(family.exported)
