"""Folders and files of weights: what is read of them, and what is refused."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.files import PretrainedFiles


def _write(folder: Path, name: str = "model.safetensors") -> Path:
    save_file({name.partition(".")[0]: torch.ones(2)}, folder / name)
    return folder / name


def test_a_folder_and_a_file_in_it_are_the_same_weights(tmp_path: Path) -> None:
    file = _write(tmp_path)

    in_folder, alone = PretrainedFiles(str(tmp_path)), PretrainedFiles(str(file))

    assert in_folder.digest == alone.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert in_folder.tensors(None)["model"].tolist() == [1, 1]


def test_weights_in_several_files_are_those_that_the_index_names(tmp_path: Path) -> None:
    names = ["model-1.safetensors", "model-2.safetensors"]
    files = [_write(tmp_path, name) for name in names]
    _write(tmp_path, "other.safetensors")
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))

    assert PretrainedFiles(str(tmp_path)).weights == tuple(files)
    files[1].unlink()
    with pytest.raises(UserError, match=r"lacks 'model-2\.safetensors', which its index names"):
        _ = PretrainedFiles(str(tmp_path)).weights


def test_several_files_without_an_index_are_not_guessed_among(tmp_path: Path) -> None:
    _write(tmp_path, "a.safetensors")
    _write(tmp_path, "b.safetensors")

    with pytest.raises(UserError, match=r"several files of weights, 'a\.safetensors', 'b\.safetensors'"):
        _ = PretrainedFiles(str(tmp_path)).weights


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pth"])
def test_pickled_weights_are_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")

    for place in (tmp_path, tmp_path / name):
        with pytest.raises(UserError, match=rf"'{name}' may be pickled, which can run code"):
            _ = PretrainedFiles(str(place)).weights


def test_what_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        _ = PretrainedFiles(str(tmp_path / "nowhere")).weights
    with pytest.raises(UserError, match="has no weights"):
        _ = PretrainedFiles(str(tmp_path)).weights
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(UserError, match=r"config\.json: it isn't an object"):
        PretrainedFiles(str(tmp_path)).json("config.json")
    (tmp_path / "model.safetensors").write_bytes(b"no header")
    with pytest.raises(UserError, match=r"model\.safetensors: it is damaged"):
        PretrainedFiles(str(tmp_path)).tensors(None)


def test_other_weights_than_were_meant_are_refused(tmp_path: Path) -> None:
    _write(tmp_path)
    files = PretrainedFiles(str(tmp_path))

    assert files.tensors(files.digest)
    with pytest.raises(UserError, match="other weights than were meant"):
        files.tensors(64 * "0")


@pytest.mark.parametrize(
    ("text", "found"),
    [("---\nlicense: mit\n---\n", "mit"), ("# No matter\n", None), ("---\n: [\n---\n", None)],
)
def test_the_license_is_that_of_the_readme(tmp_path: Path, text: str, found: str | None) -> None:
    (tmp_path / "README.md").write_text(text)

    assert PretrainedFiles(str(tmp_path)).license == found
