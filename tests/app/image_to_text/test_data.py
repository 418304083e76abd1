"""The datamodule image-to-text, from folder to batches."""

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning.app.data.splits import ColumnSplitter, WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.captioned_pictures import PictureReader
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.splits import RandomPictureSplitter
from nested_lightning.app.image_to_text.vocabulary import UNKNOWN
from tests.app.image_to_text.captioned_folder import draw, write_folder


def _module(path: Path | None, *, skip_bad: bool = False, **options: Any) -> ImageToTextDataModule:
    choices: dict[str, Any] = {
        "reader": PictureReader(skip_bad=skip_bad),
        "picture_size": 16,
        "splitter": RandomPictureSplitter(val_fraction=0.1, test_fraction=0.2),
        "batch_size": 8,
        "eval_batch_size": 5,
    }
    return ImageToTextDataModule(path=path, **{**choices, **options})


def _zip(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.slow
def test_shipped_emoji_need_no_choice() -> None:
    module = ImageToTextDataModule(
        path=None,
        reader=PictureReader(),
        splitter=RandomPictureSplitter(),
        batch_size=64,
        eval_batch_size=128,
    )

    assert sum(len(module.part(name)) for name in ("train", "val", "test")) == 3897
    assert module.part("test").pictures.shape == (779, 3, 32, 32)
    assert module.part("test").pictures.dtype == torch.uint8
    assert module.data_spec.max_length == 14  # 13 words and the end


def test_what_larger_pictures_lose_is_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shapes")

    (guess,) = _module(folder, picture_size=8).summary.guesses
    assert guess.startswith("pictures of 16 x 16 pixels are made 8 x 8")
    assert "image_to_text.data.picture_size" in guess
    assert _module(folder).summary.guesses == ()
    assert _module(folder).summary.lines()["in files"] == "16 x 16 pixels"


def test_folder_zip_and_captions_file_give_the_same(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shapes")
    paths = [folder, folder / "captions.csv", _zip(folder, tmp_path / "shapes.zip")]
    modules = [_module(path) for path in paths]

    for module in modules[1:]:
        assert module.data_spec == modules[0].data_spec
        assert torch.equal(module.part("test").pictures, modules[0].part("test").pictures)
        assert module.part("test").captions == modules[0].part("test").captions


def test_coco_json_with_several_captions(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shapes")
    names = sorted(p.name for p in (folder / "images").iterdir())
    (folder / "captions.csv").unlink()
    annotations = [{"image_id": i, "caption": c} for i in range(len(names)) for c in ("one thing", "a shape")]
    coco = {"images": [{"id": i, "file_name": n} for i, n in enumerate(names)], "annotations": annotations}
    (folder / "captions_all.json").write_text(json.dumps(coco))

    part = _module(folder, splitter=RandomPictureSplitter()).part("train")

    assert part.text.shape[1:] == (2, 4)
    assert set(part.captions) == {("one thing", "a shape")}


def test_captions_stay_with_their_pictures(tmp_path: Path) -> None:
    module = _module(write_folder(tmp_path))
    colours = {"red": 0, "green": 1, "blue": 2}
    for batch in module.train_dataloader():
        means = batch.pictures.float().mean(dim=(2, 3))
        for mean, (caption,), text in zip(means, batch.captions, batch.text, strict=True):
            assert int(mean.argmax()) == colours[caption.split()[1]]
            assert module.data_spec.vocabulary.decode(text[0].tolist()) == caption


def test_vocabulary_and_statistics_come_from_the_training_part_only(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir(parents=True)
    draw("red", "box").save(tmp_path / "a.png")
    draw("blue", "box").save(tmp_path / "b.png")
    lines = ["image,caption,split", "a.png,a red thing,train", "b.png,a blue thing,test"]
    (tmp_path / "captions.csv").write_text("\n".join(lines))
    module = _module(tmp_path, splitter=ColumnSplitter(column="split"))

    assert "blue" not in module.data_spec.tokens
    assert UNKNOWN in module.part("test").text
    assert module.part("test").captions == (("a blue thing",),)
    values = module.part("train").pictures.double() / 255
    torch.testing.assert_close(
        torch.tensor(module.data_spec.mean).double(), values.mean(dim=(0, 2, 3)), rtol=0, atol=1e-6
    )
    torch.testing.assert_close(
        torch.tensor(module.data_spec.scale).double(),
        values.std(dim=(0, 2, 3), correction=0),
        rtol=0,
        atol=1e-6,
    )


def test_words_below_the_minimum_count_are_unknown(tmp_path: Path) -> None:
    module = _module(write_folder(tmp_path), min_count=20)

    assert module.data_spec.tokens[4:] == ("a",)


def test_characters_may_be_the_unit(tmp_path: Path) -> None:
    module = _module(write_folder(tmp_path), unit="characters")

    assert set(module.data_spec.tokens[4:]) == set("a red green blue disc bar box")
    assert "a red bar" in {captions[0] for captions in module.part("train").captions}


def test_pictures_are_read_once(tmp_path: Path) -> None:
    module = _module(write_folder(tmp_path))
    module.setup("fit")
    (tmp_path / "captions.csv").unlink()

    assert len(module.test_dataloader().data) == 7


def test_given_data_spec_is_used_as_it_is(tmp_path: Path) -> None:
    spec = _module(write_folder(tmp_path)).data_spec

    module = _module(tmp_path, picture_size=99, data_spec=spec, splitter=WholeFileSplitter())

    assert module.data_spec is spec
    assert module.part("test").pictures.shape == (36, 3, 16, 16)
    with pytest.raises(UserError, match="no pictures to train on"):
        module.train_dataloader()


def _spoil(folder: Path) -> None:
    (folder / "images" / "broken.png").write_bytes(b"nothing that is a picture")
    (folder / "images" / "cut.png").write_bytes((folder / "images" / "red-box-0.png").read_bytes()[:60])
    for name in ("silent", "wordy"):
        draw("red", "box").save(folder / "images" / f"{name}.png")


BAD = {
    "images/broken.png,a broken one": "images/broken.png: this is no picture",
    "images/cut.png,a cut one": "images/cut.png: the picture is damaged",
    "images/absent.png,an absent one": "images/absent.png: no such picture",
    "images/silent.png,": "images/silent.png: its caption is empty",
    "images/wordy.png,"
    + "word " * 11: "images/wordy.png: its caption has 11 words, more than the limit of 10",
    ",a caption without a picture": "names no picture",
}


@pytest.mark.parametrize(("line", "message"), BAD.items(), ids=[line[:20] for line in BAD])
def test_sample_that_cannot_be_used_is_refused_by_name(tmp_path: Path, line: str, message: str) -> None:
    folder = write_folder(tmp_path, extra=[line])
    _spoil(folder)

    with pytest.raises(UserError, match=message) as caught:
        _module(folder, max_length=10).setup()

    assert str(folder) in str(caught.value)
    assert "skip_bad=True" in str(caught.value)


def test_samples_that_cannot_be_used_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, extra=list(BAD))
    _spoil(folder)

    module = _module(folder, skip_bad=True, max_length=10)
    with pytest.warns(UserWarning, match=r"6 of 42 pictures left out: 'images/broken.png'"):
        module.setup()

    assert sum(len(module.part(name)) for name in ("train", "val", "test")) == 36


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("image,caption\nabsent.png,a cat\n")

    with pytest.raises(UserError, match="no picture can be used"):
        _module(tmp_path, skip_bad=True).setup()


def test_clean_data_give_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _module(write_folder(tmp_path)).setup()


def test_captions_file_must_be_clear(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "captions.csv").rename(folder / "one.csv")
    (folder / "two.csv").write_text("image,caption\n")

    with pytest.raises(UserError, match=r"one captions file is needed.*'one.csv', 'two.csv'"):
        _module(folder).setup()
    _module(folder, reader=PictureReader(captions_file="one.csv")).setup()
    with pytest.raises(UserError, match=r"no captions file 'on.csv' in it; did you mean 'one.csv'"):
        _module(folder, reader=PictureReader(captions_file="on.csv")).setup()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere", None, "no such file or folder"),
        ("text.txt", b"hello", "not a zip archive"),
        ("cut.zip", b"PK\x03\x04 and no more", "not a zip archive"),
    ],
)
def test_path_that_is_no_data_is_refused(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(UserError, match=message):
        _module(tmp_path / name).setup()


def test_picture_damaged_in_an_archive_is_named(tmp_path: Path) -> None:
    path = _zip(write_folder(tmp_path / "shapes"), tmp_path / "shapes.zip")
    content = bytearray(path.read_bytes())
    place = content.index(b"images/blue-bar-0.png\x89PNG") + 40
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)

    with pytest.raises(UserError, match=r"images/blue-bar-0.png: it is damaged.*Bad CRC"):
        _module(path).setup()
