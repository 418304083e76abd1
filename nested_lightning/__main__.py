"""``python -m nested_lightning train --model multi-feature``."""

from nested_lightning.commands.program import run

if __name__ == "__main__":
    run()
