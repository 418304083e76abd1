"""With which versions of torch and Lightning the parts of this folder were tested."""

from functools import cache

import pytorch_lightning
import torch
from packaging.version import Version

TESTED = {"torch": ((2, 13), (2, 14)), "pytorch-lightning": ((2, 6),)}
"""Minor versions by package."""


@cache
def are_tested() -> bool:
    """Return whether both packages are here in a version whose private parts are known."""
    lightning: str = pytorch_lightning.__version__  # type: ignore[attr-defined] # not re-exported
    here = {"torch": torch.__version__, "pytorch-lightning": lightning}
    return all(Version(here[name]).release[:2] in minors for name, minors in TESTED.items())
