"""The door: ``python main.py train --model multi-feature``."""

import sys

try:
    from nested_lightning.commands.program import run
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error.name} isn't installed; run: {sys.executable} -m pip install -c constraints.txt -e ."
    )

if __name__ == "__main__":
    run()
