"""From a container with a trained model to what exports it."""

import json
import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import NUM_ROWS
from nested_lightning.app.exporting.exporter import Exporter, ExportReport
from nested_lightning.app.exporting.own_model import Called
from nested_lightning.app.exporting.writing import Format
from nested_lightning.app.extras import require_export
from nested_lightning.app.random_numbers import drawing_apart
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container, provider_of

TOLERANCE, TOLERANCE_BF16 = 1e-4, 1e-2
"""How far an exported graph's answers may be from the model's: in general, and trained in 16 bits."""


def make_exporter(
    application: ApplicationContainer, *, tolerance: float | None = None, called: Called | None = None
) -> Exporter:
    """Return what exports the application's model, which is copied, and isn't changed.

    Args:
        application: As `bootstrap` or `from_checkpoint` made it.
        tolerance: See `Exporter`; None: as the precision of the training says.
        called: Of a family of one's own, what is exported; None: see `own_model.exports_of`.

    Raises:
        UserError: The family has nothing to export, or it is asked for what it hasn't.

    Warns:
        UserWarning: The data can't be read, so that rows are drawn from what the model knows of them.
    """
    family, settings = family_container(application), application.settings()
    exports_of = provider_of(application, "exports")
    asked = {} if called is None else {"called": called}
    if asked and "composer" not in family.providers:
        raise UserError(
            f"--call {called} is for families of one's own; {settings.model} has graphs of its own"
        )
    model, spec = family.model(), family.data_spec()
    still = deepcopy(model).eval().to("cpu").float()
    with drawing_apart(0):
        exports = exports_of(model=still, batches=_batches(family), **asked)
    usual = TOLERANCE_BF16 if settings.trainer.precision.startswith("bf16") else TOLERANCE
    return Exporter(
        model=still,
        path=settings.family.section,
        wholes=exports.graphs,
        fault=exports.fault,
        tolerance=usual if tolerance is None else tolerance,
        facts={
            "family": settings.model,
            "data_spec": spec.to_dict(),
            "recipe": {} if model.recipe is None else json.loads(model.recipe.json),
            "predictor": exports.predictor,
            "loop": exports.loop,
        },
    )


def _batches(family: Any) -> Sequence[Any]:
    """Return real rows; where there are no data, rows drawn as the data spec allows."""
    try:
        return family.real_batches(num_samples=max(NUM_ROWS))
    except (UserError, OSError) as error:
        warnings.warn(f"there are no data, so the export is verified with drawn rows: {error}", stacklevel=3)
        return family.example_batches(num_samples=max(NUM_ROWS), device="cpu")


def export_graphs(
    application: ApplicationContainer,
    target: str | Path,
    *,
    format_: Format = "onnx",
    submodule: str | None = None,
    tolerance: float | None = None,
    called: Called | None = None,
) -> ExportReport:
    """Write the graphs of the application's model, verified to answer as it does; whole or not at all.

    Args:
        application: As `bootstrap` or `from_checkpoint` made it; its model stays as it is.
        target: A file, or where there are several graphs a folder; nothing may be there.
        format_: ``onnx``, or ``torch-export`` for the same version of torch.
        submodule: Path of the only submodule to export; None: the whole model.
        tolerance: How far answers may be from the model's; None: as the precision of the training says.
        called: See `make_exporter`.

    Raises:
        ExportError: Something can't be exported, or answers differently from the model.
        UserError: There is no such submodule, or a package of the extra ``export`` is missing.
    """
    if format_ == "onnx":
        require_export()
    return make_exporter(application, tolerance=tolerance, called=called)(
        Path(target), format_, submodule=submodule
    )
