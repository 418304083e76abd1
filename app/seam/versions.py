"""With which versions of torch and Lightning the parts of this folder were tested."""

from functools import cache
from importlib.metadata import version

from packaging.version import Version

TESTED = {"torch": ("2.13", "2.14"), "pytorch-lightning": ("2.6",)}
"""Minor versions by package."""


@cache
def are_tested() -> bool:
    """Return whether both packages are here in a version whose private parts are known."""
    return all(_minor(package) in minors for package, minors in TESTED.items())


def _minor(package: str) -> str:
    found = Version(version(package))
    return f"{found.major}.{found.minor}"
