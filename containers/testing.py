"""Ready test doubles, for tests of programs that have an application's container in them.

``from containers.testing import ToldSubmodule, few_samples, one_step_trainer``. The pytest plug-in
`nested_lightning_pytest` comes with the package.
"""

from collections.abc import Iterator
from typing import Any

from dependency_injector import providers

from app.testing.few_samples import FewSamples
from app.testing.one_step import one_step_trainer
from app.testing.small_specs import small_spec
from app.testing.told_submodule import Call, ToldSubmodule
from containers.application import ApplicationContainer
from containers.bootstrapping import family_container
from containers.named import NamedProviders
from containers.overridden_model import OverriddenModel

__all__ = [
    "Call",
    "FewSamples",
    "ToldSubmodule",
    "few_samples",
    "list_overridden",
    "one_step_trainer",
]


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
    spec = data_spec or family.known_data_spec() or small_spec(application.settings().model)
    batches = family.example_batches.provides(spec, num_samples=num_samples, device="cpu")
    return FewSamples(data_spec=spec, batches=batches)


def list_overridden(container: Any, above: str = "") -> Iterator[tuple[str, int]]:
    """Yield the path of each provider of a container that is overridden, and how many times it is."""
    for name, provider in container.providers.items():
        yield from _list_overridden(f"{above}{name}", provider)


def _list_overridden(path: str, provider: Any) -> Iterator[tuple[str, int]]:
    count = sum(not isinstance(each, OverriddenModel) for each in provider.overridden)
    if count and not isinstance(provider, providers.Dependency | providers.DependenciesContainer):
        yield path, count
    if isinstance(provider, providers.Container):
        yield from list_overridden(provider.container, f"{path}.")
    elif isinstance(provider, NamedProviders):
        for name, item in provider.named.items():
            yield from _list_overridden(f"{path}.{name}", item)
