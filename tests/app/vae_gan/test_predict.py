"""What a trained vae-gan makes of files, in Python and behind ``predict``."""

from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from nested_lightning import SettingsError, bootstrap, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.vae_gan.picture_files import read_pictures
from nested_lightning.app.vae_gan.predict import VaeGanPredictor
from nested_lightning.commands.predict import make_command
from nested_lightning.settings.vae_gan import FAMILY
from tests.conftest import make_picture_folder, make_picture_settings


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The container of a trained model, from its checkpoint, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("trained")
    pictures = make_picture_folder(folder)
    settings = make_picture_settings(pictures, folder / "run")
    result = bootstrap(settings).vae_gan.training_run()()
    return from_checkpoint(result.best_checkpoint).vae_gan, pictures


@pytest.fixture
def predictor(trained: tuple[Any, Path]) -> VaeGanPredictor:
    predictor: VaeGanPredictor = trained[0].predictor()
    return predictor


@pytest.fixture
def pictures(trained: tuple[Any, Path]) -> Path:
    return trained[1]


def test_samples_are_of_the_asked_for_domain_or_of_all_in_turn(predictor: VaeGanPredictor) -> None:
    assert predictor.sample(2, domain="ring").domains == ("ring", "ring")
    assert predictor.sample(4).domains == ("dot", "line", "ring", "dot")
    with pytest.raises(UserError, match=r"domain=rings: .* did you mean 'ring'"):
        predictor.sample(1, domain="rings")


def test_a_seed_repeats_its_samples(predictor: VaeGanPredictor) -> None:
    first, again, other = (predictor.sample(5, seed=seed).pictures for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_pictures_in_sub_folders_go_through_the_vae_of_its_name(
    predictor: VaeGanPredictor, pictures: Path
) -> None:
    made = predictor.reconstruct(pictures)

    assert made.domains == ("dot",) * 16 + ("line",) * 16 + ("ring",) * 16
    originals, _ = read_pictures(pictures, image_size=6, channels=1)
    assert made.originals is not None
    assert torch.equal(made.originals, torch.from_numpy(originals))
    expected = predictor.model(made.originals, torch.arange(3).repeat_interleave(16))
    torch.testing.assert_close(made.pictures, expected)


def test_pictures_elsewhere_go_through_the_vae_of_what_they_look_like_or_of_the_given_domain(
    predictor: VaeGanPredictor, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "unknown.png").write_bytes((pictures / "ring" / "03.png").read_bytes())

    assert predictor.reconstruct(tmp_path / "unknown.png").domains == ("ring",)
    assert predictor.reconstruct(tmp_path / "unknown.png", domain="dot").domains == ("dot",)


def test_an_interpolation_begins_and_ends_with_the_reconstructions(
    predictor: VaeGanPredictor, pictures: Path
) -> None:
    first, last = pictures / "line" / "00.png", pictures / "line" / "01.png"

    made = predictor.interpolate(first, last, num_pictures=5)

    assert made.pictures.shape == (5, 1, 6, 6)
    torch.testing.assert_close(made.pictures[:1], predictor.reconstruct(first).pictures)
    torch.testing.assert_close(made.pictures[-1:], predictor.reconstruct(last).pictures)


def test_an_interpolation_between_domains_wants_one_named(predictor: VaeGanPredictor, pictures: Path) -> None:
    ends = pictures / "line" / "00.png", pictures / "dot" / "00.png"

    with pytest.raises(UserError, match=r"of domain 'line' and .* of 'dot': .* name it with domain=NAME"):
        predictor.interpolate(*ends)
    assert predictor.interpolate(*ends, domain="ring").domains == ("ring",) * 10


def test_the_command_writes_grids(
    trained: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    family, pictures = trained
    side = 6 * 6 + 1  # a picture of 6 pixels enlarged to 36, and a line
    ends = [str(pictures / "dot" / name) for name in ("00.png", "01.png")]
    for arguments, name, size in (
        (["--sample", "10", "--domain", "dot"], "samples.png", (4, 3)),
        (["--reconstruct", str(pictures / "dot")], "reconstructions.png", (16, 2)),
        (["--interpolate", *ends, "--steps", "7"], "interpolation.png", (7, 1)),
        (["--sample", "1", "-o", "one.png"], "one.png", (1, 1)),
    ):
        done = _invoke(family, arguments)
        assert done.exit_code == 0, done.output
        assert Image.open(tmp_path / name).size == (side * size[0] + 1, side * size[1] + 1)


@pytest.mark.parametrize("arguments", [[], ["--sample", "4", "--reconstruct", "."]])
def test_the_command_wants_one_thing_at_a_time(trained: tuple[Any, Path], arguments: list[str]) -> None:
    done = _invoke(trained[0], arguments)

    assert isinstance(done.exception, SettingsError)
    assert "name one of sample" in str(done.exception)


def _invoke(family: Any, arguments: list[str]) -> Any:
    app = typer.Typer()
    app.command()(make_command(FAMILY.predictor, family.answers))
    return CliRunner().invoke(app, arguments)
