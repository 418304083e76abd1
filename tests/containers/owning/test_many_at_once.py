"""Families of one's own: many settings set at once, presets, and what is chosen described."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from nested_lightning import Part, Preset, SettingsError, bootstrap, family, load_settings, part
from nested_lightning.commands.models import models
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.settings.describing.chosen import chosen_rows
from nested_lightning.settings.describing.kept_families import keep, read_kept
from nested_lightning.settings.families import knowing
from tests.command_line import Program
from tests.containers.owning.classifier import CornerClassifier, DenseNet, LinearNet, Squares, adam
from tests.containers.owning.vaes import curve_pair

narrow = partial(adam, lr=0.1)


class Deep(nn.Sequential):
    """Layers whose width nothing gives."""

    def __init__(self, in_features: int, num_classes: int, width: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(in_features, width), nn.Linear(width, num_classes))


def _half(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value // 2 for name, value in settings.items() if name.endswith(".hidden_features")}


@family(
    "squares",
    presets={
        "half": Preset(summary="Half as wide.", change=_half),
        "slow": Preset(summary="Small steps.", values={"squares.optimizer.lr": 1e-4}),
    },
)
def squares(
    data: Squares,
    model: Part[CornerClassifier],
    net: Part[nn.Module] = part(dense=DenseNet, linear=LinearNet, deep=Deep),
    optimizer: Part[Any] = part(adam=adam, narrow=narrow),
) -> CornerClassifier:
    """Tell the corner of a picture that is bright."""
    wide = net(in_features=data.size**2, num_classes=data.num_classes)
    return model(net=wide, optimizer=optimizer, num_classes=data.num_classes)


def _built(values: dict[str, Any]) -> Any:
    return bootstrap(values, family=squares).settings().squares


def test_patterns_and_types_set_what_they_meet_in_python() -> None:
    assert _built({"squares.**.hidden_features": 5}).net.hidden_features == 5
    assert _built({"**.DenseNet.hidden_features": 6}).net.hidden_features == 6
    assert _built({"**.adam.lr": 0.5}).optimizer.lr == 0.5
    assert _built({"**.adam.lr": 0.5, "squares.optimizer.kind": "narrow"}).optimizer.lr == 0.5


def test_a_type_that_is_not_chosen_is_not_met() -> None:
    with pytest.raises(SettingsError, match=r"\*\*.DenseNet.hidden_features: meets no setting"):
        _built({"**.DenseNet.hidden_features": 5, "squares.net.kind": "linear"})


def test_a_setting_that_is_needed_may_be_given_by_a_pattern() -> None:
    assert _built({"squares.net.kind": "deep", "**.width": 7}).net.width == 7


def test_parts_of_parts_and_items_are_met_and_no_item_appears() -> None:
    def settings(**values: Any) -> Any:
        return bootstrap({"curve_pair": values, "curve_pair.**.bias": False}, family=curve_pair).settings()

    alone, several = (
        settings().curve_pair,
        settings(vaes={"sine": {"activation": {"kind": "tanh"}}}).curve_pair,
    )
    assert (alone.vae.decoder.bias, [*alone.vaes]) == (False, [])
    assert several.vaes["sine"].decoder.bias is False
    assert several.vaes["sine"].activation.kind == "tanh"


def test_presets_are_functions_or_values_and_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with knowing(family_of(squares)):
        settings = load_settings(model="squares", presets=["half", "slow"]).squares
        models(model="squares")

    assert (settings.net.hidden_features, settings.optimizer.lr) == (8, 1e-4)
    assert "--preset half" in capsys.readouterr().out


def test_what_is_chosen_has_settings_and_what_the_wiring_gives_it() -> None:
    with knowing(family_of(squares)):
        settings = load_settings(model="squares", assignments=["squares.net.hidden_features=5"])

    rows = {row.name: row for row in chosen_rows(settings, "squares.net")}
    assert rows["squares.net.hidden_features"].value == "5"
    assert rows["squares.net.hidden_features"].default == "16"
    assert rows["squares.net.hidden_features"].meaning == "Width of the layer between."
    assert rows["squares.net.in_features"].value == "data.size ** 2"
    assert rows["squares.net.kind"].allowed == "dense, linear, deep"
    assert "Builds DenseNet." in rows["squares.net.kind"].meaning
    assert len(rows) == 4


def test_help_without_torch_knows_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    named = f"{__file__}:squares"
    keep(named, family_of(squares))

    kept = read_kept(named)
    assert kept is not None
    assert {name: one.summary for name, one in kept.presets.items()} == {
        "half": "Half as wide.",
        "slow": "Small steps.",
    }


@pytest.mark.slow
def test_a_training_of_a_family_in_a_file_takes_patterns(program: Program, tmp_path: Path) -> None:
    file = Path(__file__).parent / "classifier.py"
    (tmp_path / "my_corners.py").write_text(file.read_text())

    own = ("--model", "my_corners.py:corners", "--run-dir", "run", "--epochs", "1")
    done = program("train", *own, "--set-all", "DenseNet.hidden_features=5")

    assert done.returncode == 0, done.stderr
    assert "DenseNet.hidden_features = 5: 1 setting (corners.net.hidden_features)" in done.stderr
    assert "hidden_features: 5" in (tmp_path / "run" / "settings.yaml").read_text()
