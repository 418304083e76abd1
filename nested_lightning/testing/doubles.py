"""Ready test doubles, for tests of programs that have an application's container in them.

``from nested_lightning.testing.doubles import SubmoduleDouble, few_samples, one_step_trainer``. Fixtures for
pytest are in `nested_lightning.testing.pytest_plugin`.
"""

from typing import Any

from nested_lightning.app.assembly.wiring.data_facts import OwnDataSpec
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container
from nested_lightning.testing.few_samples import FewSamples
from nested_lightning.testing.one_step import one_step_trainer
from nested_lightning.testing.small_specs import small_spec
from nested_lightning.testing.submodule_double import Call, SubmoduleDouble

__all__ = ["Call", "FewSamples", "SubmoduleDouble", "few_samples", "one_step_trainer"]


def _own_spec(family: Any) -> OwnDataSpec | None:
    """Return the data facts of a user's own family; None for any other."""
    return family.data_spec() if family.data_spec_type() is OwnDataSpec else None


def few_samples(
    application: ApplicationContainer, *, data_spec: Any = None, num_samples: int = 4
) -> FewSamples:
    """Return a datamodule with a few random samples of the right shape for the application's family.

    It takes the family's own one's place: ``overriding(application, "multi_feature.datamodule", …)``.

    Args:
        application: A ready container, of any family that has ``example_batches``.
        data_spec: What the samples are shaped by; None: what a checkpoint brought, or a small one.
        num_samples: Samples of a batch; of vae-gan, of each domain.

    Raises:
        UserError: A family that a plug-in brought has no small data spec, and none is given.
    """
    family = family_container(application)
    spec = data_spec or family.known_data_spec() or _own_spec(family)
    spec = spec or small_spec(application.settings().model)
    batches = family.example_batches.provides(spec, num_samples=num_samples, device="cpu")
    return FewSamples(data_spec=spec, batches=batches)
