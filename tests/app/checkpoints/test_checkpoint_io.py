import errno
import os
import signal
import stat
from collections import Counter, OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
import torch
from torch import nn

from nested_lightning.app.checkpoints.checkpoint_io import (
    AtomicCheckpointIO,
    disk_full_as_user_error,
    read_checkpoint,
    replace_atomically,
)
from nested_lightning.app.errors import UserError
from tests.command_line import Program

KILLED_WRITE = """
import os, signal, sys
from pathlib import Path
from nested_lightning.app.checkpoints.checkpoint_io import replace_atomically

with replace_atomically(Path(sys.argv[1])) as file:
    file.write(b"half of it")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""

FULL_DISK = """
import resource, signal, sys, torch
from nested_lightning.app.errors import UserError
from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    AtomicCheckpointIO().save_checkpoint({"weights": torch.ones(10**6)}, sys.argv[1])
except UserError as error:
    print(error)
"""


class RunsCode:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.victim}",)


def save(checkpoint: dict[str, Any], path: Path) -> None:
    AtomicCheckpointIO().save_checkpoint(checkpoint, path)


def test_saved_checkpoint_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "last.ckpt"
    save({"weights": torch.arange(3), "epoch": 2, "names": ["kar", None]}, path)
    loaded = AtomicCheckpointIO().load_checkpoint(path)
    assert loaded["weights"].tolist() == [0, 1, 2]
    assert (loaded["epoch"], loaded["names"]) == (2, ["kar", None])


def test_saved_checkpoint_leaves_no_other_file(tmp_path: Path) -> None:
    save({"epoch": 1}, tmp_path / "last.ckpt")
    save({"epoch": 2}, tmp_path / "last.ckpt")
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_saved_checkpoint_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    save({"epoch": 1}, tmp_path / "last.ckpt")
    (tmp_path / "other").touch()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.slow
def test_kill_while_saving_leaves_the_old_checkpoint_whole(forked_code: Program, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    save({"epoch": 1}, path)
    assert forked_code(KILLED_WRITE, str(path)).returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2, "the kill came before anything was written"
    assert read_checkpoint(path) == {"epoch": 1}
    save({"epoch": 2}, path)
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.slow
def test_full_disk_is_told_and_leaves_the_old_checkpoint_whole(forked_code: Program, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    save({"epoch": 1}, path)
    ended = forked_code(FULL_DISK, str(path))
    assert "the disk or the quota is full" in ended.stdout
    assert str(path) in ended.stdout
    assert read_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_disk_without_inodes_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = os.statvfs(tmp_path)
    values = {name: getattr(free, name) for name in dir(free) if name.startswith("f_")} | {"f_favail": 0}
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**values | {"f_files": 9}))

    with pytest.raises(UserError, match="no inode is free"), disk_full_as_user_error(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "file"))


def test_failed_write_leaves_the_target_and_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replace_atomically(path) as file:
        file.writelines([b"new", 1])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_options_of_remote_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="remote files"):
        AtomicCheckpointIO().save_checkpoint({}, tmp_path / "last.ckpt", storage_options={})


@pytest.mark.parametrize("forced", [False, True])
def test_checkpoint_with_code_is_refused_and_nothing_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    if forced:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save({"hyper_parameters": RunsCode(tmp_path / "victim")}, tmp_path / "hostile.ckpt")
    with pytest.raises(UserError, match="nothing in it was run"):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "hostile.ckpt", weights_only=None)
    assert not (tmp_path / "victim").exists()


def test_loading_more_than_weights_is_refused(tmp_path: Path) -> None:
    save({}, tmp_path / "last.ckpt")
    with pytest.raises(ValueError, match="weights_only=True"):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "last.ckpt", weights_only=False)


@pytest.mark.parametrize("address", ["https://example.org/a.ckpt", "s3://bucket/a.ckpt", "file:///a.ckpt"])
def test_address_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="is an address"):
        read_checkpoint(address)
    with pytest.raises(UserError, match="is an address"):
        AtomicCheckpointIO().save_checkpoint({}, address)


def test_missing_checkpoint_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_checkpoint(tmp_path / "last.ckpt")


def test_checkpoint_cut_off_anywhere_is_told(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    save({"weights": torch.arange(100.0), "epoch": 3}, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"it is (damaged|refused|empty)"):
            read_checkpoint(path)


def test_file_of_another_kind_is_told(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.ckpt")
    (tmp_path / "text.ckpt").write_text("kar0,kar1\n1,2\n")
    with pytest.raises(UserError, match="holds a list"):
        read_checkpoint(tmp_path / "list.ckpt")
    with pytest.raises(UserError, match="File is not a zip file"):
        read_checkpoint(tmp_path / "text.ckpt")


HOLLOW = {
    "a bytearray of any size": bytearray(3),
    "one number repeated": torch.ones(1).expand(10**9),
    "a size without numbers": torch.empty(10**9, device="meta"),
    "a sparse tensor": torch.eye(3).to_sparse(),
}


@pytest.mark.parametrize("value", HOLLOW.values(), ids=HOLLOW)
def test_what_unpacks_to_more_than_the_file_is_refused(tmp_path: Path, value: Any) -> None:
    torch.save({"state_dict": {"weight": value}}, tmp_path / "hollow.ckpt")
    with pytest.raises(UserError, match=r"hollow\.ckpt: it is refused"):
        read_checkpoint(tmp_path / "hollow.ckpt")


def test_a_storage_longer_than_its_entry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.ckpt"
    torch.save({"weights": torch.arange(200.0)}, path)
    with ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content.replace(b"K\xc8", b"M\xc8\x10") if "pkl" in name else content)
    with pytest.raises(UserError, match="its tensor 0 claims more than the file holds"):
        read_checkpoint(path)


def test_values_that_trainings_save_are_read_back(tmp_path: Path) -> None:
    values = {
        "ordered": OrderedDict(weight=torch.ones(2, dtype=torch.uint16)),
        "milestones": Counter([3, 3, 5]),
        "plain": [{1, 2}, b"bytes", 10**30, 1.5, None, True, (torch.float16, torch.Size([2]))],
        "parameter": nn.Parameter(torch.tensor(1.0)),
        "small floats": torch.ones(2).to(torch.float8_e4m3fn).float(),
        "shared": [torch.ones(1000)[part::2] for part in range(2)],
    }
    save(values, tmp_path / "last.ckpt")
    torch.testing.assert_close(read_checkpoint(tmp_path / "last.ckpt")["shared"], values["shared"])
    assert read_checkpoint(tmp_path / "last.ckpt")["plain"] == values["plain"]


def test_any_single_bit_flipped_in_an_entry_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)  # as a host may have it
    save({"weights": torch.arange(100.0), "epoch": 3}, path)
    assert not torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(before)
    whole = bytearray(path.read_bytes())
    with ZipFile(path) as archive:
        data = whole.index(archive.read("archive/data/0"))
        pickled = whole.index(archive.read("archive/data.pkl"))
    for place in [*range(data, data + 400, 13), *range(pickled, pickled + 100, 7)]:
        flipped = whole.copy()
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match="Bad CRC-32"):
            read_checkpoint(path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".last.ckpt.tmp").symlink_to(victim)
    save({"epoch": 1}, tmp_path / "last.ckpt")
    assert victim.read_text() == "mine"


def test_removing_a_checkpoint_removes_one_file_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "file").touch()
    (tmp_path / "link.ckpt").symlink_to(tmp_path / "victim")
    AtomicCheckpointIO().remove_checkpoint(tmp_path / "link.ckpt")
    with pytest.raises(OSError, match="victim"):
        AtomicCheckpointIO().remove_checkpoint(tmp_path / "victim")
    assert [file.name for file in tmp_path.rglob("*")] == ["victim", "file"]
