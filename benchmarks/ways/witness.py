"""An encoder that nobody asked for: a file in the working folder tells that it was imported."""

from pathlib import Path

from benchmarks.ways.parts import MlpEncoder

Path("imported").touch()


class Witness(MlpEncoder):
    """What a foreign checkpoint may name."""
