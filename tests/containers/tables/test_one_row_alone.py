"""The last batch of one row, and one row alone, with each kind of extractor that there is."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from nested_lightning.settings.choices.image_extractors import PICTURE_EXTRACTORS
from nested_lightning.settings.choices.text_extractors import SEQUENCE_EXTRACTORS, TEXT_EXTRACTORS
from nested_lightning.settings.multi_feature import GROUP_EXTRACTORS
from nested_lightning.settings.reading.merging import merge
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.app.submodules.pretrained.part_folders import write_text_encoder, write_vision_transformer
from tests.containers.tables.everything import features_of, settings_for, table_for, trained
from tests.quick_first import quick_first

OWN_SORTS = {"photo": PICTURE_EXTRACTORS, "note": TEXT_EXTRACTORS, "load": SEQUENCE_EXTRACTORS}
UNTRAINED = {"timm_image": "resnet10t", "torchvision_image": "resnet18"}
NUM_TRAINED, NUM_ROWS = 129, 149


def _group_of(kind: str) -> str:
    """Return the group whose extractor may be of a kind: that of a sort of its own, or of all others."""
    return next((group for group, slot in OWN_SORTS.items() if kind in slot.choices), "all")


def _part_of(kind: str, folder: Path) -> dict[str, Any]:
    """Return what an extractor by another library is made of, for which weights from elsewhere are asked."""
    if kind == "transformers_text":
        return {"weights": str(write_text_encoder(folder))}
    if kind == "transformers_image":
        return {"weights": str(write_vision_transformer(folder))}
    if kind in UNTRAINED:
        pytest.importorskip(kind.removesuffix("_image"), exc_type=ImportError)
        return {"architecture": UNTRAINED[kind]}
    return {}


def _write(folder: Path) -> Path:
    """Write a table with columns of each sort, of which 129 rows are the training part."""
    write_class_folders(folder / "images", num=4)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("images/*/*.png"))
    rest = NUM_ROWS - NUM_TRAINED
    columns = {
        **features_of(NUM_ROWS),
        "photo": [names[row % len(names)] for row in range(NUM_ROWS)],
        "split": ["train"] * NUM_TRAINED + ["val", "test"] * (rest // 2),
    }
    parquet.write_table(pa.table(table_for("number", columns)), folder / "rows.parquet")
    return folder / "rows.parquet"


@pytest.mark.filterwarnings("ignore:taken for categories")
@pytest.mark.parametrize("kind", quick_first(GROUP_EXTRACTORS.choices))
def test_a_row_left_over_trains_and_one_alone_is_answered_as_among_others(kind: str, tmp_path: Path) -> None:
    table = _write(tmp_path)
    group = _group_of(kind)
    settings = settings_for("number", tmp_path / "run", path=str(table), batch_size=64, picture_size=16)
    choice = {"kind": kind, **_part_of(kind, tmp_path / "part")}
    chosen = {"multi_feature": {"feature_extractors": {group: choice}}}

    result = trained(merge(settings, chosen))

    predictor, rows = result.predictor, parquet.read_table(table).slice(NUM_TRAINED, 10)
    assert {"all", *OWN_SORTS} == {one.name for one in predictor.data_spec.groups}
    together = _predictions(predictor.predict(rows))
    alone = [_predictions(predictor.predict(rows.slice(row, 1)))[0] for row in range(10)]
    scale = predictor.data_spec.target.scale
    assert len({*together}) == 10
    assert alone == pytest.approx(together, abs=1e-6 * scale)


def _predictions(answers: Any) -> list[float]:
    return [record["prediction"] for record in answers.to_records()]
