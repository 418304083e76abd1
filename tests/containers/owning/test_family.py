"""A stranger's LightningModule and LightningDataModule, a family by one function."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nested_lightning as nl
from nested_lightning import (
    Part,
    Parts,
    SettingsError,
    UserError,
    bootstrap,
    family,
    from_checkpoint,
    overriding,
    part,
    parts,
)
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.settings.families import families, knowing
from tests.command_line import PROJECT, Program
from tests.containers.owning.classifier import CornerClassifier, DenseNet, Squares, adam, corners
from tests.containers.owning.vaes import Curves, Encoder, Pair, Vae, curve_pair

CLASSIFIER = PROJECT / "tests" / "containers" / "owning" / "classifier.py"


def _settings(folder: Path, **section: Any) -> dict[str, Any]:
    return {
        "run_dir": str(folder / "run"),
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False},
        "corners": section,
    }


def test_plain_arguments_with_a_default_are_settings_with_the_words_of_the_docstring() -> None:
    settings = corners.family.settings  # type: ignore[attr-defined]
    data = settings.model_fields["data"].annotation

    assert settings().model_dump() == {
        "data": {"num_samples": 80, "size": 6, "batch_size": 16},
        "use_smoothing": False,
        "net": {"kind": "dense", "hidden_features": 16},
        "optimizer": {"kind": "adam", "lr": 0.01},
    }
    assert data.model_fields["size"].description == "Height and width."


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"nett": {}}, "corners.nett = {}: unknown name; did you mean 'net'?"),
        ({"net": {"kind": "densee"}}, "corners.net.kind = 'densee': unknown choice; did you mean 'dense'?"),
        ({"net": {"hiden_features": 3}}, "corners.net.hiden_features = 3: unknown name; did you mean"),
        ({"data": {"size": "big"}}, "corners.data.size = 'big'"),
    ],
)
def test_what_is_wrong_in_its_settings_is_one_line_with_a_path(
    section: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        bootstrap(_settings(tmp_path, **section), family=corners)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("section", [{"vaes": 5}, {"vaes": {"sine": {}}, "vae": 3}, {"vaes": [1]}, 7, None])
def test_items_and_what_they_start_from_of_a_wrong_type_are_settings_errors(section: Any) -> None:
    with pytest.raises(SettingsError, match="curve_pair"):
        bootstrap({"curve_pair": section}, family=curve_pair)


def test_it_is_known_to_its_own_container_alone(tmp_path: Path) -> None:
    application = bootstrap(_settings(tmp_path), family=corners)

    assert application.settings().family.name == "corners"
    assert "corners" not in families()
    with pytest.raises(SettingsError, match=r"'corners' is not registered.*--model FILE\.py:NAME"):
        bootstrap({"model": "corners"})


def test_check_finds_no_fault_and_shows_shapes(tmp_path: Path) -> None:
    report = check_application(bootstrap(_settings(tmp_path), family=corners))

    assert report.faults == ()
    assert report.unchecked == ()
    assert [(row.inputs, row.outputs) for row in report.rows if row.path == "net"] == [
        (((2, 1, 6, 6),), ((2, 4),))
    ]


def test_the_container_gives_the_weights_of_the_function_within_seeded(tmp_path: Path) -> None:
    built = bootstrap({**_settings(tmp_path), "seed": 5}, family=corners).corners.model()
    data = Squares()
    with nl.seeded(5):
        by_hand = corners(data, CornerClassifier)

    assert all(
        torch.equal(one, other) for one, other in zip(built.parameters(), by_hand.parameters(), strict=True)
    )


def test_an_override_is_built_in_the_place_of_a_part_and_put_back(tmp_path: Path) -> None:
    class Mock(nn.Module):
        def __init__(self, in_features: int, num_classes: int) -> None:
            super().__init__()
            self.widths = in_features, num_classes

        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1)[:, :4]

    application = bootstrap(_settings(tmp_path), family=corners)
    with overriding(application, "corners.net", Mock):
        assert application.corners.model().net.widths == (36, 4)
    assert isinstance(application.corners.model().net, DenseNet)


def test_a_mock_in_one_of_two_vaes_leaves_the_other_bit_for_bit_as_it_was() -> None:
    application = bootstrap({"curve_pair": {"latent_dim": 4}}, family=curve_pair)
    before = application.curve_pair.model()
    with overriding(application, "curve_pair.vaes.sine", lambda **_: Vae(nn.Identity(), nn.Identity())):
        after = application.curve_pair.model()

    assert isinstance(after.vaes["sine"].encoder, nn.Identity)
    assert before.vaes["cosine"].encoder.out_features == 4
    for one, other in zip(before.vaes["cosine"].parameters(), after.vaes["cosine"].parameters(), strict=True):
        assert torch.equal(one, other)


def test_one_of_several_items_has_settings_of_its_own_and_an_unknown_item_none() -> None:
    section = {"vae": {"kind": "vae"}, "vaes": {"cosine": {}}}
    model = bootstrap({"curve_pair": section}, family=curve_pair).curve_pair.model()

    assert list(model.vaes) == ["sine", "cosine"]


def test_a_module_with_nothing_injected_is_named_by_its_class(tmp_path: Path) -> None:
    file = tmp_path / "plain_module.py"
    file.write_text(
        "import torch\nimport pytorch_lightning as pl\n"
        "from torch.utils.data import DataLoader, TensorDataset\n\n\n"
        "class Numbers(pl.LightningDataModule):\n"
        "    def __init__(self, count: int = 8):\n        super().__init__()\n        self.count = count\n\n"
        "    def train_dataloader(self):\n"
        "        return DataLoader(TensorDataset(torch.ones(self.count, 3)), batch_size=4)\n\n\n"
        "class MeanSquare(pl.LightningModule):\n"
        "    def __init__(self, width: int = 2):\n"
        "        super().__init__()\n        self.layer = torch.nn.Linear(3, width)\n\n"
        "    def training_step(self, batch, batch_idx):\n"
        "        return self.layer(batch[0]).square().mean()\n\n"
        "    def configure_optimizers(self):\n        return torch.optim.SGD(self.parameters(), lr=0.1)\n"
    )
    own = family_in_file(f"{file}:MeanSquare")
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    with knowing(own):
        settings = {"run_dir": str(tmp_path / "run"), "trainer": trainer, "mean_square": {"width": 5}}
        application = bootstrap({"model": own.name, **settings})
    result = application.mean_square.training_run()()

    assert (own.name, result.num_steps) == ("mean-square", 2)
    assert application.mean_square.model().layer.out_features == 5


def test_an_item_that_the_wiring_does_not_build_is_an_error_with_the_nearest_name() -> None:
    application = bootstrap({"curve_pair": {"vaes": {"cosinus": {}}}}, family=curve_pair)

    with pytest.raises(
        UserError, match=r"curve_pair\.vaes\.cosinus: .* did you mean 'cosine'\? \(it builds: sine, cosine\)"
    ):
        application.curve_pair.model()


def test_a_part_that_the_model_does_not_hold_is_an_error() -> None:
    @family("lost")
    def lost(model: Part[Pair], vae: Part[nn.Module] = part(nn.Linear)) -> Pair:
        vae(2, 3)
        return model(vaes=nn.ModuleDict())

    with pytest.raises(UserError, match=r"lost\.vae \(Linear\) is built, and Pair doesn't hold it"):
        bootstrap({}, family=lost).lost.model()


def test_a_module_of_another_namespace_is_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match=r"Vae, which is no pytorch_lightning\.LightningModule"):

        @family("foreign")
        def foreign(model: Part[Vae]) -> Vae:
            return model(nn.Identity(), nn.Identity())


def test_training_reaches_its_test_score_and_the_checkpoint_opens_without_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = bootstrap(_settings(tmp_path, net={"hidden_features": 12}), family=corners)
    result = application.corners.training_run()()
    monkeypatch.setattr(Squares, "__init__", lambda *_, **__: pytest.fail("the data are needed"))
    model = from_checkpoint(result.best_checkpoint, family=corners).corners.model()

    assert result.test_metrics["test/acc"] > 0.5
    assert model.net.layers[1].out_features == 12
    assert not model.training


def test_a_checkpoint_of_an_own_family_says_how_to_open_it(tmp_path: Path) -> None:
    result = bootstrap(_settings(tmp_path), family=corners).corners.training_run()()

    with pytest.raises(UserError, match=r"'corners' is not registered.*--model FILE\.py:NAME"):
        from_checkpoint(result.best_checkpoint)


def test_what_only_another_branch_reads_is_an_error_that_names_it(tmp_path: Path) -> None:
    application = bootstrap(_settings(tmp_path), family=corners)
    composer, spec = application.corners.composer(), application.corners.data_spec()
    del spec.values["num_classes"]

    with pytest.raises(UserError, match=r"corners\.data\.num_classes: the checkpoint doesn't know it"):
        composer(spec, application.corners.recipe(), assembler=application.corners.assembler())


def test_a_name_that_stands_for_two_things_is_refused_when_it_is_declared() -> None:
    with pytest.raises(UserError, match="lr would stand for two things"):

        @family("twice")
        def twice(data: Curves, model: Part[Pair], lr: float = 0.1) -> Pair:
            return model(vaes=nn.ModuleDict())

    with pytest.raises(UserError, match="heads would stand for two things"):

        @family("twofold")
        def twofold(
            data: Curves, model: Part[Pair], heads: Parts[nn.Module] = parts(nn.Identity, each="heads")
        ) -> Pair:
            return model(vaes=nn.ModuleDict())

    with pytest.raises(UserError, match=r"a part can't be called recipe, .*: rename that parameter"):

        @family("taken")
        def taken(data: Curves, model: Part[Pair], recipe: Part[nn.Module] = part(Encoder)) -> Pair:
            return model(vaes=nn.ModuleDict())


def test_a_part_that_takes_data_of_no_plain_kind_is_an_error_with_its_path() -> None:
    @family("odd")
    def odd(data: Curves, model: Part[Pair]) -> Pair:
        return model(vaes=nn.ModuleDict({"a": nn.Linear(len(data.curves), 1)}))

    with pytest.raises(UserError, match=r"odd\.data\.curves is a TensorDataset"):
        bootstrap({}, family=odd).odd.model()


def test_an_optimiser_is_a_factory_with_the_settings_of_its_kind(tmp_path: Path) -> None:
    model = bootstrap(_settings(tmp_path, optimizer={"lr": 0.25}), family=corners).corners.model()

    assert model.configure_optimizers().defaults["lr"] == 0.25
    assert adam(model.parameters()).defaults["lr"] == 0.01


@pytest.mark.slow
def test_commands_train_a_family_from_a_file_with_settings_and_overrides(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "my_corners.py").write_text(CLASSIFIER.read_text())
    (tmp_path / "my_net.py").write_text(
        "from torch import nn\n\n\nclass Flat(nn.Sequential):\n"
        "    def __init__(self, in_features, num_classes):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(in_features, num_classes))\n"
    )

    def run(*arguments: str) -> str:
        done = program(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    own = ("--model", "my_corners.py:corners")
    run("train", *own, "--epochs", "2", "--run-dir", "run", "--set", "corners.net.hidden_features=5")
    (tmp_path / "my_vaes.py").write_text((CLASSIFIER.parent / "vaes.py").read_text())
    other = ("--model", "my_vaes.py:curve_pair")  # more than the checkpoint needs
    assert "test/acc" in run("evaluate", "run/checkpoints/best.ckpt", *other, *own)
    assert "epoch 3/3" in run("resume", "run", *own, "--set", "trainer.max_epochs=3")
    run("train", *own, "--epochs", "1", "--run-dir", "flat", "--override", "corners.net=my_net:Flat")
    run("evaluate", "flat/checkpoints/last.ckpt", *own, "--override", "corners.net=my_net:Flat")
