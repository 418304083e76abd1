"""Python files as a source of labelled characters."""

from pathlib import Path

import pytest

from nested_lightning.app.data.splits import RandomSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.python import PythonSources
from nested_lightning.app.variant.sources.python_kinds import KINDS
from nested_lightning.app.variant.sources.records import SourceContent

SPLIT = RandomSplitter(val_fraction=0.2, test_fraction=0.2)


def _write(folder: Path, count: int) -> Path:
    for number in range(count):
        lines = [f"value_{number} = {number} + {line}  # line\n" for line in range(20)]
        (folder / f"module_{number}.py").write_text("".join(lines))
    return folder


def _read(root: Path, **options: int) -> SourceContent:
    return PythonSources(root=root, window=64, margin=8, **options)("text", SPLIT, None)


def test_files_are_split_whole(tmp_path: Path) -> None:
    content = _read(_write(tmp_path, 10))
    firsts = {name: {str(text)[:8] for text in part.inputs} for name, part in content.parts.items()}

    assert {name: len(part) for name, part in content.parts.items()} == {"train": 6, "val": 2, "test": 2}
    assert len(set.union(*firsts.values())) == 10
    assert content.class_names == KINDS
    train = content.parts["train"]
    assert [len(text) for text in train.inputs] == [len(labels) for labels in train.labels]


def test_tests_and_installed_packages_are_left_out(tmp_path: Path) -> None:
    _write(tmp_path, 4)
    for folder in ("test", "site-packages"):
        (tmp_path / folder).mkdir()
        _write(tmp_path / folder, 3)

    assert sum(len(part) for part in _read(tmp_path).parts.values()) == 4


def test_the_hash_follows_names_and_contents(tmp_path: Path) -> None:
    before = _read(_write(tmp_path, 4)).origin_hash
    again = _read(tmp_path).origin_hash
    (tmp_path / "module_1.py").write_text("x = 1\n" * 50)

    assert before == again
    assert _read(tmp_path).origin_hash != before


def test_fewer_files_are_drawn_by_the_seed(tmp_path: Path) -> None:
    _write(tmp_path, 12)

    assert sum(len(part) for part in _read(tmp_path, max_files=5).parts.values()) == 5
    assert _read(tmp_path, max_files=5).origin_hash == _read(tmp_path, max_files=5).origin_hash
    assert _read(tmp_path, max_files=5).origin_hash != _read(tmp_path, max_files=5, seed=1).origin_hash


def test_an_interpreter_without_sources_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"variant 'text': .* 0 Python sources.*without the sources"):
        _read(tmp_path)


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    _write(tmp_path, 4)
    (tmp_path / "broken.py").write_text("x = (\n" * 50)

    with pytest.raises(UserError, match=r"broken\.py: .*no Python source"):
        _read(tmp_path)


def test_a_margin_that_leaves_no_window_is_refused() -> None:
    with pytest.raises(UserError, match=r"margin of 32 .* window of 64"):
        PythonSources(window=64, margin=32)
