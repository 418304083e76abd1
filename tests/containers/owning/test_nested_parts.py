"""Parts of wiring functions that are parts themselves: settings, overrides and checks by their whole path."""

from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning import (
    Part,
    Parts,
    SettingsError,
    UserError,
    bootstrap,
    family,
    overriding,
    parse_settings,
    part,
    parts,
)
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.resolved_providers import resolve_model
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.settings.families import knowing
from tests.containers.owning.vaes import Curves, Encoder, Pair, Vae, curve_pair


def _built(**section: Any) -> Any:
    return bootstrap({"curve_pair": section}, family=curve_pair).curve_pair.model()


class Activation(nn.Identity):
    """Stands for an activation."""


def test_a_part_of_each_item_has_settings_of_its_own() -> None:
    model = _built(vae={"activation": {"kind": "tanh"}}, vaes={"sine": {"activation": {"kind": "relu"}}})

    kinds = {name: type(vae.encoder.layers[1]).__name__ for name, vae in model.vaes.items()}
    assert kinds == {"sine": "ReLU", "cosine": "Tanh"}


def test_what_is_wrong_within_is_one_line_with_the_whole_path() -> None:
    for section, message in (
        (
            {"vaes": {"sine": {"activation": {"kind": "tan"}}}},
            r"curve_pair\.vaes\.sine\.activation\.kind = 'tan'",
        ),
        ({"vae": {"encodr": {}}}, r"curve_pair\.vae\.encodr = .*did you mean 'encoder'"),
    ):
        with pytest.raises(SettingsError, match=message):
            bootstrap({"curve_pair": section}, family=curve_pair)


def test_an_override_of_one_items_part_leaves_the_others_as_they_were() -> None:
    application = bootstrap({}, family=curve_pair)
    before = application.curve_pair.model()
    with overriding(application, "curve_pair.vaes.sine.activation", Activation):
        after = application.curve_pair.model()

    assert isinstance(after.vaes["sine"].encoder.layers[1], Activation)
    assert isinstance(after.vaes["cosine"].encoder.layers[1], nn.ReLU)
    pairs = zip(before.vaes["cosine"].parameters(), after.vaes["cosine"].parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_an_override_of_the_part_of_each_reaches_all_items_that_have_no_settings() -> None:
    application = bootstrap({"curve_pair": {"vaes": {"sine": {}}}}, family=curve_pair)
    with overriding(application, "curve_pair.vae.activation", Activation):
        model = application.curve_pair.model()

    kinds = {name: type(vae.encoder.layers[1]).__name__ for name, vae in model.vaes.items()}
    assert kinds == {"sine": "ReLU", "cosine": "Activation"}


def test_a_check_builds_what_is_put_in_within() -> None:
    application = bootstrap({}, family=curve_pair)
    with overriding(application, {"curve_pair.vaes.sine.encoder": _narrow}):
        report = check_application(application)

    assert "vaes.sine" in str(report.faults[0])


def _without_bias(width: int, height: int) -> nn.Module:
    return nn.Linear(width, height, bias=False)


def _narrow(**_: Any) -> nn.Module:
    return Encoder(in_features=8, out_features=2)


def test_the_graph_names_what_was_chosen_within() -> None:
    application = bootstrap({"curve_pair": {"vae": {"activation": {"kind": "tanh"}}}}, family=curve_pair)
    waiting, targets = [resolve_model(application.curve_pair)], dict[str, str]()
    while waiting:
        one = waiting.pop()
        targets[one.name] = one.target or targets.get(one.name, "")
        waiting += one.children

    assert targets["vae.activation"] == "Tanh"
    assert targets["vae.encoder"] == "Encoder"


def test_an_unknown_part_within_is_an_error_with_the_near_ones() -> None:
    application = bootstrap({}, family=curve_pair)

    with (
        pytest.raises(UserError, match=r"there is no 'encodr' in curve_pair\.vaes\.sine; near: encoder"),
        overriding(application, "curve_pair.vaes.sine.encodr", Activation),
    ):
        pass


def test_parts_lie_at_any_depth() -> None:
    def deeper(
        length: int, latent_dim: int, blocks: Parts[nn.Module] = parts(linear=nn.Linear, each="block")
    ) -> Vae:
        return Vae(blocks["in"](length, latent_dim), blocks["out"](latent_dim, length))

    def outer(length: int, inner: Part[Vae] = part(deeper), latent_dim: int = 2) -> Vae:
        return inner(length=length, latent_dim=latent_dim)

    @family("deep")
    def deep(data: Curves, model: Part[Pair], vae: Part[Vae] = part(outer)) -> Pair:
        shared = vae(length=data.length)
        return model(vaes=nn.ModuleDict({"one": shared, "other": shared}))

    application = bootstrap(
        {"deep": {"vae": {"latent_dim": 5, "inner": {"blocks": {"out": {"bias": False}}}}}}, family=deep
    )
    model = application.deep.model()
    with overriding(application, "deep.vae.inner.blocks.in", _without_bias):
        other = application.deep.model()

    assert (model.vaes["one"].encoder.out_features, model.vaes["one"].decoder.bias) == (5, None)
    assert model.vaes["one"].encoder.bias is not None
    assert other.vaes["one"].encoder.bias is None
    assert torch.equal(model.vaes["one"].decoder.weight, other.vaes["one"].decoder.weight)


def test_a_registered_kind_may_be_put_in_the_place_of_a_part_within() -> None:
    from nested_lightning.commands.overrides import OverrideRequest
    from nested_lightning.containers.owning.descriptor import family_of
    from nested_lightning.settings.families import knowing

    with knowing(family_of(curve_pair)):
        kind = OverrideRequest(path="curve_pair.vaes.sine.activation", name="tanh").load()
        whole = OverrideRequest(
            path="curve_pair.vaes.cosine", name="vae", options={"activation": {"kind": "tanh"}}
        ).load()
    application = bootstrap(
        {},
        family=curve_pair,
        overrides={"curve_pair.vaes.sine.activation": kind, "curve_pair.vaes.cosine": whole},
    )

    model = application.curve_pair.model()
    assert [type(vae.encoder.layers[1]) for vae in model.vaes.values()] == [nn.Tanh, nn.Tanh]


def test_a_check_finds_all_parts_that_can_not_be_built() -> None:
    application = bootstrap({}, family=curve_pair)
    paths = [f"curve_pair.vaes.{name}.encoder" for name in ("sine", "cosine")]
    with overriding(application, dict.fromkeys(paths, nn.Bilinear)):
        report = check_application(application)

    assert [fault.path for fault in report.faults] == paths
    with (
        overriding(application, dict.fromkeys(paths, nn.Bilinear)),
        pytest.raises(UserError, match=r"sine\.encoder can't be built: Bilinear: got an unexpected keyword"),
    ):
        application.curve_pair.model()


def _wide(width: int = 4) -> nn.Module:
    return nn.Linear(width, width)


def _split(inner: Part[nn.Module] = part(relu=nn.ReLU, wide=_wide)) -> nn.Module:
    return nn.Sequential(inner())


def _nest(data: Curves, model: Part[Pair], block: Part[nn.Module] = part(relu=nn.ReLU, split=_split)) -> Pair:
    return model(vaes=nn.ModuleDict({name: block() for name in data.domains}))


def test_what_is_searched_of_a_drawn_parts_part_is_asked_for_with_both() -> None:
    pytest.importorskip("optuna")
    from nested_lightning.settings.searching.space import make_space

    search = {"nest.block.kind": "*", "nest.block.inner.kind": "*", "nest.block.inner.width": "2,3"}
    with knowing(family_of(family("nest")(_nest))):
        space = make_space(parse_settings({"model": "nest"}), search)

    inner = {"nest.block.kind": ("split",)}
    both = inner | {"nest.block.inner.kind": ("wide",)}
    assert [one.asked_when for one in space.parameters] == [{}, inner, both]
    assert space.defaults() == {"nest.block.kind": "relu"}
