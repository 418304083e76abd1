"""Record what run folders answer: ``python -m tests.frozen.record_run FOLDER...``.

Each folder holds ``run``, which the present version has just trained by the folder's ``small.yaml`` on its
``data``; ``answers.json`` is written beside it. A run folder of an earlier version keeps the answers that it
gave then: another folder is added, and what differs on purpose stands in the CHANGELOG.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

from tests.frozen.answers import asked_for, record_predictions, record_resumed

ANSWERS = "answers.json"


def record_answers(folder: Path) -> dict[str, Any]:
    """Return predictions and metrics of a copy, which is trained on."""
    with tempfile.TemporaryDirectory() as parent:
        copied = shutil.copytree(folder, Path(parent) / folder.name)
        with chdir(copied):
            return {
                "predictions": _with_what_is_asked_for(record_predictions),
                "resumed": _with_what_is_asked_for(record_resumed),
            }


def _with_what_is_asked_for(record: Callable[..., Any]) -> Any:
    """Record, and give again what was overridden."""
    try:
        return record()
    except ValueError as error:
        given = asked_for(str(error))
        if not given:
            raise
        return record(given)


def main(folders: list[Path]) -> None:
    """Write the answers of each folder into it."""
    for folder in folders:
        text = json.dumps(record_answers(folder), ensure_ascii=False)
        (folder / ANSWERS).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
