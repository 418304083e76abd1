"""The datamodule of several variants."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning.app.data.splits import RandomSplitter, WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.sampling import RoundRobinSampling
from nested_lightning.app.variant.sources.file import SequenceFile
from tests.tiny_variants import write_lines, write_variants


def _datamodule(folder: Path | None, **options: Any) -> VariantDataModule:
    defaults: dict[str, Any] = {
        "path": folder,
        "sources": {},
        "splitter": RandomSplitter(val_fraction=0.2, test_fraction=0.2),
        "sampling": RoundRobinSampling(),
        "batch_size": 4,
    }
    return VariantDataModule(**{**defaults, **options})


def test_the_variants_of_a_folder_are_named_like_its_files(tmp_path: Path) -> None:
    spec = _datamodule(write_variants(tmp_path)).data_spec

    assert spec.names == ("letters", "moods", "points")
    assert [variant.kind for variant in spec.variants] == ["characters", "tokens", "vectors"]
    assert [variant.has_step_labels for variant in spec.variants] == [True, False, True]


def test_gzipped_files_are_read_as_plain_ones(tmp_path: Path) -> None:
    plain = write_variants(tmp_path / "plain")
    packed = write_variants(tmp_path / "packed")
    for file in packed.glob("*.jsonl"):
        (packed / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()

    assert _datamodule(packed).data_spec == _datamodule(plain).data_spec


def test_a_damaged_gzipped_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"text": "abc"}\n' * 9)[:-12])

    with pytest.raises(UserError, match=r"letters.jsonl.gz \(variant 'letters'\): it is damaged"):
        _ = _datamodule(file).data_spec


def test_batches_are_of_one_type_and_of_all_types_in_turn(tmp_path: Path) -> None:
    batches = list(_datamodule(write_variants(tmp_path)).train_dataloader())

    assert [batch.variant for batch in batches[:4]] == ["letters", "moods", "points", "letters"]
    assert {batch.inputs.dim() for batch in batches if batch.variant == "points"} == {3}
    assert all(len(batch) == 4 for batch in batches)


def test_variants_can_be_left_out_of_training_or_evaluation(tmp_path: Path) -> None:
    datamodule = _datamodule(write_variants(tmp_path), untrained=["letters"], unevaluated=["points"])

    assert {batch.variant for batch in datamodule.train_dataloader()} == {"moods", "points"}
    assert {batch.variant for batch in datamodule.val_dataloader()} == {"letters", "moods"}
    assert {batch.variant for batch in datamodule.test_dataloader()} == {"letters", "moods"}


def test_a_variant_left_out_of_both_is_not_read(tmp_path: Path) -> None:
    write_variants(tmp_path)
    sources = {
        "letters": SequenceFile(path=tmp_path / "letters.jsonl"),
        "gone": SequenceFile(path=tmp_path / "gone.jsonl"),
    }

    datamodule = _datamodule(None, sources=sources, untrained=["gone"], unevaluated=["gone"])

    assert datamodule.data_spec.names == ("letters",)


def test_single_variants_have_batch_sizes_of_their_own(tmp_path: Path) -> None:
    datamodule = _datamodule(write_variants(tmp_path), batch_sizes={"points": 7})
    sizes = {batch.variant: len(batch) for batch in datamodule.train_dataloader()}

    assert sizes == {"letters": 4, "moods": 4, "points": 7}


def test_a_trained_models_spec_is_used_as_it_is(tmp_path: Path) -> None:
    spec = _datamodule(write_variants(tmp_path / "old")).data_spec
    other = write_lines(tmp_path / "points.jsonl", [{"vectors": [[100.0, 100.0, 100.0]], "labels": [1]}])

    datamodule = _datamodule(other, splitter=WholeFileSplitter(), data_spec=spec)
    (batch,) = datamodule.test_dataloader()

    assert batch.variant == "points"
    assert batch.inputs.min() > 50  # standardised by the old statistics
    assert batch.target is not None
    assert batch.target.tolist() == [[1]]
    assert datamodule.part("train") == {}


def test_a_file_that_is_named_like_no_known_variant_is_refused(tmp_path: Path) -> None:
    spec = _datamodule(write_variants(tmp_path)).data_spec
    (tmp_path / "point.jsonl").write_text((tmp_path / "points.jsonl").read_text())

    with pytest.raises(UserError, match=r"point\.jsonl: unknown variant 'point'; did you mean 'points'"):
        _datamodule(tmp_path / "point.jsonl", data_spec=spec).setup()


def test_data_of_another_kind_than_the_models_is_refused(tmp_path: Path) -> None:
    spec = _datamodule(write_variants(tmp_path)).data_spec
    path = write_lines(tmp_path / "points.jsonl", [{"text": "ab", "labels": [0, 1]}])

    with pytest.raises(
        UserError, match="'points': the model was trained on vectors with a label for each step"
    ):
        _datamodule(path, data_spec=spec, splitter=WholeFileSplitter()).setup()


def test_settings_of_a_variant_without_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file for the variant 'leters'; did you mean 'letters'"):
        _datamodule(write_variants(tmp_path), sources={"leters": SequenceFile()}).setup()


def test_a_variant_without_data_says_what_to_set() -> None:
    sources = {"text": SequenceFile(path=Path("text.jsonl")), "txt": SequenceFile()}

    with pytest.raises(UserError, match=r"'txt' has no data; did you mean 'text'\? .*variant\.variants\.txt"):
        _datamodule(None, sources=sources).setup()


def test_a_folder_without_sequences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no file that ends in \.jsonl"):
        _datamodule(tmp_path).setup()


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    datamodule = _datamodule(write_variants(tmp_path), untrained=["letters", "moods", "points"])

    with pytest.raises(UserError, match="nothing to train on"):
        datamodule.train_dataloader()


def test_other_files_than_the_models_are_warned_of(tmp_path: Path) -> None:
    from nested_lightning.app.variant.sources.python import PythonSources

    for number in range(4):
        (tmp_path / f"module_{number}.py").write_text("# words\nx = len([1, 'a'])\ndef f(): pass\n" * 20)
    sources = {"text": PythonSources(root=tmp_path, window=64, margin=8)}
    spec = _datamodule(None, sources=sources).data_spec
    (tmp_path / "module_0.py").write_text("y = 1\n" * 50)

    with pytest.warns(UserWarning, match="'text': these aren't the files that the model was trained on"):
        _datamodule(None, sources=sources, data_spec=spec).setup()


def test_windows_and_pictures_are_tensors_of_the_right_types(tmp_path: Path) -> None:
    batches = {batch.variant: batch for batch in _datamodule(write_variants(tmp_path)).val_dataloader()}

    assert batches["letters"].inputs.dtype == torch.int64
    assert batches["points"].inputs.dtype == torch.float32
    assert batches["moods"].target is not None
    assert batches["moods"].target.shape == (6,)
