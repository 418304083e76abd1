"""Pictures among the columns of a table, and class folders: from files to batches."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nested_lightning.app.data.splits import ColumnSplitter, RandomSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.column_groups import ExplicitGroups, GroupBySharedWord
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.disk_storage import DiskStorage
from nested_lightning.app.multi_feature.own_group_specs import PictureGroupSpec
from tests.app.image_to_text.captioned_folder import COLOURS, SHAPES, draw


def write_class_folders(folder: Path, *, num: int = 6, size: int = 8, mode: str = "L") -> Path:
    """Write ``num`` pictures of each shape into a folder of its name."""
    for shape in SHAPES:
        (folder / shape).mkdir(parents=True)
        for number in range(num):
            picture = draw([*COLOURS][number % 3], shape, size).convert(mode)
            picture.putpixel((number, 0), 0 if mode == "L" else (0, 0, 0))
            picture.save(folder / shape / f"{number}.png")
    return folder


def write_table(folder: Path, changes: Mapping[int, str] | None = None, **options: Any) -> Path:
    """Write a table of those pictures with numbers beside them; ``changes`` say what rows name instead."""
    write_class_folders(folder / "images", **options)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("images/*/*.png"))
    lines = [
        f"{(changes or {}).get(row, name)},{row % 7},{row % 5},{Path(name).parent.name}"
        for row, name in enumerate(names)
    ]
    (folder / "table.csv").write_text("\n".join(["photo,weight,height,shape", *lines]))
    return folder / "table.csv"


def module_of(path: Path, **options: Any) -> MultiFeatureDataModule:
    """Return a datamodule of a small table or of class folders."""
    given: dict[str, Any] = {
        "label": "shape" if path.suffix == ".csv" else None,
        "grouping": GroupBySharedWord(),
        "splitter": RandomSplitter(val_fraction=0.2, test_fraction=0.2),
        "batch_size": 4,
        "eval_batch_size": 5,
    }
    return MultiFeatureDataModule(path=path, **{**given, **options})


def _spec_of(module: MultiFeatureDataModule) -> PictureGroupSpec:
    [spec] = [group for group in module.data_spec.groups if isinstance(group, PictureGroupSpec)]
    return spec


def _pictures(module: MultiFeatureDataModule, part: Any = "train") -> Tensor:
    pictures = module.part(part).features[_spec_of(module).name]
    assert pictures is not None
    return pictures


def test_class_folders_are_a_table_of_pictures_and_classes_zipped_too(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes")
    archive = Path(shutil.make_archive(str(tmp_path / "shapes"), "zip", tmp_path, "shapes"))

    module = module_of(folder)

    assert module.data_spec.target.outputs == ("bar", "box", "disc")
    assert module.data_spec.target_columns == ("class",)
    assert (_pictures(module).dtype, _pictures(module).shape[1:]) == (torch.uint8, (1, 8, 8))
    assert module.summary.lines()["groups"] == "picture 1 picture column"
    assert module_of(archive).fingerprint == module.fingerprint


def test_folders_above_the_classes_are_the_split_if_that_is_asked_for(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        write_class_folders(tmp_path / "shapes" / part, num=2)

    with pytest.warns(UserWarning, match="'test', 'train', 'val' are put together and split anew"):
        module_of(tmp_path / "shapes").setup()
    module = module_of(tmp_path / "shapes", splitter=ColumnSplitter())

    assert [len(module.part(part)) for part in ("train", "val", "test")] == [6, 6, 6]
    assert module.data_spec.column_names == {"picture": ("picture",)}


def test_a_column_of_paths_is_a_group_of_its_own_beside_the_others(tmp_path: Path) -> None:
    module = module_of(write_table(tmp_path))

    assert module.data_spec.column_names == {"all": ("weight", "height"), "photo": ("photo",)}
    assert module.summary.lines()["pictures"] == "photo 1 x 8 x 8"


def test_pictures_stay_their_own_and_absolute_paths_lead_to_the_same(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    module = module_of(table)
    [first] = module.rows("test")[:1]
    name = table.read_text().splitlines()[first].split(",")[0]
    absolute = module_of(write_table(tmp_path / "b", {first - 1: f"{tmp_path}/b/{name}"}))

    expected = torch.from_numpy(np.array(Image.open(tmp_path / name)))
    assert torch.equal(_pictures(module, "test")[0, 0], expected)
    assert absolute.fingerprint == module.fingerprint


def test_facts_of_pictures_come_of_the_training_part_alone(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    module = module_of(table)
    [row] = module.rows("test")[:1]
    draw("red", "box", 20).save(tmp_path / table.read_text().splitlines()[row].split(",")[0])

    changed = module_of(table)

    assert _spec_of(changed) == _spec_of(module)
    pixels = _pictures(module).double() / 255
    assert _spec_of(module).mean == pytest.approx([float(pixels.mean())])
    assert _spec_of(module).scale == pytest.approx([float(pixels.std(correction=0))])


def test_coloured_pictures_have_three_channels_and_grey_ones_among_them_three_equal(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes", mode="RGB")
    Image.open(folder / "bar" / "0.png").convert("L").save(folder / "bar" / "0.png")

    module = module_of(folder)

    pictures = torch.cat([_pictures(module, part) for part in ("train", "val", "test")])
    assert pictures.shape == (18, 3, 8, 8)
    assert int((pictures == pictures[:, :1]).flatten(1).all(dim=1).sum()) == 1


def test_large_pictures_are_made_smaller_with_a_note_unless_a_size_is_set(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes", num=4, size=48)

    module = module_of(folder)

    assert _pictures(module).shape[1:] == (1, 32, 32)
    [note] = module.summary.guesses
    assert "48 x 48 pixels are made 32 x 32" in note
    assert "multi_feature.data.picture_size keeps more" in note
    assert _pictures(module_of(folder, picture_size=20)).shape[1:] == (1, 20, 20)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("images/bar/lost.png", r"row 4, column 'photo': images/bar/lost.png: no such picture"),
        ("images/bar/cut.png", r"row 4, column 'photo': images/bar/cut.png: the picture is damaged"),
        ("images/bar/text.png", r"row 4, column 'photo': .* this is no picture in a format"),
        ("../secret.png", r"row 4, column 'photo': .* leads out of .* multi_feature.data.picture_folder"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named_with_row_and_column(
    tmp_path: Path, name: str, message: str
) -> None:
    table = write_table(tmp_path / "data", {3: name})
    content = (tmp_path / "data" / "images" / "bar" / "1.png").read_bytes()
    (tmp_path / "data" / "images" / "bar" / "cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "data" / "images" / "bar" / "text.png").write_text("text")
    draw("red", "box").save(tmp_path / "secret.png")

    with pytest.raises(UserError, match=f"table.csv: {message}.*multi_feature.data.excluded"):
        module_of(table).setup()


def test_the_folder_of_the_pictures_may_be_set(tmp_path: Path) -> None:
    table = write_table(tmp_path / "data")
    shutil.move(tmp_path / "data" / "images", tmp_path / "images")

    assert len(_pictures(module_of(table, picture_folder=".."), "test")) > 0


def test_a_missing_picture_is_filled_in_left_out_or_an_absent_group(tmp_path: Path) -> None:
    table = write_table(tmp_path, {3: ""})

    with pytest.raises(
        UserError, match="1 missing value in 1 of 18 rows, first in row 4, in columns 'photo'"
    ):
        module_of(table).setup()
    filled = module_of(table, missing="mean")
    dropped = module_of(table, missing="drop")
    absent = module_of(table, allow_missing_groups=True)

    part, place = _find(filled, 4)
    assert _pictures(filled, part)[place].unique().tolist() == [round(255 * _spec_of(filled).mean[0])]
    assert all(4 not in dropped.rows(name) for name in ("train", "val", "test"))
    part, place = _find(absent, 4)
    presence = absent.part(part).presence
    assert presence is not None
    assert presence[place].tolist() == [True, False]


def _find(module: MultiFeatureDataModule, row: int) -> tuple[Any, int]:
    names: Sequence[Any] = ("train", "val", "test")
    return next((n, module.rows(n).tolist().index(row)) for n in names if row in module.rows(n))


def test_a_picture_is_never_of_a_listed_group_with_others(tmp_path: Path) -> None:
    grouping = ExplicitGroups(groups={"all": ["photo", "weight"]})

    with pytest.raises(UserError, match=r"grouping.groups.all: column 'photo' is of the sort picture"):
        module_of(write_table(tmp_path), grouping=grouping).setup()


def test_names_of_pictures_that_are_not_there_are_text_unless_set_by_hand(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    shutil.rmtree(tmp_path / "images")

    with pytest.raises(UserError, match=r"column 'photo' holds text"):
        module_of(table).setup()
    with pytest.raises(UserError, match=r"column 'photo': images/.*: no such picture"):
        module_of(table, sorts={"photo": "picture"}).setup()


def test_pictures_on_a_disk_are_those_in_memory(tmp_path: Path) -> None:
    table = write_table(tmp_path, size=9)

    storage = DiskStorage(folder=tmp_path)
    mapped = module_of(table, storage=storage)

    assert mapped.fingerprint == module_of(table).fingerprint
    mapped.close()
