"""What a stranger's module meets at the door: loose types, parts that nothing gives, its data."""

import json
import re
from collections import UserDict
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from nested_lightning import Part, SettingsError, UserError, bootstrap, family, from_checkpoint, part
from nested_lightning.app.serving.desk import Limits
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.containers.starting.swapping import swap_submodule
from nested_lightning.settings.families import find_family, knowing
from tests.containers.owning.small_training import Rows, Small, run_of


class Loose(Small):
    """Its containers don't say of what they are."""

    def __init__(self, betas=(0.9, 0.99), sizes: list = [4], more: dict[str, Any] = {}) -> None:  # type: ignore[no-untyped-def, type-arg]  # noqa: B006
        super().__init__()
        self.betas, self.sizes, self.more = betas, sizes, more


class Injected(Small):
    """Takes parts and a number without a type."""

    def __init__(self, encoder: nn.Module, width, lr: float = 0.1) -> None:  # type: ignore[no-untyped-def]
        super().__init__()


class Encoding(UserDict[str, Tensor]):
    """A mapping whose items are attributes too, as tokenisers give it."""

    def __getattr__(self, name: str) -> Any:
        if name == "data" or name not in self.data:
            raise AttributeError(name)
        return self.data[name]

    def to(self, device: Any) -> "Encoding":
        return Encoding({name: one.to(device) for name, one in self.data.items()})


class Bag:
    """A batch of a class of its own."""

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows

    def to(self, *where: Any, **how: Any) -> "Bag":
        return Bag(self.rows.to(*where, **how))


class Configured(Small):
    """Builds a layer where Lightning asks it to, which it may do again."""

    def __init__(self) -> None:
        super().__init__()
        self.middle: nn.Module | None = None

    def configure_model(self) -> None:
        if self.middle is None:
            self.middle = nn.Linear(4, 4)

    def loss(self, batch: list[Tensor]) -> Tensor:
        assert self.middle is not None
        return self.last(self.middle(self.first(batch[0]))).square().mean()


class Late(pl.LightningModule):
    """Builds its layers where only a Trainer asks it to."""

    def setup(self, stage: str) -> None:
        self.layer = nn.Linear(3, 1)


class Wired(Small):
    """Takes a part."""

    def __init__(self, last: nn.Linear) -> None:
        super().__init__()
        self.last = last


def wire(model: Part[Wired], last: Part[nn.Linear] = part(nn.Linear)) -> Wired:
    """Wire a part, without a look at the data."""
    return model(last=last(4, 1))


class Named(NamedTuple):
    """A batch."""

    rows: Tensor


@dataclass
class Held:
    """A batch."""

    rows: Tensor


class ByField(Small):
    """Reads a batch by its field; the number of a batch isn't asked for, or has another name."""

    def training_step(self, batch: Any) -> Any:  # type: ignore[override]
        return self.loss([batch.rows])

    def predict_step(self, batch: Any, number: int) -> Tensor:
        assert number == 0
        return self.last(self.first(batch.rows).relu())


class Loading(ByField):
    """Has loaders of its own."""

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(
            Rows().rows, batch_size=4, collate_fn=lambda rows: Bag(torch.stack([x for (x,) in rows]))
        )


@pytest.mark.parametrize("kind", [Named, Held])
def test_batches_may_be_named_tuples_and_dataclasses(kind: Any, tmp_path: Path) -> None:
    class Fields(Rows):
        """Rows as such batches."""

        def train_dataloader(self) -> DataLoader[Any]:
            return DataLoader(
                self.rows, batch_size=4, collate_fn=lambda rows: kind(torch.stack([x for (x,) in rows]))
            )

    own = family("small", model=ByField, data=Fields)
    report = check_application(bootstrap({}, family=own))
    opened: Any = from_checkpoint(run_of(ByField, tmp_path, Fields)().best_checkpoint, family=own)
    desk = opened.small.http_desk()

    assert not report.faults
    assert {row.path: row.outputs for row in report.rows}["last"] == ((2, 1),)
    assert len(opened.small.predictor().predict(kind(torch.ones(5, 3)))) == 5
    assert json.loads(json.dumps(desk.describe(Limits()).example)) == {"batch": {"rows": [[0.0] * 3]}}
    assert len(desk.compute([desk.example(Limits())[0].content])[0]) == 1


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda rows: Encoding(rows=rows), "training step: unchecked: a batch holds Encoding"),
        (Bag, "nothing was sent through the model, for lack of .* known structure"),
    ],
)
def test_a_batch_that_can_not_be_made_up_is_left_unchecked(make: Any, why: str, tmp_path: Path) -> None:
    class Made(Rows):
        """Rows as such batches."""

        def train_dataloader(self) -> DataLoader[Any]:
            return DataLoader(
                self.rows, batch_size=4, collate_fn=lambda rows: make(torch.stack([x for (x,) in rows]))
            )

    report = check_application(bootstrap({}, family=family("made", model=ByField, data=Made)))

    assert not report.faults
    assert re.search(why, str(report.unchecked[0]))
    assert run_of(ByField, tmp_path, Made, max_steps=1)().num_steps == 1


def test_a_module_may_have_loaders_of_its_own(tmp_path: Path) -> None:
    own = family("loading", model=Loading)
    settings = {"run_dir": str(tmp_path / "run"), "trainer.max_steps": 1, "trainer.accelerator": "cpu"}
    application: Any = bootstrap(settings, family=own)

    assert not check_application(application).faults
    assert application.train().num_steps == 1


def test_containers_that_do_not_say_of_what_they_are_are_settings() -> None:
    own = family("loose", model=Loose, data=Rows)
    given = {"betas": [0.5, 0.9], "sizes": [1, [2, "x"]], "more": {"a": {"b": None}}}
    model = bootstrap({"loose": given}, family=own).loose.model()

    assert (model.betas, model.sizes, model.more) == ((0.5, 0.9), [1, [2, "x"]], {"a": {"b": None}})
    with pytest.raises(SettingsError, match=r"loose\.betas"):
        bootstrap({"loose": {"betas": 0.5}}, family=own)


@dataclass
class Config:
    """What a module is made of, with a default that is made for each."""

    width: int = 3
    depths: list[int] = field(default_factory=lambda: [1, 2])


class OfConfig(Small):
    """Takes its settings as one object."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config


@family("configured")
def configured(data: Rows, model: Part[OfConfig], config: Part[Config] = part(Config)) -> OfConfig:
    """Hand on a configuration."""
    return model(config())


def test_fields_of_a_dataclass_are_settings_those_with_made_defaults_too() -> None:
    section = {"config": {"depths": [4]}}

    assert bootstrap({}, family=configured).configured.model().config == Config(3, [1, 2])
    assert bootstrap({"configured": section}, family=configured).configured.model().config == Config(3, [4])


def test_a_module_whose_arguments_nothing_gives_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"Injected takes encoder, .* write a wiring function"):
        family("injected", model=Injected, data=Rows)


class Untyped(Small):
    def __init__(self, width, layers, lr=0.1) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.width, self.layers = width, layers


def test_an_argument_without_type_and_default_is_a_required_setting_that_is_said_to_be_no_module() -> None:
    own = family("untyped", model=Untyped, data=Rows)
    model = bootstrap({"untyped": {"width": 3, "layers": [1, "a"]}}, family=own).untyped.model()

    assert (model.width, model.layers) == (3, [1, "a"])
    with pytest.raises(
        SettingsError, match=r"untyped\.width: a value is needed \(.* wiring function .* module\)"
    ):
        bootstrap({"untyped": {"layers": []}}, family=own)


def test_the_summary_of_a_module_without_docstring_is_its_name_and_not_its_base_classes() -> None:
    assert family("untyped", model=Untyped, data=Rows).family.summary == "untyped"


def test_a_datamodule_that_the_file_imports_is_taken_where_it_defines_none(tmp_path: Path) -> None:
    file = tmp_path / "imports_its_data.py"
    file.write_text(
        "from pytorch_lightning import LightningDataModule\n"
        "from tests.containers.owning.small_training import Rows, Small\n\n\n"
        "class Mine(Small):\n    pass\n"
    )

    assert Rows in family_in_file(f"{file}:Mine").defined_by


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Pix2Pix", "pix2pix"),
        ("MeanSquare", "mean-square"),
        ("ResNet18Classifier", "res-net18-classifier"),
        ("UNet3D", "unet3d"),
        ("LeNet5Model", "le-net5-model"),
    ],
)
def test_the_name_of_a_module_is_written_in_small_letters(tmp_path: Path, written: str, name: str) -> None:
    file = tmp_path / f"named_{name.replace('-', '_')}.py"
    file.write_text(
        "from tests.containers.owning.small_training import Rows, Small\n\n\n"
        f"class {written}(Small):\n    pass\n"
    )

    assert family_in_file(f"{file}:{written}").name == name


def test_a_class_is_no_wiring_function() -> None:
    with pytest.raises(UserError, match=r"^Small is no wiring function; .* family\('NAME', model="):
        family("small", data=Rows)(Small)


def test_a_family_is_given_by_its_function_or_its_descriptor() -> None:
    own = family("small", model=Small, data=Rows)

    assert bootstrap({}, family=own.family).settings().family is own.family
    assert bootstrap({}, family=find_family("variant")).settings().model == "variant"
    with pytest.raises(UserError, match=r"^Small is no family: .*@family\('NAME'\), or write family\("):
        bootstrap({}, family=Small)


def test_a_family_has_its_datamodule_though_its_function_does_not_look_at_it(tmp_path: Path) -> None:
    settings = {"run_dir": str(tmp_path / "run"), "trainer.max_steps": 1, "trainer.accelerator": "cpu"}
    with_data: Any = family("with-data", data=Rows)(wire)
    without: Any = family("without-data")(wire)

    assert bootstrap(settings, family=with_data).train().num_steps == 1
    with pytest.raises(UserError, match=r"nothing to train on: .* data: MyDataModule"):
        bootstrap(settings | {"run_dir": str(tmp_path / "no")}, family=without).train()


def test_layers_of_configure_model_are_checked_seeded_trained_and_loaded(tmp_path: Path) -> None:
    own = family("small", model=Configured, data=Rows)
    report = check_application(bootstrap({}, family=own))
    first, other = (bootstrap({}, family=own).small.model().middle.weight for _ in range(2))
    trained = run_of(Configured, tmp_path)()
    opened: Any = from_checkpoint(trained.best_checkpoint, family=own)

    assert not report.faults
    assert "middle" in {row.path for row in report.rows}
    assert torch.equal(first, other)
    assert not torch.equal(opened.small.model().middle.weight, first)


def test_layers_that_are_built_in_setup_are_reported_with_where_they_belong() -> None:
    (fault,) = check_application(bootstrap({}, family=family("late", model=Late, data=Rows))).faults

    assert str(fault).startswith("late: it has no layers before its setup")


class Renamed(Small):
    def validation_epoch_end(self, outputs: Any) -> None: ...


class Numbered(Small):
    def training_step(self, batch: Any, batch_idx: int, optimizer_idx: int) -> Any:  # type: ignore[override]
        return self.loss(batch)


class Twofold(Small):
    def configure_optimizers(self) -> Any:
        return [torch.optim.SGD(one.parameters(), lr=0.1) for one in (self.first, self.last)]


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (Renamed, "validation_epoch_end is a hook of Lightning 1; write on_validation_epoch_end"),
        (Numbered, "training_step takes optimizer_idx, .* set self.automatic_optimization = False"),
        (Twofold, "2 optimisers with automatic optimisation; set self.automatic_optimization = False"),
    ],
)
def test_what_lightning_itself_refuses_is_a_fault_before_a_training_begins(model: Any, what: str) -> None:
    faults = check_application(bootstrap({}, family=family("small", model=model, data=Rows))).faults

    assert re.match(f"small: {what}", str(faults[0]))


class Followed(Small):
    """Has a copy of a layer, which no optimiser moves."""

    def __init__(self) -> None:
        super().__init__()
        self.target = deepcopy(self.last)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD([*self.first.parameters(), *self.last.parameters()], lr=0.1)


def test_a_target_network_is_a_note_and_no_fault() -> None:
    report = check_application(bootstrap({}, family=family("small", model=Followed, data=Rows)))

    assert not report.faults
    assert str(report.unchecked[0]).startswith("small.target: unchecked: 2 parameters without an optimiser")


class Making(Small):
    """Has a layer by the name of the composite's own provider."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model", "last"])
def test_what_a_module_makes_itself_is_not_swapped_which_is_said(name: str, tmp_path: Path) -> None:
    checkpoint = run_of(Making, tmp_path, max_steps=1)().best_checkpoint
    own, swapped = family("small", model=Making, data=Rows), tmp_path / "swapped.ckpt"

    with knowing(own.family), pytest.raises(UserError, match=rf"small\.{name} can't be swapped, as Making"):
        swap_submodule(checkpoint, f"small.{name}", nn.Identity, swapped)
