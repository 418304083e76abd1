"""Exports of the four families, opened and run by the oldest onnxruntime that the package asks for.

Run ``python -m tests.campaign.oldest_runtime``; it installs that version into an environment of its own. Each
graph of the frozen checkpoints is exported by the packages that are here, and answers two rows of zeros
or ones there.
"""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

from nested_lightning import from_checkpoint
from nested_lightning.containers.starting.exporting import export_graphs
from tests.command_line import PROJECT
from tests.frozen.set_ups import FAMILIES, TRAINED

_RUN = """
import sys, numpy, onnxruntime
kinds = {"float": "f4", "double": "f8", "int64": "i8", "uint8": "u1", "bool": "?"}
for file in sys.argv[1:]:
    session = onnxruntime.InferenceSession(file)
    for number in (0, 1):  # either may be no valid index, or no length
        given = {one.name: numpy.full([d if isinstance(d, int) else 2 for d in one.shape], number,
                 kinds[one.type[7:-1]]) for one in session.get_inputs()}
        try:
            shapes = [list(each.shape) for each in session.run(None, given)]
            break
        except Exception as error:
            failed = error
    else:
        raise failed
    print(onnxruntime.__version__, *file.rsplit("/", 2)[1:], shapes)
"""


def oldest() -> str:
    """Return the lower bound of onnxruntime among the package's requirements."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(line) for line in project["optional-dependencies"]["export"]]
    (bound,) = {one.version for each in asked if each.name == "onnxruntime" for one in each.specifier}
    return bound


def main() -> None:
    """Print what each graph answers."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv/bin/python")
        install = [python, "-m", "pip", "install", "--quiet", f"onnxruntime=={oldest()}.*"]
        subprocess.run(install, check=True)
        exports = folder / "exports"
        for family in FAMILIES:
            (checkpoint,) = (TRAINED / family).rglob("best.ckpt")
            (exports / family).mkdir(parents=True)
            export_graphs(from_checkpoint(checkpoint), exports / family / "m.onnx", format_="onnx")
        files = sorted(str(file) for file in exports.rglob("*.onnx") if file.is_file())
        sys.exit(subprocess.run([python, "-c", _RUN, *files], check=False).returncode)


if __name__ == "__main__":
    main()
