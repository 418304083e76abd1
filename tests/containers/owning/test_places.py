"""A part is found in the model by what it is, whatever attribute holds it; wirings are compared."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from nested_lightning import Part, bootstrap, family, from_checkpoint, part
from nested_lightning.app.checkpoints.model_file import export_safetensors, read_model_file
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.starting.swapping import swap_submodule
from nested_lightning.settings.families import knowing
from tests.containers.owning.vaes import Curves, Pair, curve_pair


class Renamed(Pair):
    """Holds its parts under other names, one of them twice."""

    def __init__(self, first: nn.Module, second: nn.Module, lr: float = 0.1) -> None:
        super().__init__(vaes=nn.ModuleDict({"inner": first}), lr=lr)
        self.backbone, self.shared, self.first = second, first, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map."""
        return self.backbone(self.shared(x))

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """Return a loss."""
        return self(batch[0]).square().mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """Log it."""
        self.log("val_loss", self(batch[0]).square().mean())


@family("renamed")
def renamed(
    data: Curves,
    model: Part[Renamed],
    first: Part[nn.Module] = part(nn.Linear, plain=nn.Linear),
    second: Part[nn.Module] = part(nn.Linear, bilinear=nn.LazyLinear),
) -> Renamed:
    """Two layers."""
    return model(first=first(data.length, 4), second=second(4, 2))


def _settings(folder: Path, **more: Any) -> dict[str, Any]:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    return {"run_dir": str(folder / "run"), "trainer": trainer, **more}


def test_the_recipe_records_where_parts_stand(tmp_path: Path) -> None:
    result = bootstrap(_settings(tmp_path), family=renamed).renamed.training_run()()
    recipe = read_recipe(read_model_file(result.best_checkpoint), source="")

    assert recipe.places == {"first": "vaes.inner", "second": "backbone"}
    nested = bootstrap({}, family=curve_pair).curve_pair.model().recipe.places
    assert nested["vaes.sine.encoder"] == "vaes.sine.encoder"


def test_a_policy_finds_a_part_by_its_name_and_not_by_the_attribute(tmp_path: Path) -> None:
    policies = {"renamed.first": {"freeze": True}}
    application = bootstrap(_settings(tmp_path, submodules=policies), family=renamed)
    before = application.renamed.model()
    result = application.renamed.training_run()()
    after = from_checkpoint(result.best_checkpoint, family=renamed).renamed.model()

    assert torch.equal(before.shared.weight, after.shared.weight)
    assert not torch.equal(before.backbone.weight, after.backbone.weight)


@pytest.mark.slow
def test_weights_of_a_part_are_taken_from_a_checkpoint(tmp_path: Path) -> None:
    checkpoint = bootstrap(_settings(tmp_path), family=renamed).renamed.training_run()().best_checkpoint
    policies = {"renamed.second": {"init_from": str(checkpoint), "freeze": True}}
    settings = _settings(tmp_path / "second", submodules=policies, seed=7)
    result = bootstrap(settings, family=renamed).renamed.training_run()()
    given, taken = (
        from_checkpoint(file, family=renamed).renamed.model() for file in (checkpoint, result.best_checkpoint)
    )

    assert torch.equal(given.backbone.weight, taken.backbone.weight)
    assert not torch.equal(given.shared.weight, taken.shared.weight)


@pytest.mark.slow
def test_swap_replaces_a_part_that_is_held_under_other_names(tmp_path: Path) -> None:
    checkpoint = bootstrap(_settings(tmp_path), family=renamed).renamed.training_run()().best_checkpoint
    with knowing(family_of(renamed)):
        report = swap_submodule(checkpoint, "renamed.first", "plain", tmp_path / "swapped.ckpt")
    before, after = (
        from_checkpoint(file, family=renamed).renamed.model()
        for file in (checkpoint, tmp_path / "swapped.ckpt")
    )

    assert report.num_weights == (36, 36)
    assert torch.equal(before.backbone.weight, after.backbone.weight)
    assert not torch.equal(before.shared.weight, after.shared.weight)


def test_a_check_finds_a_wiring_that_builds_another_thing_each_time() -> None:
    widths = iter(range(2, 100))

    @family("moody")
    def moody(data: Curves, model: Part[Renamed], layer: Part[nn.Module] = part(nn.Linear)) -> Renamed:
        return model(first=layer(data.length, next(widths)), second=nn.Identity())

    report = check_application(bootstrap({}, family=moody))

    (fault,) = [fault for fault in report.faults if "run again" in fault.what]
    assert fault.path == "moody.layer"
    assert "the wiring gives Linear of" in fault.what


@pytest.mark.parametrize(
    ("own", "rows"), [(renamed, {"first", "second"}), (curve_pair, {"vaes.sine.decoder"})]
)
def test_a_check_shows_parts_by_their_paths(own: Any, rows: set[str]) -> None:
    report = check_application(bootstrap({}, family=own))

    assert report.faults == ()
    assert rows <= {row.path for row in report.rows}


def test_a_part_is_exported_alone_by_its_name_and_taken_into_another_training(tmp_path: Path) -> None:
    checkpoint = bootstrap(_settings(tmp_path), family=renamed).renamed.training_run()().best_checkpoint
    export_safetensors(checkpoint, tmp_path / "part.safetensors", submodule="renamed.second")
    policy = {"init_from": str(tmp_path / "part.safetensors"), "init_path": "renamed.second", "freeze": True}
    settings = _settings(tmp_path / "second", submodules={"renamed.second": policy}, seed=7)
    result = bootstrap(settings, family=renamed).renamed.training_run()()
    given, taken = (
        from_checkpoint(file, family=renamed).renamed.model().backbone
        for file in (checkpoint, result.best_checkpoint)
    )

    assert sorted(load_file(tmp_path / "part.safetensors")) == ["bias", "weight"]
    assert torch.equal(given.weight, taken.weight)
