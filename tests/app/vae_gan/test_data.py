from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from nested_lightning.app.data.splits import FoldSplitter, RandomSplitter, WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.sizes import MAX_FOLLOWED
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.domain_groups import EachAlone, EvenAndOdd


def _data(path: Path | None, **changes: Any) -> VaeGanDataModule:
    arguments: dict[str, Any] = {
        "image_size": 8 if path is None else 6,
        "grouping": EachAlone(),
        "splitter": RandomSplitter(val_fraction=0.15, test_fraction=0.2),
        "batch_size": 10,
        "eval_batch_size": 100,
    }
    return VaeGanDataModule(path=path, **{**arguments, **changes})


def test_the_digits_are_split_by_class_and_described() -> None:
    data = _data(None, grouping=EvenAndOdd())

    spec = data.data_spec
    assert (spec.image_size, spec.channels, spec.domains) == (8, 1, tuple("0123456789"))
    assert spec.groups["even"] == ("0", "2", "4", "6", "8")
    assert spec.members["odd"] == (1, 3, 5, 7, 9)
    sizes = [len(data.part(name)) for name in ("train", "val", "test")]
    assert sizes == [1168, 270, 359]
    assert spec.domain_counts == tuple(torch.bincount(data.part("train").domain).tolist())
    assert all(35 <= count <= 37 for count in torch.bincount(data.part("test").domain).tolist())


def test_parts_do_not_overlap_and_do_not_depend_on_the_training_seed() -> None:
    first, second = _data(None, seed=0), _data(None, seed=7)

    assert torch.equal(first.part("test").pictures, second.part("test").pictures)
    first_batches, second_batches = (next(iter(data.train_dataloader())) for data in (first, second))
    assert not torch.equal(first_batches.pictures, second_batches.pictures)


def test_folds_test_every_picture_once(picture_folder: Path) -> None:
    parts = [
        _data(picture_folder, splitter=FoldSplitter(num_folds=4, fold=fold)).part("test") for fold in range(4)
    ]

    assert sum(map(len, parts)) == 48
    assert len(torch.cat([part.pictures for part in parts]).flatten(1).unique(dim=0)) == 48


def test_a_given_spec_decides_size_and_domains(picture_folder: Path) -> None:
    spec = _data(picture_folder).data_spec
    for file in (picture_folder / "dot").iterdir():
        file.unlink()

    data = _data(picture_folder, image_size=99, splitter=WholeFileSplitter(), data_spec=spec)

    assert data.part("test").pictures.shape == (32, 1, 6, 6)
    assert data.part("test").domain.unique().tolist() == [1, 2]


def test_the_size_follows_the_pictures_and_is_said(picture_folder: Path) -> None:
    data = _data(picture_folder, image_size=None)

    assert data.data_spec.image_size == 6
    assert data.summary.lines()["pictures"] == "1 x 6 x 6"
    assert data.summary.lines()["in files"] == "6 x 6 pixels"
    assert data.summary.guesses == ()


def test_what_larger_pictures_lose_is_said_unless_their_size_is_set(picture_folder: Path) -> None:
    for file in picture_folder.rglob("*.png"):
        Image.open(file).resize((40, 50)).save(file)

    data, chosen = (_data(picture_folder, image_size=size) for size in (None, 6))

    assert data.data_spec.image_size == MAX_FOLLOWED
    (guess,) = data.summary.guesses
    assert guess.startswith("pictures of 40 x 50 pixels are made 32 x 32")
    assert "vae_gan.data.image_size" in guess
    assert chosen.summary.guesses == ()
    assert chosen.summary.lines()["in files"] == "40 x 50 pixels"


def test_an_unknown_sub_folder_is_refused_by_a_given_spec(picture_folder: Path) -> None:
    spec = _data(picture_folder).data_spec
    (picture_folder / "ring").rename(picture_folder / "wave")

    with pytest.raises(UserError, match="'wave', which the model does not know; its domains are 'dot'"):
        _data(picture_folder, splitter=WholeFileSplitter(), data_spec=spec).setup()


def test_a_domain_with_too_few_pictures_is_named(picture_folder: Path) -> None:
    for file in sorted((picture_folder / "line").iterdir())[1:]:
        file.unlink()

    with pytest.raises(UserError, match=r"needs 3 pictures of each domain, .* 'line' \(1\)"):
        _data(picture_folder).setup()


def test_the_digits_in_another_size_are_refused() -> None:
    with pytest.raises(UserError, match="digits of scikit-learn: they are grey and have 8 pixels"):
        _data(None, image_size=16).setup()
