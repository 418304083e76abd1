"""A model as plain Python: run in a process of its own, it has the container's weights bit for bit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning import UserError, bootstrap, family_container, find_family
from nested_lightning.containers.checking.python_model import model_as_python
from nested_lightning.testing.doubles import one_step_trainer
from tests.command_line import Program
from tests.containers.owning.auto_encoder import waves
from tests.containers.owning.classifier import corners
from tests.containers.owning.vaes import curve_pair
from tests.frozen.set_ups import FAMILIES, SetUp
from tests.quick_first import quick_first

HEAD = "multi_feature.head"


class OwnHead(nn.Module):
    """A head that isn't registered."""

    def __init__(self, *, in_features: int, out_features: int, depth: int = 1) -> None:
        super().__init__()
        layers = [nn.Linear(in_features, in_features) for _ in range(depth)]
        self.layers = nn.Sequential(*layers, nn.Linear(in_features, out_features))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.layers(x)
        return scores


def set_ups() -> list[SetUp]:
    """Return each family with its defaults, and with one of its presets."""
    defaults = [SetUp(family=name) for name in FAMILIES]
    presets = {name: next(iter(find_family(name).presets)) for name in FAMILIES}
    of_small_data = ("variant", "vae-gan")  # the presets of the others are of the data that ship
    return defaults + [
        SetUp(family=name, preset=preset, is_small=name in of_small_data) for name, preset in presets.items()
    ]


def state_of(text: str, folder: Path, code: Program) -> dict[str, Tensor]:
    """Return the state of what a text builds in a process of its own."""
    (folder / "written.py").write_text(text, encoding="utf-8")
    saved = folder / "state.pt"
    script = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "import torch, written\n"
        f"torch.save(written.build().state_dict(), {str(saved)!r})\n"
    )
    done = code(script)
    assert done.returncode == 0, done.stderr
    state: dict[str, Tensor] = torch.load(saved, weights_only=True)
    return state


def assert_written_alike(application: Any, folder: Path, code: Program) -> str:
    """Assert that the text of a model has the weights of the container's."""
    text = model_as_python(application)
    found, wanted = state_of(text, folder, code), family_container(application).model().state_dict()
    assert list(found) == list(wanted)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert max(map(len, text.splitlines())) <= 100
    assert "bootstrap" not in text
    assert "containers" not in text.replace("tests.containers", "")
    return text


@pytest.mark.parametrize("set_up", quick_first(set_ups()))
def test_the_text_has_the_weights_of_the_container(
    set_up: SetUp, forked_code: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(set_up.folder)

    assert_written_alike(set_up.application("seed=7"), tmp_path, forked_code)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "settings"),
    [
        (corners, {}),
        (waves, {}),
        (curve_pair, {"curve_pair": {"latent_dim": 5, "vaes": {"sine": {"activation": {"kind": "tanh"}}}}}),
    ],
)
def test_a_family_of_ones_own_is_written_too(
    own: Any, settings: dict[str, Any], forked_code: Program, tmp_path: Path
) -> None:
    assert_written_alike(bootstrap({"seed": 3, **settings}, family=own), tmp_path, forked_code)


@pytest.mark.slow
def test_overrides_and_settings_are_in_the_text(
    forked_code: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = SetUp(family="multi-feature")
    monkeypatch.chdir(set_up.folder)
    settings = set_up.settings("multi_feature.feature_extractors.kar.hidden_features=9")

    text = assert_written_alike(bootstrap(settings, overrides={HEAD: OwnHead}), tmp_path, forked_code)

    assert "head = OwnHead(in_features=" in text
    assert "hidden_features=9" in text


@pytest.mark.slow
def test_a_plain_trainer_trains_what_the_text_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = SetUp(family="multi-feature")
    monkeypatch.chdir(set_up.folder)
    application = set_up.application()
    written: dict[str, Any] = {}
    exec(compile(model_as_python(application), "written", "exec"), written)
    model = written["build"]()
    before = model.head.state_dict()
    before = {name: value.clone() for name, value in before.items()}

    one_step_trainer().fit(model, datamodule=family_container(application).datamodule())

    assert any(not torch.equal(value, before[name]) for name, value in model.head.state_dict().items())


def test_what_is_ready_or_local_is_an_error_that_names_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    class Local(OwnHead):
        pass

    set_up = SetUp(family="multi-feature")
    monkeypatch.chdir(set_up.folder)
    plain = family_container(set_up.application()).model().head
    width = plain.in_features
    for given, message in (
        (OwnHead(in_features=width, out_features=plain.out_features), f"^{HEAD}: a ready OwnHead can't"),
        (Local, f"^{HEAD}: .*Local can't be imported"),
    ):
        application = bootstrap(set_up.settings(), overrides={HEAD: given})
        with pytest.raises(UserError, match=message):
            model_as_python(application)
