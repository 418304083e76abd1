"""CSV files copied block by block: the same values as of a file that is read at once."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables import csv_spooling
from nested_lightning.app.tables.csv_file import read_csv
from nested_lightning.app.tables.csv_spooling import spool_csv


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each file take several blocks."""
    monkeypatch.setattr(csv_spooling, "_BLOCK_SIZE", 200)


def _spool(path: Path) -> pa.Table:
    with tempfile.TemporaryFile() as file:
        spool_csv(path, file, text_columns=["code"])
        file.seek(0)
        return pa.ipc.open_file(file).read_all()


@pytest.mark.parametrize(
    "content",
    [
        "a,b,c\n" + "1,2,x\n" * 100 + "1.5,zz,y\n" * 50 + ",,\n",
        "a,b\n" + "true,1\n" * 100 + "0,true\n",
        "a,b\n" + "1,2020-01-01\n" * 100 + "0x1F,2020-01-01T10:00:00\n",
        "a,b\n" + "2020-01-01,12:30\n" * 100 + "never,12:30\n",
        "a;b\n" + "1,5;2\n" * 100 + "2;3,25\n",
        "code,b\n" + "01,2\n" * 100,
        'a,b\n1,"' + "x" * 1000 + '"\n2,y\n',
        'a,b\n1,"x\ny"\n' * 100,
        "a,b\n" + ",NA\n" * 100 + "3,\n",
    ],
    ids=["number-to-text", "truth", "hexadecimal", "date", "comma", "named-text", "long", "quotes", "empty"],
)
def test_columns_have_the_values_of_a_file_read_at_once(tmp_path: Path, content: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)

    spooled, whole = _spool(path), read_csv(path, text_columns=["code"])

    assert spooled.to_pydict() == whole.to_pydict()
    assert [pa.types.is_string(kind) for kind in spooled.schema.types] == [
        pa.types.is_string(kind) for kind in whole.schema.types
    ]


@pytest.mark.parametrize("content", [b"a,b\n" + b"1,2\n" * 100 + b"1,2,3\n", b"a,b\n1,\xe9\n" * 100, b""])
def test_a_broken_file_has_the_message_of_one_read_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as whole:
        read_csv(path)

    with pytest.raises(UserError) as spooled:
        _spool(path)

    assert str(spooled.value) == str(whole.value)
