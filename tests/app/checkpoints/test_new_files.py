from pathlib import Path

import pytest

from nested_lightning.app.checkpoints.new_files import new_at
from nested_lightning.app.errors import UserError


def test_what_a_killed_process_has_left_is_removed_and_what_is_written_takes_its_place(
    tmp_path: Path,
) -> None:
    target = tmp_path / "not" / "there" / "m.onnx"
    left = target.parent / ".m.onnx.tmp" / "new" / "m.onnx"
    left.mkdir(parents=True)

    with new_at(target) as new:
        new.write_text("whole")
        assert not target.exists()

    assert target.read_text() == "whole"
    assert [*target.parent.iterdir()] == [target]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_two_at_once_are_not_mixed(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "m.onnx"
    with new_at(target) as new:
        with pytest.raises(UserError, match=r"m\.onnx: another process is writing it; wait"), new_at(target):
            raise AssertionError
        new.write_text("first") if kind == "file" else new.mkdir()
    with pytest.raises(UserError, match=r"m\.onnx is there already; name another"), new_at(target):
        raise AssertionError

    assert [*tmp_path.iterdir()] == [target]


def test_after_a_failure_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_at(tmp_path / "m.onnx") as new:
        (new / "graph").touch()
    assert not [*tmp_path.iterdir()]
