import pickle
import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting.capturing import capture
from nested_lightning.app.exporting.program_file import open_pt2, to_pt2
from tests.app.exporting.proving import exportable_of

SECRET = torch.full((5, 3), 0.123456)


class Runs:
    """What a hostile pickle holds."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("ran"),)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a program, in the folder where one is."""
    monkeypatch.chdir(tmp_path)
    rows = {"5 rows": (SECRET,), "2 rows": (SECRET[:2],)}
    captured = capture(exportable_of(nn.Linear(3, 2), rows))
    (tmp_path / "m.pt2").write_bytes(to_pt2(captured, {"nested_lightning": "{}"}))
    return tmp_path / "m.pt2"


def changed(program: Path, ending: str, content: bytes) -> Path:
    """Return the program with something else in an entry."""
    other = program.with_name("other.pt2")
    with zipfile.ZipFile(program) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            target.writestr(name, content if name.endswith(ending) else source.read(name))
    return other


def test_a_program_is_opened_and_holds_no_row_of_the_data(program: Path) -> None:
    opened = open_pt2(program).module()

    assert opened(torch.ones(7, 3))[0].shape == (7, 2)
    assert SECRET[0, 0].numpy().tobytes() not in program.read_bytes()


def test_weights_that_a_graph_does_not_compute_with_are_left_out(tmp_path: Path) -> None:
    whole = nn.ModuleDict({"used": nn.Linear(3, 2), "other": nn.Linear(3, 400)})
    part = exportable_of(whole, {"5 rows": (SECRET,), "2 rows": (SECRET[:2],)})
    captured = capture(replace(part, call=lambda module, x: module["used"](x)))
    (tmp_path / "m.pt2").write_bytes(to_pt2(captured, {}))

    opened = open_pt2(tmp_path / "m.pt2")

    assert [*opened.state_dict] == ["module.used.weight", "module.used.bias"]
    assert torch.equal(opened.module()(SECRET)[0], whole["used"](SECRET))


def hostile(*, as_zip: bool) -> bytes:
    file = BytesIO()
    torch.save(Runs(), file) if as_zip else file.write(pickle.dumps(Runs()))
    return file.getvalue()


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_pickle_in_the_place_of_the_example_is_refused_and_not_run(program: Path, as_zip: bool) -> None:
    with pytest.raises(UserError, match=r"sample_inputs/model\.pt in it can hold code to run; nothing"):
        open_pt2(changed(program, "sample_inputs/model.pt", hostile(as_zip=as_zip)))
    assert not Path("ran").exists()


def replaced(program: Path, ending: str, old: str, new: str) -> Path:
    """Return the program with some text of an entry replaced."""
    with zipfile.ZipFile(program) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(ending))
        before = archive.read(name).decode()
    after = re.sub(old, lambda _: new, before)
    assert after != before
    return changed(program, ending, after.encode())


CALL = "__import__('os').system('touch ran')"


@pytest.mark.parametrize(
    ("ending", "old", "new"),
    [
        ("weights_config.json", '"use_pickle": false', '"use_pickle": true'),
        ("models/model.json", r"Symbol\([^)]*\)", CALL),
        ("models/model.json", r"Symbol\([^)]*\)", f"eval({'+'.join(f'chr({ord(one)})' for one in CALL)})"),
        ("models/model.json", '"inputs_0"', f'"inputs_0={CALL}"'),
        ("models/model.json", "builtins.tuple", "collections.defaultdict"),
        ("models/model.json", r"torch\.ops\.aten\.linear\.default", "torch.ops.aten.from_file.default"),
        ("models/model.json", r"torch\.ops\.aten\.linear\.default", "torch.ops.image.write_file.default"),
    ],
    ids=["pickled", "size", "letters", "name", "structure", "reads a file", "writes a file"],
)
def test_what_would_run_on_opening_is_refused(program: Path, ending: str, old: str, new: str) -> None:
    hostile_program = replaced(program, ending, old, new)

    with pytest.raises(UserError, match=f"{ending} in it can hold code to run; nothing of it was run"):
        open_pt2(hostile_program)
    assert not Path("ran").exists()


def test_lines_that_torch_would_run_beside_a_program_are_left_out(program: Path) -> None:
    guarded = replaced(program, "models/model.json", '"guards_code": .*]', f'"guards_code": ["{CALL}"]')

    open_pt2(guarded).module()(torch.ones(4, 3))

    assert not Path("ran").exists()


def test_a_pickle_by_the_name_of_plain_text_is_refused(program: Path) -> None:
    with zipfile.ZipFile(program, "a") as archive:
        archive.writestr("archive/data/constants/opaque_obj_0.json", hostile(as_zip=False))

    with pytest.raises(UserError, match=r"opaque_obj_0\.json in it can hold code"):
        open_pt2(program)


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(program: Path) -> None:
    with zipfile.ZipFile(program, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/extra/zeros", bytes(1 << 20))

    with pytest.raises(UserError, match="its entries are compressed, as torch never writes them"):
        open_pt2(program)


def test_what_is_no_program_is_refused_in_words(program: Path) -> None:
    program.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"m\.pt2: it is damaged"):
        open_pt2(program)
