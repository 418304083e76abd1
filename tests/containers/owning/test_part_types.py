"""An override is checked against the T of Part[T], when it is made and when it is built."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol
from unittest.mock import MagicMock

import pytest
import torch
from torch import Tensor, nn

from nested_lightning import OverrideRefusedError, Part, bootstrap, family, overriding, part
from tests.containers.owning.classifier import CornerClassifier, Squares, corners
from tests.containers.owning.vaes import Curves, Pair, curve_pair


class Scorer(Protocol):
    """Gives one number."""

    def score(self, batch: Tensor) -> Tensor:
        """Score."""
        ...


class MeanScorer:
    """A scorer."""

    def score(self, batch: Tensor) -> Tensor:
        """Score."""
        return batch.mean()


class OtherScorer:
    """No scorer."""

    def score(self) -> None:
        """Score nothing."""


@family("scored")
def scored(data: Curves, model: Part[Pair], scorer: Part[Scorer] = part(MeanScorer)) -> Pair:
    """A model with a scorer that is no module."""
    built = model(vaes=nn.ModuleDict())
    vars(built)["scorer"] = scorer()
    return built


@pytest.mark.parametrize(
    ("own", "path", "replacement", "message"),
    [
        (corners, "corners.net", dict, r"corners\.net: dict is refused: it is no nn\.Module"),
        (corners, "corners.net", nn.Linear(1, 1).weight, r"it is no nn\.Module"),
        (corners, "corners.net", MagicMock(), r"it is a mock"),
        (corners, "corners.optimizer", nn.Linear, r"it is no Optimizer"),
        (
            curve_pair,
            "curve_pair.vaes.sine",
            nn.Linear,
            r"curve_pair\.vaes\.sine: Linear is refused: it is no Vae",
        ),
        (curve_pair, "curve_pair.vaes.sine.encoder", dict, r"sine\.encoder: dict is refused"),
        (scored, "scored.scorer", OtherScorer, r"its score can't be called with batch: too many"),
        (scored, "scored.scorer", object(), r"it has no score"),
    ],
)
def test_what_is_of_another_type_is_refused_when_the_override_is_made(
    own: Any, path: str, replacement: Any, message: str
) -> None:
    application = bootstrap({}, family=own)

    with pytest.raises(OverrideRefusedError, match=message), overriding(application, path, replacement):
        pass


def test_what_a_function_gives_is_checked_when_it_is_built() -> None:
    application = bootstrap({}, family=corners)

    with (
        overriding(application, "corners.net", lambda **_: "no module"),
        pytest.raises(OverrideRefusedError, match=r"corners\.net: .*it is no nn\.Module"),
    ):
        application.corners.model()


def test_a_constructor_may_take_anything() -> None:
    class Free(MeanScorer):
        def __init__(self, size: int = 3, *_: Any) -> None:
            self.size = size

    def sgd(parameters: Iterable[nn.Parameter], lr: float = 0.1) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=lr)

    application = bootstrap({}, family=scored)
    with overriding(application, "scored.scorer", Free):
        assert application.scored.model().scorer.size == 3
    application = bootstrap({}, family=corners)
    factory: Callable[..., Any] = sgd
    with overriding(application, "corners.optimizer", factory):
        assert isinstance(application.corners.model().configure_optimizers(), torch.optim.SGD)


def test_without_a_container_the_same_is_refused() -> None:
    def build(**_: int) -> Any:
        return "no module"

    with pytest.raises(OverrideRefusedError, match=r"corners\.net: 'no module' is refused: it is no nn\."):
        corners(Squares(), CornerClassifier, net=build)


def test_a_kind_that_is_not_what_its_part_says_is_refused_where_it_is_built() -> None:
    @family("ill-scored")
    def ill_scored(
        data: Curves,
        model: Part[Pair],
        scorer: Part[Scorer] = part(OtherScorer),  # type: ignore[arg-type]
    ) -> Pair:
        scorer()
        return model(vaes=nn.ModuleDict())

    with pytest.raises(
        OverrideRefusedError, match=r"ill_scored\.scorer: a ready OtherScorer .* score\(batch\)"
    ):
        bootstrap({}, family=ill_scored).ill_scored.model()


def test_a_wiring_function_that_is_put_in_is_wired_at_its_place() -> None:
    def deeper(in_features: int, num_classes: int, first: Part[nn.Module] = part(nn.Linear)) -> nn.Module:
        return nn.Sequential(nn.Flatten(), first(in_features, 5), nn.Linear(5, num_classes))

    application, other = bootstrap({}, family=corners), bootstrap({}, family=corners)
    with overriding(application, "corners.net", deeper), overriding(other, "corners.net", deeper):
        models = [application.corners.model(), other.corners.model()]

    assert torch.equal(models[0].net[1].weight, models[1].net[1].weight)
    assert list(models[0].recipe.places) == ["net.first", "net"]
