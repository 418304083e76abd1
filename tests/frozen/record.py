"""Record what is frozen: ``python -m tests.frozen.record [FOLDER]``.

The tests hold the present to the recording in ``fixtures``. Record it anew only for a difference that is
wanted, and say in the CHANGELOG what differs and why. Two recordings in folders of their own can be compared
bit for bit by ``diff -r``: numbers are written in full precision.
"""

import json
import platform
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from tests.frozen.checks import record_set_up
from tests.frozen.losses import SET_UPS, record_losses
from tests.frozen.schema import record_schema
from tests.frozen.set_ups import BROKEN, FAMILIES, VARIATIONS, SetUp, as_they_ship

FIXTURES = Path(__file__).parent / "fixtures"


def checked_set_ups(family: str) -> dict[str, SetUp]:
    """Return by name what `check` is recorded of."""
    return {**as_they_ship(family), **VARIATIONS[family], **BROKEN[family]}


def drawn_set_ups(family: str) -> dict[str, SetUp]:
    """Return by name what `graph` is recorded of, which `check` is too."""
    return {"defaults": as_they_ship(family)["defaults"], **VARIATIONS[family]}


def record_family(family: str) -> dict[str, Any]:
    """Return checks and graphs of a family, and the Python whose library one of them reads."""
    drawn = drawn_set_ups(family)
    with chdir(SetUp(family=family).folder):
        found = {
            name: record_set_up(set_up, is_drawn=name in drawn)
            for name, set_up in checked_set_ups(family).items()
        }
    return {
        "python": platform.python_version(),
        "check": {name: one["check"] for name, one in found.items()},
        "graph": {name: found[name]["graph"] for name in drawn},
    }


def record_all_losses() -> dict[str, Any]:
    """Return the losses of each training by its name."""
    losses = {}
    for name, set_up in SET_UPS.items():
        with tempfile.TemporaryDirectory() as folder, chdir(set_up.folder):
            losses[name] = record_losses(set_up, Path(folder) / "run")
    return losses


def read_recording(name: str) -> Any:
    """Return a part of the recording that the tests hold the present to."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def write_recording(folder: Path, name: str, recording: Mapping[str, Any]) -> None:
    """Write one part of a recording."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(recording, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Record everything into a folder."""
    folder = folder.absolute()
    write_recording(folder, "schema", record_schema())
    write_recording(folder, "losses", record_all_losses())
    for family in FAMILIES:
        write_recording(folder, family, record_family(family))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES)
