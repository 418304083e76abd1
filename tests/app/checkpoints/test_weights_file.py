from pathlib import Path

import pytest
import torch

from nested_lightning.app.checkpoints.weights_file import read_safetensors, to_safetensors
from nested_lightning.app.errors import UserError

CHECKPOINT = {"state_dict": {"weight": torch.arange(50.0)}, "nested_lightning": "{}", "epoch": 2}


def test_any_single_bit_flipped_in_an_export_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    whole = bytearray(to_safetensors(CHECKPOINT))
    path.write_bytes(whole)
    assert read_safetensors(path)["state_dict"]["weight"].tolist() == list(range(50))
    for place in range(len(whole) - 200, len(whole), 7):
        flipped = whole.copy()
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=r"model\.safetensors: it isn't what was written"):
            read_safetensors(path)


def test_an_export_without_a_digest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "older.safetensors"
    path.write_bytes(to_safetensors(CHECKPOINT).replace(b'"sha256":', b'"sha-ab":', 1))
    assert read_safetensors(path)["epoch"] == 2
