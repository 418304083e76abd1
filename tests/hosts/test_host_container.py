"""Our container inside another program's container, and several applications in one process."""

from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning import bootstrap, compose_application, find_family, overriding, parse_settings
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.submodules.heads import LinearHead, MemberHead
from nested_lightning.settings.reading.merging import merge


class Desk:
    """What the host is about: it passes questions on."""

    def __init__(self, *, predictor: MultiFeaturePredictor, max_rows: int) -> None:
        self.predictor = predictor
        self.max_rows = max_rows

    def answer(self, rows: list[dict[str, float]]) -> list[str]:
        return self.predictor.predict(rows[: self.max_rows]).classes


class HostContainer(DeclarativeContainer):
    """A host that declares the application as a part of itself."""

    config = providers.Configuration(strict=True)
    application: Any = providers.Container(
        compose_application(find_family("multi-feature")),
        settings=providers.Singleton(parse_settings, config.shapes),
    )
    max_rows = providers.Callable(int, config.max_rows)
    desk = providers.Factory(Desk, predictor=application.multi_feature.predictor, max_rows=max_rows)


class GuestContainer(DeclarativeContainer):
    """A host that is given an application which lives already."""

    application: Any = providers.DependenciesContainer(multi_feature=providers.DependenciesContainer())
    desk = providers.Factory(Desk, predictor=application.multi_feature.predictor, max_rows=2)


ROWS = [{"kar0": 1.0, "kar1": 0.0, "kar2": 2.0, "fou0": 0.5, "fou1": -1.0}] * 3


def test_an_application_is_a_sub_container_of_a_hosts(small_settings: dict[str, Any]) -> None:
    host = HostContainer(config={"shapes": small_settings, "max_rows": 1})
    host.application.multi_feature.training_run()()

    assert len(host.desk().answer(ROWS)) == 1
    assert host.application.settings().seed == 0


def test_a_host_overrides_providers_of_its_own_and_of_ours(small_settings: dict[str, Any]) -> None:
    host = HostContainer(config={"shapes": small_settings, "max_rows": 1})

    with overriding(host, {"application.multi_feature.head": LinearHead, "max_rows": 3}):
        desk = host.desk()
        assert isinstance(desk.predictor.model.head, LinearHead)
        assert len(desk.answer(ROWS)) == 3
    model = host.application.multi_feature.model
    with host.application.multi_feature.head.override(providers.Factory(LinearHead)):
        assert isinstance(model().head, LinearHead)

    assert isinstance(model().head, MemberHead)
    assert host.max_rows() == 1


def test_a_live_application_is_given_to_a_hosts_container(small_settings: dict[str, Any]) -> None:
    application = bootstrap(small_settings)
    application.multi_feature.training_run()()
    guest = GuestContainer(application=application)

    assert len(guest.desk().answer(ROWS)) == 2
    assert guest.application.settings() is application.settings()


def test_applications_with_different_settings_live_beside_each_other(small_settings: dict[str, Any]) -> None:
    linear = {"seed": 3, "multi_feature": {"head": {"kind": "linear"}}}
    one, other = bootstrap(small_settings), bootstrap(merge(small_settings, linear))

    with overriding(one, "multi_feature.head", LinearHead):
        assert isinstance(one.multi_feature.model().head, LinearHead)
    assert isinstance(one.multi_feature.model().head, MemberHead)
    assert isinstance(other.multi_feature.model().head, LinearHead)
    assert (one.settings().seed, other.settings().seed) == (0, 3)
    assert one.multi_feature.datamodule() is not other.multi_feature.datamodule()
