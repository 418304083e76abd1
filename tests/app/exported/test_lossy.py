import errno
import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import open_exported
from nested_lightning.app.exporting.lossy import Lossy, shrink
from tests.app.exported.tiny import expected, write_tiny


@pytest.mark.parametrize("how", ["int8", "half"])
def test_a_smaller_graph_takes_and_gives_the_same_and_says_what_it_is(tmp_path: Path, how: Lossy) -> None:
    whole = open_exported(write_tiny(tmp_path / "m.onnx"))

    shrink(whole.path, tmp_path / "s.onnx", how, whole.manifest)

    small = open_exported(tmp_path / "s.onnx")
    assert small.manifest.graphs == whole.manifest.graphs
    assert any("bit" in note for note in small.manifest.notes)
    (found,) = small.graphs["model"](np.array([[1.0, 2.0]]), np.array([[0.5]]))
    np.testing.assert_allclose(found, expected([[1.0, 2.0, 0.5]]), atol=0.05)


def test_a_full_disk_for_temporary_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    whole = open_exported(write_tiny(tmp_path / "m.onnx"))
    monkeypatch.setattr(onnx, "load", load)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(UserError, match=rf"^{tmp_path}/\w+ can't be written: the disk .*, and try again$"):
        shrink(whole.path, tmp_path / "s.onnx", "int8", whole.manifest)
