"""Which arguments are settings: plain ones that the wiring doesn't give; bounds, required ones, names."""

from typing import Annotated, Any

import pytest
from annotated_types import Gt, Le
from pydantic import Field
from torch import Tensor, nn

from nested_lightning import Part, SettingsError, UserError, bootstrap, family, part
from nested_lightning.settings.describing.walking import fields_of
from tests.containers.owning.vaes import Curves, Pair


class Block(nn.Module):
    """A layer with bounds."""

    def __init__(
        self,
        width: int,
        depth: int,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        heads: Annotated[int, Gt(0), Le(8)] = 1,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.width, self.depth, self.dropout, self.heads, self.scale = width, depth, dropout, heads, scale
        self.layer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map."""
        return self.layer(x)


class AnyBlock(Block):
    """Hands its keywords on."""

    def __init__(self, width: int, **keywords: Any) -> None:
        super().__init__(width, 1, **keywords)


@family("bounded")
def bounded(
    data: Curves, model: Part[Pair], block: Part[Block] = part(plain=Block, any=AnyBlock), scale: float = 2.0
) -> Pair:
    """One block."""
    return model(vaes=nn.ModuleDict({"one": block(data.length, scale=scale)}))


def _block(**settings: Any) -> Block:
    return bootstrap({"bounded": {"block": settings}}, family=bounded).bounded.model().vaes["one"]


def test_an_argument_that_nothing_gives_is_a_required_setting() -> None:
    with pytest.raises(SettingsError) as caught:
        _block()

    assert caught.value.problems == ["bounded.block.depth: a value is needed (Argument depth)"]
    assert _block(depth=3).depth == 3


def test_the_datamodules_and_the_functions_own_arguments_may_be_required_too() -> None:
    class Needy(Curves):
        def __init__(self, num_samples: int) -> None:
            super().__init__(num_samples)

    @family("needy")
    def needy(data: Needy, model: Part[Pair], latent_dim: int) -> Pair:
        return model(vaes=nn.ModuleDict())

    with pytest.raises(SettingsError) as caught:
        bootstrap({}, family=needy)
    assert caught.value.problems == [
        "needy.data.num_samples: a value is needed (Argument num_samples)",
        "needy.latent_dim: a value is needed (Argument latent_dim)",
    ]
    model = bootstrap({"needy": {"data": {"num_samples": 4}, "latent_dim": 2}}, family=needy).needy.model()
    assert isinstance(model, Pair)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.0}, r"bounded\.block\.dropout = 1\.0: input should be less than 1"),
        ({"heads": 9}, r"bounded\.block\.heads = 9: input should be less than or equal to 8"),
        ({"width": 3}, r"bounded\.block\.width = 3: unknown name"),
        ({"scale": 3}, r"bounded\.block\.scale = 3: unknown name"),
        ({"heds": 3}, r"bounded\.block\.heds = 3: unknown name; did you mean 'heads'"),
    ],
)
def test_bounds_of_annotated_hold_and_what_the_wiring_gives_is_no_setting(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        _block(depth=1, **settings)


def test_what_the_wiring_gives_is_given() -> None:
    block = _block(depth=1, heads=8)

    assert (block.width, block.scale, block.heads) == (8, 2.0, 8)


def test_any_keywords_are_no_settings() -> None:
    assert _block(kind="any").scale == 2.0
    with pytest.raises(SettingsError, match=r"bounded\.block\.heads = 2: unknown name"):
        _block(kind="any", heads=2)


def test_an_argument_that_is_called_as_what_settings_have_keeps_its_default() -> None:
    class Targeted(nn.Module):
        def __init__(self, target: str = "mean", kind: int = 3, copy: bool = True, depth: int = 1) -> None:
            super().__init__()
            self.all = target, kind, copy, depth

    @family("targeted")
    def targeted(data: Curves, model: Part[Pair], block: Part[nn.Module] = part(own=Targeted)) -> Pair:
        return model(vaes=nn.ModuleDict({"one": block()}))

    slot = dict(fields_of(targeted.family.settings))["block"]  # type: ignore[attr-defined]
    assert slot.choices["own"].kept == ["target", "kind", "copy"]  # type: ignore[union-attr]
    model = bootstrap({"targeted": {"block": {"depth": 2}}}, family=targeted).targeted.model()
    assert model.vaes["one"].all == ("mean", 3, True, 2)
    with pytest.raises(SettingsError, match=r"targeted\.block\.target = 'sum': unknown name"):
        bootstrap({"targeted": {"block": {"target": "sum"}}}, family=targeted)


def test_a_keyword_that_the_chosen_kind_does_not_take_is_an_error_with_the_nearest() -> None:
    @family("misspelt")
    def misspelt(data: Curves, model: Part[Pair], block: Part[Block] = part(Block)) -> Pair:
        return model(vaes=nn.ModuleDict({"one": block(width=data.length, depht=1)}))

    application = bootstrap({}, family=misspelt)
    with pytest.raises(UserError, match=r"misspelt\.block can't be built: .*depht.*did you mean 'depth'"):
        application.misspelt.model()
