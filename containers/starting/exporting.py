"""From a container with a trained model to what exports it."""

import json
import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.exportable import NUM_ROWS
from nested_lightning.app.exporting.exporter import Exporter
from nested_lightning.app.random_numbers import drawing_apart
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container, provider_of

TOLERANCE, TOLERANCE_BF16 = 1e-4, 1e-2
"""How far an exported graph's answers may be from the model's: in general, and trained in 16 bits."""


def make_exporter(application: ApplicationContainer, *, tolerance: float | None = None) -> Exporter:
    """Return what exports the application's model, which is copied, and isn't changed.

    Args:
        application: As `bootstrap` or `from_checkpoint` made it.
        tolerance: See `Exporter`; None: as the precision of the training says.

    Raises:
        UserError: The family has nothing to export.

    Warns:
        UserWarning: The data can't be read, so that rows are drawn from what the model knows of them.
    """
    family, settings = family_container(application), application.settings()
    exportables = provider_of(application, "exportables")
    model, spec = family.model(), family.data_spec()
    still = deepcopy(model).eval().to("cpu").float()
    with drawing_apart(0):
        wholes = exportables(model=still, batches=_batches(family))
    usual = TOLERANCE_BF16 if settings.trainer.precision.startswith("bf16") else TOLERANCE
    return Exporter(
        model=still,
        path=settings.family.section,
        wholes=wholes,
        tolerance=usual if tolerance is None else tolerance,
        facts={
            "family": settings.model,
            "data_spec": spec.to_dict(),
            "recipe": {} if model.recipe is None else json.loads(model.recipe.json),
            **family.export_facts(model=still),
        },
    )


def _batches(family: Any) -> Sequence[Any]:
    """Return real rows, or such as the data spec allows where there are no data."""
    try:
        return family.real_batches(num_samples=max(NUM_ROWS))
    except (UserError, OSError) as error:
        warnings.warn(f"rows to prove the export by are drawn, as there are no data: {error}", stacklevel=3)
        return family.example_batches(num_samples=max(NUM_ROWS), device="cpu")
