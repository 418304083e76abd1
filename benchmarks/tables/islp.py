"""Four tables of the package ISLP, whose wheel is downloaded without what it requires.

It asks for torch and Lightning in older releases, and only its CSV files are read.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd

WHEEL = "islp==0.6.0"
FOLDER = Path(__file__).parent / ".islp"


def fetch() -> Path:
    """Return the wheel, downloaded by pip where it isn't there yet."""
    if not (found := sorted(FOLDER.glob("*.whl"))):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(FOLDER), WHEEL]
        subprocess.run(pip, check=True, timeout=300)
        found = sorted(FOLDER.glob("*.whl"))
    return found[0]


def read(name: str) -> pd.DataFrame:
    """Return one of its tables, such as ``OJ``.

    Raises:
        FileNotFoundError: The wheel isn't there: `fetch` brings it.
    """
    if not (found := sorted(FOLDER.glob("*.whl"))):
        raise FileNotFoundError(f"{name} is in {WHEEL}: run `python -m benchmarks.tables fetch` first")
    with zipfile.ZipFile(found[0]) as wheel, wheel.open(f"ISLP/data/{name}.csv") as file:
        return pd.read_csv(file)
