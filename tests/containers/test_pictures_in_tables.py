"""Models of tables with pictures: how they are built, what is put in their places, what they say of files."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import csv
from torch import nn

import nested_lightning as nl
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.errors import UserError
from nested_lightning.app.folders import list_files
from nested_lightning.app.multi_feature import picture_tables
from nested_lightning.app.multi_feature.answers import answer_files
from nested_lightning.app.pictures import source
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder, ResidualImageEncoder
from nested_lightning.app.tables.table_file import read_shipped_table
from tests.app.multi_feature.test_pictures import write_class_folders, write_table
from tests.untrained import as_if_trained


class Brightness(nn.Module):
    """The mean of each channel: an extractor of a user's."""

    def __init__(self, *, in_features: int, picture_size: int) -> None:
        super().__init__()
        self.in_features, self.picture_size = in_features, picture_size
        self.out_features = in_features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [B, C, S, S] to [B, C]."""
        return x.mean(dim=(2, 3))


def _family(path: Path, **values: Any) -> Any:
    label = {"multi_feature.data.label": "shape"} if path.suffix == ".csv" else {}
    settings = {"model": "multi-feature", "multi_feature.data.path": str(path), **label, **values}
    return nl.bootstrap(settings).multi_feature


def test_pictures_have_an_extractor_of_their_own_kind_and_the_others_theirs(tmp_path: Path) -> None:
    table = write_table(tmp_path)

    model = _family(table).model()
    chosen = _family(table, **{"multi_feature.feature_extractors.photo.kind": "plain_image"}).model()

    assert isinstance(model.feature_extractors["photo"].encoder, ResidualImageEncoder)
    assert type(model.feature_extractors["all"]).__name__ == "PeriodicFeatureExtractor"
    assert isinstance(chosen.feature_extractors["photo"].encoder, PlainImageEncoder)


@pytest.mark.parametrize(
    ("group", "kind", "sort"),
    [("photo", "residual", "pictures"), ("all", "residual_image", "numbers and categories")],
)
def test_an_extractor_of_another_sort_is_refused_by_its_path(
    tmp_path: Path, group: str, kind: str, sort: str
) -> None:
    family = _family(write_table(tmp_path), **{f"multi_feature.feature_extractors.{group}.kind": kind})

    with pytest.raises(CompositionError, match=rf"feature_extractors\.{group}: group '{group}' is of {sort}"):
        family.model()


def test_an_extractor_of_ones_own_takes_channels_and_size(tmp_path: Path) -> None:
    application = nl.bootstrap(
        {"model": "multi-feature", "multi_feature.data.path": str(write_class_folders(tmp_path / "shapes"))},
        overrides={"multi_feature.feature_extractors.picture": Brightness},
    )

    extractor = application.multi_feature.model().feature_extractors["picture"]

    assert (extractor.in_features, extractor.picture_size) == (1, 8)


def test_what_an_extractor_gets_has_mean_0_and_deviation_1_in_the_training_part(tmp_path: Path) -> None:
    family = _family(write_class_folders(tmp_path / "shapes", mode="RGB"))

    pictures = family.datamodule().part("train").features["picture"]
    normalized = family.model().normalizations["picture"](pictures)

    torch.testing.assert_close(normalized.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalized.std(dim=(0, 2, 3), correction=0), torch.ones(3))


def test_pictures_folders_archives_and_tables_get_the_same_answers_alone_and_together(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes", num=4)
    archive = Path(shutil.make_archive(str(tmp_path / "shapes"), "zip", folder))
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.png"))
    (folder / "table.csv").write_text("\n".join(["picture", *names]))
    predictor = as_if_trained(_family(archive)).predictor()

    together = predictor.predict_file(folder).probabilities
    alone = [predictor.predict_file(folder / name).probabilities for name in names]

    torch.testing.assert_close(torch.cat(alone), together, atol=1e-6, rtol=0)
    torch.testing.assert_close(predictor.predict_file(archive).probabilities, together)
    torch.testing.assert_close(predictor.predict_file(folder / "table.csv").probabilities, together)


def test_answers_for_pictures_begin_with_their_names(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes", num=4)
    predictor = as_if_trained(_family(folder)).predictor()
    first = folder / "bar" / "1.png"

    answers = answer_files(predictor, files=[first, folder / "box"])

    lines = answers.encode("csv").decode().splitlines()
    assert lines[0] == "picture,prediction,probability_bar,probability_box,probability_disc"
    assert [line.split(",")[0] for line in lines[1:]] == [
        str(first),
        *(f"{folder}/box/{number}.png" for number in range(4)),
    ]


def test_a_folder_of_pictures_is_listed_once_for_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_class_folders(tmp_path / "shapes", num=4)
    predictor = as_if_trained(_family(folder)).predictor()
    listed: list[Path] = []

    def counted_list(place: Path, **options: Any) -> Any:
        listed.append(place)
        return list_files(place, **options)

    monkeypatch.setattr(source, "list_files", counted_list)
    monkeypatch.setattr(picture_tables, "list_files", counted_list)

    answer_files(predictor, files=[folder / "bar", folder / "box"])

    assert listed == [folder / "bar", folder / "box"]


@pytest.mark.parametrize(("trained", "given"), [("L", "RGB"), ("RGB", "L"), ("L", "RGBA"), ("RGB", "RGBA")])
def test_channels_that_a_model_lacks_or_has_besides_follow_one_rule(
    tmp_path: Path, trained: str, given: str
) -> None:
    """Three equal channels are grey, colours their luminance, transparent parts white."""
    folder = write_class_folders(tmp_path / "shapes", num=4, mode=trained)
    predictor = as_if_trained(_family(folder)).predictor()
    picture = Image.open(folder / "box" / "1.png").convert("L")
    picture.save(tmp_path / "as_trained.png")
    picture.convert(given).save(tmp_path / "other.png")

    answers = [predictor.predict_file(tmp_path / f"{name}.png") for name in ("as_trained", "other")]

    assert torch.equal(answers[0].probabilities, answers[1].probabilities)


def test_a_model_of_several_groups_takes_a_table_and_no_picture_alone(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    predictor = as_if_trained(_family(table)).predictor()

    assert len(predictor.predict_file(table)) == 18
    with pytest.raises(UserError, match="its groups are 'all', 'photo'; give a table"):
        predictor.predict_file(tmp_path / "images" / "bar" / "1.png")


def test_a_picture_that_is_missing_in_a_table_to_predict_is_named(tmp_path: Path) -> None:
    predictor = as_if_trained(_family(write_table(tmp_path))).predictor()
    (tmp_path / "images" / "box" / "2.png").unlink()

    with pytest.raises(UserError, match=r"row 9, column 'photo': images/box/2.png: no such picture"):
        predictor.predict_file(tmp_path / "table.csv")


def _write_digits(folder: Path) -> Path:
    """Write the shipped digits as pictures of 15 x 16 pixels, and a table with Fourier coefficients too."""
    table = read_shipped_table()
    pixels = np.stack([table.column(f"pix_{number:03d}").to_numpy() for number in range(240)], axis=1)
    for row, picture in enumerate(pixels.reshape(-1, 16, 15)):
        Image.fromarray((picture * 40).astype(np.uint8)).save(folder / f"{row}.png")
    names = pa.array([f"{row}.png" for row in range(table.num_rows)])
    kept = [name for name in table.column_names if name.startswith("fou") or name == "digit"]
    csv.write_csv(table.select(kept).append_column("photo", names), folder / "digits.csv")
    return folder / "digits.csv"


@pytest.mark.slow
def test_pictures_and_numbers_together_are_better_than_either(tmp_path: Path) -> None:
    table = _write_digits(tmp_path)
    accuracies = {}
    for name, excluded in {"both": [], "photo": ["fou_*"], "numbers": ["photo"]}.items():
        family = _family(
            table,
            **{
                "run_dir": str(tmp_path / name),
                "multi_feature.data": {"label": "digit", "excluded": excluded, "picture_size": 4},
                "multi_feature.picture_extractor": {"channels": [16]},
                "trainer": {"max_epochs": 12, "accelerator": "cpu", "use_progress_bar": False},
            },
        )
        family.training_run()()
        accuracies[name] = family.evaluator()("test").scores["accuracy"]

    assert accuracies["both"] > max(accuracies["photo"], accuracies["numbers"]), accuracies
